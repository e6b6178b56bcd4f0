package ablytest

import (
	"fmt"
	"log"
	"net"
	"slices"
	"strings"
	"time"
)

// Option configures a server; see [NewServer] and [Start].
type Option func(*options)

type options struct {
	addr               string
	listener           net.Listener
	keys               []Key
	clock              Clock
	connectionStateTTL time.Duration
	remainPresentFor   time.Duration
	maxIdleInterval    time.Duration
	maxMessageSize     int64
	authNotice         time.Duration
	frameLog           int
	messageLimit       int
	summaryLimit       int
	historyFor         time.Duration
	persisted          []string
	memoryLimit        int64
	outboundLimit      int64
	hosts              []string
	forbidden          []string
	logf               func(format string, args ...any)
}

// Key is an API key of an application. A server may have keys of several applications.
type Key struct {
	// Name is "<app>.<id>". Secret is the part after the colon.
	Name, Secret string
	// Capability is JSON in Ably's form, such as {"*":["subscribe"]}; "" allows everything.
	Capability string
}

// String returns the key's name without its secret, so that logs don't contain the secret.
func (k Key) String() string { return k.Name }

// Text returns the key in the form that clients need, "<app>.<id>:<secret>".
func (k Key) Text() string { return k.Name + ":" + k.Secret }

// ParseKey parses "<app>.<id>:<secret>".
func ParseKey(text string) (Key, error) {
	name, secret, ok := strings.Cut(text, ":")
	app, id, ok2 := strings.Cut(name, ".")
	if !ok || !ok2 || app == "" || id == "" || secret == "" {
		return Key{}, fmt.Errorf(`ablytest: the key is not of the form "<app>.<id>:<secret>"`)
	}
	return Key{Name: name, Secret: secret}, nil
}

// DefaultKey is the key of a server that is started without [WithKeys].
var DefaultKey = Key{Name: "app.key", Secret: "secret"}

func defaultOptions() options {
	return options{
		addr:               "127.0.0.1:0",
		keys:               []Key{DefaultKey},
		clock:              wallClock{},
		connectionStateTTL: 2 * time.Minute,
		remainPresentFor:   15 * time.Second,
		maxIdleInterval:    15 * time.Second,
		maxMessageSize:     64 << 10,
		authNotice:         30 * time.Second,
		frameLog:           10_000,
		messageLimit:       10_000,
		summaryLimit:       100,
		historyFor:         2 * time.Minute,
		memoryLimit:        256 << 20,
		outboundLimit:      16 << 20,
		logf:               log.Printf,
	}
}

// WithAddr sets the address to listen on, host and port. The host must be a loopback
// address or "localhost". The default is "127.0.0.1:0", a free port.
func WithAddr(addr string) Option { return func(o *options) { o.addr = addr } }

// WithListener makes the server accept its connections from ln, instead of a port of its own, and
// close ln in the end. With a listener in memory, such as that of package memnet, a test can run in
// a bubble of testing/synctest. The address of ln must be on loopback too.
func WithListener(ln net.Listener) Option { return func(o *options) { o.listener = ln } }

// WithKeys sets the keys that clients may use. The default is [DefaultKey].
func WithKeys(keys ...Key) Option { return func(o *options) { o.keys = keys } }

// WithClock sets the server's clock. The default is the machine's.
func WithClock(c Clock) Option { return func(o *options) { o.clock = c } }

// WithConnectionStateTTL sets how long the server keeps the state of a connection without a
// transport. A client can also continue a channel on a new connection for that long. The default is
// Ably's: 2 minutes.
func WithConnectionStateTTL(d time.Duration) Option {
	return func(o *options) { o.connectionStateTTL = d }
}

// WithRemainPresentFor sets how long the members of a connection that lost its transport stay
// present. A client may choose another time with the parameter remainPresentFor of its connection,
// in milliseconds. The default is Ably's: 15 s. If the server forgets the connection's state
// earlier, the members leave then.
func WithRemainPresentFor(d time.Duration) Option {
	return func(o *options) { o.remainPresentFor = d }
}

// WithMaxIdleInterval sets how long a WebSocket may be idle before the server sends a heartbeat, or
// a ping to clients that don't request heartbeats. 0 means never. The default is Ably's: 15 s.
func WithMaxIdleInterval(d time.Duration) Option {
	return func(o *options) { o.maxIdleInterval = d }
}

