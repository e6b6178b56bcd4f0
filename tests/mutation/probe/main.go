// Command probe checks the core and the model that it is built with. It checks their properties,
// and compares them with each other and with graphs of the spec. The command in the folder above
// builds it with misreadings planted.
//
// Arguments are BOUNDS=DUMP. BOUNDS are calls, names and options, such as 4,1,2. DUMP is the file
// with TLC's graph at these bounds, or is empty.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/rooms"
)

// Found has the first finding of each check; it is empty if there is none.
type Found struct {
	Golden     string // of comparing the model with the kept graph of the spec
	Properties string // of checking the properties of model and core, and liveness
	Unlike     string // of comparing the core with the model, and the model with the dumps
}

func main() {
	golden := flag.String("golden", "", "the kept graph of the spec, of 4 calls on 1 name with 1 option")
	flag.Parse()
	found, err := probe(context.Background(), *golden, flag.Args())
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(found)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(2)
	}
}

func probe(ctx context.Context, golden string, args []string) (*Found, error) {
	found := &Found{}
	for _, arg := range args {
		at, dump, _ := strings.Cut(arg, "=")
		var b rooms.Bounds
		if _, err := fmt.Sscanf(at, "%d,%d,%d", &b.Calls, &b.Names, &b.Options); err != nil {
			return nil, fmt.Errorf("bounds %q: %w", at, err)
		}
		b.Conditional = b.Options == 1 // as in the configurations of the specs
		m := rooms.New(b)
		found.Properties = cmp.Or(found.Properties, broken(graphs.Explore(ctx, m.OfModel(), possible)),
			broken(graphs.Explore(ctx, m, possible)))
		// ToGraph compares each step with the model
		if _, _, err := graphs.ToGraph(ctx, m); err != nil {
			found.Unlike = cmp.Or(found.Unlike, err.Error())
		}
		if dump == "" {
			continue
		}
		data, err := os.ReadFile(dump)
		if err != nil {
			return nil, err
		}
		found.Unlike = cmp.Or(found.Unlike, differs(ctx, b, data))
	}
	report, err := graphs.CheckLiveness(ctx, rooms.New(rooms.Bounds{Calls: 3, Names: 1, Options: 1, Conditional: true}))
	switch {
	case err != nil:
		found.Properties = cmp.Or(found.Properties, err.Error())
	case len(report.Broken) > 0:
		found.Properties = cmp.Or(found.Properties, report.Broken[0].Property)
	}
	if golden == "" {
		return found, nil
	}
	_, kept, err := graphs.ReadGolden(golden)
	found.Golden = differs(ctx, rooms.Bounds{Calls: 4, Names: 1, Options: 1, Conditional: true}, kept)
	return found, err
}

var possible = graphs.Options{Possible: true}

// broken returns what an exploration found. If it was not complete, that is a finding too.
func broken[I any](r *graphs.Result[I]) string {
	switch {
	case r.Verdict == graphs.Complete:
		return ""
	case r.Violation != nil:
		return r.Violation.Property
	}
	return r.Reason
}

// differs compares the model with a graph of the spec. It returns "" if they are equal.
func differs(ctx context.Context, b rooms.Bounds, dump []byte) string {
	spec, err := graphs.ReadDot("the spec", bytes.NewReader(dump), graphs.Mapping[model.State](rooms.Spec{}))
	own, _, err2 := graphs.ToGraph(ctx, rooms.New(b).OfModel())
	if err := errors.Join(err, err2); err != nil {
		return err.Error()
	}
	found, less, more := graphs.Compare(spec, own, 1)
	if less+more+len(found) == 0 {
		return ""
	}
	return fmt.Sprintf("the model lacks %d edges and has %d more: %v", less, more, found)
}
