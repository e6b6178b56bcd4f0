package ablytest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// State is a copy of the server's state at one moment, read without the wire.
type State struct {
	// WebSockets is the number of WebSockets opened since the start, also of those that have ended.
	WebSockets int
	// Connections has the connections whose state the server keeps, oldest first.
	Connections []ConnectionInfo
	// Channels has the channels of the first key's application that were used since the start, by
	// name. If there are very many, idle ones are missing.
	Channels map[string]ChannelInfo
	// OtherApps has the channels of the other keys' applications, by application and name.
	OtherApps map[string]map[string]ChannelInfo
	// HistoryBytes is the memory that the histories of all channels take, about.
	HistoryBytes int64
	// Tokens has the tokens issued since the start, oldest first.
	Tokens []TokenInfo
	// Closed reports that the server was closed.
	Closed bool
}

// ConnectionInfo describes a connection.
type ConnectionInfo struct {
	ID string
	// ClientID is the clientId of the connection, or "" if it has none.
	ClientID string
	KeyName  string
	// WebSocket is the number of the connection's transport, as in [Frame.Connection]. 0 means that
	// the connection has no transport and may be resumed.
	WebSocket int
	Format    Format
	// Channels has the names of the channels that it is attached to, sorted.
	Channels []string
}

// ChannelInfo describes a channel.
type ChannelInfo struct {
	Name string
	// Attached has the attachments, by connection id.
	Attached map[string]AttachmentInfo
	// Serial is the channel's serial now; each publish moves it on.
	Serial string
	// Messages is the number of messages in the history.
	Messages int
	// Members has the clientIds that are present, sorted. A client is listed once for each of its
	// connections.
	Members []string
}

// AttachmentInfo describes the attachment of a connection to a channel.
type AttachmentInfo struct {
	Modes Flags
	// Params has the params that the server recognised.
	Params map[string]string
	// Live is false while the connection has no transport, and after a resume until the client
	// attaches again.
	Live bool
}

// TokenInfo describes a token, without the token itself. Times are in milliseconds
// since the epoch.
type TokenInfo struct {
	KeyName, ClientID, Capability string
	Issued, Expires               int64
	Revoked                       bool
}

// Attached reports whether any connection is attached to the channel.
func (st State) Attached(channel string) bool { return len(st.Channels[channel].Attached) > 0 }

// AttachedChannels returns the sorted names of the channels that have an attached connection.
func (st State) AttachedChannels() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(st.Channels)) {
		if st.Attached(name) {
			out = append(out, name)
		}
	}
	return out
}

// Connected returns how many connections have a transport.
func (st State) Connected() int {
	n := 0
	for _, c := range st.Connections {
		n += one(c.WebSocket != 0)
	}
	return n
}

// State returns the server's state now.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stateLocked()
}

// Await waits until condition returns true for the server's state. It calls condition at once and
// after each change of the state. condition may call the server, but must not wait for it. If ctx
// ends first, Await returns an error that wraps the context's cause. If the server is closed first,
// it returns another error.
func (s *Server) Await(ctx context.Context, condition func(State) bool) error {
	for {
		s.mu.Lock()
		st, changed := s.stateLocked(), s.changed
		s.mu.Unlock()
		if condition(st) {
			return nil
		}
		if st.Closed {
			return fmt.Errorf("ablytest: the server was closed before the condition became true")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("ablytest: the condition is not true yet: %w", context.Cause(ctx))
		}
	}
}

func (s *Server) stateLocked() State {
	st := State{WebSockets: s.accepted, Channels: make(map[string]ChannelInfo, len(s.channels)),
		OtherApps: map[string]map[string]ChannelInfo{}, HistoryBytes: s.held, Closed: s.ctx.Err() != nil}
	for _, c := range s.sortedConnections() {
		st.Connections = append(st.Connections, c.info())
	}
	for name, ch := range s.channels {
		st.Channels[name] = ch.info()
	}
	for app, all := range s.apps {
		if app != s.app() && len(all) > 0 {
			st.OtherApps[app] = map[string]ChannelInfo{}
			for name, ch := range all {
				st.OtherApps[app][name] = ch.info()
			}
		}
	}
	for _, t := range s.tokens {
		st.Tokens = append(st.Tokens, TokenInfo{
			KeyName: t.details.KeyName, ClientID: t.details.ClientID, Capability: t.details.Capability,
			Issued: t.details.Issued, Expires: t.details.Expires, Revoked: t.revoked,
		})
	}
	slices.SortFunc(st.Tokens, func(a, b TokenInfo) int {
		if a.Issued != b.Issued {
			return int(a.Issued - b.Issued)
		}
		return strings.Compare(a.ClientID, b.ClientID)
	})
	return st
}

func (s *Server) sortedConnections() []*connection {
	return slices.SortedFunc(maps.Values(s.conns), func(a, b *connection) int { return a.compare(b) })
}

func (c *connection) info() ConnectionInfo {
	i := ConnectionInfo{
		ID: c.id, ClientID: c.clientID, KeyName: c.identity.key.Name,
		Channels: slices.Sorted(maps.Keys(c.attached)),
	}
	if c.t != nil {
		i.WebSocket, i.Format = c.t.n, c.t.format
	}
	return i
}

func (ch *channel) info() ChannelInfo {
	ch.log.expire()
	i := ChannelInfo{Name: ch.name, Serial: ch.log.serial, Messages: ch.log.held, Attached: make(map[string]AttachmentInfo, len(ch.attached))}
	for c, a := range ch.attached {
		i.Attached[c.id] = AttachmentInfo{Modes: a.modes, Params: maps.Clone(a.params), Live: a.live}
	}
	for _, m := range ch.members {
		i.Members = append(i.Members, m.clientID)
	}
	slices.Sort(i.Members)
	return i
}