// WithMaxMessageSize sets the largest size of one publish, in bytes. The default is Ably's: 65536.
func WithMaxMessageSize(n int64) Option { return func(o *options) { o.maxMessageSize = n } }

// WithAuthNotice sets how long before the end of a token the server asks the token's connections to
// authenticate again. It doesn't ask if the token's lifetime is shorter than that. 0 means never.
// The default is 30 s.
func WithAuthNotice(d time.Duration) Option { return func(o *options) { o.authNotice = d } }

// WithFrameLog sets how many frames the server keeps for [Server.Frames]. The default is 10,000.
func WithFrameLog(n int) Option { return func(o *options) { o.frameLog = n } }

// WithHistoryFor sets how long messages and presence stay in the history of a channel, on the
// server's clock. The default is Ably's: 2 minutes. As at Ably, it has no effect on the channels of
// chat rooms, nor on the namespaces of [WithPersisted]: their history stays.
func WithHistoryFor(d time.Duration) Option { return func(o *options) { o.historyFor = d } }

// WithPersisted names namespaces whose history has no limit in time, only those of number and
// memory. A namespace is the part of a channel's name before the first ":".
func WithPersisted(namespaces ...string) Option {
	return func(o *options) { o.persisted = namespaces }
}

// persists reports whether a channel's history has no limit in time.
func (o *options) persists(channel string) bool {
	namespace, _, _ := strings.Cut(channel, ":")
	return strings.HasSuffix(channel, chatSuffix) || slices.Contains(o.persisted, namespace)
}

// WithMemoryLimit sets how many bytes the histories of all channels may take. Above that, the
// server drops the oldest publishes first, and a client that has missed one of them can't continue.
// The default is 256 MiB. The least is room for 16 messages of the largest size.
func WithMemoryLimit(n int64) Option { return func(o *options) { o.memoryLimit = n } }

// WithOutboundLimit sets how many bytes may wait for a client that reads too slowly. Above that,
// the server ends the client's transport, as Ably does. The client can resume, and gets what it
// missed. The default is 16 MiB.
func WithOutboundLimit(n int64) Option { return func(o *options) { o.outboundLimit = n } }

// WithHosts names further hosts by which clients may address the server, in addition to the
// addresses and names of loopback. Web pages from such a host may use the server.
func WithHosts(names ...string) Option { return func(o *options) { o.hosts = names } }

// WithMessageLimit sets how many publishes a channel keeps, for its history and for clients that
// continue it. The default is 10,000.
func WithMessageLimit(n int) Option { return func(o *options) { o.messageLimit = n } }

// WithSummaryLimit sets how many clients the summary of a message's reactions lists for each name.
// A summary that leaves out clients is marked as clipped (TM7). The default is 100.
func WithSummaryLimit(n int) Option { return func(o *options) { o.summaryLimit = n } }

// WithModeration makes the Chat API reject messages whose text contains one of the words, in any
// case. The error is the one that Ably returns when moderation rejects a message, with the word in
// its detail.
func WithModeration(words ...string) Option { return func(o *options) { o.forbidden = words } }

// WithLogf sets the function by which the server logs its own failures. The default is the test's
// log, or the standard logger for a server without a test.
func WithLogf(logf func(format string, args ...any)) Option {
	return func(o *options) { o.logf = logf }
}

// check returns an error for options that can't work, and completes the others.
func (o *options) check() error {
	addr := o.addr
	if o.listener != nil {
		addr = o.listener.Addr().String()
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("ablytest: address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("ablytest: address %q is not on loopback: this server is a double for tests and demos "+
			"and listens on loopback only, such as 127.0.0.1:0", addr)
	}
	// A publish must stay in the history until the server has answered it.
	o.memoryLimit = max(o.memoryLimit, 16*(o.maxMessageSize+publishOverhead))
	if len(o.keys) == 0 {
		return fmt.Errorf("ablytest: there is no key; a server needs at least one")
	}
	for _, k := range o.keys {
		if _, err := ParseKey(k.Text()); err != nil {
			return err
		}
		if _, err := parseCapability(k.Capability); err != nil {
			return fmt.Errorf("ablytest: key %s: %w", k.Name, err)
		}
	}
	return nil
}
