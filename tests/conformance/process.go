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
	"time"
)

// Command says how to start a subject.
type Command struct {
	Path  string
	Args  []string
	Dir   string
	Env   []string // beyond this process's own
	Serve func() (Server, error)
	Log   io.Writer // gets what it writes to standard error, of several at once where several run; nil for os.Stderr
	// Grace is how long it has to end after its input did; 0 stands for 2 s.
	Grace time.Duration
	// Patience is how long it may take for one answer, and to come to rest; 0 stands for 20 s. It
	// decides nothing but when a subject that hangs is called so.
	Patience time.Duration
}

func (c Command) grace() time.Duration { return cmp.Or(c.Grace, 2*time.Second) }

func (c Command) patience() time.Duration { return cmp.Or(c.Patience, 20*time.Second) }

// ErrEnded is found in the errors of a [process] that has ended by itself.
var ErrEnded = errors.New("the subject's process has ended")

// ErrProtocol is found in the errors of a [process] that broke the protocol.
var ErrProtocol = errors.New("the subject breaks the protocol")

// process is a subject's process. Its methods may be called concurrently.
type process struct {
	cmd   *exec.Cmd
	grace time.Duration
	stdin io.WriteCloser
	done  chan struct{} // closed when it has ended and all that it wrote is read

	mu      sync.Mutex
	next    int
	open    map[int]bool // asked and not answered
	answers map[int]Answer
	count   int           // answers so far
	changed chan struct{} // closed with each answer, and replaced
	err     error
	reaped  bool // its number may be another's
}

// start starts a subject in a process group of its own. The caller closes it.
func start(c Command) (*process, error) {
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Dir, cmd.Stderr, cmd.Env = c.Dir, c.Log, append(os.Environ(), c.Env...)
	if c.Log == nil {
		cmd.Stderr = os.Stderr
	}
	ownGroup(cmd)
	cmd.WaitDelay = c.grace() // what a child of the subject keeps open must not hold close up
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
		open: map[int]bool{}, answers: map[int]Answer{}, changed: make(chan struct{}),
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
	// Nothing more can come of it. It is killed with its children before it is waited for, since
	// its number is its own only until then.
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
	defer p.mu.Unlock()
	if !p.open[a.ID] {
		return fmt.Errorf("%w: it answered %d, which was not asked or is answered already", ErrProtocol, a.ID)
	}
	delete(p.open, a.ID)
	p.answers[a.ID] = a
	p.count++
	p.wake()
	return nil
}

func (p *process) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// fail notes the first reason why the process is of no more use.
func (p *process) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
	p.wake()
}

// send sends a request and returns its id, which send chooses.
func (p *process) send(r Request) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return 0, p.err
	}
	p.next++
	r.ID = p.next
	line, err := json.Marshal(r)
	if err != nil {
		return 0, fmt.Errorf("conformance: %w", err)
	}
	p.open[r.ID] = true
	// Requests are small, and a subject reads as long as it lives: the pipe takes the line.
	if _, err := p.stdin.Write(append(line, '\n')); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return r.ID, nil
}

// answer returns the answer to a request, if it is there.
func (p *process) answer(id int) (Answer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.answers[id]
	return a, ok
}

// answered returns how many answers have come.
func (p *process) answered() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// ask sends a request and waits for its answer. An error in the answer is returned as an [*Error].
func (p *process) ask(ctx context.Context, r Request) (Answer, error) {
	id, err := p.send(r)
	if err != nil {
		return Answer{}, err
	}
	a, err := p.await(ctx, id)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("conformance: no answer to %s: %w", r.Op, err)
	}
	return a, err
}

// await waits for the answer to a request. An error in the answer is returned as an [*Error].
func (p *process) await(ctx context.Context, id int) (Answer, error) {
	for {
		p.mu.Lock()
		a, ok := p.answers[id]
		err, changed := p.err, p.changed
		p.mu.Unlock()
		switch {
		case ok && a.Error != nil:
			return a, a.Error
		case ok:
			return a, nil
		case err != nil:
			return Answer{}, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Answer{}, context.Cause(ctx)
		}
	}
}

// forget drops the answers that have come, of scripts that are over.
func (p *process) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.answers)
}

// close ends the process: its input ends, and after a grace its process group is killed. It waits
// for the end, and leaves nothing behind.
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

// kill kills the process and its children, unless that has been done.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		killGroup(p.cmd)
	}
}
