package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"golang.org/x/term"
)

// What a run must reach.
const (
	leastParsed = 100
	leastShare  = 0.95
)

// report is what became of all mutants together.
type report struct {
	generated   int
	mutants     []mutant // the control comes first
	verdicts    []verdict
	equivalents map[string]string // for the names in equivalent.txt, the reason
	strangers   []string          // names in equivalent.txt that no mutant has
}

func newReport(all, tried []mutant, verdicts []verdict, known map[string]string) *report {
	r := &report{generated: len(all), mutants: tried, verdicts: verdicts, equivalents: known}
	for name := range known {
		if !slices.ContainsFunc(all, func(m mutant) bool { return m.name == name }) {
			r.strangers = append(r.strangers, name)
		}
	}
	slices.Sort(r.strangers)
	return r
}

// figures are the counts of some of the mutants.
type figures struct {
	total, equivalent, survived int
	ends                        map[end]int
}

func (f figures) parsed() int { return f.total - f.ends[unparsed] }
func (f figures) killed() int {
	return f.ends[byProperty] + f.ends[byLiveness] + f.ends[byError] + f.ends[byGraph]
}

// share is the killed ones' share of those that parse and are not equivalent. What ran out of time counts as not killed.
func (f figures) share() float64 {
	if of := f.parsed() - f.equivalent; of > 0 {
		return float64(f.killed()) / float64(of)
	}
	return 0
}

// figures counts the mutants of a kind, or of all.
func (r *report) figures(kind string) figures {
	f := figures{ends: map[end]int{}}
	for i, m := range r.mutants {
		if m.name == control || kind != "" && m.kind != kind {
			continue
		}
		f.total++
		f.ends[r.verdicts[i].end]++
		if r.verdicts[i].end == lives {
			if r.equivalents[m.name] != "" {
				f.equivalent++
			} else {
				f.survived++
			}
		}
	}
	return f
}

func (r *report) print(w io.Writer, o options) {
	var kinds []string
	by := map[string]int{}
	for i, m := range r.mutants {
		if m.name == control {
			fmt.Fprintf(w, "%s: %s\n\n", control, endNames[r.verdicts[i].end])
			continue
		}
		if !slices.Contains(kinds, m.kind) {
			kinds = append(kinds, m.kind)
		}
		if v := r.verdicts[i]; v.end == byProperty || v.end == byLiveness {
			name, _, _ := strings.Cut(v.what, " (")
			by[name]++
		}
	}
	slices.Sort(kinds)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "kind\tmutants\tparsed\tby property\tby liveness\tby error\tby graph alone\tequivalent\tsurvived\ttimeouts\tkilled\t")
	for _, kind := range append(kinds, "") {
		f := r.figures(kind)
		if kind == "" {
			kind = "all"
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f %%\t\n", kind, f.total, f.parsed(), f.ends[byProperty], f.ends[byLiveness],
			f.ends[byError], f.ends[byGraph], f.equivalent, f.survived, f.ends[timeout], 100*f.share())
	}
	table.Flush()
	fmt.Fprintln(w, "\nfirst violated:")
	names := make([]string, 0, len(by))
	for name := range by {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return by[b]*1000 - by[a]*1000 + strings.Compare(a, b) })
	for _, name := range names {
		fmt.Fprintf(w, "%5d  %s\n", by[name], name)
	}
	for i, m := range r.mutants {
		if v := r.verdicts[i]; m.name != control && (v.end == timeout || v.end == unclear || v.end == lives && r.equivalents[m.name] == "") {
			fmt.Fprintf(w, "\n%s: %s\n%s\n", endNames[v.end], m.name, v.what)
		}
	}
}

// verdict says what is wrong with the run, if anything, and prints the figures in one line.
func (r *report) verdict(w io.Writer, o options) bool {
	f := r.figures("")
	var wrong []string
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for i, m := range r.mutants {
		v := r.verdicts[i]
		switch {
		case m.name == control:
			if v.end != lives {
				complain("the control, %s, is not reported as living but as %s: %s", control, endNames[v.end], v.what)
			}
		case v.end == unclear:
			complain("a run ended in a way that is not understood: %s", m.name)
		case v.end == lives && r.equivalents[m.name] == "":
			complain("a survivor that equivalent.txt doesn't name: %s", m.name)
		case v.end != lives && r.equivalents[m.name] != "":
			complain("equivalent.txt names a mutant that does not survive (%s): %s", endNames[v.end], m.name)
		}
	}
	for _, name := range r.strangers {
		complain("equivalent.txt names a mutant that there isn't: %s", name)
	}
	if r.mutants[0].name != control {
		complain("there is no control")
	}
	if o.only == "" {
		if f.parsed() < leastParsed {
			complain("only %d mutants parse, of at least %d", f.parsed(), leastParsed)
		}
		if f.share() < leastShare {
			complain("%.1f %% of them are killed, of at least %.0f %%", 100*f.share(), 100*leastShare)
		}
	}
	if len(wrong) > 0 {
		fmt.Fprintln(w)
	}
	for _, text := range wrong {
		fmt.Fprintln(w, "WRONG:", text)
	}
	properties := f.ends[byProperty] + f.ends[byLiveness]
	fmt.Fprintf(w, "\nEVIDENCE specmutants generated=%d total=%d parsed=%d killed=%d byproperty=%d ofthembyliveness=%d byerror=%d bygraph=%d equivalent=%d survived=%d timeouts=%d share=%.3f quick=%t\n",
		r.generated, f.total, f.parsed(), f.killed(), properties, f.ends[byLiveness], f.ends[byError], f.ends[byGraph], f.equivalent, f.survived, f.ends[timeout], f.share(), o.quick)
	return len(wrong) == 0
}

// readEquivalent reads equivalent.txt: a name in a line, then its reason in lines that are indented.
func readEquivalent(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseEquivalent(f)
}

func parseEquivalent(text io.Reader) (map[string]string, error) {
	found := map[string]string{}
	name := ""
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "//"), strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, "\t"), strings.HasPrefix(line, " "):
			if name == "" {
				return nil, fmt.Errorf("a reason without a name: %s", line)
			}
			found[name] = strings.TrimSpace(found[name] + " " + strings.TrimSpace(line))
		default:
			if name != "" && found[name] == "" {
				return nil, fmt.Errorf("%s has no reason", name)
			}
			if found[line] != "" {
				return nil, fmt.Errorf("%s is there twice", line)
			}
			name = line
		}
	}
	if name != "" && found[name] == "" {
		return nil, fmt.Errorf("%s has no reason", name)
	}
	return found, lines.Err()
}

// progress is a line on a terminal that tells how far the run is. In a pipe there is none.
type progress struct {
	out      *os.File
	terminal bool
	mu       sync.Mutex
	total    int
	done     int
	killed   int
	since    time.Time
}

func newProgress(out *os.File, total int) *progress {
	return &progress{out: out, terminal: term.IsTerminal(int(out.Fd())), total: total, since: time.Now()}
}

func (p *progress) ended(m mutant, v verdict, verbose bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if v.end.killed() {
		p.killed++
	}
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	if verbose {
		fmt.Fprintf(p.out, "%-8s %5.1f s  %s: %s\n", endNames[v.end], v.took.Seconds(), m.name, short(v.what))
	}
	if p.terminal {
		fmt.Fprintf(p.out, "%d of %d mutants, %d killed, %.0f s", p.done, p.total, p.killed, time.Since(p.since).Seconds())
	}
}

func (p *progress) clear() {
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
