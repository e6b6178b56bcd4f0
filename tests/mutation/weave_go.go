package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"slices"
	"strings"
)

// wovenHelper is a file that is added to a woven package. It reads the number of the active change.
// On request it records which changed places a run reaches.
const wovenHelper = `package %s

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

var mutantNow, _ = strconv.Atoi(os.Getenv("%s"))

var mutantTrace, _ = os.OpenFile(os.Getenv("MUTANT_TRACE"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)

var mutantSeen [1 << 14]atomic.Bool

func mutantAt(numbers ...int) {
	for _, n := range numbers {
		if !mutantSeen[n].Swap(true) {
			fmt.Fprintln(mutantTrace, n)
		}
	}
}
`

// helper returns the text of that file, and helperFile its path.
func helper(packageName string) string {
	return fmt.Sprintf(wovenHelper, packageName, variable(packageName))
}

func helperFile(folder string) string { return path.Join(folder, "mutation_woven.go") }

// variable returns the environment variable that has the number of the active change of a package.
func variable(packageName string) string { return "MUTANT_" + packageName }

// weaveGo weaves changes of one file into one text. changed has the changed texts by number. A
// function that some of them change is in the result once for each, and calls one by the number of
// the active change. near has, for some changes, the offset of a statement before which the result
// records that a run reaches it. alone has the changes that can't be woven, because they change
// more than functions or add more than declarations; each must be built alone.
func weaveGo(text string, changed map[int]string, near map[int]int) (
	woven string, alone []int, err error) {
	before, err := declarations(text)
	if err != nil {
		return "", nil, err
	}
	variants := map[string][]numbered{} // the changed declarations, by name
	added := map[string]string{}        // declarations that the original file does not have
	for _, n := range slices.Sorted(maps.Keys(changed)) {
		after, err := declarations(changed[n])
		if err != nil {
			return "", nil, fmt.Errorf("change %d: %w", n, err)
		}
		found, kept, fits := map[string]numbered{}, 0, true
		for name, d := range after {
			was, ok := before[name]
			switch {
			case !ok:
				added[name] = d.keyword + d.text + "\n"
				continue
			case d.text != was.text && d.fn == nil:
				fits = false
			case d.text != was.text:
				found[name] = numbered{n, d}
			}
			kept++
		}
		if !fits || kept < len(before) {
			alone = append(alone, n)
			continue
		}
		for name, v := range found {
			variants[name] = append(variants[name], v)
		}
	}
	var edits []insertion
	for name, list := range variants {
		edits = append(edits, before[name].dispatch(list)...)
	}
	at := map[int][]string{}
	for n, offset := range near {
		if offset > 0 && !slices.Contains(alone, n) {
			at[offset] = append(at[offset], fmt.Sprint(n))
		}
	}
	for offset, numbers := range at {
		slices.Sort(numbers)
		edits = append(edits, insertion{offset, offset,
			"if mutantTrace != nil { mutantAt(" + strings.Join(numbers, ", ") + ") }; "})
	}
	var imports, others string
	for _, name := range slices.Sorted(maps.Keys(added)) {
		if strings.HasPrefix(name, "import ") {
			imports += added[name]
		} else {
			others += "\n" + added[name]
		}
	}
	clause := strings.Index("\n"+text, "\npackage ")
	afterClause := clause + strings.IndexByte(text[clause:], '\n') + 1
	edits = append(edits, insertion{afterClause, afterClause, imports})
	return insert(text, edits) + others, alone, nil
}

// insertion replaces the text between two offsets.
type insertion struct {
	begin, end int
	text       string
}

func insert(text string, edits []insertion) string {
	slices.SortFunc(edits, func(a, b insertion) int { return cmp.Compare(a.begin, b.begin) })
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.begin] + e.text)
		at = e.end
	}
	return b.String() + text[at:]
}

// declaration is a top-level declaration of a file.
type declaration struct {
	text    string
	keyword string // the keyword before the text, for declarations in a group
	begin   int
	file    string        // the text of the whole file
	fn      *ast.FuncDecl // the function, if it can choose among variants; else nil
}

