package ablychat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/chat"
)

// annotations is a narrow subscriber for what ably-go drops: summaries of reactions, and single annotations. It has a connection of its own,
// one for a client, which is there only while somebody subscribes to reactions. A room's channel is attached on it only while the room is
// attached, from the serial where the room's own channel is, so that nothing falls between the two; after a loss it goes on from the last
// serial that it has seen. Where continuity is lost on it, the room is told as of a loss of its own.
type annotations struct {
	client *Client

	mu      sync.Mutex
	rooms   map[string]*MessageReactions // by channel; those that are to be attached
	conn    *websocket.Conn              // nil without a connection
	running bool
	cancel  context.CancelFunc // of the run
}

// The actions and flags of the realtime protocol that are needed here (TR2, TR3).
const (
	actionConnected    = 4
	actionDisconnected = 6
	actionClosed       = 8
	actionError        = 9
	actionAttach       = 10
	actionAttached     = 11
	actionDetach       = 12
	actionDetached     = 13
	actionMessage      = 15
	actionAnnotation   = 21

	flagResumed             = 1 << 2
	flagSubscribe           = 1 << 18
	flagAnnotationSubscribe = 1 << 22
)

// frame is a protocol message (TR4), as far as it is needed.
type frame struct {
	Action            int               `json:"action"`
	Channel           string            `json:"channel,omitempty"`
	ChannelSerial     string            `json:"channelSerial,omitempty"`
	Flags             int64             `json:"flags,omitempty"`
	Params            map[string]string `json:"params,omitempty"`
	Error             *frameError       `json:"error,omitempty"`
	Timestamp         int64             `json:"timestamp,omitempty"`
	ConnectionDetails *struct {
		ConnectionKey   string `json:"connectionKey"`
		MaxIdleInterval int64  `json:"maxIdleInterval"` // milliseconds
	} `json:"connectionDetails,omitempty"`
	Messages    []json.RawMessage `json:"messages,omitempty"`
	Annotations []json.RawMessage `json:"annotations,omitempty"`
}

type frameError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *frameError) Error() string { return fmt.Sprintf("%s (code %d)", e.Message, e.Code) }

// The pauses between attempts to connect.
const (
	firstPause = 500 * time.Millisecond
	lastPause  = 15 * time.Second
)

