package tlcrun

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// TLC is the checker, ready to run. It may be used by several goroutines.
type TLC struct {
	Java, Jar string
}

// New finds Java and the jar, and fetches the jar if need be; log hears of that. A program that is
// missing is a [MissingError].
func New(ctx context.Context, root string, log io.Writer) (*TLC, error) {
	java, javaErr := Java()
	jar, err := Fetch(ctx, root, log)
	if err := errors.Join(javaErr, err); err != nil {
		return nil, err
	}
	return &TLC{java, jar}, nil
}

// Job is one run of TLC.
type Job struct {
	Dir     string // where the module is
	Library string // another folder to look for modules in; may be empty
	Module  string // without .tla
	Config  string // path of the configuration
	Workers int
	// where to write the graph in dot, each edge with its action; empty for not at all
	Dump  string
	Small bool // the run is small: what the JVM needs to be quick at large ones is left out

	Progress Progress
}

// Progress is called with each line of progress, about one a minute; it may be nil.
type Progress func(line string)

// Exec runs TLC once, and returns what it came to, whatever that is: the error is only for a run
// that could not be started or was cancelled. What TLC writes beside its output goes to a folder of
// its own, which is removed.
func (t *TLC) Exec(ctx context.Context, job Job) (*Result, error) {
	if err := CheckSHA(t.Jar, JarSHA); err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "tlc-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	for _, path := range []*string{&job.Config, &job.Library, &job.Dump} { // TLC runs in job.Dir
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, err
		}
	}
	// TLC unpacks its standard modules to the temporary folder under fixed names, so that one is
	// its own, too.
	args := []string{"-Djava.io.tmpdir=" + tmp}
	switch {
	case job.Small:
		args = append(args, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx1g")
	case job.Workers > 1:
		args = append(args, "-XX:+UseParallelGC", "-Xmx4g")
	default:
		args = append(args, "-XX:+UseSerialGC", "-Xmx4g")
	}
	if job.Library != "" {
		args = append(args, "-DTLA-Library="+job.Library)
	}
	args = append(args, "-cp", t.Jar, "tlc2.TLC", "-workers", strconv.Itoa(max(job.Workers, 1)),
		"-metadir", filepath.Join(tmp, "states"), "-config", job.Config)
	if job.Dump != "" {
		args = append(args, "-dump", "dot,actionlabels", job.Dump)
	}
	args = append(args, job.Module)

	out := &output{progress: job.Progress}
	cmd := exec.CommandContext(ctx, t.Java, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = job.Dir, out, out
	cmd.WaitDelay = 10 * time.Second
	begin := time.Now()
	err = cmd.Run()
	took := time.Since(begin)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return nil, fmt.Errorf("running TLC: %w", err)
	}
	r := ParseOutput(out.text.String(), cmd.ProcessState.ExitCode())
	r.Time, r.CPU = took, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	return r, nil
}

// job is a run of the configuration.
func (c *Config) job(progress Progress) Job {
	job := Job{Dir: c.Dir(), Module: c.Module, Config: c.Path, Workers: c.Workers, Progress: progress}
	job.Small = c.Exit != ExitOK || c.IsCanary() // what must be violated is violated soon
	folders := map[string]string{}
	moduleText(c.Dir(), c.Module, folders) // TLC itself says what it doesn't find
	for _, folder := range folders {
		if folder != c.Dir() {
			job.Library = folder
		}
	}
	return job
}

// Run runs a configuration, as often as it says. The second error is the verdict: see
// [Config.Judge] and [Config.CheckHash].
func (t *TLC) Run(ctx context.Context, c *Config, progress Progress) (r *Result, err error) {
	if err := c.CheckHash(); err != nil {
		return nil, err
	}
	return t.run(ctx, c, progress)
}

func (t *TLC) run(ctx context.Context, c *Config, progress Progress) (r *Result, err error) {
	for range max(c.Repeat, 1) {
		if r, err = t.Exec(ctx, c.job(progress)); err != nil {
			return nil, err
		}
		if err := c.Judge(r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// Dump runs a configuration and writes the graph of its states to a file that ends in .dot, each
// edge with its action. It is an error if the configuration has properties beside invariants, for
// which TLC adds edges of its own, or if the run is not as the configuration says.
func (t *TLC) Dump(ctx context.Context, c *Config, file string) (*Result, error) {
	if len(c.Temporal) > 0 {
		return nil, fmt.Errorf("%s has properties, for which TLC adds edges: dump one without", c.Name)
	}
	if !strings.HasSuffix(file, ".dot") {
		return nil, fmt.Errorf("%s does not end in .dot, which TLC would add", file)
	}
	if err := c.CheckHash(); err != nil {
		return nil, err
	}
	job := c.job(nil)
	job.Workers, job.Dump = 1, file
	r, err := t.Exec(ctx, job)
	if err != nil {
		return nil, err
	}
	return r, c.Judge(r)
}

// output collects what TLC writes and reports progress as it comes. One goroutine of os/exec
// writes to it.
type output struct {
	text     bytes.Buffer
	read     int // up to here, lines were looked at
	progress func(string)
}

func (o *output) Write(p []byte) (int, error) {
	o.text.Write(p)
	if o.progress == nil {
		return len(p), nil
	}
	for {
		line, _, ok := bytes.Cut(o.text.Bytes()[o.read:], []byte("\n"))
		if !ok {
			return len(p), nil
		}
		o.read += len(line) + 1
		if progress.Match(line) {
			o.progress(string(line))
		}
	}
}
