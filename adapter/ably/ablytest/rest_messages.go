package ablytest

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// servePublish serves POST /channels/{name}/messages: one message or an array.
func (s *Server) servePublish(rq *request) *response {
	channel := rq.segments[1]
	id, err := rq.identify()
	if err != nil {
		return rq.fail(err)
	}
	ms, err := rq.messages()
	if err != nil {
		return rq.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.publisherByKey(ms, id)
	if err != nil {
		return rq.fail(err)
	}
	implied := id.implied
	if c != nil && implied == "" {
		implied = c.clientID
	}
	serials, err := s.publish(channel, id, implied, c, &ProtocolMessage{Messages: ms})
	if err != nil {
		return rq.fail(err)
	}
	return rq.ok(http.StatusCreated, map[string]any{"channel": channel, "serials": serials})
}

// messages reads the body, which is one message or an array of them.
func (rq *request) messages() ([]*Message, *ErrorInfo) {
	var many []*Message
	if rq.bodyIsArray() {
		if err := rq.decode(&many); err != nil {
			return nil, err
		}
	} else {
		one := &Message{}
		if err := rq.decode(one); err != nil {
			return nil, err
		}
		many = []*Message{one}
	}
	for _, m := range many {
		if m == nil {
			return nil, errBadRequest("a message is null")
		}
	}
	return many, nil
}

func (rq *request) bodyIsArray() bool {
	if rq.bodyFormat == JSON {
		return bytes.HasPrefix(bytes.TrimSpace(rq.body), []byte("["))
	}
	if len(rq.body) == 0 {
		return false
	}
	b := rq.body[0] // fixarray, array 16, array 32
	return b&0xf0 == 0x90 || b == 0xdc || b == 0xdd
}

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// bounds has the parameters of a request for a history (RSL2b, RTL10).
type bounds struct {
	start, end int64 // ms, both included
	forwards   bool
	limit      int
	fromSerial string // no message after this serial
	cursor     string // only messages after this serial, in the direction of the request
}

func parseBounds(q url.Values) (bounds, *ErrorInfo) {
	b := bounds{end: 1<<63 - 1, limit: defaultLimit, fromSerial: q.Get("fromSerial"), cursor: q.Get("cursor")}
	if b.fromSerial == "" {
		b.fromSerial = q.Get("from_serial")
	}
	for name, v := range map[string]*int64{"start": &b.start, "end": &b.end} {
		if text := q.Get(name); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < 0 {
				return b, errInvalidParam("invalid %s %q", name, text)
			}
			*v = n
		}
	}
	if b.start > b.end {
		return b, errInvalidParam("start is after end")
	}
	switch q.Get("direction") {
	case "", "backwards":
	case "forwards":
		b.forwards = true
	default:
		return b, errInvalidParam("invalid direction %q", q.Get("direction"))
	}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > maxLimit {
			return b, errInvalidParam("invalid limit %q: it is at most %d", text, maxLimit)
		}
		b.limit = n
	}
	return b, nil
}

// page returns the messages of one page out of all.
func (b bounds) page(all []*Message) (page []*Message, next string) {
	return pageOf(b, all, func(m *Message) (int64, string) { return m.Timestamp, m.Serial })
}

// pageOf returns one page out of all, which are in ascending order, and the cursor of the next
// page, or "" if there is none.
func pageOf[T any](b bounds, all []T, at func(T) (timestamp int64, serial string)) (page []T, next string) {
	page = []T{} // an empty page is an empty array, not null
	for i := range all {
		x := all[i]
		if !b.forwards {
			x = all[len(all)-1-i]
		}
		timestamp, serial := at(x)
		if timestamp < b.start || timestamp > b.end {
			continue
		}
		// fromSerial may be the serial of a publish. The serials of its messages are longer, and so
		// compare as greater, but these messages are part of the page.
		if b.fromSerial != "" && serial > b.fromSerial+":~" {
			continue
		}
		if b.cursor != "" && (b.forwards && serial <= b.cursor || !b.forwards && serial >= b.cursor) {
			continue
		}
		if len(page) == b.limit {
			return page, next
		}
		page, next = append(page, x), serial
	}
	return page, ""
}

// links sets the Link headers of a page (RSC19e, TG). The links are relative and contain the query,
// as clients expect.
func (rs *response) links(base string, q url.Values, next string) {
	link := func(rel, cursor string) {
		v := url.Values{}
		for name, values := range q {
			switch name {
			case "cursor", "key", "access_token", "accessToken":
			default:
				v[name] = values
			}
		}
		if cursor != "" {
			v.Set("cursor", cursor)
		}
		if len(v) == 0 {
			// Some clients don't follow a link without a query.
			v.Set("direction", "backwards")
		}
		rs.header.Add("Link", fmt.Sprintf(`<./%s?%s>; rel="%s"`, base, v.Encode(), rel))
	}
	link("first", "")
	link("current", q.Get("cursor"))
	if next != "" {
		link("next", next)
	}
}

// serveHistory serves GET /channels/{name}/messages, and the older .../history.
func (s *Server) serveHistory(rq *request) *response {
	channel := rq.segments[1]
	if err := rq.permit(channel, "history"); err != nil {
		return rq.fail(err)
	}
	b, err := parseBounds(rq.query)
	if err != nil {
		return rq.fail(err)
	}
	s.mu.Lock()
	var all []*Message
	if ch := s.findChannel(rq.app, channel); ch != nil {
		all = ch.log.kept()
	}
	s.mu.Unlock()
	page, next := b.page(all)
	rs := rq.ok(http.StatusOK, page)
	rs.links(rq.segments[2], rq.query, next)
	return rs
}

// serveMessage serves GET /channels/{name}/messages/{serial}.
func (s *Server) serveMessage(rq *request) *response {
	if err := rq.permit(rq.segments[1], "history"); err != nil {
		return rq.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.findChannel(rq.app, rq.segments[1]); ch != nil {
		for _, m := range ch.log.kept() {
			if m.Serial == rq.segments[3] {
				return rq.ok(http.StatusOK, m)
			}
		}
	}
	return rq.fail(NewError(40400, http.StatusNotFound, "no message with that serial"))
}

// permit authenticates the request and checks that the capability allows the operation.
func (rq *request) permit(channel, op string) *ErrorInfo {
	id, err := rq.identify()
	if err != nil {
		return err
	}
	if !id.capability.allows(channel, op) {
		return errNotPermitted("operation %s not permitted with the provided capability", op)
	}
	return nil
}

// serveChannelDetails serves GET /channels/{name}: status and occupancy (CHD).
func (s *Server) serveChannelDetails(rq *request) *response {
	name := rq.segments[1]
	if err := rq.permit(name, "channel-metadata"); err != nil {
		return rq.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.findChannel(rq.app, name)
	if ch == nil {
		ch = &channel{}
	}
	metrics := ch.metrics()
	return rq.ok(http.StatusOK, map[string]any{
		"channelId": name,
		"status": map[string]any{
			"isActive":  ch.active(),
			"occupancy": map[string]any{"metrics": metrics},
		},
	})
}

// active reports whether the channel is in use: a client is attached or present, or there was a
// publish within the last minute (CHS2a).
func (ch *channel) active() bool {
	return len(ch.attached) > 0 || len(ch.members) > 0 || ch.s != nil && ch.used > ch.s.nowMillis()-activeFor.Milliseconds()
}

// activeFor is how long a channel is active after a publish.
const activeFor = time.Minute

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
