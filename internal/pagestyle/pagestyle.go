// Package pagestyle has the style sheet that all browser pages of this module share: colours for
// light and dark, type, spacing and plain elements.
package pagestyle

import _ "embed"

// CSS is the style sheet. It loads nothing. Light or dark follow the system; an attribute
// data-theme of the root element, "light" or "dark", decides otherwise.
//
//go:embed base.css
var CSS string
