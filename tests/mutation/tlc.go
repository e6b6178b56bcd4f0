package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// limits are how many calls, names and options a spec of Rooms is run with.
type limits struct{ calls, names, options int }

func (l limits) String() string { return fmt.Sprintf("%d,%d,%d", l.calls, l.names, l.options) }

// conditional reports whether calls may be a ReleaseIf: it makes the large graphs larger, and shows in
// the small ones.
func (l limits) conditional() bool { return l.options == 1 }

// config writes a configuration of Rooms beside a module.
func (l limits) config(dir, specification, rest string) (string, error) {
	set := func(all ...string) string { return `{"` + strings.Join(all, `", "`) + `"}` }
	text := fmt.Sprintf("SPECIFICATION %s\nCONSTANTS\n  Names = %s\n  Options = %s\n  MaxCalls = %d\n  Conditional = %s\n",
		specification, set([]string{"a", "b"}[:l.names]...), set([]string{"x", "y"}[:l.options]...), l.calls,
		strings.ToUpper(strconv.FormatBool(l.conditional())))
	file := filepath.Join(dir, specification+"-"+l.String()+".cfg")
	return file, os.WriteFile(file, []byte(text+rest+"CHECK_DEADLOCK FALSE\n"), 0o644)
}

// checker runs TLC on specs with changes. Several goroutines may use it.
type checker struct {
	tlc      *tlcrun.TLC
	source   string // Rooms.tla
	safety   properties
	liveness []string
}

func newChecker(ctx context.Context, root string) (*checker, error) {
	spec := filepath.Join(root, "spec", "TLA")
	text, err := os.ReadFile(filepath.Join(spec, "Rooms.tla"))
	if err != nil {
		return nil, err
	}
	safety, err := tlcrun.ReadConfig(filepath.Join(spec, "MCRooms_safety3.cfg"))
	if err != nil {
		return nil, err
	}
	live, err := tlcrun.ReadConfig(filepath.Join(spec, "MCRooms_live3.cfg"))
	if err != nil {
		return nil, err
	}
	c := &checker{source: string(text), liveness: live.Temporal,
		safety: properties{safety.Invariants, safety.Temporal}}
	if len(c.safety.invariants) == 0 || len(c.safety.steps) == 0 || len(c.liveness) == 0 {
		return nil, fmt.Errorf("the configurations have no properties")
	}
	c.tlc, err = tlcrun.New(ctx, root, os.Stderr)
	return c, err
}

// exec writes a module and its configuration to a folder of their own, runs TLC, and has read see
// the graph, if it is asked for.
func (c *checker) exec(ctx context.Context, module, text, specification string, at limits, rest string,
	read func(dump string) error) (*tlcrun.Result, error) {
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, module+".tla"), []byte(text), 0o644); err != nil {
		return nil, err
	}
	config, err := at.config(dir, specification, rest)
	if err != nil {
		return nil, err
	}
	job := tlcrun.Job{Dir: dir, Module: module, Config: config, Workers: 1, Small: true}
	if read != nil {
		job.Dump = filepath.Join(dir, "graph.dot")
	}
	r, err := c.tlc.Exec(ctx, job)
	if err == nil && read != nil && r.Exit == tlcrun.ExitOK {
		err = read(job.Dump)
	}
	return r, err
}

// live checks the properties of liveness of a spec, under fairness.
func (c *checker) live(ctx context.Context, text string, at limits) (ending string, err error) {
	r, err := c.exec(ctx, "Rooms", text, "FairSpec", at,
		"PROPERTIES "+strings.Join(c.liveness, " ")+"\n", nil)
	if err != nil {
		return "", err
	}
	return c.says(r)
}

// says returns what TLC's run says of a spec, "" when it found nothing.
func (c *checker) says(r *tlcrun.Result) (string, error) {
	switch {
	case clean(r):
		return "", nil
	case (r.Exit == tlcrun.ExitInvariant || r.Exit == tlcrun.ExitProperty) && len(r.Violated) == 1:
		return r.Violated[0], nil
	case r.Exit == tlcrun.ExitProperty && r.Temporal:
		return strings.Join(c.liveness, " or "), nil // TLC doesn't say which
	case r.Exit == exitParse:
		return "no TLA+", nil
	case len(r.Errors) > 0 && cannotEvaluate.MatchString(r.Output):
		return "error: " + short(r.Errors[0]), nil
	}
	return "", fmt.Errorf("TLC ends with %d: %q\n%s", r.Exit, r.Errors, r.Output)
}

// exitParse is TLC's exit code for what is no TLA+.
const exitParse = 150

// clean reports whether TLC went through all states and found nothing.
func clean(r *tlcrun.Result) bool {
	return r.Exit == tlcrun.ExitOK && r.NoError && r.Left == 0 && len(r.Errors) == 0 &&
		len(r.Violated) == 0 && !r.Temporal
}

// cannotEvaluate are TLC's words for a module that it can read and not run.
var cannotEvaluate = regexp.MustCompile(`current state is not a legal state|` +
	`is not completely specified|[Aa]ttempted to |was not in the domain|The invariant \S+ is not|` +
	`[Ee]valuating |TLC encountered|In evaluation|initial predicate`)

// sum stands for the graph of one spec: equal graphs have equal sums.
type sum struct {
	states, edges int
	hash          uint64
}

var sumSeed = maphash.MakeSeed()

// sums reads the graphs of many specs from the dump of a woven one, by their numbers. A step that
// TLC takes twice, because a guard is true in two ways, is one step.
func sums(file string) (map[int]sum, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	type state struct {
		of   int
		hash uint64
	}
	states, found := map[string]state{}, map[int]sum{}
	links := map[[3]string]bool{}
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 0, 1<<20), 1<<24)
	for lines.Scan() {
		head, attributes, ok := strings.Cut(lines.Text(), " [")
		if !ok || head == "" || !strings.ContainsAny(head[:1], "-0123456789") {
			continue
		}
		if from, to, isEdge := strings.Cut(head, " -> "); isEdge {
			_, label, _ := strings.Cut(attributes, `label="`)
			label, _, _ = strings.Cut(label, `"`)
			links[[3]string{strings.Clone(from), strings.Clone(to), strings.Clone(label)}] = true
			continue
		}
		if _, twice := states[head]; twice {
			continue
		}
		text, rest, ok := strings.Cut(attributes, "mutant = ")
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		of, err := strconv.Atoi(rest[:digits])
		if !ok || err != nil {
			return nil, fmt.Errorf("a state of no change: %s", attributes)
		}
		s := state{of, maphash.String(sumSeed, text+rest[digits:])}
		states[strings.Clone(head)] = s
		now := found[of]
		found[of] = sum{now.states + 1, now.edges, now.hash + s.hash}
	}
	for link := range links {
		from, ok := states[link[0]]
		to, ok2 := states[link[1]]
		if !ok || !ok2 || from.of != to.of {
			return nil, fmt.Errorf("an edge %v between no states of one change", link)
		}
		ends := binary.NativeEndian.AppendUint64([]byte(link[2]), from.hash)
		ends = binary.NativeEndian.AppendUint64(ends, to.hash)
		now := found[from.of]
		found[from.of] = sum{now.states, now.edges + 1, now.hash + maphash.Bytes(sumSeed, ends)}
	}
	return found, lines.Err()
}
