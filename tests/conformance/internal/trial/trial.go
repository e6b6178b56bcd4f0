// Package trial is what the commands share that hold a subject in a process to the rules.
package trial

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"ablyrooms.example/internal/progress"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/server"
)

// Trial is a subject with what it is held to, and how much is tried.
type Trial struct {
	Name     string // of its line of evidence
	Again    string // the command that runs one script again, with "%s" for the script
	Command  conformance.Command
	Promises conformance.Promises
	Verdicts conformance.Verdicts // what is known of the subject, if anything is

	script      string
	depth, runs int
	seed        int
	processes   int
}

// Flags defines the flags that say what is tried.
func (tr *Trial) Flags(f *flag.FlagSet, depth, runs int) {
	f.StringVar(&tr.script, "script", "", "run this `script` alone, and print what it shows")
	f.IntVar(&tr.depth, "depth", depth, "the `length` up to which all scripts are tried")
	f.IntVar(&tr.runs, "runs", runs, "the `number` of random scripts of each of three kinds")
	f.IntVar(&tr.seed, "seed", 1, "the `seed` of the random scripts")
	f.IntVar(&tr.processes, "processes", 2, "the `number` of subjects at a time")
}

// Run tries the subject and writes what was found. Its error is for what keeps scripts from being run.
func (tr *Trial) Run(ctx context.Context, w io.Writer) (conformance.Result, error) {
	tr.Command.Serve = server.Start
	if tr.script != "" {
		return tr.runScript(ctx, w)
	}
	plan := conformance.ProcessPlan(tr.depth, tr.runs)
	plan.Seed = tr.seed
	var err error
	if plan.Known, err = tr.Verdicts.Scripts(); err != nil {
		return conformance.Result{}, err
	}
	bar := progress.Start(os.Stderr)
	plan.Progress = func(done int) { bar.Set(done, 0, "%d scripts", done) }
	result, err := conformance.CheckProcess(ctx, tr.Command, tr.Promises, plan, tr.processes)
	bar.Stop()
	if err != nil {
		return result, err
	}
	for _, l := range tr.Promises.Loosenings() {
		fmt.Fprintf(w, "not promised, so not judged: %v\n", l)
	}
	result.Write(w, tr.Verdicts, func(script string) string { return fmt.Sprintf(tr.Again, "'"+script+"'") })
	fmt.Fprintf(w, "\n%s\n", result.Evidence(tr.Name))
	return result, nil
}

func (tr *Trial) runScript(ctx context.Context, w io.Writer) (conformance.Result, error) {
	script, err := conformance.Parse(tr.script)
	if err != nil {
		return conformance.Result{}, err
	}
	rig, err := conformance.NewRig(ctx, tr.Command, tr.Promises)
	if err != nil {
		return conformance.Result{}, err
	}
	defer rig.Close()
	out, err := rig.Run(ctx, script)
	if err != nil {
		return conformance.Result{}, err
	}
	fmt.Fprintln(w, rig.Subject())
	for _, v := range out.Violations {
		fmt.Fprintf(w, "%s\n\n%v\n", v.Class, v)
	}
	if len(out.Violations) == 0 {
		fmt.Fprintf(w, "%s: no violation\n", tr.script)
	}
	return conformance.Result{Violations: out.Violations}, nil
}
