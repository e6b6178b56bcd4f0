// Command bench measures the library against baselines in the same binary and the same run, and
// prints the ratios.
//
// Each case alternates its baseline and its subjects over several rounds, and
// reports the median of each, so that a machine whose speed drifts slows all. Goals are
// printed beside what was reached; nothing is asserted.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"
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
	cpu := flag.String("cpuprofile", "", "write a CPU profile of this process to a file")
	mem := flag.String("memprofile", "", "write a profile of all allocations of this process to a file")
	serves := flag.Bool("serve", false, "be the server of another process (used by the command itself)")
	flag.Parse()
	if *serves {
		serve(os.Stdin, os.Stdout)
		return
	}
	defer profile(*cpu, *mem)()
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

// profile begins the profiles that have a file, and returns a function that ends them.
func profile(cpu, mem string) (end func()) {
	if cpu != "" {
		must(pprof.StartCPUProfile(value(os.Create(cpu))))
	}
	return func() {
		pprof.StopCPUProfile()
		if mem != "" {
			must(pprof.Lookup("allocs").WriteTo(value(os.Create(mem)), 0))
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

// cpuUnit is the unit of CPU time, which is shown beside the case's own.
const cpuUnit = "CPU-us"

func (c comparison) print(out *tabwriter.Writer, rounds int) {
	all := append([]measure{c.baseline}, c.subjects...)
	found := make([][]figure, len(all))
	for round := range rounds {
		for turn := range all {
			i := (round + turn) % len(all)
			r := testing.Benchmark(all[i].run)
			f := figure{"ns/op": float64(r.T.Nanoseconds()) / float64(max(r.N, 1)), "allocs/op": float64(r.AllocsPerOp())}
			maps.Copy(f, r.Extra)
			found[i] = append(found[i], f)
		}
	}
	fmt.Fprintf(out, "\n%s\t\t\t\t\tgoal: %s\n", c.name, c.goal)
	for i, m := range all {
		unit := "ns/op"
		for u := range found[i][0] {
			if u != "ns/op" && u != "allocs/op" && u != cpuUnit {
				unit = u
			}
		}
		ratio := func(unit string) string {
			value, base := median(found[i], unit), median(found[0], unit)
			switch {
			case i == 0:
				return "baseline"
			case base == 0:
				return fmt.Sprintf("%+.2f", value)
			}
			return fmt.Sprintf("%.2fx", value/base)
		}
		cpu := ""
		if _, ok := found[i][0][cpuUnit]; ok {
			cpu = fmt.Sprintf("%.1f %s", median(found[i], cpuUnit), cpuUnit)
			if i > 0 {
				cpu += " (" + ratio(cpuUnit) + ")"
			}
		}
		fmt.Fprintf(out, "  %s\t%.1f %s\t%.0f allocs/op\t%s\t%s\t\n", m.name, median(found[i], unit), unit,
			median(found[i], "allocs/op"), ratio(unit), cpu)
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
