package chatrest

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNextPage(t *testing.T) {
	for header, want := range map[string]string{
		`<./messages?cursor=1>; rel="next"`:                                     "cursor=1",
		`<./messages?cursor=a,b;c>; rel="next"`:                                 "error",
		`<./messages?cursor=a,b>; rel="next"`:                                   "cursor=a%2Cb",
		`<./messages?cursor=1>; title="a, b; rel=\"x\""; rel="next"`:            "cursor=1",
		`<./messages?cursor=1>;rel = "next"`:                                    "cursor=1",
		`<./messages?cursor=1>; rel="last next"`:                                "cursor=1",
		`<./messages?cursor=1>; REL=NeXt`:                                       "cursor=1",
		`<./messages?cursor=1>; rel=next; rel=last`:                             "cursor=1",
		`<./messages?cursor=1>; rel=last; rel=next`:                             "",
		`<./a?b=1>; rel=first, ,<https://x/y?cursor=2>;rel=next`:                "cursor=2",
		`<./messages?cursor=1>; rel="next"; anchor="#x", <?cursor=2>; rel=next`: "cursor=2",
		`<./messages?cursor=1>; rel="nexting prev-next"`:                        "",
		`<./messages?cursor=1>`:                                                 "",
		``:                                                                      "",
		` , `:                                                                   "",
		`<./messages>; rel="next"`:                                              "error",
		`<./messages?>; rel="next"`:                                             "error",
		`<./messages?cursor=%zz>; rel="next"`:                                   "error",
		`<:%>; rel="next"`:                                                      "error",
		`<./messages?cursor=1; rel="next"`:                                      "error",
		`./messages?cursor=1; rel="next"`:                                       "error",
		`<./messages?cursor=1>; rel="next`:                                      "error",
		`<./messages?cursor=1>; rel="ne\`:                                       "error",
		`<./messages?cursor=1> rel="next"`:                                      "error",
		`<a>; rel=first; ="x" y, <?cursor=1>; rel=next`:                         "error",
	} {
		got, err := nextPage([]string{header})
		if err != nil && want != "error" || err == nil && got.Encode() != want {
			t.Errorf("%s: %v, %v, expected %q", header, got, err, want)
		}
	}
	got, err := nextPage([]string{`<?a=1>; rel="first"`, `<?a=2>; rel="next"`})
	if err != nil || got.Encode() != "a=2" {
		t.Errorf("several headers: %v, %v", got, err)
	}
}

// pick draws one of the texts.
func pick(t *rapid.T, label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(t, label)
}

func space(t *rapid.T) string { return pick(t, "space", "", " ", "\t", " \t ") }

// drawLink draws a link of the grammar of RFC 8288. It returns the text and the link.
func drawLink(t *rapid.T) (text string, l link) {
	query := url.Values{"cursor": {rapid.StringMatching(`[ -~☃]{1,8}`).Draw(t, "cursor")}}.Encode()
	for _, c := range []string{"%2C", "%3D", "%22"} { // not always escaped in queries
		if rapid.Bool().Draw(t, "raw") {
			raw, _ := url.QueryUnescape(c)
			query = strings.ReplaceAll(query, c, raw)
		}
	}
	l.target = pick(t, "base", "./messages?", "https://h.example/a,b;c?", "?") + query
	text = "<" + l.target + ">"
	types := rapid.SliceOfN(rapid.SampledFrom([]string{"next", "NEXT", "first", "prev", "nextish"}), 1, 3).Draw(t, "rel")
	rel := false
	for range rapid.IntRange(0, 3).Draw(t, "parameters") {
		text += space(t) + ";" + space(t)
		if !rel && rapid.Bool().Draw(t, "is rel") {
			rel, l.rel = true, strings.Join(types, pick(t, "between", " ", "  "))
			value := `"` + l.rel + `"`
			if len(types) == 1 && rapid.Bool().Draw(t, "token") {
				value = types[0]
			}
			text += pick(t, "case", "rel", "REL", "Rel") + space(t) + "=" + space(t) + value
			continue
		}
		text += pick(t, "other", `title="a, <b>; rel=\"next\"; \\"`, `hreflang=de`, `flag`, `title*=UTF-8''x`, `x=""`)
	}
	return text, l
}

// The parser reads all links that the grammar allows.
func TestParseLinksReadsTheGrammar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		var want []link
		for range rapid.IntRange(0, 4).Draw(t, "links") {
			text, l := drawLink(t)
			texts, want = append(texts, text), append(want, l)
		}
		header := ""
		for i, text := range texts {
			if i > 0 {
				header += space(t) + "," + space(t) + pick(t, "empty", "", ",", " , ")
			}
			header += text
		}
		got, err := parseLinks(header)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%s:\n%+v, %v,\nexpected %+v", header, got, err, want)
		}
		var next url.Values
		for i := range want {
			if j := slices.IndexFunc(want, func(l link) bool { return l.is("next") }); j == i {
				_, query, _ := strings.Cut(want[i].target, "?")
				next, _ = url.ParseQuery(query)
			}
		}
		if q, err := nextPage([]string{header}); err != nil || q.Encode() != next.Encode() {
			t.Fatalf("%s: %v, %v, expected %v", header, q, err, next)
		}
	})
}

// The parser never panics. It returns a next page or an error if the header contains a complete
// target with that relation.
func FuzzNextPage(f *testing.F) {
	f.Add(`<?a=1>; rel="next"`, `<?b=2>;rel=first`)
	f.Fuzz(func(t *testing.T, before, after string) {
		_, _ = nextPage([]string{before, after})
		got, err := nextPage([]string{`<?cursor=1>; rel=next`, before, after})
		if err != nil || got.Encode() != "cursor=1" {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := nextPage([]string{before, `<?cursor=1>; rel=next`}); err == nil && got == nil {
			t.Errorf("no next page behind %q", before)
		}
	})
}
