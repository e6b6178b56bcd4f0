package transport

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/ably/ably-go/ably"
)

// NewRealtime makes a realtime client of ably-go's on a transport of its own. It connects
// unless the options say otherwise. Options for ably.WithDial have no effect; [ably.WithHTTPClient]
// is for REST, see [Options].
//
// Errors: ably-go's, for options that are invalid, and one that says so if this version of
// ably-go can't be used.
func NewRealtime(options Options, client ...ably.ClientOption) (*ably.Realtime, *Transport, error) {
	t := newTransport(options)
	dial, err := dialOption(t, ably.WithDial)
	if err != nil {
		return nil, nil, err
	}
	var connects bool
	realtime, err := ably.NewRealtime(append(slices.Clone(client), dial,
		changing(ably.WithAutoConnect(false), func(o reflect.Value) {
			noConnect := o.FieldByName("NoConnect")
			connects = !noConnect.Bool()
			noConnect.SetBool(true) // ably-go must be whole, and watched, before it dials
			t.renewable = renewable(o)
			t.through(o)
			t.unqueued = o.FieldByName("NoQueueing").Bool()
			t.timeouts = Timeouts{10 * time.Second, 15 * time.Second}
			if d := o.FieldByName("RealtimeRequestTimeout").Int(); d > 0 {
				t.timeouts.Request = time.Duration(d)
			}
			if d := o.FieldByName("ChannelRetryTimeout").Int(); d > 0 {
				t.timeouts.ChannelRetry = time.Duration(d)
			}
			handler := o.FieldByName("LogHandler")
			log, ok := handler.Interface().(ably.Logger)
			if !ok {
				log = standardLog{}
			}
			handler.Set(reflect.ValueOf(withoutReadLimit{log}))
		}))...)
	if err != nil {
		return nil, nil, err
	}
	if t.agent, err = agentHeader(client); err != nil {
		return nil, nil, err
	}
	t.client = weak.Make(realtime)
	t.listen(realtime.Connection)
	known.add(realtime, t)
	if connects {
		t.begin(ably.ConnectionStateConnecting)
		realtime.Connect()
	}
	return realtime, t, nil
}

// changing returns an option that reads and changes the options that came before it. Their
// type is not exported, but its fields are. The option that it is given is there for its type.
func changing[O any](_ func(O), change func(reflect.Value)) func(O) {
	return func(options O) { change(reflect.ValueOf(options).Elem()) }
}

// renewable reports whether ably-go can get a new token by itself (RSA4a2).
func renewable(options reflect.Value) bool {
	for _, name := range []string{"Key", "AuthURL", "AuthCallback"} {
		if f := options.FieldByName(name); f.IsValid() && !f.IsZero() {
			return true
		}
	}
	return false
}

// agentHeader returns what ably-go sends as Ably-Agent with these options (RSC7d). It asks
// ably-go, by a request that isn't sent.
func agentHeader(options []ably.ClientOption) (string, error) {
	var catch agentCatcher
	rest, err := ably.NewREST(append(slices.Clone(options),
		ably.WithHTTPClient(&http.Client{Transport: &catch}), ably.WithLogLevel(ably.LogNone))...)
	if err != nil {
		return "", err
	}
	_, _ = rest.Time(context.Background())
	return catch.agent, nil
}

type agentCatcher struct{ agent string }

var errCaught = errors.New("not sent")

func (c *agentCatcher) RoundTrip(r *http.Request) (*http.Response, error) {
	c.agent = r.Header.Get("Ably-Agent")
	return nil, errCaught
}

// standardLog logs as ably-go does without a handler.
type standardLog struct{}

func (standardLog) Printf(level ably.LogLevel, format string, v ...any) {
	log.Printf("[%s] %s", level, fmt.Sprintf(format, v...))
}

// withoutReadLimit leaves out the line that ably-go logs at each connect, as an error, because
// it can't set the read limit of a connection that isn't its own.
type withoutReadLimit struct{ ably.Logger }

func (l withoutReadLimit) Printf(level ably.LogLevel, format string, v ...any) {
	if !strings.Contains(format, "using default readlimit") {
		l.Logger.Printf(level, format, v...)
	}
}

// Of returns the transport of a realtime client that was made by [NewRealtime].
func Of(client *ably.Realtime) (t *Transport, ok bool) {
	if client == nil {
		return nil, false
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	t = known.transports[weak.Make(client)].Value()
	return t, t != nil
}

// known holds the transports of realtime clients, since those can't carry a mark. It is a
// global, and keeps neither alive: a client holds its transport, and its entry goes with it.
var known = registry{transports: map[weak.Pointer[ably.Realtime]]weak.Pointer[Transport]{}}

type registry struct {
	mu         sync.Mutex
	transports map[weak.Pointer[ably.Realtime]]weak.Pointer[Transport]
}

func (r *registry) add(client *ably.Realtime, t *Transport) {
	key := weak.Make(client)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.transports[key] = weak.Make(t)
	runtime.AddCleanup(client, func(key weak.Pointer[ably.Realtime]) {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.transports, key)
	}, key)
}
