package presence_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	. "ablyrooms.example/adapter/ably/internal/realtime/presence"
)

// The cases of Ably's unit test specification on presence, with their ids, as scripts. A line is an
// input and its outputs, in the form of [lines]. The input P is a PRESENCE, and S is a SYNC with a
// channelSerial. A message is written as action/connectionId/clientId/id/timestamp/payload. Where a
// case of Ably's looks into a map, the script calls Get, or attaches again to see which members are
// entered again.
func TestUnitTestTexts(t *testing.T) {
	const (
		alice    = "2/c1/alice/c1:0:0/100/1"
		alicePut = "P " + alice + " => report " + alice
		bob      = "2/c2/bob/c2:0:0/100/2"
		bobPut   = "P " + bob + " => report " + bob
		carol    = "2/c3/carol/c3:0:0/100/3"
		carolPut = "P " + carol + " => report " + carol
		// The same members as Get returns them.
		hasAlice = "1/c1/alice/c1:0:0/100/1"
		hasBob   = "1/c2/bob/c2:0:0/100/2"
		hasCarol = "1/c3/carol/c3:0:0/100/3"
		// The reports when a sync doesn't have these members (RTP19).
		aliceGone = "report 3/c1/alice//100/1"
		bobGone   = "report 3/c2/bob//100/2"
		carolGone = "report 3/c3/carol//100/3"

		enter  = "enter 1 me 5 => send 1 2 me 5 id="
		isIn   = "answered 1 => settle 1 done"
		echo   = "P 2/c1/me/c1:0:0/100/5 => report 2/c1/me/c1:0:0/100/5"
		leaves = "report 3/c1/me//100/5"
	)
	for id, script := range map[string][]string{
		// presence_map
		"RTP2/basic-put-and-get-0":           {"attached =>", alicePut, "get 1 => settle 1 done " + hasAlice},
		"RTP2d2/enter-stored-as-present-0":   {"attached =>", alicePut, "get 1 => settle 1 done " + hasAlice},
		"RTP2d2/update-stored-as-present-1":  {"attached =>", alicePut, "P 4/c1/alice/c1:1:0/200/7 => report 4/c1/alice/c1:1:0/200/7", "get 1 => settle 1 done 1/c1/alice/c1:1:0/200/7"},
		"RTP2d2/present-stored-as-present-2": {"attached+ =>", "S s: " + hasAlice + " => report " + hasAlice, "get 1 => settle 1 done " + hasAlice},
		"RTP2d1/put-returns-original-action-0": {"attached =>", alicePut,
			"P 4/c1/alice/c1:1:0/200/7 => report 4/c1/alice/c1:1:0/200/7"},
		"RTP2h1/leave-outside-sync-removes-0": {"attached =>", alicePut,
			"P 3/c1/alice/c1:1:0/200/0 => report 3/c1/alice/c1:1:0/200/0", "get 1 => settle 1 done"},
		"RTP2h1/leave-nonexistent-returns-null-1": {"attached =>", "P 3/c1/alice/c1:1:0/200/0 =>"},
		"RTP2h2a/leave-during-sync-stores-absent-0": {"attached =>", alicePut, "S s:1 =>",
			// reported at once, and only once (T11)
			"P 3/c1/alice/c1:2:0/200/0 => report 3/c1/alice/c1:2:0/200/0",
			"S s:2 1/c1/alice/c1:1:0/150/9 =>", "S s: =>", "get 1 => settle 1 done"},
		"RTP2h2b/absent-deleted-on-endsync-0": {"attached =>", alicePut, bobPut, "S s:1 1/c1/alice/c1:1:0/200/7 => report 1/c1/alice/c1:1:0/200/7",
			"P 3/c2/bob/c2:1:0/200/0 => report 3/c2/bob/c2:1:0/200/0", "S s: =>", "get 1 => settle 1 done 1/c1/alice/c1:1:0/200/7"},
		"RTP2b2/newness-by-msgserial-index-0": {"attached =>", "P 2/c1/alice/c1:5:0/1000/1 => report 2/c1/alice/c1:5:0/1000/1",
			"P 4/c1/alice/c1:3:0/2000/2 =>", "P 4/c1/alice/c1:7:0/500/3 => report 4/c1/alice/c1:7:0/500/3"},
		"RTP2b2/newness-by-index-same-serial-1": {"attached =>", "P 2/c1/alice/c1:5:2/1000/1 => report 2/c1/alice/c1:5:2/1000/1",
			"P 4/c1/alice/c1:5:1/2000/2 =>", "P 4/c1/alice/c1:5:5/500/3 => report 4/c1/alice/c1:5:5/500/3"},
		"RTP2b1/newness-by-timestamp-0": {"attached =>", alicePut, "P 3/c1/alice/synthesized/200/0 => report 3/c1/alice/synthesized/200/0",
			"get 1 => settle 1 done"},
		"RTP2b1/older-synth-leave-rejected-1": {"attached =>", alicePut, "P 3/c1/alice/synthesized/50/0 =>", "get 1 => settle 1 done " + hasAlice},
		"RTP2b1a/equal-timestamps-incoming-wins-0": {"attached =>", "P 2/c1/alice/odd-1/100/1 => report 2/c1/alice/odd-1/100/1",
			"P 4/c1/alice/odd-2/100/2 => report 4/c1/alice/odd-2/100/2"},
		"RTP2c/sync-uses-same-newness-0": {"attached+ =>", "S s:1 1/c1/alice/c1:5:0/100/1 => report 1/c1/alice/c1:5:0/100/1",
			"S s:2 1/c1/alice/c1:3:0/200/2 =>", "S s: 1/c1/alice/c1:8:0/50/3 => report 1/c1/alice/c1:8:0/50/3"},
		"RTP2/multiple-members-coexist-1": {"attached =>", alicePut, bobPut, "P 2/c3/alice/c3:0:0/100/4 => report 2/c3/alice/c3:0:0/100/4",
			"get 1 => settle 1 done " + hasAlice + " " + hasBob + " 1/c3/alice/c3:0:0/100/4"},
		"RTP2/values-excludes-absent-2": {"attached =>", alicePut, bobPut, "S s:1 =>", "get 1 =>",
			"P 3/c2/bob/c2:1:0/200/0 => report 3/c2/bob/c2:1:0/200/0", "S s: " + hasAlice + " => settle 1 done " + hasAlice},
		"RTP2/clear-resets-state-3": {"attached =>", alicePut, bobPut, "S s:1 =>", "state detached =>", "attached =>", "get 1 => settle 1 done"},

		// presence_sync
		"RTP18a/startsync-sets-flag-0": {"attached =>", "S s:1 =>", "get 1 =>"},
		"RTP18b/endsync-clears-flag-0": {"attached =>", "S s:1 =>", "S s: =>", "get 1 => settle 1 done"},
		"RTP19/stale-members-leave-after-sync-0": {"attached =>", alicePut, bobPut, "S s:1 1/c1/alice/c1:1:0/200/7 => report 1/c1/alice/c1:1:0/200/7",
			"S s: => " + bobGone, "get 1 => settle 1 done 1/c1/alice/c1:1:0/200/7"},
		"RTP19/synth-leave-null-id-timestamp-1": {"attached =>", bobPut, "S s: => " + bobGone},
		"RTP19/updated-members-survive-sync-2": {"attached =>", alicePut, bobPut, carolPut,
			"S s:1 1/c1/alice/c1:1:0/200/7 => report 1/c1/alice/c1:1:0/200/7", "P 4/c2/bob/c2:1:0/200/8 => report 4/c2/bob/c2:1:0/200/8",
			"S s: => " + carolGone, "get 1 => settle 1 done 1/c1/alice/c1:1:0/200/7 1/c2/bob/c2:1:0/200/8"},
		"RTP18a/new-sync-discards-previous-1": {"attached =>", alicePut, bobPut, "S one:1 " + hasAlice + " =>",
			"S two:1 " + hasAlice + " =>", "S two: " + hasBob + " =>", "get 1 => settle 1 done " + hasAlice + " " + hasBob},
		"RTP18c/single-message-sync-0": {"attached =>", alicePut, bobPut, "S - " + hasAlice + " => " + bobGone, "get 1 => settle 1 done " + hasAlice},
		"RTP19a/no-has-presence-clears-members-0": {"attached =>", alicePut, bobPut, carolPut,
			"attached => " + aliceGone + "; " + bobGone + "; " + carolGone, "get 1 => settle 1 done"},
		"RTP2h2a/leave-during-sync-absent-cleanup-0": {"attached =>", alicePut, bobPut, "S s:1 " + hasAlice + " =>",
			"P 3/c2/bob/c2:1:0/200/0 => report 3/c2/bob/c2:1:0/200/0", "S s: =>", "get 1 => settle 1 done " + hasAlice},
		"RTP19/empty-map-sync-no-leaves-3":          {"attached =>", "S s:1 " + hasAlice + " => report " + hasAlice, "S s: =>", "get 1 => settle 1 done " + hasAlice},
		"RTP18/endsync-without-startsync-noop-0":    {"attached =>", alicePut, "S s: " + hasAlice + " =>", "get 1 => settle 1 done " + hasAlice},
		"RTP19/stale-sync-removes-from-residuals-4": {"attached =>", "P 2/c1/alice/c1:5:0/100/1 => report 2/c1/alice/c1:5:0/100/1", "S s:1 1/c1/alice/c1:3:0/200/2 =>", "S s: =>", "get 1 => settle 1 done 1/c1/alice/c1:5:0/100/1"},
		"RTP19/presence-echoes-then-sync-preserves-5": {"attached =>", alicePut, bobPut, carolPut,
			"S s: " + hasAlice + " " + hasBob + " " + hasCarol + " =>", "get 1 => settle 1 done " + hasAlice + " " + hasBob + " " + hasCarol},
		"RTP19/new-member-during-sync-survives-6": {"attached =>", alicePut, "S s:1 " + hasAlice + " =>", bobPut, "S s: =>",
			"get 1 => settle 1 done " + hasAlice + " " + hasBob},

		// local_presence_map, where it is about the echo (P8, P9)
		"RTP17h/keyed-by-clientid-0": {"connected c1 =>", "attached =>", enter, isIn, echo, "connected c2 =>",
			"attached => send 0 2 me 5 id=; " + leaves, "P 2/c2/me/c2:0:0/200/5 => report 2/c2/me/c2:0:0/200/5",
			"attached+ => send 0 2 me 5 id=c2:0:0"},
		"RTP17b/enter-adds-to-map-0":       {"connected c1 =>", "attached =>", enter, isIn, echo, "attached+ => send 0 2 me 5 id=c1:0:0"},
		"RTP17b/update-adds-to-map-1":      {"connected c1 =>", "attached =>", "update 1 me 5 => send 1 4 me 5 id=", isIn, "P 4/c1/me/c1:0:0/100/5 => report 4/c1/me/c1:0:0/100/5", "attached+ => send 0 2 me 5 id=c1:0:0"},
		"RTP17b/enter-overwrites-enter-2":  {"connected c1 =>", "attached =>", enter, isIn, "enter 2 me 6 => send 2 2 me 6 id=", "answered 2 => settle 2 done", "attached => send 0 2 me 6 id="},
		"RTP17b/update-overwrites-enter-3": {"connected c1 =>", "attached =>", enter, isIn, "update 2 me 6 => send 2 4 me 6 id=", "answered 2 => settle 2 done", "attached => send 0 2 me 6 id="},
		"RTP17b/present-adds-to-map-4":     {"connected c1 =>", "attached+ =>", enter, isIn, "S s: 1/c1/me/c1:0:0/100/5 => report 1/c1/me/c1:0:0/100/5", "attached+ => send 0 2 me 5 id=c1:0:0"},
		"RTP17b/non-synthesized-leave-removes-5": {"connected c1 =>", "attached =>", enter, isIn, echo, "leave 2 me 0 => send 2 3 me 0 id=",
			"P 3/c1/me/c1:1:0/200/0 => report 3/c1/me/c1:1:0/200/0", "answered 2 => settle 2 done", "attached+ =>"},
		"RTP17b/synthesized-leave-ignored-6": {"connected c1 =>", "attached =>", enter, isIn, echo,
			"P 3/c1/me/synthesized/200/0 => report 3/c1/me/synthesized/200/0", "attached+ => send 0 2 me 5 id=c1:0:0"},
		"RTP17/multiple-clientids-coexist-0": {"connected c1 =>", "attached =>", enter, isIn, "enter 2 you 6 => send 2 2 you 6 id=", "answered 2 => settle 2 done",
			"attached => send 0 2 me 5 id=; send 0 2 you 6 id="},
		"RTP17/remove-one-of-multiple-1": {"connected c1 =>", "attached =>", enter, isIn, "enter 2 you 6 => send 2 2 you 6 id=", "answered 2 => settle 2 done",
			"leave 3 me 0 => send 3 3 me 0 id=", "answered 3 => settle 3 done", "attached => send 0 2 you 6 id="},
		"RTP17/clear-resets-state-2": {"connected c1 =>", "attached =>", enter, isIn, "state detached =>", "attached =>"},
		"RTP17/remove-unknown-noop-4": {"connected c1 =>", "attached =>", enter, isIn, "leave 2 you 0 => send 2 3 you 0 id=", "answered 2 => settle 2 done",
			"attached => send 0 2 me 5 id="},

		// realtime_presence_channel_state
		"RTP1/has-presence-triggers-sync-0": {"attached+ =>", "get 1 =>", "S s: " + hasAlice + " => report " + hasAlice + "; settle 1 done " + hasAlice},
		"RTP1/no-has-presence-empty-1":      {"attached =>", "get 1 => settle 1 done"},
		"RTP1/no-has-presence-clears-existing-2": {"attached+ =>", "S s: " + hasAlice + " " + hasBob + " => report " + hasAlice + "; report " + hasBob,
			"state attaching =>", "attached => " + aliceGone + "; " + bobGone, "get 1 => settle 1 done"},
		"RTP5a/detached-clears-presence-maps-0": {"attached =>", alicePut, "state detaching =>", "state detached =>", "get 1 => settle 1 not attached", "state attaching =>",
			"attached =>", "get 2 => settle 2 done"},
		"RTP5a/failed-clears-presence-maps-1":      {"attached =>", alicePut, "state failed =>", "state attaching =>", "attached =>", "get 1 => settle 1 done"},
		"RTP5b/attached-sends-queued-presence-0":   {"state attaching =>", "enter 1 me 5 =>", "attached => send 1 2 me 5 id="},
		"RTP5f/suspended-maintains-presence-map-0": {"attached =>", alicePut, bobPut, "state suspended =>", "state attaching =>", "attached+ =>", "S s: " + hasAlice + " => " + bobGone, "get 1 => settle 1 done " + hasAlice},
		"RTP13/sync-complete-attribute-0":          {"attached+ =>", "S s:1 " + hasAlice + " => report " + hasAlice, "get 1 =>", "S s: => settle 1 done " + hasAlice},
		"RTL11/queued-presence-fail-detached-0":    {"attached =>", "state detached =>", "enter 1 me 5 => settle 1 not attached"},
		"RTL11/queued-presence-fail-suspended-1":   {"state attaching =>", "enter 1 me 5 =>", "update 2 me 6 =>", "state suspended => settle 1 not attached; settle 2 not attached"},
		"RTL11/queued-presence-fail-failed-2":      {"state attaching =>", "enter 1 me 5 =>", "state failed => settle 1 not attached"},
		"RTL11a/ack-nack-unaffected-by-state-0":    {"attached =>", enter, "state detaching =>", "state detached =>", isIn},

		// realtime_presence_enter, where it is about the set
		"RTP16a/presence-sent-when-attached-0":    {"attached =>", enter},
		"RTP16b/presence-queued-when-attaching-0": {"state attaching =>", "enter 1 me 5 =>", "attached => send 1 2 me 5 id="},
		"RTP16c/presence-errors-other-states-0":   {"attached =>", "state detached =>", "enter 1 me 5 => settle 1 not attached"},
		"RTP8g/enter-detached-failed-errors-0":    {"state failed =>", "enter 1 me 5 => settle 1 not attached"},
		"RTP8h/nack-presence-permission-denied-0": {"attached =>", enter, "refused 1 => settle 1 refused", "attached =>"},

		// realtime_presence_get
		"RTP11a/get-returns-members-single-sync-0": {"attached+ =>", "get 1 =>", "S s: " + hasAlice + " " + hasBob + " => report " + hasAlice + "; report " + hasBob + "; settle 1 done " + hasAlice + " " + hasBob},
		"RTP11a/get-waits-for-multi-sync-1": {"attached+ =>", "get 1 =>", "S s:1 " + hasAlice + " => report " + hasAlice,
			"S s: " + hasBob + " => report " + hasBob + "; settle 1 done " + hasAlice + " " + hasBob},
		"RTP11d/get-suspended-errors-default-0": {"attached =>", alicePut, "state suspended =>", "get 1 => settle 1 not attached"},

		// realtime_presence_reentry
		"RTP17i/auto-reentry-on-attached-0": {"connected c1 =>", "attached =>", enter, isIn, echo, "connected c2 =>", "state attaching =>",
			"attached+ => send 0 2 me 5 id="},
		"RTP17g1/reentry-omits-id-new-connid-0": {"connected c1 =>", "attached =>", enter, isIn, echo, "state attaching =>", "attached+ => send 0 2 me 5 id=c1:0:0",
			"connected c2 =>", "state attaching =>", "attached+ => send 0 2 me 5 id="},
		"RTP17i/no-reentry-with-resumed-flag-1":       {"connected c1 =>", "attached =>", enter, isIn, echo, "attached+ again =>"},
		"RTP17e/failed-reentry-emits-update-error-0":  {"connected c1 =>", "attached =>", enter, isIn, "attached => send 0 2 me 5 id=", "refused me => re-entry of me refused"},
		"RTP17a/server-publishes-without-subscribe-0": {"connected c1 =>", "attached =>", enter, echo, isIn, "get 2 => settle 2 done 1/c1/me/c1:0:0/100/5"},

		// realtime_presence_subscribe
		"RTP6/presence-events-update-map-0":          {"attached =>", alicePut, "get 1 => settle 1 done " + hasAlice},
		"RTP6/multiple-presence-in-single-message-1": {"attached =>", "P " + alice + " " + bob + " " + carol + " => report " + alice + "; report " + bob + "; report " + carol},
	} {
		t.Run(id, func(t *testing.T) { playScript(t, script) })
	}
}

