package main

import (
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// Wrapping breaks lines of comments and documents that are too wide. It doesn't change paragraphs
// without a wide line, tables, code, generated parts, and outputs of examples.

var (
	listItem  = regexp.MustCompile(`^\s*(?:[-*+]|\d+\.)\s+`)
	goComment = regexp.MustCompile(`^(\s*)//( .*|\t.*)?$`)
	trailing  = regexp.MustCompile(`^(\s*)(\S.*?)\s+// (.*)$`)
)

func width(line string) int { return utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")) }

func anyWide(lines []string) bool {
	for _, line := range lines {
		if width(line) > widest {
			return true
		}
	}
	return false
}

// fill breaks a text into lines. The first line begins with first, the others with rest. It doesn't
// break inside backquotes.
func fill(text, first, rest string) (lines []string) {
	line, empty := first, true
	for _, word := range pieces(text) {
		if !empty && width(line+" "+word) > widest {
			lines, line, empty = append(lines, line), rest, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	return append(lines, line)
}

// pieces splits a text into words. A text in backquotes is one word, unless it is long.
func pieces(text string) (all []string) {
	open := ""
	for _, word := range strings.Fields(text) {
		if open != "" {
			word = open + " " + word
		}
		if open = ""; strings.Count(word, "`")%2 == 1 && len(word) < 70 {
			open = word
			continue
		}
		all = append(all, word)
	}
	if open != "" {
		all = append(all, open)
	}
	return all
}

// wrapDocument wraps the paragraphs and list items of a document.
func wrapDocument(text string) string {
	lines := strings.Split(text, "\n")
	var out []string
	fence, generated, code := false, false, false
	for i := 0; i < len(lines); {
		line := lines[i]
		trimmed := strings.TrimSpace(line)
		code = strings.HasPrefix(line, "    ") && (code || i == 0 || strings.TrimSpace(lines[i-1]) == "")
		fence = fence != strings.HasPrefix(line, "```")
		generated = (generated || strings.HasPrefix(trimmed, "<!-- begin")) && !strings.HasPrefix(trimmed, "<!-- end")
		if fence || generated || code || trimmed == "" || strings.ContainsAny(trimmed[:1], "#|<`") {
			out, i = append(out, line), i+1
			continue
		}
		end := i + 1
		for end < len(lines) {
			next := strings.TrimSpace(lines[end])
			if next == "" || listItem.MatchString(lines[end]) || strings.ContainsAny(next[:1], "#|<") || strings.HasPrefix(next, "```") {
				break
			}
			end++
		}
		first := listItem.FindString(line)
		if first == "" {
			first = line[:len(line)-len(strings.TrimLeft(line, " "))]
		}
		out = append(out, wrapped(lines[i:end], first, strings.Repeat(" ", len(first)))...)
		i = end
	}
	return strings.Join(out, "\n")
}

// wrapped wraps a paragraph if one of its lines is too wide. The first line begins with first, the
// others with rest, without the spaces at its end.
func wrapped(lines []string, first, rest string) []string {
	if !anyWide(lines) {
		return lines
	}
	text := strings.TrimPrefix(lines[0], first)
	for _, line := range lines[1:] {
		text += " " + strings.TrimPrefix(strings.TrimSpace(line), "//")
	}
	return fill(text, first, rest)
}

// wrapGo wraps the comments of a Go file. If code with a trailing comment is too wide, the comment
// moves to a line above.
func wrapGo(text string) string {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return text
	}
	comments := map[int]bool{} // by line number, from 0
	for _, group := range parsed.Comments {
		for _, c := range group.List {
			comments[set.Position(c.Pos()).Line-1] = strings.HasPrefix(c.Text, "//")
		}
	}
	lines := strings.Split(text, "\n")
	var out []string
	for i := 0; i < len(lines); {
		m := goComment.FindStringSubmatch(lines[i])
		if t := trailing.FindStringSubmatch(lines[i]); m == nil || !comments[i] {
			if comments[i] && t != nil && width(lines[i]) > widest && strings.Count(t[3], `"`)%2 == 0 {
				out = append(append(out, fill(t[3], t[1]+"// ", t[1]+"// ")...), t[1]+t[2])
			} else {
				out = append(out, lines[i])
			}
			i++
			continue
		}
		end := i
		for end < len(lines) && comments[end] && goComment.MatchString(lines[end]) && strings.HasPrefix(lines[end], m[1]+"//") {
			end++
		}
		out = append(out, wrapComment(lines[i:end], m[1]+"//")...)
		i = end
	}
	return strings.Join(out, "\n")
}

// wrapComment wraps the paragraphs and list items of a comment whose lines begin with mark.
func wrapComment(lines []string, mark string) (out []string) {
	if exampleOutput.MatchString(strings.TrimSpace(strings.TrimPrefix(lines[0], mark))) {
		return lines
	}
	fixed := func(body string) bool { // reports whether a line must not be wrapped
		return strings.TrimSpace(body) == "" || strings.HasPrefix(body, "\t") || strings.HasPrefix(body, " #")
	}
	for i := 0; i < len(lines); {
		body := strings.TrimPrefix(lines[i], mark)
		item := ""
		if strings.HasPrefix(body, "  ") {
			item = listItem.FindString(body)
		}
		if fixed(body) || strings.HasPrefix(body, "  ") && item == "" {
			out, i = append(out, lines[i]), i+1
			continue
		}
		end := i + 1
		for end < len(lines) {
			next := strings.TrimPrefix(lines[end], mark)
			if fixed(next) || strings.HasPrefix(next, "  ") && (item == "" || listItem.MatchString(next)) {
				break
			}
			end++
		}
		first := mark + " "
		if item != "" {
			first = mark + item
		}
		out = append(out, wrapped(lines[i:end], first, mark+strings.Repeat(" ", len(first)-len(mark)))...)
		i = end
	}
	return out
}

// TestWrapping shows which lines are wrapped, and which are not.
func TestWrapping(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 30))
	for text, want := range map[string]int{ // lines
		long: 2, "- " + long: 2, "| " + long + " |": 1, "```\n" + long + "\n```": 3, "\n    " + long + "\n    " + long: 3,
		"# " + long: 1, "<!-- begin x -->\n" + long + "\n<!-- end x -->": 3, "short\nlines": 2,
	} {
		if got := strings.Split(wrapDocument(text), "\n"); len(got) != want {
			t.Errorf("wrapDocument(%q) returned\n%s", text, strings.Join(got, "\n"))
		}
	}
	for text, want := range map[string]string{
		"\t// " + long:               "\t// " + long[:89] + "\n\t// " + long[90:],
		"//   - " + long:             "//   - " + long[:89] + "\n//     " + long[90:],
		"//\t" + long:                "//\t" + long,
		"// Output:\n// " + long:     "// Output:\n// " + long,
		"\tx := 1 // " + long[:99]:   "\t// " + long[:89] + "\n\t// " + long[90:99] + "\n\tx := 1",
		"s := `\n// " + long + "\n`": "s := `\n// " + long + "\n`",
		"// see `make " + strings.Repeat("x", 40) + " " + strings.Repeat("y", 40) + "`": "",
	} {
		const head = "package x\n\nfunc f() {\n"
		got := strings.TrimSuffix(strings.TrimPrefix(wrapGo(head+text+"\n}\n"), head), "\n}\n")
		if want != "" && got != want || anyWide(strings.Split(got, "\n")) && want == "" {
			t.Errorf("wrapGo of %q returned\n%s\nexpected\n%s", text, got, want)
		}
	}
}
