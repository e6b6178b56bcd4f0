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

// TLC runs the model checker. It may be used by several goroutines.
type TLC struct {
	Java, Jar string
}

// New finds Java and the jar. If the jar is missing, it fetches it, and writes a line to log. It
// returns a [MissingError] for a program that is missing.
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
	Dir     string // the folder of the module
	Library string // another folder to look for modules in; may be empty
	Module  string // without .tla
	Config  string // the path of the configuration
	Workers int
	// the file for the graph in dot, with an action on each edge; "" writes none
	Dump string
	// the run is short: start the JVM faster, although it then runs large specs more slowly
	Small bool

	Progress Progress
}

// Progress is called with each line of progress, about one a minute; it may be nil.
type Progress func(line string)

// Exec runs TLC once, and returns the result, whatever it is. The error is only for a run that
// could not be started or was cancelled. Files that TLC writes, other than its output, go to a
// temporary folder, which is removed.
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
	// TLC unpacks its standard modules to the folder for temporary files, under fixed names, so
	// each run needs a folder of its own.
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

// job returns the run of the configuration.
func (c *Config) job(progress Progress) Job {
	job := Job{Dir: c.Dir(), Module: c.Module, Config: c.Path, Workers: c.Workers, Progress: progress}
	job.Small = c.Exit != ExitOK || c.IsCanary() // a run that must find a violation is short
	folders := map[string]string{}
	moduleText(c.Dir(), c.Module, folders) // TLC itself reports a missing module
	for _, folder := range folders {
		if folder != c.Dir() {
			job.Library = folder
		}
	}
	return job
}

// Run runs a configuration, as often as its head states. The error is that of the run, of
// [Config.Judge] or of [Config.CheckHash].
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

// Dump runs a configuration and writes the graph of its states to a file that ends in .dot, with an
// action on each edge. It returns an error if the configuration has properties that are not
// invariants, for which TLC would add edges, or if the run is not as the configuration states.
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

// output collects TLC's output and reports progress as it arrives. Only one goroutine, of os/exec,
// writes to it.
type output struct {
	text     bytes.Buffer
	read     int // the length of the text whose lines were read
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
