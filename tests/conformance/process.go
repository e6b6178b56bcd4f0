package conformance

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

// Command says how to start a subject's process and its server.
type Command struct {
	Path string
	Args []string
	Dir  string
	// variables for the subject, added to the environment of this process
	Env   []string
	Serve func() (Server, error) // starts the server that the subject's client connects to
	Log   io.Writer              // gets the subject's standard error; nil for os.Stderr
	// Grace is how long the subject may run after its input has ended; 0 means 2 s.
	Grace time.Duration
	// Patience is how long the subject may take for one answer, and to come to rest; 0 means
	// 20 s. It decides only when a subject is reported as hanging.
	Patience time.Duration
}

func (c Command) grace() time.Duration { return cmp.Or(c.Grace, 2*time.Second) }

func (c Command) patience() time.Duration { return cmp.Or(c.Patience, 20*time.Second) }

// ErrEnded is wrapped by errors about a subject's process that has ended by itself.
var ErrEnded = errors.New("the subject's process has ended")

// ErrProtocol is wrapped by errors about a subject that breaks the protocol.
var ErrProtocol = errors.New("the subject breaks the protocol")

// process is a subject's process. Its methods may be called concurrently.
type process struct {
	cmd   *exec.Cmd
	grace time.Duration
	stdin io.WriteCloser
	done  chan struct{} // closed when the process has ended and its output has been read

	answered atomic.Int64
	failed   chan struct{} // closed when the process can't be used any more; err says why
	err      error
	once     sync.Once // guards err

	mu     sync.Mutex
	next   int
	open   map[int]*asked // the requests without an answer, by their ids
	reaped bool           // Wait was called: the process id may belong to another process by now
}

// asked is a request that was sent. When done is closed, got is its answer.
type asked struct {
	Request
	done chan struct{}
	got  Answer
}

// answer returns the answer, and false if there is none yet.
func (q *asked) answer() (Answer, bool) {
	select {
	case <-q.done:
		return q.got, true
	default:
		return Answer{}, false
	}
}

// start starts a subject in a process group of its own. The caller must close it.
func start(c Command) (*process, error) {
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Dir, cmd.Stderr, cmd.Env = c.Dir, c.Log, append(os.Environ(), c.Env...)
	if c.Log == nil {
		cmd.Stderr = os.Stderr
	}
	ownGroup(cmd)
	cmd.WaitDelay = c.grace() // close must not wait for a pipe that a child keeps open
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	p := &process{
		cmd: cmd, grace: c.grace(), stdin: stdin, done: make(chan struct{}),
		failed: make(chan struct{}), open: map[int]*asked{},
	}
	go p.read(stdout)
	return p, nil
}

func (p *process) read(stdout io.Reader) {
	defer close(p.done)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	var err error
	for err == nil && lines.Scan() {
		err = p.take(lines.Bytes())
	}
	if err == nil {
		err = lines.Err()
	}
	if err != nil {
		p.fail(err)
	}
	// The process can send no more answers. It and its children are killed before Wait: after Wait,
	// its id may belong to another process.
	p.kill()
	p.mu.Lock()
	p.reaped = true
	p.mu.Unlock()
	end := p.cmd.Wait()
	if end == nil {
		end = errors.New("exit status 0")
	}
	p.fail(fmt.Errorf("%w: %w", ErrEnded, end))
}

func (p *process) take(line []byte) error {
	var a Answer
	if err := json.Unmarshal(line, &a); err != nil {
		return fmt.Errorf("%w: it wrote %q, which is no answer: %w", ErrProtocol, line, err)
	}
	p.mu.Lock()
	q := p.open[a.ID]
	delete(p.open, a.ID)
	p.mu.Unlock()
	if q == nil {
		return fmt.Errorf("%w: it answered request %d, which was not sent or is answered already", ErrProtocol, a.ID)
	}
	q.got = a
	p.answered.Add(1)
	close(q.done)
	return nil
}

// fail records why the process can't be used any more, unless that is recorded already.
func (p *process) fail(err error) {
	p.once.Do(func() {
		p.err = err
		close(p.failed)
	})
}

// send sends a request, with an id that send chooses.
func (p *process) send(r Request) (*asked, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.failed:
		return nil, p.err
	default:
	}
	p.next++
	r.ID = p.next
	line, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	q := &asked{Request: r, done: make(chan struct{})}
	p.open[r.ID] = q
	// Write doesn't block: requests are small, and a subject reads as long as it runs.
	if _, err := p.stdin.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return q, nil
}

// await waits for the answer to a request. An error in the answer is returned as an [*Error].
func (p *process) await(ctx context.Context, q *asked) (Answer, error) {
	select {
	case <-q.done:
	case <-p.failed:
	case <-ctx.Done():
	}
	if a, ok := q.answer(); ok && a.Error != nil {
		return a, a.Error
	} else if ok {
		return a, nil
	}
	select {
	case <-p.failed:
		return Answer{}, p.err
	default:
		return Answer{}, fmt.Errorf("conformance: no answer to %s: %w", q.Op, context.Cause(ctx))
	}
}

// close ends the process. It closes the process's input, and after the grace period kills the
// process group. It returns when the process has ended.
func (p *process) close() {
	p.stdin.Close()
	timer := time.NewTimer(p.grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	p.kill()
	<-p.done
}

// kill kills the process and its children, unless the process has already ended.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		killGroup(p.cmd)
	}
}
