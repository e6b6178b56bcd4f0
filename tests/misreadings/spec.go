package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// bounds are calls, names and options.
type bounds struct{ calls, names, options int }

func (b bounds) String() string { return fmt.Sprintf("%d,%d,%d", b.calls, b.names, b.options) }

// The bounds at which misreadings show. Most take three calls on one name; those of R9 take four, those that are about options two of
// them, and some of those that are about disposal two names.
var (
	threeCalls = bounds{3, 1, 1}
	fourCalls  = bounds{4, 1, 1}
	twoNames   = bounds{3, 2, 1}
	options    = bounds{3, 1, 2}
	fourOfTwo  = bounds{4, 1, 2}
)

// bounds is where a misreading is looked at.
func (m misreading) bounds() []bounds {
	switch {
	case m.At != bounds{}:
		return []bounds{m.At}
	case len(m.Core) == 0: // the control
		return []bounds{twoNames, fourOfTwo}
	}
	return []bounds{threeCalls}
}

// readProperties finds the properties of the spec, in the configurations that check all of them.
func (b *bench) readProperties() error {
	safety, err := tlcrun.ReadConfig(filepath.Join(b.root, "spec", "TLA", "MCRooms_safety3.cfg"))
	if err != nil {
		return err
	}
	live, err := tlcrun.ReadConfig(filepath.Join(b.root, "spec", "TLA", "MCRooms_live3.cfg"))
	if err != nil {
		return err
	}
	b.invariants, b.steps, b.liveness = safety.Invariants, safety.Temporal, live.Temporal
	if len(b.invariants) == 0 || len(b.steps) == 0 || len(b.liveness) == 0 {
		return errors.New("the configurations have no properties")
	}
	return nil
}

// config writes a configuration beside the misread spec.
func config(dir, name, specification string, at bounds, invariants, properties []string) (string, error) {
	list := func(word string, of []string) string {
		if len(of) == 0 {
			return ""
		}
		return word + " " + strings.Join(of, " ") + "\n"
	}
	set := func(all ...string) string { return `{"` + strings.Join(all, `", "`) + `"}` }
	text := "SPECIFICATION " + specification + "\nCONSTANTS\n" +
		"  Names = " + set([]string{"a", "b"}[:at.names]...) + "\n" +
		"  Options = " + set([]string{"x", "y"}[:at.options]...) + "\n" +
		fmt.Sprintf("  MaxCalls = %d\n", at.calls) +
		list("INVARIANTS", invariants) + list("PROPERTIES", properties) + "CHECK_DEADLOCK FALSE\n"
	path := filepath.Join(dir, name+".cfg")
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// writeSpec writes the misread spec.
func (b *bench) writeSpec(dir string, m misreading) error {
	texts, err := plant(b.root, m.TLA)
	if err != nil {
		return err
	}
	text, ok := texts[roomsT]
	if !ok { // the control
		data, err := os.ReadFile(filepath.Join(b.root, roomsT))
		if err != nil {
			return err
		}
		text = string(data)
	}
	return os.WriteFile(filepath.Join(dir, "Rooms.tla"), []byte(text), 0o600)
}

// check has TLC check the properties of the misread spec, which are those of the true one, and returns the first that is violated.
func (b *bench) check(ctx context.Context, dir string, m misreading) (found, error) {
	if err := b.writeSpec(dir, m); err != nil {
		return "", err
	}
	for _, at := range m.bounds() {
		file, err := config(dir, "safety", "Spec", at, b.invariants, b.steps)
		if err != nil {
			return "", err
		}
		if violated, err := b.exec(ctx, tlcrun.Job{Dir: dir, Module: "Rooms", Config: file, Workers: 1}); err != nil || violated != "" {
			return violated, err
		}
	}
	file, err := config(dir, "liveness", "FairSpec", bounds{3, 1, 1}, nil, b.liveness)
	if err != nil {
		return "", err
	}
	return b.exec(ctx, tlcrun.Job{Dir: dir, Module: "Rooms", Config: file, Workers: 1})
}

// dump has TLC dump the graph of the misread spec.
func (b *bench) dump(ctx context.Context, dir string, m misreading, at bounds) (string, error) {
	if err := b.writeSpec(dir, m); err != nil {
		return "", err
	}
	file, err := config(dir, "dump", "Spec", at, nil, nil)
	if err != nil {
		return "", err
	}
	to := filepath.Join(dir, at.String()+".dot")
	_, err = b.exec(ctx, tlcrun.Job{Dir: dir, Module: "Rooms", Config: file, Workers: 1, Dump: to})
	return to, err
}

// exec runs TLC. A run that neither finds a violation nor goes through all states is an error: it shows nothing.
func (b *bench) exec(ctx context.Context, job tlcrun.Job) (found, error) {
	r, err := b.tlc.Exec(ctx, job)
	switch {
	case err != nil:
		return "", err
	case len(r.Violated) > 0 && (r.Exit == tlcrun.ExitInvariant || r.Exit == tlcrun.ExitProperty):
		return found(r.Violated[0]), nil
	case r.Temporal && r.Exit == tlcrun.ExitProperty:
		return "liveness", nil
	case r.Exit != tlcrun.ExitOK || !r.NoError || r.Left != 0:
		return "", fmt.Errorf("TLC ends with %d: %v\n%s", r.Exit, r.Errors, r.Output)
	}
	return "", nil
}
