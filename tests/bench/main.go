// Command bench measures the library against baselines in the same binary and the same run, and
// prints the ratios.
//
// Each case alternates its baseline and its subject over several rounds and reports the median of
// each, so that a machine whose speed drifts slows both. Goals are printed beside what was
// reached; nothing is asserted.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"testing"
	"text/tabwriter"
	"time"
)

// measure is one side of a case.
type measure struct {
	name string
	run  func(*testing.B)
}

// comparison is one case: subjects against a baseline.
type comparison struct {
	name     string
	baseline measure
	subjects []measure
	goal     string
}

func main() {
	testing.Init()
	only := flag.String("only", "", "run the cases whose name matches this expression")
	rounds := flag.Int("rounds", 5, "how often baseline and subject alternate")
	length := flag.Duration("time", 200*time.Millisecond, "how long each measurement runs")
	flag.Parse()
	must(flag.Set("test.benchtime", length.String()))
	match := value(regexp.Compile(*only))
	fmt.Printf("%s, %d processors; medians of %d rounds\n", runtime.Version(), runtime.GOMAXPROCS(0), *rounds)
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	for _, c := range slices.Concat(registryCases(), memoryCases(), stackCases(), featureCases(), explorerCases()) {
		if match.MatchString(c.name) {
			c.print(out, *rounds)
			out.Flush()
		}
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func value[T any](v T, err error) T {
	must(err)
	return v
}

// figure is what one measurement found: its figures by unit. Lower is better, but for units that
// end in "/s".
type figure map[string]float64

func (c comparison) print(out *tabwriter.Writer, rounds int) {
	all := append([]measure{c.baseline}, c.subjects...)
	found := make([][]figure, len(all))
	for range rounds {
		for i, m := range all {
			r := testing.Benchmark(m.run)
			f := figure{"ns/op": float64(r.T.Nanoseconds()) / float64(max(r.N, 1)), "allocs/op": float64(r.AllocsPerOp())}
			maps.Copy(f, r.Extra)
			found[i] = append(found[i], f)
		}
	}
	fmt.Fprintf(out, "\n%s\t\t\t\tgoal: %s\n", c.name, c.goal)
	for i, m := range all {
		unit := "ns/op"
		for _, f := range found[i] {
			for u := range f {
				if u != "ns/op" && u != "allocs/op" {
					unit = u
				}
			}
		}
		value, base := median(found[i], unit), median(found[0], unit)
		ratio := "baseline"
		if i > 0 {
			if ratio = fmt.Sprintf("%.2fx", value/base); base == 0 {
				ratio = fmt.Sprintf("%+.2f", value)
			}
		}
		fmt.Fprintf(out, "  %s\t%.1f %s\t%.0f allocs/op\t%s\t\n", m.name, value, unit, median(found[i], "allocs/op"), ratio)
	}
}

func median(figures []figure, unit string) float64 {
	values := make([]float64, len(figures))
	for i, f := range figures {
		values[i] = f[unit]
	}
	slices.Sort(values)
	return values[len(values)/2]
}
