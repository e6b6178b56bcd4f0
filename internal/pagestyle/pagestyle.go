// Package pagestyle has the one design of the pages that this module shows in a browser: colours
// for light and dark, type, spacing and plain elements, as one style sheet.
package pagestyle

import _ "embed"

// CSS is the style sheet. It loads nothing. Light or dark follow the system; an attribute
// data-theme of the root element, "light" or "dark", decides otherwise.
//
//go:embed base.css
var CSS string