// attach has a room's channel attached, from a serial on.
func (a *annotations) attach(r *MessageReactions, serial string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rooms == nil {
		a.rooms = map[string]*MessageReactions{}
	}
	name := r.room.channel.name
	if a.rooms[name] == r {
		return
	}
	a.rooms[name] = r
	r.serial = serial
	if a.running {
		a.sendAttach(r)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	a.running = a.client.background(func(client context.Context) {
		defer cancel()
		stop := context.AfterFunc(client, cancel)
		defer stop()
		a.run(ctx)
	})
}

// detach has a room's channel attached no more. The connection ends with the last.
func (a *annotations) detach(r *MessageReactions) {
	a.mu.Lock()
	defer a.mu.Unlock()
	name := r.room.channel.name
	if a.rooms[name] != r {
		return
	}
	delete(a.rooms, name)
	a.send(frame{Action: actionDetach, Channel: name})
	if len(a.rooms) == 0 && a.running {
		a.cancel()
		a.running = false
	}
}

func (a *annotations) sendAttach(r *MessageReactions) {
	flags := int64(flagSubscribe)
	if r.room.Options().Messages.RawMessageReactions { // CHA-RC3d2
		flags |= flagAnnotationSubscribe
	}
	a.send(frame{Action: actionAttach, Channel: r.room.channel.name, ChannelSerial: r.serial, Flags: flags, Params: map[string]string{"agent": agentName + "/" + Version}})
}

// send sends a frame, if there is a connection; one that is lost sends all that counts again. The lock is held: a write doesn't wait for
// the peer longer than its deadline.
func (a *annotations) send(f frame) {
	if a.conn == nil {
		return
	}
	text, err := json.Marshal(f)
	if err != nil {
		return // a frame of our own always has a form
	}
	ctx, cancel := context.WithTimeout(context.Background(), a.client.requestTimeout)
	defer cancel()
	_ = a.conn.Write(ctx, websocket.MessageText, text) // the reader finds out
}

// run keeps a connection until its context ends.
func (a *annotations) run(ctx context.Context) {
	pause, key := firstPause, ""
	for ctx.Err() == nil {
		connected, next, err := a.session(ctx, key)
		if ctx.Err() != nil {
			return
		}
		a.log(slog.LevelInfo, "the connection for reactions is lost", err)
		if key = next; connected {
			pause = firstPause
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, lastPause)
	}
}

// session opens a connection, resuming the one of the key if there is one, and reads it to its end. It returns whether it was connected,
// and the key to resume it by.
func (a *annotations) session(ctx context.Context, key string) (connected bool, next string, err error) {
	address, err := a.client.rest.realtimeURL(ctx, a.client.ClientID())
	if err != nil {
		return false, key, err
	}
	if key != "" {
		q := address.Query()
		q.Set("resume", key)
		address.RawQuery = q.Encode()
	}
	dialling, cancel := context.WithTimeout(ctx, a.client.requestTimeout)
	conn, _, err := websocket.Dial(dialling, address.String(), nil)
	cancel()
	if err != nil {
		return false, key, errors.New(secrets.ReplaceAllString(err.Error(), "$1"))
	}
	conn.SetReadLimit(maxBody)
	defer func() {
		a.mu.Lock()
		if a.conn == conn {
			a.conn = nil
		}
		a.mu.Unlock()
		_ = conn.CloseNow()
	}()
	idle := 30 * time.Second
	for {
		reading, cancel := context.WithTimeout(ctx, idle)
		_, text, err := conn.Read(reading)
		cancel()
		if err != nil {
			return connected, key, err
		}
		var f frame
		if json.Unmarshal(text, &f) != nil {
			continue // never stops what comes behind it
		}
		switch f.Action {
		case actionConnected:
			connected = true
			if d := f.ConnectionDetails; d != nil {
				if key = d.ConnectionKey; d.MaxIdleInterval > 0 {
					idle = time.Duration(d.MaxIdleInterval)*time.Millisecond + a.client.requestTimeout
				}
			}
			a.mu.Lock()
			a.conn = conn
			for _, name := range slices.Sorted(maps.Keys(a.rooms)) {
				a.sendAttach(a.rooms[name])
			}
			a.mu.Unlock()
		case actionDisconnected, actionClosed:
			return connected, key, f.failure()
		case actionError:
			if f.Channel == "" {
				return connected, "", f.failure() // it can't be resumed
			}
			a.log(slog.LevelError, "reactions of "+f.Channel+" can't be subscribed to", f.failure())
		default:
			a.receive(f)
		}
	}
}

func (f frame) failure() error {
	if f.Error != nil {
		return f.Error
	}
	return errors.New("the service ended it")
}

// receive takes a frame of a channel.
func (a *annotations) receive(f frame) {
	a.mu.Lock()
	r := a.rooms[f.Channel]
	if r == nil {
		a.mu.Unlock()
		return
	}
	lost := false
	switch f.Action {
	case actionAttached:
		lost = r.serial != "" && f.Flags&flagResumed == 0
		r.serial = f.ChannelSerial
	case actionDetached: // by the service: once more
		a.sendAttach(r)
	case actionMessage:
		if f.ChannelSerial != "" {
			r.serial = f.ChannelSerial
		}
	}
	a.mu.Unlock()
	if lost {
		r.room.channel.lostContinuity(f.failureOrNil())
	}
	for _, text := range f.Messages {
		r.receiveMessage(text)
	}
	for _, text := range f.Annotations {
		r.receiveAnnotation(text, f.Timestamp)
	}
}

func (f frame) failureOrNil() error {
	if f.Error == nil {
		return nil
	}
	return f.Error
}

func (a *annotations) log(level slog.Level, message string, err error) {
	log := a.client.log
	if log == nil && level >= slog.LevelError {
		log = slog.Default()
	}
	if log != nil {
		log.LogAttrs(context.Background(), level, message, slog.String("error", err.Error()))
	}
}

// realtimeURL returns where to connect to, with what authenticates there: a token from the client's own means.
func (r restAPI) realtimeURL(ctx context.Context, clientID string) (*url.URL, error) {
	ctx, cancel := context.WithTimeout(ctx, defaultRequestTimeout)
	defer cancel()
	token := r.token
	params := &ably.TokenParams{ClientID: clientID}
	if clientID == "*" {
		params = nil
	}
	if details, err := r.client.Auth.RequestToken(ctx, params); err == nil {
		token = details.Token
	} else if token == "" {
		return nil, fromAbly("connect for reactions", err)
	}
	if r.site.Load() == nil { // nothing has told yet where the service is
		if _, err := r.client.Time(ctx); err != nil {
			return nil, fromAbly("connect for reactions", err)
		}
	}
	site := r.site.Load()
	if site == nil {
		return nil, errNoConnection
	}
	address := &url.URL{Scheme: "wss", Host: site.Host, Path: "/"}
	if site.Scheme == "http" {
		address.Scheme = "ws"
	}
	if host, ok := strings.CutPrefix(site.Host, "rest."); ok {
		address.Host = "realtime." + host
	}
	if r.realtimeHost != "" {
		address.Host = r.realtimeHost
		if site.Port() != "" && !strings.Contains(address.Host, ":") {
			address.Host += ":" + site.Port()
		}
	}
	address.RawQuery = url.Values{"access_token": {token}, "v": {"5"}, "format": {"json"}, "heartbeats": {"true"}, "agent": {agentName + "/" + Version}}.Encode()
	return address, nil
}

// wireSummary is a realtime message, as far as a summary needs it.
type wireSummary struct {
	Serial      string `json:"serial"`
	Action      int    `json:"action"`
	Annotations struct {
		Summary map[string]any `json:"summary"`
	} `json:"annotations"`
}

func (w wireSummary) message() chat.WireMessage {
	return chat.WireMessage{Serial: w.Serial, Action: chat.WireAction(w.Action), Summary: w.Annotations.Summary}
}

// wireAnnotation is an annotation (TAN2), as far as it is needed.
type wireAnnotation struct {
	Action        int            `json:"action"`
	Type          string         `json:"type"`
	Name          string         `json:"name"`
	ClientID      string         `json:"clientId"`
	Serial        string         `json:"serial"`
	MessageSerial string         `json:"messageSerial"`
	Timestamp     int64          `json:"timestamp"`
	Count         *int           `json:"count"`
	Extras        map[string]any `json:"extras"`
}
