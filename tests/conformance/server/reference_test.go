package server

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/conformance"
)

// reference is a subject made of this project's library: the test binary, run again as a process of
// its own. It can have a fault.
type reference struct {
	fault  string
	client *ably.Realtime
	chat   *ablychat.Client

	mu      sync.Mutex
	out     *bufio.Writer
	cancels map[int]context.CancelCauseFunc
	rooms   map[*ablychat.Room]int
	handles []*ablychat.Room

	stacks []byte // a buffer that only settle uses
}

var errGaveUp = errors.New("the caller gave up")

// serve answers requests until the input ends.
func (r *reference) serve() error {
	r.out = bufio.NewWriter(os.Stdout)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var q conformance.Request
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			return err
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		r.mu.Lock()
		r.cancels[q.ID] = cancel
		r.mu.Unlock()
		go r.do(ctx, q)
	}
	if r.client != nil {
		r.client.Close()
	}
	return in.Err()
}

func (r *reference) do(ctx context.Context, q conformance.Request) {
	a := conformance.Answer{ID: q.ID}
	if err := r.op(ctx, q, &a); err != nil {
		a.Error = &conformance.Error{Message: err.Error(), GaveUp: errors.Is(err, errGaveUp)}
		if info := lifecycle.AsErrorInfo(err); info != nil && !a.Error.GaveUp {
			a.Error.Code, a.Error.Status = int(info.Code), info.StatusCode
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cancels, q.ID)
	if r.fault == "talks" && q.Op == "get" {
		fmt.Fprintln(r.out, "here is your room")
	}
	_ = json.NewEncoder(r.out).Encode(a)
	_ = r.out.Flush()
}

func (r *reference) op(ctx context.Context, q conformance.Request, a *conformance.Answer) error {
	switch q.Op {
	case "hello":
		switch r.fault {
		case "connects nowhere":
			<-ctx.Done()
		case "connects with TLS":
			_, err := tls.Dial("tcp", net.JoinHostPort(q.Host, fmt.Sprint(q.Port)), nil)
			return endAfter(err)
		case "speaks something else":
			conn, err := net.Dial("tcp", net.JoinHostPort(q.Host, fmt.Sprint(q.Port)))
			if err == nil {
				fmt.Fprint(conn, "hello\r\n\r\n")
				_, err = io.ReadAll(conn) // returns when the server has refused the connection
			}
			return endAfter(err)
		case "connects and ends":
			return endAfter(r.connect(q))
		}
		if r.fault == "has a child" {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), faultVariable+"=child")
			child.Stdout, child.Stderr = os.Stdout, os.Stderr
			if err := child.Start(); err != nil {
				return err
			}
		}
		a.Protocol, a.Subject = conformance.Version, "reference@"+cmp.Or(r.fault, "good")
		return r.connect(q)
	case "new":
		return r.renew(ctx)
	case "get":
		return r.get(ctx, q, a)
	case "release":
		return r.release(ctx, q.Name)
	case "dispose":
		return r.dispose(ctx)
	case "attach":
		r.mu.Lock()
		room := r.handles[q.Room-1]
		r.mu.Unlock()
		return room.Attach(ctx)
	case "giveup":
		r.mu.Lock()
		defer r.mu.Unlock()
		if cancel := r.cancels[q.Call]; cancel != nil && r.fault != "waits on" {
			cancel(errGaveUp)
		}
		return nil
	case "settle":
		return r.settle(ctx)
	}
	return fmt.Errorf("no such op: %s", q.Op)
}

// endAfter prints the error and ends the process.
func endAfter(err error) error {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(4)
	return nil
}

func (r *reference) connect(q conformance.Request) error {
	client, err := ablychat.NewRealtime(ably.WithEndpoint(q.Host), ably.WithPort(q.Port), ably.WithTLS(false),
		ably.WithFallbackHosts([]string{}), ably.WithKey(q.Key), ably.WithInsecureAllowBasicAuthWithoutTLS(),
		ably.WithClientID(q.ClientID), ably.WithAutoConnect(false),
		ably.WithRealtimeRequestTimeout(2*time.Minute)) // beyond the harness's patience
	if err != nil {
		return err
	}
	connected := make(chan struct{}, 1)
	client.Connection.Once(ably.ConnectionEventConnected,
		func(ably.ConnectionStateChange) { connected <- struct{}{} })
	client.Connect()
	r.client = client
	<-connected
	return nil
}

// renew makes a fresh chat client on the connection.
func (r *reference) renew(ctx context.Context) (err error) {
	if r.chat != nil {
		if err := r.chat.Dispose(ctx); err != nil {
			return err
		}
	}
	r.chat, err = ablychat.New(r.client)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rooms, r.handles = map[*ablychat.Room]int{}, nil
	return err
}

func (r *reference) get(ctx context.Context, q conformance.Request, a *conformance.Answer) error {
	var options []lifecycle.RoomOption
	if len(q.Options) > 0 && r.fault != "ignores options" {
		var o lifecycle.RoomOptions
		if err := json.Unmarshal(q.Options, &o); err != nil {
			return err
		}
		options = append(options, lifecycle.WithRoomOptions(o))
	}
	room, err := r.chat.Rooms().Get(ctx, q.Name, options...)
	if errors.Is(err, lifecycle.ErrRoomReleasedBeforeOperationCompleted) && r.fault == "hides rejections" {
		err = errors.New("rejected")
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rooms[room] == 0 || r.fault == "makes another room" {
		r.handles = append(r.handles, room)
		r.rooms[room] = len(r.handles)
	}
	a.Room = r.rooms[room]
	return nil
}

func (r *reference) release(ctx context.Context, name string) error {
	switch r.fault {
	case "releases early":
		go r.chat.Rooms().Release(context.Background(), name)
		return nil
	case "forgets to release":
		return nil
	}
	return r.chat.Rooms().Release(ctx, name)
}

func (r *reference) dispose(ctx context.Context) error {
	switch r.fault {
	case "disposes early":
		go r.chat.Rooms().Dispose(context.Background())
		return nil
	case "dies at dispose":
		os.Exit(3)
	}
	return r.chat.Rooms().Dispose(ctx)
}

// settle publishes a message and waits for its acknowledgement. Then it waits until no goroutine
// has anything to do.
func (r *reference) settle(ctx context.Context) error {
	if r.fault == "never settles" {
		<-ctx.Done()
	}
	if err := r.client.Channels.Get(conformance.ProbeChannel).Publish(ctx, "probe", nil); err != nil {
		return err
	}
	for looks := 0; looks < 2; looks++ {
		if !r.idle() {
			looks = -1
		}
	}
	return nil
}

// idle reports whether all goroutines except the caller's wait for something. The one in a system
// call reads the input, so it waits too.
func (r *reference) idle() bool {
	for range 10 {
		runtime.Gosched()
	}
	stacks := r.stacks[:runtime.Stack(r.stacks, true)]
	for i, g := range strings.Split(string(stacks), "\n\n") {
		_, state, _ := strings.Cut(g, "[")
		if i > 0 && strings.HasPrefix(state, "run") {
			return false
		}
	}
	return true
}
