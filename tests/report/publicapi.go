package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// publicAPI describes the exported names of a package, one a line, sorted: functions, constants
// with their values, types with their exported fields and methods. An alias is described with the
// fields and methods of the type that it stands for, since users of the alias have them too.
func publicAPI(dir, path string) (lines []string, err error) {
	pkg, err := load(dir, path)
	if err != nil {
		return nil, err
	}
	qualifier := func(p *types.Package) string {
		if p == pkg {
			return ""
		}
		return p.Name()
	}
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, name := range pkg.Scope().Names() {
		o := pkg.Scope().Lookup(name)
		if !o.Exported() {
			continue
		}
		switch o := o.(type) {
		case *types.Const:
			add("const %s %s = %s", name, types.TypeString(o.Type(), qualifier), o.Val().ExactString())
		case *types.TypeName:
			describe(add, o, qualifier)
		default:
			add("%s", types.ObjectString(o, qualifier))
		}
	}
	slices.Sort(lines)
	return lines, nil
}

// describe adds the lines of a type.
func describe(add func(string, ...any), o *types.TypeName, qualifier types.Qualifier) {
	t, sign := o.Type(), ""
	if o.IsAlias() {
		t, sign = types.Unalias(t), "= "+types.TypeString(types.Unalias(t), qualifier)+" "
	}
	name := o.Name()
	switch under := t.Underlying().(type) {
	case *types.Struct:
		add("type %s %sstruct", name, sign)
		for f := range under.Fields() {
			if f.Exported() {
				add("type %s, field %s %s", name, f.Name(), types.TypeString(f.Type(), qualifier))
			}
		}
	case *types.Interface:
		add("type %s %sinterface", name, sign)
	default:
		add("type %s %s%s", name, sign, types.TypeString(under, qualifier))
	}
	methods := types.NewMethodSet(types.NewPointer(t))
	if types.IsInterface(t) {
		methods = types.NewMethodSet(t)
	}
	for m := range methods.Methods() {
		if f := m.Obj().(*types.Func); f.Exported() {
			signature := strings.TrimPrefix(types.TypeString(f.Type(), qualifier), "func")
			add("type %s, method %s%s", name, f.Name(), signature)
		}
	}
}

// load reads a package from the compiler's export data.
func load(dir, path string) (*types.Package, error) {
	list := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", path)
	list.Dir = dir
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	exports := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p struct{ ImportPath, Export string }
		if err := d.Decode(&p); err != nil {
			return nil, err
		}
		exports[p.ImportPath] = p.Export
	}
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	return importer.ForCompiler(token.NewFileSet(), "gc", lookup).Import(path)
}
