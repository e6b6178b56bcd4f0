package ablytest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// capability maps resources to the operations that are allowed on them. A nil capability allows
// everything.
type capability map[string][]string

// parseCapability reads a capability in Ably's JSON. The capability of "" allows everything.
func parseCapability(text string) (capability, error) {
	if text == "" {
		return nil, nil
	}
	c := capability{}
	if err := json.Unmarshal([]byte(text), &c); err != nil || c == nil {
		return nil, fmt.Errorf("capability is not a JSON object of lists of operations")
	}
	for resource, ops := range c {
		switch {
		case resource == "":
			return nil, fmt.Errorf("capability for a resource without a name")
		case len(ops) == 0:
			return nil, fmt.Errorf("capability without operations for %q", resource)
		case slices.Contains(ops, "*") && len(ops) > 1:
			return nil, fmt.Errorf(`capability for %q with "*" and other operations`, resource)
		}
		for _, op := range ops {
			if op != "*" && !slices.Contains(operations, op) {
				return nil, fmt.Errorf("capability for %q with the unknown operation %q", resource, op)
			}
		}
	}
	return c, nil
}

// operations has the operations that a capability may name.
var operations = []string{
	"publish", "subscribe", "presence", "presence-subscribe", "history", "stats", "channel-metadata",
	"push-subscribe", "push-admin", "privileged-headers", "object-publish", "object-subscribe",
	"annotation-publish", "annotation-subscribe",
	"message-update-own", "message-update-any", "message-delete-own", "message-delete-any",
}

// String returns the capability in Ably's form: JSON without spaces, sorted.
func (c capability) String() string {
	if c == nil {
		return `{"*":["*"]}`
	}
	b, _ := json.Marshal(c)
	return string(b)
}

// allows reports whether the operation, such as "publish", may be done on the channel.
func (c capability) allows(channel, op string) bool {
	if c == nil {
		return true
	}
	for resource, ops := range c {
		if resourceMatches(resource, channel) && (slices.Contains(ops, op) || slices.Contains(ops, "*")) {
			return true
		}
	}
	return false
}

// intersect returns the capability that allows what both allow. Where a resource of one covers a
// resource of the other, the result has the narrower resource.
func (c capability) intersect(d capability) capability {
	if c == nil {
		return d
	}
	if d == nil {
		return c
	}
	out := capability{}
	for r1, ops1 := range c {
		for r2, ops2 := range d {
			var r string
			switch {
			case resourceMatches(r1, r2):
				r = r2
			case resourceMatches(r2, r1):
				r = r1
			default:
				continue
			}
			for _, op := range both(ops1, ops2) {
				if !slices.Contains(out[r], op) {
					out[r] = append(out[r], op)
				}
			}
		}
	}
	for _, ops := range out {
		slices.Sort(ops)
	}
	return out
}

func both(a, b []string) []string {
	if slices.Contains(a, "*") {
		return b
	}
	if slices.Contains(b, "*") {
		return a
	}
	var out []string
	for _, op := range a {
		if slices.Contains(b, op) {
			out = append(out, op)
		}
	}
	return out
}

func resourceMatches(resource, channel string) bool {
	if resource == "*" || resource == "[*]*" {
		return true
	}
	if head, ok := strings.CutSuffix(resource, "*"); ok {
		return strings.HasPrefix(channel, head)
	}
	return resource == channel
}

// modeOperations has, for each mode, the operation that a capability must allow.
var modeOperations = []struct {
	mode Flags
	op   string
}{
	{ModePresence, "presence"}, {ModePublish, "publish"}, {ModeSubscribe, "subscribe"},
	{ModePresenceSubscribe, "subscribe"}, {ModeAnnotationPublish, "annotation-publish"},
	{ModeAnnotationSubscribe, "annotation-subscribe"}, {ModeObjectSubscribe, "object-subscribe"},
	{ModeObjectPublish, "object-publish"},
}

// permit returns the modes that the capability allows on the channel, out of the given ones.
func (c capability) permit(channel string, modes Flags) Flags {
	var out Flags
	for _, m := range modeOperations {
		if modes.Has(m.mode) && c.allows(channel, m.op) {
			out |= m.mode
		}
	}
	return out
}
