package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

var (
	errorConstant = regexp.MustCompile(`(?m)^const (Err\w+) lifecycle\.ErrorCode = (\d+)$`)
	errorRow      = regexp.MustCompile("(?m)^\\| (\\d+) \\| `(Err\\w+)` \\| (.+?) \\| (.+) \\|$")
)

// lacking returns the errors in a page on errors: each code of the public API must have exactly one
// row, with its number, and there must be no other rows.
func lacking(page, api string) (bad []string) {
	codes := map[string]string{}
	for _, m := range errorConstant.FindAllStringSubmatch(api, -1) {
		codes[m[1]] = m[2]
	}
	if len(codes) < 10 {
		bad = append(bad, fmt.Sprintf("the public API has %d codes", len(codes)))
	}
	for _, m := range errorRow.FindAllStringSubmatch(page, -1) {
		code, known := codes[m[2]]
		if delete(codes, m[2]); !known || code != m[1] {
			bad = append(bad, fmt.Sprintf("the row %s %s: the API has the code %q, or the page has two such rows", m[1], m[2], code))
		}
	}
	for name, code := range codes {
		bad = append(bad, "no row has "+name+", "+code)
	}
	return bad
}

// TestTheErrorsPage checks that docs/errors.md lists the codes of the public API.
func TestTheErrorsPage(t *testing.T) {
	page, api := read(t, "docs/errors.md"), read(t, "api/ablychat.txt")
	for _, bad := range lacking(page, api) {
		t.Error(bad)
	}
	for _, change := range [][2]string{{"| 40014 |", "| 40015 |"}, {"`ErrDisconnected`", "`ErrOther`"}} {
		if broken := strings.Replace(page, change[0], change[1], 1); len(lacking(broken, api)) == 0 {
			t.Errorf("%v is not seen", change)
		}
	}
}
