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

// limits are the numbers of calls, names and options that a spec of Rooms is run with.
type limits struct{ calls, names, options int }

// String returns the limits as reports show them.
func (l limits) String() string { return fmt.Sprintf("%d,%d,%d", l.calls, l.names, l.options) }

// conditional reports whether a call may also be a ReleaseIf. Large graphs would become too large
// with it, and small ones are enough to test it.
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

// stage is the bounds within which a spec is explored.
type stage interface {
	String() string
	constants() string // the CONSTANTS of a configuration
	levels() int       // the maximum number of steps from the initial state; 0 for no maximum
	// whether the spec's graph is also compared with the model's, and not only by its size
	compared() bool
	states() string // the key of the number of states in golden.json; may not exist
}

// config writes a configuration file beside a module, and returns its path.
func config(dir, specification string, at stage, rest string) (string, error) {
	text := fmt.Sprintf("SPECIFICATION %s\nCONSTANTS %s\n%sCHECK_DEADLOCK FALSE\n", specification,
		at.constants(), rest)
	file := filepath.Join(dir, specification+"-"+at.String()+".cfg")
	return file, os.WriteFile(file, []byte(text), 0o644)
}

// checker runs TLC on changed specs. Several goroutines may use it.
type checker struct {
	tlc *tlcrun.TLC
	subject
	source     string // the text of the module
	properties properties
	liveness   []liveness
}

// liveness is a specification with fairness, and the properties that it must have.
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

// exec writes a module and its configuration to a new folder and runs TLC. If read is not nil, TLC
// writes its graph, and exec calls read with the path of the file.
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

// alive checks the liveness properties of a spec, each under its fairness. It returns what fails,
// or "". If changed is not empty, it is the operator that is changed; specifications that don't use
// it are not checked.
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

// neverAtRest is the name of a formula that fairness must not imply.
const neverAtRest = "NeverAtRest"

// leavesOpen reports whether a fair behaviour may come to rest, in each of several ways. If
// fairness required too much, every liveness property would hold.
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

// says returns the property or the error that TLC reports, or "" if it found nothing. TLC doesn't
// say which of several liveness properties is violated, so all that were asked are returned then.
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

// exitParse is TLC's exit code for a module that it can't parse.
const exitParse = 150

// clean reports whether TLC visited all states and found nothing.
func clean(r *tlcrun.Result) bool {
	return r.Exit == tlcrun.ExitOK && r.NoError && r.Left == 0 && len(r.Errors) == 0 &&
		len(r.Violated) == 0 && !r.Temporal
}

// cannotEvaluate matches what TLC prints for a module that it can parse but can't evaluate.
var cannotEvaluate = regexp.MustCompile(`current state is not a legal state|` +
	`is not completely specified|[Aa]ttempted to |was not in the domain|The invariant \S+ is not|` +
	`[Ee]valuating |TLC encountered|In evaluation|initial predicate`)

// sum represents the graph of one spec: equal graphs have equal sums.
type sum struct {
	states, edges int
	hash          uint64
}

var sumSeed = maphash.MakeSeed()

// sums reads the dump of a woven spec, and returns the graphs of its changes by their numbers. TLC
// may take a step twice, because a guard is true in two ways: that counts as one step.
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
			return nil, fmt.Errorf("a state that belongs to no change: %s", attributes)
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
			return nil, fmt.Errorf("an edge %v that doesn't connect two states of the same change", link)
		}
		ends := binary.NativeEndian.AppendUint64([]byte(link[2]), from.hash)
		ends = binary.NativeEndian.AppendUint64(ends, to.hash)
		now := found[from.of]
		found[from.of] = sum{now.states, now.edges + 1, now.hash + maphash.Bytes(sumSeed, ends)}
	}
	return found, lines.Err()
}
