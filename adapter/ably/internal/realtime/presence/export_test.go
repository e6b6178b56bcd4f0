package presence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Text returns the state of the set as text. Different states have different texts.
func (s *Set[P]) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %q %v %q %+v %+v %v", s.state, s.connection, s.syncing, s.sequence, s.queue,
		s.inFlight, s.gets)
	for _, k := range s.keys() {
		fmt.Fprintf(&b, " %+v", *s.members[k])
	}
	for _, client := range slices.Sorted(maps.Keys(s.own)) {
		fmt.Fprintf(&b, " %s: %+v", client, *s.own[client])
	}
	return b.String()
}
