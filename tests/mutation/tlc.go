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

// String prints them as they are cited.
func (l limits) String() string { return fmt.Sprintf("%d,%d,%d", l.calls, l.names, l.options) }

// conditional reports whether calls may be a ReleaseIf: it makes the large graphs larger, and shows
// in the small ones.
func (l limits) conditional() bool { return l.options == 1 }

func (l limits) constants() string {
	set := func(all ...string) string { return `{"` + strings.Join(all, `", "`) + `"}` }
	return fmt.Sprintf("Names = %s Options = %s MaxCalls = %d Conditional = %s",
		set([]string{"a", "b"}[:l.names]...), set([]string{"x", "y"}[:l.options]...), l.calls,
		strings.ToUpper(strconv.FormatBool(l.conditional())))
}

func (l limits) levels() int { return 0 }

func (l limits) compared() bool { return true }

func (l limits) states() string {
	key := fmt.Sprintf("graph/rooms/%d-%d-%d", l.calls, l.names, l.options)
	if l.conditional() {
		key += "-if"
	}
	return key + "/states"
}

// stage is how far a spec is explored.
type stage interface {
	String() string
	constants() string // as a configuration has them
	levels() int       // how many steps from the beginning; 0 for all
	// the spec's graph is compared with the model's, not only its size with what it was
	compared() bool
	states() string // what the number of states is called in golden.json, if it is there
}

// config writes a configuration beside a module.
func config(dir, specification string, at stage, rest string) (string, error) {
	text := fmt.Sprintf("SPECIFICATION %s\nCONSTANTS %s\n%sCHECK_DEADLOCK FALSE\n", specification,
		at.constants(), rest)
	file := filepath.Join(dir, specification+"-"+at.String()+".cfg")
	return file, os.WriteFile(file, []byte(text), 0o644)
}

// checker runs TLC on specs with changes. Several goroutines may use it.
type checker struct {
	tlc *tlcrun.TLC
	subject
	source     string // of the module
	properties properties
	liveness   []liveness
}

// liveness is a specification with its fairness, and what must hold of it.
type liveness struct {
	specification string
	properties    []string
}

func newChecker(ctx context.Context, root string, s subject) (*checker, error) {
	spec := filepath.Join(root, "spec", "TLA")
	c := &checker{subject: s}
	var err error
	if c.source, err = s.text(spec); err != nil {
		return nil, err
	}
	for _, name := range s.safety {
		of, err := tlcrun.ReadConfig(filepath.Join(spec, name+".cfg"))
		if err != nil {
			return nil, err
		}
		c.properties.add(of)
	}
	for _, name := range s.live {
		of, err := tlcrun.ReadConfig(filepath.Join(spec, name+".cfg"))
		if err != nil {
			return nil, err
		}
		c.liveness = append(c.liveness, liveness{of.Specification, of.Temporal})
		if len(of.Temporal) == 0 {
			return nil, fmt.Errorf("%s has no properties", name)
		}
	}
	if len(c.properties.invariants) == 0 || len(c.properties.steps) == 0 || len(c.liveness) == 0 {
		return nil, fmt.Errorf("the configurations have no properties")
	}
	c.tlc, err = tlcrun.New(ctx, root, os.Stderr)
	return c, err
}

// exec writes a module and its configuration to a folder of their own, runs TLC, and has read see
// the graph, if it is asked for.
func (c *checker) exec(ctx context.Context, module, text, specification string, at stage, rest string,
	read func(dump string) error) (*tlcrun.Result, error) {
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, module+".tla"), []byte(text), 0o644); err != nil {
		return nil, err
	}
	config, err := config(dir, specification, at, rest)
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

// alive checks the properties of liveness of a spec, each under its fairness; with the operator
// that is changed, under the fairness that it is of.
func (c *checker) alive(ctx context.Context, text, changed string, at stage) (string, error) {
	m := mustParse(c.source)
	for _, l := range c.liveness {
		if changed != "" && !behaviour(m, "Init", "Next", l.specification)[changed] {
			continue
		}
		r, err := c.exec(ctx, c.module, text, l.specification, at,
			"PROPERTIES "+strings.Join(l.properties, " ")+"\n", nil)
		if err != nil {
			return "", err
		}
		if ending, err := c.says(r, l.properties...); err != nil || ending != "" {
			return ending, err
		}
		if open, err := c.leavesOpen(ctx, text, l.specification, at); err != nil || !open {
			return neverAtRest + " holds of " + l.specification, err
		}
	}
	return "", nil
}

// neverAtRest is the name of what fairness may not imply.
const neverAtRest = "NeverAtRest"

// leavesOpen reports whether a fair behaviour may come to rest, in each way: fairness that asks for
// more than it says makes every property of liveness hold.
func (c *checker) leavesOpen(ctx context.Context, text, specification string, at stage) (bool, error) {
	end := strings.LastIndex(text, "\n====")
	for _, restless := range c.restless {
		text := text[:end] + "\n" + neverAtRest + " == " + restless + text[end:]
		r, err := c.exec(ctx, c.module, text, specification, at, "PROPERTIES "+neverAtRest+"\n", nil)
		if err != nil {
			return false, err
		}
		if says, err := c.says(r, neverAtRest); err != nil || says != neverAtRest {
			return false, err
		}
	}
	return true, nil
}

// says returns what TLC's run says of a spec, "" when it found nothing. TLC doesn't say which of
// several properties of liveness it found violated.
func (c *checker) says(r *tlcrun.Result, asked ...string) (string, error) {
	switch {
	case clean(r):
		return "", nil
	case (r.Exit == tlcrun.ExitInvariant || r.Exit == tlcrun.ExitProperty) && len(r.Violated) == 1:
		return r.Violated[0], nil
	case r.Exit == tlcrun.ExitProperty && r.Temporal:
		return strings.Join(asked, " or "), nil
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