type numbered struct {
	number int
	declaration
}

// declarations returns the declarations of a file, each by a unique name.
func declarations(text string) (map[string]declaration, error) {
	fset := token.NewFileSet()
	tree, err := parseFile(fset, "", text)
	if err != nil {
		return nil, err
	}
	all := map[string]declaration{}
	add := func(name string, n ast.Node, d declaration) {
		d.begin, d.file = int(n.Pos())-1, text
		d.text = text[d.begin : n.End()-1]
		all[name] = d
	}
	for i, decl := range tree.Decls {
		name := fmt.Sprintf("declaration %d", i)
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv != nil {
				name = text[decl.Recv.Pos()-1 : decl.Recv.End()-1]
			} else if init := decl.Name.Name; init != "init" && init != "main" {
				name = "func"
			}
			d := declaration{fn: decl}
			if decl.Body == nil || strings.HasPrefix(name, "declaration") {
				d.fn = nil
			}
			add(name+" "+decl.Name.Name, decl, d)
		case *ast.GenDecl:
			for j, spec := range decl.Specs {
				d := declaration{keyword: decl.Tok.String() + " "}
				first, _, _ := strings.Cut(text[spec.Pos()-1:spec.End()-1], " ")
				if name = d.keyword + first; all[name].text != "" {
					name = fmt.Sprintf("%s %d.%d", name, i, j)
				}
				add(name, spec, d)
			}
		}
	}
	return all, nil
}

// dispatch returns the edits that make a function choose among its variants.
func (d declaration) dispatch(list []numbered) []insertion {
	var b strings.Builder
	receiver, names := d.named(d.fn.Recv, "own")
	parameters, arguments := d.named(d.fn.Type.Params, "p")
	b.WriteString("{ switch mutantNow {\n")
	own := ""
	if d.fn.Recv != nil {
		own = names + "."
	}
	typeParameters := ""
	if tp := d.fn.Type.TypeParams; tp != nil {
		_, typeParameters = d.named(tp, "T")
		typeParameters = "[" + typeParameters + "]"
	}
	var bodies strings.Builder
	for _, v := range list {
		name := fmt.Sprintf("%s_%d", d.fn.Name.Name, v.number)
		call := own + name + typeParameters + "(" + arguments + ")"
		if d.fn.Type.Results == nil {
			call += "; return"
		} else {
			call = "return " + call
		}
		fmt.Fprintf(&b, "case %d: %s\n", v.number, call)
		end := v.fn.Name.End() - 1
		fmt.Fprintf(&bodies, "\n\n%s%s%s", v.file[v.begin:v.fn.Name.Pos()-1], name,
			v.file[end:v.fn.End()-1])
	}
	edits := []insertion{{int(d.fn.Type.Params.Pos()) - 1, int(d.fn.Type.Params.End()) - 1, parameters},
		{int(d.fn.Body.Lbrace) - 1, int(d.fn.Body.Lbrace), b.String() + "}\n"},
		{int(d.fn.End()) - 1, int(d.fn.End()) - 1, bodies.String()}}
	if d.fn.Recv != nil {
		edits = append(edits, insertion{int(d.fn.Recv.Pos()) - 1, int(d.fn.Recv.End()) - 1, receiver})
	}
	return edits
}

// named returns a list of parameters in which each has a name, and these names as arguments.
func (d declaration) named(list *ast.FieldList, prefix string) (parameters, arguments string) {
	if list == nil {
		return "", ""
	}
	var fields, names []string
	for _, f := range list.List {
		for i := range max(len(f.Names), 1) {
			name := fmt.Sprintf("%s%d", prefix, len(names))
			if i < len(f.Names) && f.Names[i].Name != "_" {
				name = f.Names[i].Name
			}
			fields = append(fields, name+" "+d.file[f.Type.Pos()-1:f.Type.End()-1])
			if _, variadic := f.Type.(*ast.Ellipsis); variadic {
				name += "..."
			}
			names = append(names, name)
		}
	}
	return "(" + strings.Join(fields, ", ") + ")", strings.Join(names, ", ")
}
