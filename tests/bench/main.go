// Command bench compares the library with baselines in the same binary and the same run, and prints
// the ratios.
//
// Each case alternates its baseline and its subjects over several rounds, and reports the median of
// each. So a machine that gets slower affects all of them alike. The goal is printed beside the
// result; no goal is asserted.
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

// measure is a baseline or a subject of a case.
type measure struct {
	name string
	run  func(*testing.B)
}

// comparison is one case: it compares subjects with a baseline.
type comparison struct {
	name     string
	baseline measure
	subjects []measure
	goal     string
}

func main() {
	testing.Init()
	only := flag.String("only", "", "run only the cases whose name matches this `regexp`")
	rounds := flag.Int("rounds", 5, "the number of rounds in which baseline and subjects alternate")
	length := flag.Duration("time", 200*time.Millisecond, "how long each measurement runs")
	cpu := flag.String("cpuprofile", "", "write a CPU profile of this process to this `file`")
	mem := flag.String("memprofile", "", "write a profile of all allocations of this process to this `file`")
	serves := flag.Bool("serve", false, "run as the server process; only for the command itself")
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

// profile starts the profiles whose file is given, and returns a function that writes them.
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

// figure has the results of one measurement, by unit. Lower is better, except for units that end in
// "/s".
type figure map[string]float64

// cpuUnit is the unit of CPU time, which is printed in addition to the case's own unit.
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
