// Package pagestyle has the style sheet that all browser pages of this module share: colours for
// light and dark, type, spacing and plain elements.
package pagestyle

import _ "embed"

// CSS is the style sheet. It loads nothing else. It follows the system's choice of light or dark,
// unless the attribute data-theme of the root element is "light" or "dark".
//
//go:embed base.css
var CSS string
