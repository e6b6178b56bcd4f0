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

// NewRealtime returns a realtime client of ably-go's on a transport of its own. The client connects
// unless [ably.WithAutoConnect] says otherwise. [ably.WithDial] has no effect.
// [ably.WithHTTPClient] is for REST; see also [Options].
//
// It returns ably-go's error if the options are invalid, and an error if this version of ably-go
// isn't supported.
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
			noConnect.SetBool(true) // it connects below, when the client is complete
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

// changing returns an option that reads and changes the options that were applied before it. Their
// type is not exported, but its fields are. The argument is only there to infer the type.
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

// agentHeader returns the header Ably-Agent that ably-go sends with these options (RSC7d). It makes
// ably-go build a request with the header, and doesn't send the request.
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

// withoutReadLimit removes a line from ably-go's log. At each connect, ably-go logs as an error
// that it can't set the read limit of a connection from ably.WithDial.
type withoutReadLimit struct{ ably.Logger }

func (l withoutReadLimit) Printf(level ably.LogLevel, format string, v ...any) {
	if !strings.Contains(format, "using default readlimit") {
		l.Logger.Printf(level, format, v...)
	}
}

// Of returns the transport of a realtime client that [NewRealtime] returned.
func Of(client *ably.Realtime) (t *Transport, ok bool) {
	if client == nil {
		return nil, false
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	t = known.transports[weak.Make(client)].Value()
	return t, t != nil
}

// known maps realtime clients to their transports, since a client can't carry a mark. It keeps
// neither of the two alive: a client keeps its transport alive, and when the client is collected,
// its entry is removed.
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
