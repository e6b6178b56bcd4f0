package ablytest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Reactions to messages are annotations. The type of an annotation, "reaction:<aggregation>.v1",
// says how annotations are counted (TM7).

const (
	aggregateUnique   = "unique"
	aggregateDistinct = "distinct"
	aggregateMultiple = "multiple"
)

// aggregation returns how annotations of a type are counted, or "" if the type isn't supported.
func aggregation(kind string) string {
	_, method, ok := strings.Cut(kind, ":")
	if !ok {
		return ""
	}
	method = strings.TrimSuffix(method, ".v1")
	if method == aggregateUnique || method == aggregateDistinct || method == aggregateMultiple {
		return method
	}
	return ""
}

// tally counts the annotations of one message, by type, name and clientId.
type tally map[string]map[string]map[string]int

// tally returns the tally of a message, and makes it if there is none.
func (ch *channel) tally(serial string) tally {
	t := ch.tallies[serial]
	if t == nil {
		t = tally{}
		if ch.tallies == nil {
			ch.tallies = map[string]tally{}
		}
		ch.tallies[serial] = t
	}
	return t
}

func (t tally) add(kind, name, client string, n int) {
	if t[kind] == nil {
		t[kind] = map[string]map[string]int{}
	}
	if aggregation(kind) == aggregateUnique {
		t.remove(kind, "", client)
	}
	if t[kind][name] == nil {
		t[kind][name] = map[string]int{}
	}
	if aggregation(kind) == aggregateMultiple {
		t[kind][name][client] += n
	} else {
		t[kind][name][client] = 1
	}
}

// remove removes a client's annotations with a name, or with any name if name is "".
func (t tally) remove(kind, name, client string) {
	for n, clients := range t[kind] {
		if name == "" || name == n {
			if delete(clients, client); len(clients) == 0 {
				delete(t[kind], n)
			}
		}
	}
}

// summary sums up the annotations of one type. For each name it has the total and the clients; it
// lists at most limit clients. If only is not "", it has just the names that this client has
// reacted with, and lists no other client; the totals still count all clients (CHA-MR13).
func (t tally) summary(kind, only string, limit int) map[string]any {
	out := map[string]any{}
	for name, clients := range t[kind] {
		if _, has := clients[only]; only != "" && !has {
			continue
		}
		total, ids, counts := 0, []any{}, map[string]any{}
		for _, id := range slices.Sorted(maps.Keys(clients)) {
			total += clients[id]
			if len(ids) < limit && (only == "" || id == only) {
				ids, counts[id] = append(ids, id), clients[id]
			}
		}
		clipped := len(clients) > len(ids)
		if aggregation(kind) == aggregateMultiple {
			out[name] = map[string]any{"total": total, "clientIds": counts, "totalUnidentified": 0, "totalClientIds": len(clients), "clipped": clipped}
		} else {
			out[name] = map[string]any{"total": total, "clientIds": ids, "clipped": clipped}
		}
	}
	return out
}

// byShortType returns the summary of reactions in the form of the Chat REST API.
func (t tally) byShortType(only string, limit int) map[string]any {
	out := map[string]any{}
	for _, method := range []string{aggregateUnique, aggregateDistinct, aggregateMultiple} {
		out[method] = t.summary("reaction:"+method+".v1", only, limit)
	}
	return out
}

// annotation is an annotation that a client publishes.
type annotation struct {
	action       int // 0 create, 1 delete
	kind, name   string
	serial       string // of the annotated message
	client       string
	connectionID string
	count        int // 0 for none
	userClaim    string
	data         any
	encoding     any
	extras       map[string]any
}

// annotate publishes an annotation and counts it. Subscribers to annotations receive it, and
// subscribers to messages receive the new summary. It returns the annotation's serial. Callers hold
// the lock.
func (ch *channel) annotate(a annotation) (string, *ErrorInfo) {
	if a.serial == "" {
		return "", errBadRequest("an annotation without a messageSerial")
	}
	m := ch.log.find(a.serial)
	if m == nil {
		return "", NewError(40400, http.StatusNotFound, "there is no message %q in the channel", a.serial)
	}
	if aggregation(a.kind) == "" {
		return "", errInvalidParam("the annotation type %q is not supported", a.kind)
	}
	t := ch.tally(a.serial)
	if a.action == 0 {
		if a.name == "" {
			return "", errInvalidParam("the annotation has no name")
		}
		t.add(a.kind, a.name, a.client, max(a.count, 1))
	} else {
		if a.name == "" && aggregation(a.kind) != aggregateUnique {
			return "", errInvalidParam("the annotation has no name")
		}
		t.remove(a.kind, a.name, a.client)
	}
	now := ch.s.nowMillis()
	serial := fmt.Sprintf("%s:%s", a.serial, ch.log.next())
	w := map[string]any{"id": randomText(12) + ":0", "action": a.action, "type": a.kind, "name": a.name, "clientId": a.client, "serial": serial,
		"messageSerial": a.serial, "timestamp": now}
	if a.count > 0 && aggregation(a.kind) == aggregateMultiple && a.action == 0 {
		w["count"] = a.count
	}
	if a.data != nil {
		w["data"] = a.data
	}
	if a.encoding != nil {
		w["encoding"] = a.encoding
	}
	if extras := extrasWith(a.extras, a.userClaim); len(extras) > 0 {
		w["extras"] = extras
	}
	ch.rememberAnnotation(a.serial, serial, now, w)
	ch.addAndDeliver(&publish{timestamp: now, ephemeral: true, connectionID: a.connectionID, annotations: []map[string]any{w}})
	summary := map[string]any{}
	for kind := range t {
		summary[kind] = t.summary(kind, "", ch.s.opts.summaryLimit)
	}
	ch.change(&Message{Action: actionSummary, Serial: a.serial, Name: m.Name, ClientID: m.ClientID, Timestamp: m.Timestamp, Annotations: map[string]any{"summary": summary}})
	return serial, nil
}