// playScript passes the inputs of a script to a set, and compares the outputs.
func playScript(t *testing.T, script []string) {
	t.Helper()
	s := &Set[int]{}
	for i, line := range script {
		in, want, ok := strings.Cut(line, "=>")
		if !ok {
			t.Fatalf("line %d, %q, has no =>", i+1, line)
		}
		got := strings.TrimSpace(strings.Join(lines(s.Step(inputOf(t, strings.Fields(in)), nil)), "; "))
		if got != strings.TrimSpace(want) {
			t.Fatalf("line %d, %s\nputs out %q\nexpected %q", i+1, in, got, strings.TrimSpace(want))
		}
	}
}

var stateNames = map[string]State{"detached": Idle, "attaching": Attaching, "detaching": Detaching,
	"suspended": Suspended, "failed": Failed}

// inputOf parses an input.
func inputOf(t *testing.T, words []string) Input[int] {
	t.Helper()
	word, rest := words[0], words[1:]
	number := func(i int) int {
		n, err := strconv.Atoi(rest[i])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	switch word {
	case "connected":
		return Input[int]{Kind: Connected, Connection: rest[0]}
	case "attached", "attached+":
		return Input[int]{Kind: ChannelAttached, HasPresence: word == "attached+", Again: len(rest) > 0}
	case "state":
		return Input[int]{Kind: ChannelState, State: stateNames[rest[0]]}
	case "enter", "update", "leave":
		kind := map[string]InputKind{"enter": CallEnter, "update": CallUpdate, "leave": CallLeave}[word]
		return Input[int]{Kind: kind, Call: Call(number(0)), Client: rest[1], Payload: number(2)}
	case "get":
		return Input[int]{Kind: CallGet, Call: Call(number(0))}
	case "answered":
		return Input[int]{Kind: Answered, Call: Call(number(0))}
	case "refused":
		if n, err := strconv.Atoi(rest[0]); err == nil {
			return Input[int]{Kind: Answered, Call: Call(n), Refused: true}
		}
		return Input[int]{Kind: Answered, Client: rest[0], Refused: true}
	case "P":
		return Input[int]{Kind: Received, Messages: messagesOf(t, rest)}
	case "S":
		return Input[int]{Kind: Synced, Serial: strings.TrimPrefix(rest[0], "-"), Messages: messagesOf(t, rest[1:])}
	}
	t.Fatalf("unknown input %q", word)
	return Input[int]{}
}

func messagesOf(t *testing.T, words []string) (out []Message[int]) {
	t.Helper()
	for _, word := range words {
		var m Message[int]
		parts := strings.Split(word, "/")
		m.ConnectionID, m.ClientID, m.ID = parts[1], parts[2], parts[3]
		if _, err := fmt.Sscan(parts[0]+" "+parts[4]+" "+parts[5], &m.Action, &m.Timestamp, &m.Payload); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}