// rememberAnnotation keeps an annotation for later requests for the annotations of its message.
func (ch *channel) rememberAnnotation(message, serial string, now int64, w map[string]any) {
	if ch.annotated == nil {
		ch.annotated = map[string][]*pastEvent{}
	}
	p := &pastEvent{serial: serial, timestamp: now, wire: w,
		size: publishOverhead + (&Message{Data: w["data"]}).size()}
	ch.annotated[message] = append(ch.annotated[message], p)
	ch.s.held += p.size
}

// annotations handles an ANNOTATION of a client.
func (s *Server) annotations(c *connection, pm *ProtocolMessage) *ProtocolMessage {
	if !c.identity.capability.allows(pm.Channel, "annotation-publish") {
		return nack(errNotPermitted("unable to publish annotations: operation not permitted with the provided capability"))
	}
	if a := c.attached[pm.Channel]; a != nil && !a.modes.Has(ModeAnnotationPublish) {
		return nack(errNotPermitted("unable to publish annotations: the channel is attached without the ANNOTATION_PUBLISH mode"))
	}
	if c.clientID == "" {
		return nack(NewError(40012, http.StatusBadRequest, "invalid clientId: annotations need a client with a clientId"))
	}
	result := &PublishResult{Serials: []string{}}
	for _, w := range pm.Annotations {
		a := annotationOf(w)
		a.client, a.connectionID, a.userClaim = c.clientID, c.id, c.identity.userClaim(pm.Channel)
		serial, err := s.channelOf(c.identity.app, pm.Channel).annotate(a)
		if err != nil {
			return nack(err)
		}
		result.Serials = append(result.Serials, serial)
	}
	return &ProtocolMessage{Action: ActionAck, Count: 1, Res: []*PublishResult{result}}
}

// wholeNumber returns a number that was decoded from JSON or MessagePack, or 0 if v is no number.
func wholeNumber(v any) int {
	switch v := v.(type) {
	case float64:
		return int(v)
	case int64:
		return int(v)
	case uint64:
		return int(v)
	case int:
		return v
	}
	return 0
}

// reactionBody is a reaction in the body of a REST request.
type reactionBody struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Count int    `json:"count,omitempty"`
}

// serveChatReact serves POST .../messages/{serial}/reactions.
func (s *Server) serveChatReact(rq *request) *response {
	var body reactionBody
	if err := rq.decode(&body); err != nil {
		return rq.fail(err)
	}
	if body.Count != 0 && body.Type != aggregateMultiple {
		return rq.fail(errInvalidParam("a count is only for reactions of the type multiple"))
	}
	return s.chatAnnotate(rq, http.StatusCreated, annotation{action: 0, kind: "reaction:" + body.Type + ".v1", name: body.Name, count: body.Count})
}

// serveChatUnreact serves DELETE .../messages/{serial}/reactions.
func (s *Server) serveChatUnreact(rq *request) *response {
	name := rq.query.Get("name")
	if rq.query.Get("type") == aggregateUnique {
		name = ""
	}
	return s.chatAnnotate(rq, http.StatusOK, annotation{action: 1, kind: "reaction:" + rq.query.Get("type") + ".v1", name: name})
}

func (s *Server) chatAnnotate(rq *request, status int, a annotation) *response {
	id, err := rq.chatClient("annotation-publish")
	if err != nil {
		return rq.fail(err)
	}
	a.client, a.serial, a.userClaim = id.implied, rq.chatSerial(), id.userClaim(rq.chatChannel())
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, _, err := s.chatFind(rq)
	if err != nil {
		return rq.fail(err)
	}
	serial, err := ch.annotate(a)
	if err != nil {
		return rq.fail(err)
	}
	return rq.ok(status, map[string]any{"serial": serial})
}

// serveChatClientReactions serves GET .../messages/{serial}/client-reactions.
func (s *Server) serveChatClientReactions(rq *request) *response {
	id, err := rq.identify()
	if err == nil {
		err = rq.permit(rq.chatChannel(), "history")
	}
	if err != nil {
		return rq.fail(err)
	}
	client := rq.query.Get("forClientId")
	if client == "" {
		client = id.implied
	}
	if client == "" {
		return rq.fail(NewError(40012, http.StatusBadRequest, "invalid clientId: neither the request nor its client names one"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, m, err := s.chatFind(rq)
	if err != nil {
		return rq.fail(err)
	}
	return rq.ok(http.StatusOK, ch.tallies[m.Serial].byShortType(client, s.opts.summaryLimit))
}
