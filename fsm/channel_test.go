package fsm

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Errors are strings in these tests; "" is none.
type (
	channelInput = ChannelInput[string]
	channelCore  = Channel[string]
)

// channelInputOf parses an input: its name, then words. A number is a call; "s…" is a serial;
// "resumed" is the flag; the name of a connection's state is that state; any other word is an
// error.
func channelInputOf(text string) channelInput {
	words := strings.Fields(text)
	in := channelInput{Kind: ChannelInputKind(slices.Index(channelInputNames[:], words[0]))}
	for _, w := range words[1:] {
		state := slices.Index(connectionStateNames[:], w)
		switch {
		case w[0] >= '1' && w[0] <= '9':
			in.Call = Call(w[0] - '0')
		case in.Kind == ConnectionChange && state >= 0:
			in.Connection = ConnectionState(state)
		case w == "resumed":
			in.Resumed = true
		case w[0] == 's' && len(w) == 2:
			in.Serial = Serial(w)
		default:
			in.Err = w
		}
	}
	return in
}

// playChannel takes steps, written "input => outputs", and compares the outputs as String prints
// them.
func playChannel(t testing.TB, c *channelCore, lines ...string) *channelCore {
	t.Helper()
	for i, l := range lines {
		text, want, _ := strings.Cut(l, "=>")
		in := channelInputOf(strings.TrimSpace(text))
		outs, err := c.Step(in, nil)
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		got := make([]string, len(outs))
		for j, o := range outs {
			got[j] = o.String()
		}
		if got := strings.Join(got, "; "); got != strings.TrimSpace(want) {
			t.Errorf("line %d, %v, outputs\n  %s\nexpected\n  %s", i+1, in, got, strings.TrimSpace(want))
		}
	}
	return c
}

const (
	sendsAttach = "sendAttach; startRequestTimer"
	sendsDetach = "sendDetach; startRequestTimer"
	attaches    = "Attach 1 => state(initialized -> attaching); " + sendsAttach
	isAttached  = "Attached s1 => apply; state(attaching -> attached); settle(1, done); stopRequestTimer"
	reattaches  = "sendAttach(serial s1, resumed); startRequestTimer"
	detaches    = "Detach 2 => state(attached -> detaching); " + sendsDetach
	isDetached  = "Detached => state(detaching -> detached); settle(2, done); stopRequestTimer"
	isCut       = "Connection disconnected =>"
)

// beginChannel returns a channel in the given state, which it reaches by the shortest script, on a
// connection that is connected.
func beginChannel(t testing.TB, state ChannelState) *channelCore {
	t.Helper()
	c := NewChannel[string](ConnectionConnected)
	playChannel(t, c, map[ChannelState][]string{
		ChannelInitialized: nil,
		ChannelAttaching:   {attaches},
		ChannelAttached:    {attaches, isAttached},
		ChannelDetaching:   {attaches, isAttached, detaches},
		ChannelDetached:    {attaches, isAttached, detaches, isDetached},
		ChannelSuspended: {attaches, "Detached no => state(attaching -> suspended, no); settle(1, failed, no); " +
			"stopRequestTimer; startRetryTimer(1)"},
		ChannelFailed: {attaches, "Error bad => state(attaching -> failed, bad); settle(1, failed, bad); stopRequestTimer"},
	}[state]...)
	if got, _ := c.State(); got != state {
		t.Fatalf("the channel is %v, expected %v", got, state)
	}
	return c
}

// Each case starts with the channel that [beginChannel] returns for its state. The numbers are
// those of the rows in docs/channel.md.
func TestChannelRules(t *testing.T) {
	for _, c := range []struct {
		name  string
		from  ChannelState
		lines []string
	}{
		{"1 attach when detached", ChannelDetached, []string{"Attach 3 => state(detached -> attaching); " + sendsAttach}},
		{"1 attach when suspended stops the retry", ChannelSuspended, []string{
			"Attach 2 => state(suspended -> attaching); " + sendsAttach + "; stopRetryTimer",
		}},
		{"2 attach without a connection waits for one", ChannelInitialized, []string{
			isCut, "Attach 1 => state(initialized -> attaching)", "Connection connecting =>",
			"Connection connected => " + sendsAttach, isAttached,
		}},
		{"3 attach on a connection where nothing can be attached", ChannelInitialized, []string{
			"Connection suspended =>", "Attach 1 => settle(1, invalidConnection)",
			"Connection closing =>", "Attach 2 => settle(2, invalidConnection)",
			"Connection closed =>", "Attach 3 => settle(3, invalidConnection)",
			"Connection failed =>", "Attach 4 => settle(4, invalidConnection)",
		}},
		{"4 attach when failed clears the reason", ChannelFailed, []string{"Attach 2 => state(failed -> attaching); " + sendsAttach}},
		{"5 attach when attached", ChannelAttached, []string{"Attach 2 => settle(2, done)", isCut, "Attach 3 => settle(3, done)"}},
		{"6 two attaches are one ATTACH", ChannelAttaching, []string{
			"Attach 2 =>", "Attached => apply; state(attaching -> attached); settle(1, done); settle(2, done); stopRequestTimer",
		}},
		{"7 attach when detaching waits for DETACHED", ChannelDetaching, []string{
			"Attach 3 =>", "Detached => state(detaching -> detached); settle(2, done); state(detached -> attaching); " + sendsAttach,
		}},
		{"8 and 31 attach, then detach at once", ChannelAttaching, []string{
			"Detach 2 =>",
			"Attached => apply; state(attaching -> attached); settle(1, done); state(attached -> detaching); " + sendsDetach,
			isDetached,
		}},
		{"8 resumed", ChannelAttaching, []string{
			"Attached resumed => apply(resumed); state(attaching -> attached, resumed); settle(1, done); stopRequestTimer",
		}},
		{"9 and 10 ATTACHED again", ChannelAttached, []string{
			"Attached resumed s2 => apply(resumed)", "Attached s3 lost => apply; update(lost)",
		}},
		{"11 ATTACHED when detaching", ChannelDetaching, []string{"Attached => sendDetach", isDetached}},
		{"12 ATTACHED when detached", ChannelDetached, []string{
			"Attached => state(detached -> detaching); " + sendsDetach, "Detach 3 =>", "Attach 4 =>", "Detach 5 => settle(4, superseded)",
			"RequestTimeout late => state(detaching -> detached, late); settle(3, failed, late); settle(5, failed, late)",
		}},
		{"12 ATTACHED when initialized or failed", ChannelFailed, []string{
			"Attached => " + sendsDetach, "Attached =>", "Error again =>", "Detached => stopRequestTimer",
		}},
		{"13 no answer to ATTACH, and 16 for ever", ChannelAttaching, []string{
			"RequestTimeout late => state(attaching -> suspended, late); settle(1, failed, late); startRetryTimer(1)",
			"RetryTimeout => state(suspended -> attaching); " + sendsAttach,
			"RequestTimeout late => state(attaching -> suspended, late); startRetryTimer(2)",
			"RetryTimeout => state(suspended -> attaching); " + sendsAttach,
			"RequestTimeout late => state(attaching -> suspended, late); startRetryTimer(3)",
			"RetryTimeout => state(suspended -> attaching); " + sendsAttach,
			"RequestTimeout late => state(attaching -> suspended, late); startRetryTimer(4)",
			"RetryTimeout => state(suspended -> attaching); " + sendsAttach,
			"RequestTimeout late => state(attaching -> suspended, late); startRetryTimer(4)",
		}},
		{"14 refused, with a detach that waits", ChannelAttaching, []string{
			"Detach 2 =>",
			"Detached no => state(attaching -> suspended, no); settle(1, failed, no); state(suspended -> detached); settle(2, done); stopRequestTimer",
		}},
		{"15 DETACHED when attached, then when suspended", ChannelAttached, []string{
			"Detached gone => state(attached -> attaching, gone); " + reattaches,
			"Detached gone => state(attaching -> suspended, gone); stopRequestTimer; startRetryTimer(1)",
			"Detached gone => state(suspended -> attaching, gone); " + reattaches + "; stopRetryTimer",
		}},
		{"18 no answer to DETACH", ChannelDetaching, []string{
			"RequestTimeout late => state(detaching -> attached, late); settle(2, failed, late)",
			"Detached => state(attached -> attaching); " + reattaches,
		}},
		{"19 ERROR fails all that waits", ChannelAttaching, []string{
			"Detach 2 =>", "Error bad => state(attaching -> failed, bad); settle(1, failed, bad); settle(2, failed, bad); stopRequestTimer",
			"Error bad =>", "Detach 3 => settle(3, invalidState)", "Detached =>",
		}},
		{"20 a new transport", ChannelAttached, []string{
			isCut, "Connection connected resumed => state(attached -> attaching); " + reattaches,
			"Connection connected lost => " + reattaches,
		}},
		{"21 and 32 a new transport when detaching", ChannelDetaching, []string{
			"Connection disconnected => stopRequestTimer", "Detach 3 =>", "Connection connected resumed => " + sendsDetach,
			"Detached => state(detaching -> detached); settle(2, done); settle(3, done); stopRequestTimer",
		}},
		{"21 a new connection holds nothing to go back to", ChannelDetaching, []string{
			"Connection disconnected => stopRequestTimer", "Connection connected => " + sendsDetach,
			"RequestTimeout late => state(detaching -> detached, late); settle(2, failed, late)",
		}},
		{"22 the retry is cancelled without a connection", ChannelSuspended, []string{
			"Connection disconnected => stopRetryTimer", "Connection connected => state(suspended -> attaching); " + sendsAttach,
		}},
		{"23 the connection is suspended", ChannelAttached, []string{
			"Connection suspended gone => state(attached -> suspended, gone)", "Connection connecting =>",
			"Connection connected => state(suspended -> attaching); " + reattaches,
		}},
		{"23 and T9", ChannelDetaching, []string{
			"Attach 3 =>",
			"Connection suspended gone => state(detaching -> detached, gone); settle(2, done); settle(3, invalidConnection); stopRequestTimer",
			"Connection connected resumed => " + sendsDetach, "Detached => stopRequestTimer",
		}},
		{"24 the connection is closed, and opened again", ChannelAttaching, []string{
			"Connection closing => stopRequestTimer", "Connection closed over => state(attaching -> detached, over); settle(1, failed, over)",
			"Connection connecting => state(detached -> initialized)", "Attach 2 => state(initialized -> attaching)",
			"Connection connected => " + sendsAttach,
		}},
		{"24 connect() while it closes", ChannelAttached, []string{
			"Connection closing =>", "Connection connecting => state(attached -> detached); state(detached -> initialized)",
		}},
		{"25 the connection fails", ChannelDetaching, []string{
			"Attach 3 =>", "Connection failed bad => state(detaching -> failed, bad); settle(3, failed, bad); settle(2, failed, bad); stopRequestTimer",
			"Connection connecting => state(failed -> initialized)",
		}},
		{"22 and T4 a cut changes nothing and stops the time", ChannelAttaching, []string{
			"Connection disconnected => stopRequestTimer", "Connection connecting =>", "Connection connected => " + sendsAttach,
		}},
		{"23 the connection is suspended when attaching", ChannelAttaching, []string{
			"Connection suspended gone => state(attaching -> suspended, gone); settle(1, failed, gone); stopRequestTimer",
		}},
		{"24 the connection is closed when attached", ChannelAttached, []string{
			"Connection closing =>", "Connection closed over => state(attached -> detached, over)",
		}},
		{"25 the connection fails when attaching", ChannelAttaching, []string{
			"Connection failed bad => state(attaching -> failed, bad); settle(1, failed, bad); stopRequestTimer",
		}},
		{"25 when detached", ChannelDetached, []string{"Connection failed bad =>"}},
		{"19 ERROR when attached", ChannelAttached, []string{"Error bad => state(attached -> failed, bad)"}},
		{"26 detach when detached", ChannelDetached, []string{"Detach 3 => settle(3, done)"}},
		{"32 two detaches are one DETACH", ChannelDetaching, []string{
			"Detach 3 =>", "Detached => state(detaching -> detached); settle(2, done); settle(3, done); stopRequestTimer",
		}},
		{"26, 27 nothing to detach", ChannelInitialized, []string{"Detach 1 => settle(1, done)"}},
		{"28 detach when suspended", ChannelSuspended, []string{"Detach 2 => state(suspended -> detached); settle(2, done); stopRetryTimer"}},
		{"29 and T8 detach without a connection", ChannelAttached, []string{
			isCut, "Detach 2 => state(attached -> detached); settle(2, done)", "Connection connecting =>",
			"Connection connected resumed => " + sendsDetach, "Message s5 =>", "Attach 3 => state(detached -> attaching)", "Attached =>",
			"Detached => " + sendsAttach, "Attached => apply; state(attaching -> attached); settle(3, done); stopRequestTimer",
		}},
		{"T8 on a new connection there is nothing to detach", ChannelAttached, []string{
			isCut, "Detach 2 => state(attached -> detached); settle(2, done)", "Connection connected =>",
		}},
		{"29 a detach that waits for an attach does not wait for a connection", ChannelAttaching, []string{
			"Detach 2 =>",
			"Connection disconnected => state(attaching -> detached); settle(1, superseded); settle(2, done); stopRequestTimer",
		}},
		{"33 new options", ChannelAttached, []string{
			"SetOptions 2 => " + reattaches, "SetOptions 3 => " + reattaches,
			"Attached resumed => apply(resumed); settle(2, done); settle(3, done); stopRequestTimer",
			"SetOptions 4 => " + reattaches, "RequestTimeout late => settle(4, failed, late)",
			"SetOptions 5 => " + reattaches, "Detached no => state(attached -> attaching, no); settle(5, failed, no); " + reattaches,
		}},
		{"33 new options, then a detach", ChannelAttached, []string{
			"SetOptions 2 => " + reattaches, "Detach 3 => state(attached -> detaching); settle(2, superseded)",
			"Attached => " + sendsDetach, "SetOptions 4 => settle(4, done)",
			"Detached => state(detaching -> detached); settle(3, done); stopRequestTimer",
		}},
		{"33 new options, then a detach, and no answer", ChannelAttached, []string{
			"SetOptions 2 => " + reattaches, "Detach 3 => state(attached -> detaching); settle(2, superseded)",
			"RequestTimeout late => " + sendsDetach,
		}},
		{"16 retries are counted anew once attached", ChannelSuspended, []string{
			"RetryTimeout => state(suspended -> attaching); " + sendsAttach,
			"RequestTimeout late => state(attaching -> suspended, late); startRetryTimer(2)",
			"Attached => apply; state(suspended -> attached); stopRetryTimer",
			"Detached gone => state(attached -> attaching, gone); sendAttach(resumed); startRequestTimer",
			"RequestTimeout late => state(attaching -> suspended, late); startRetryTimer(1)",
		}},
		{"19 an ERROR does not answer a DETACH", ChannelDetaching, []string{
			"Error bad => state(detaching -> failed, bad); settle(2, failed, bad)", "Attach 3 => state(failed -> attaching)",
			"Detached => " + sendsAttach,
		}},
		{"17 nor does a DETACHED with an error", ChannelDetaching, []string{
			"Detached gone => state(detaching -> detached, gone); settle(2, done)", "Attach 3 => state(detached -> attaching)",
			"Detached gone =>", "Detached => " + sendsAttach,
		}},
		{"T8 after CLOSED there is nothing to detach", ChannelAttached, []string{
			isCut, "Detach 2 => state(attached -> detached); settle(2, done)", "Connection closed =>",
			"Connection connecting => state(detached -> initialized)", "Connection connected resumed =>",
		}},
		{"T8 nor after FAILED", ChannelAttached, []string{
			isCut, "Detach 2 => state(attached -> detached); settle(2, done)", "Connection failed =>",
			"Connection connecting => state(detached -> initialized)", "Connection connected resumed =>",
		}},
		{"T8 a detach that waited for an attach is made up for", ChannelAttaching, []string{
			"Detach 2 =>",
			"Connection disconnected => state(attaching -> detached); settle(1, superseded); settle(2, done); stopRequestTimer",
			"Connection connected resumed => " + sendsDetach,
		}},
		{"T20 an ERROR on a channel that was held may not be the answer", ChannelAttached, []string{
			isCut, "Connection connected resumed => state(attached -> attaching); " + reattaches,
			"Error bad => state(attaching -> failed, bad); stopRequestTimer", "GiveBack => " + sendsDetach,
		}},
		{"T20 on one that was not it is", ChannelFailed, []string{"GiveBack =>"}},
		{"T20 what may still be answered is made up for after a cut", ChannelAttached, []string{
			isCut, "Connection connected resumed => state(attached -> attaching); " + reattaches,
			"Error bad => state(attaching -> failed, bad); stopRequestTimer", isCut, "GiveBack =>",
			"Connection connected resumed => " + sendsDetach,
		}},
		{"T1 a later call of the other kind overtakes", ChannelAttaching, []string{
			"Detach 2 =>", "Attach 3 => settle(2, superseded)",
			"Attached => apply; state(attaching -> attached); settle(1, done); settle(3, done); stopRequestTimer",
		}},
		{"T5 ATTACHED when suspended", ChannelSuspended, []string{"Attached => apply; state(suspended -> attached); stopRetryTimer"}},
		{"T23 ERROR 80016", ChannelAttaching, []string{
			"Overtaken => " + sendsAttach, isAttached, "Overtaken => sendSync", detaches, "Overtaken => " + sendsDetach, isDetached,
			"Overtaken =>",
		}},
		{"RTL17 messages", ChannelAttached, []string{
			"Message s2 => deliver", "Message => deliver", "Detached gone => state(attached -> attaching, gone); sendAttach(serial s2, resumed); startRequestTimer",
			"Message s3 =>", "Attached s4 resumed => apply(resumed); state(attaching -> attached, resumed); stopRequestTimer",
		}},
		{"T20 an answer that comes after all is no later one's", ChannelDetaching, []string{
			"RequestTimeout late => state(detaching -> attached, late); settle(2, failed, late)",
			"Detach 3 => state(attached -> detaching); " + sendsDetach,
			"Detached => state(detaching -> detached); settle(3, done); stopRequestTimer",
			"GiveBack =>", "Renew =>",
			"Attach 4 => state(initialized -> attaching); " + sendsAttach,
			"Detached => " + sendsAttach,
			"Attached => apply; state(attaching -> attached); settle(4, done); stopRequestTimer",
			"Attached => apply; update",
		}},
		{"T20 a life that began while the one before attached", ChannelAttaching, []string{
			"GiveBack => settle(1, givenBack); " + sendsDetach, "Renew =>", "Attach 2 => state(initialized -> attaching)",
			"Attached =>", "Error bad =>", "Detached => " + sendsAttach,
			"Attached s2 => apply; state(attaching -> attached); settle(2, done); stopRequestTimer",
		}},
		{"T20 an ATTACHED that may be an earlier life's attaches no later one", ChannelAttaching, []string{
			"GiveBack => settle(1, givenBack); " + sendsDetach, "Renew =>", "Attach 2 => state(initialized -> attaching)",
			"RequestTimeout late => " + sendsAttach, "Attached => " + sendsAttach, "Detached => " + sendsAttach,
			"Attached => apply; state(attaching -> attached); settle(2, done); stopRequestTimer",
		}},
		{"T20 given back without a connection", ChannelAttached, []string{
			isCut, "GiveBack =>", "Connection connected resumed => " + sendsDetach, "Attached =>", "Detached => stopRequestTimer", "Error bad =>",
			"Attached => " + sendsDetach,
		}},
		{"T20 a detach behind a fence is at once", ChannelAttached, []string{
			"GiveBack => " + sendsDetach, "Renew =>", "Attach 2 => state(initialized -> attaching)",
			"Detach 3 => state(attaching -> detached); settle(2, superseded); settle(3, done)",
			"RequestTimeout late => " + sendsDetach,
		}},
		{"C40 a lost DETACH of what was given back is sent again until the server has let go", ChannelAttached, []string{
			"GiveBack => " + sendsDetach, "RequestTimeout late => " + sendsDetach, "RequestTimeout late => " + sendsDetach,
			"Detached =>", "RequestTimeout late =>",
		}},
		{"C40 the same of an attach without an answer", ChannelInitialized, []string{
			"Attach 1 => state(initialized -> attaching); " + sendsAttach,
			"RequestTimeout late => state(attaching -> suspended, late); settle(1, failed, late); startRetryTimer(1)",
			"GiveBack => " + sendsDetach + "; stopRetryTimer", "RequestTimeout late => " + sendsDetach,
			"Error no =>", "RequestTimeout late =>",
		}},
		{"T20 the fence is set again when it was cut", ChannelAttached, []string{
			"GiveBack => " + sendsDetach, "Renew =>", "Attach 2 => state(initialized -> attaching)",
			"Connection disconnected => stopRequestTimer", "Connection connected resumed => " + sendsDetach,
			"Detached => " + sendsAttach,
		}},
	} {
		t.Run(c.name, func(t *testing.T) { playChannel(t, beginChannel(t, c.from), c.lines...) })
	}
}

func TestChannelSerials(t *testing.T) {
	c := beginChannel(t, ChannelAttached)
	check := func(channel, attach Serial, lines ...string) {
		t.Helper()
		playChannel(t, c, lines...)
		if c.ChannelSerial() != channel || c.AttachSerial() != attach {
			t.Errorf("after %v: %q and %q, expected %q and %q", lines, c.ChannelSerial(), c.AttachSerial(), channel, attach)
		}
	}
	check("s1", "s1")
	check("s2", "s1", "Message s2 => deliver")
	check("s3", "s1", "Attached resumed s3 => apply(resumed)")
	check("s4", "s4", "Attached s4 => apply; update")
	check("s4", "s4", "Attached => apply; update")
	check("s4", "s4", "Connection suspended => state(attached -> suspended)")
	check("", "", "Detach 2 => state(suspended -> detached); settle(2, done)")
	check("", "", "Attach 3 => settle(3, invalidConnection)", "Connection connected => ")
	check("s5", "s5", "Attach 4 => state(detached -> attaching); "+sendsAttach,
		"Attached resumed s5 => apply(resumed); state(attaching -> attached, resumed); settle(4, done); stopRequestTimer")
}

func TestChannelForgets(t *testing.T) {
	c := beginChannel(t, ChannelAttached)
	steps := []struct {
		line        string
		forgettable bool
	}{
		{"GiveBack => " + sendsDetach, false}, {"Connection disconnected => stopRequestTimer", false},
		{"Connection connected resumed => " + sendsDetach, false}, {"RequestTimeout late => " + sendsDetach, false}, {"Detached =>", false},
		{"Detached => stopRequestTimer", true},
		{"Renew =>", false}, {"GiveBack =>", true},
	}
	for _, s := range steps {
		if playChannel(t, c, s.line); c.Forgettable() != s.forgettable {
			t.Errorf("after %s it can be forgotten: %t", s.line, c.Forgettable())
		}
	}
}

func TestChannelReason(t *testing.T) {
	for _, c := range []struct {
		from  ChannelState
		lines []string
		want  string
	}{
		{ChannelFailed, nil, "bad"},
		{ChannelFailed, []string{"Attach 2 => state(failed -> attaching); " + sendsAttach}, ""},
		{ChannelFailed, []string{"Connection closed =>", "Connection connecting => state(failed -> initialized)"}, ""},
		{ChannelSuspended, []string{"RetryTimeout => state(suspended -> attaching); " + sendsAttach}, "no"},
		{ChannelSuspended, []string{"Attached e => apply; state(suspended -> attached, e); stopRetryTimer"}, ""},
		{ChannelSuspended, []string{"GiveBack => stopRetryTimer"}, ""},
	} {
		if _, got := playChannel(t, beginChannel(t, c.from), c.lines...).State(); got != c.want {
			t.Errorf("%v after %v: the reason is %q, expected %q", c.from, c.lines, got, c.want)
		}
	}
}

func TestChannelRefusals(t *testing.T) {
	for _, c := range []struct {
		from     ChannelState
		in, want string
	}{
		{ChannelInitialized, "Attach 2", "the next call is 1"}, {ChannelInitialized, "Detach", "the next call is 1"},
		{ChannelInitialized, "Renew", "the channel was not given back"}, {ChannelAttached, "RequestTimeout", "no request is awaited"},
		{ChannelAttached, "RetryTimeout", "no retry is due"}, {ChannelAttached, "nothing", "unknown kind of input"},
	} {
		r := beginChannel(t, c.from)
		before := r.Clone()
		outs, err := r.Step(channelInputOf(c.in), []ChannelOutput[string]{{Kind: SendSync}})
		refused := (*RefusedError)(nil)
		if !errors.As(err, &refused) || refused.Reason != c.want || len(outs) != 1 || !r.Equal(before) {
			t.Errorf("%v, %s: %v, %v; expected %s", c.from, c.in, outs, err, c.want)
		}
	}
	gone := playChannel(t, beginChannel(t, ChannelInitialized), "GiveBack =>")
	for _, text := range []string{"Attach 1", "Detach 1", "SetOptions 1", "GiveBack"} {
		if _, err := gone.Step(channelInputOf(text), nil); err == nil || !strings.Contains(err.Error(), "was given back") {
			t.Errorf("%s after giving back: %v", text, err)
		}
	}
	cut := playChannel(t, beginChannel(t, ChannelAttached), isCut)
	for _, text := range []string{"Attached", "Detached", "Error", "Overtaken", "Message"} {
		if _, err := cut.Step(channelInputOf(text), nil); err == nil || !strings.Contains(err.Error(), "not connected") {
			t.Errorf("%s without a connection: %v", text, err)
		}
	}
	if _, err := cut.Step(channelInput{Kind: ConnectionChange, Connection: 99}, nil); err == nil {
		t.Error("the connection may be in any state")
	}
}

// channelAlphabet returns inputs, fitting and not, for a channel with at most the given number of
// calls.
func channelAlphabet(c *channelCore, calls Call) []channelInput {
	var inputs []channelInput
	for _, text := range []string{"GiveBack", "Renew", "Attached", "Attached resumed s1", "Attached e", "Detached", "Detached e", "Error e",
		"Overtaken", "Message s2", "RequestTimeout e", "RetryTimeout", "Connection initialized", "Connection connecting",
		"Connection connected", "Connection connected resumed", "Connection disconnected", "Connection suspended e",
		"Connection closing", "Connection closed e", "Connection failed e", "nothing"} {
		inputs = append(inputs, channelInputOf(text))
	}
	for _, kind := range []ChannelInputKind{CallChannelAttach, CallChannelDetach, CallChannelOptions} {
		inputs = append(inputs, channelInput{Kind: kind, Call: c.NextCall() + 1})
		if next := c.NextCall(); next <= calls {
			inputs = append(inputs, channelInput{Kind: kind, Call: next})
		}
	}
	return append(inputs, channelInput{Kind: ConnectionChange, Connection: 99})
}

func channelKey(c *channelCore) string { return string(c.AppendKey(nil, appendString)) }

// TestChannelWalk visits every state that nine inputs with one error can reach, and tries every
// input in each. It checks that nothing panics; that a refused input changes nothing; that
// different states have different keys; that every state can be restored; that the timers run as
// the outputs say; and that each call is settled once.
func TestChannelWalk(t *testing.T) {
	const depth, calls = 9, 3
	type node struct {
		core           *channelCore
		request, retry bool // whether each timer runs, according to the outputs
		path           []channelInput
	}
	queue := []node{{core: NewChannel[string](ConnectionConnected)}}
	seen := map[string]bool{channelKey(queue[0].core): true}
	restored := NewChannel[string](ConnectionClosed)
	var state ChannelCoreState[string]
	edges := 0
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		fail := func(in channelInput, format string, args ...any) {
			t.Helper()
			t.Fatalf("after %v, %v: %s", n.path, in, fmt.Sprintf(format, args...))
		}
		before := channelKey(n.core)
		n.core.StateInto(&state)
		for _, in := range channelAlphabet(n.core, calls) {
			if err := restored.Restore(state); err != nil || !restored.Equal(n.core) || channelKey(restored) != before {
				fail(in, "%+v is restored as %+v: %v", state, restored, err)
			}
			c := n.core.Clone()
			outs, err := c.Step(in, nil)
			again, againErr := restored.Step(in, nil)
			if !slices.Equal(outs, again) || (err == nil) != (againErr == nil) || !restored.Equal(c) {
				fail(in, "a restored core goes another way: %v, %v; expected %v, %v", again, againErr, outs, err)
			}
			if channelKey(n.core) != before {
				fail(in, "a step of a clone changed the original")
			}
			if err != nil {
				if !errors.As(err, new(*RefusedError)) || len(outs) > 0 || channelKey(c) != before {
					fail(in, "refused, and yet: %v", outs)
				}
				continue
			}
			edges++
			waiting := map[Call]bool{in.Call: in.Call != 0}
			for _, call := range slices.Concat(n.core.attachers, n.core.detachers) {
				waiting[call] = true
			}
			next := node{core: c, request: n.request && in.Kind != RequestTimeout, retry: n.retry && in.Kind != RetryTimeout}
			told, _ := n.core.State()
			for _, o := range outs {
				switch o.Kind {
				case StartRequestTimer:
					next.request = true
				case StopRequestTimer:
					next.request = false
				case StartRetryTimer:
					next.retry = true
				case StopRetryTimer:
					next.retry = false
				case SettleChannelCall:
					if !waiting[o.Call] {
						fail(in, "%v, which is not pending", o)
					}
					delete(waiting, o.Call)
				case PublishChannelState:
					if o.Previous != told || o.State == told {
						fail(in, "%v, while listeners know %v", o, told)
					}
					told = o.State
				}
			}
			if next.request != c.awaited || next.retry != c.retryTimerRuns() {
				fail(in, "the timers run: %t, %t; expected %t, %t", next.request, next.retry, c.awaited, c.retryTimerRuns())
			}
			for _, call := range slices.Concat(c.attachers, c.detachers) {
				delete(waiting, call)
			}
			delete(waiting, 0)
			if len(waiting) > 0 {
				fail(in, "lost: %v", slices.Sorted(maps.Keys(waiting)))
			}
			if key := channelKey(c); !seen[key] && len(n.path) < depth {
				seen[key] = true
				next.path = append(slices.Clone(n.path), in)
				queue = append(queue, next)
			}
		}
	}
	t.Logf("%d states, %d edges", len(seen), edges)
	if len(seen) < 4000 {
		t.Errorf("only %d states", len(seen))
	}
}

func TestChannelCloneSharesNothing(t *testing.T) {
	c := playChannel(t, beginChannel(t, ChannelDetaching), "Attached => sendDetach", "Detach 3 =>", "Attach 4 =>")
	want := channelKey(c)
	d := c.Clone()
	playChannel(t, d, "Attached => sendDetach", "Detach 5 => settle(4, superseded)")
	playChannel(t, d, "Detached => state(detaching -> detached); settle(2, done); settle(3, done); settle(5, done); stopRequestTimer")
	if channelKey(c) != want || c.Equal(d) || d.Equal(c) {
		t.Error("the original changed with its clone")
	}
}

// Equal and the key depend on each field of the state.
func TestChannelEqualLooksAtEveryField(t *testing.T) {
	base := beginChannel(t, ChannelAttached)
	change := map[string]func(*channelCore){
		"lastCall": func(c *channelCore) { c.lastCall++ }, "state": func(c *channelCore) { c.state++ },
		"back": func(c *channelCore) { c.back++ }, "link": func(c *channelCore) { c.link++ },
		"reason": func(c *channelCore) { c.reason = "e" }, "wire": func(c *channelCore) { c.wire = []Request{RequestDetach} },
		"awaited": func(c *channelCore) { c.awaited = true }, "leftover": func(c *channelCore) { c.leftover = true }, "held": func(c *channelCore) { c.held = false },
		"doubt":     func(c *channelCore) { c.doubt = true },
		"givenBack": func(c *channelCore) { c.givenBack = true }, "attachers": func(c *channelCore) { c.attachers = []Call{1} },
		"detachers": func(c *channelCore) { c.detachers = []Call{1} }, "retries": func(c *channelCore) { c.retries++ },
		"resume":        func(c *channelCore) { c.resume = false },
		"channelSerial": func(c *channelCore) { c.channelSerial = "" }, "attachSerial": func(c *channelCore) { c.attachSerial = "" },
	}
	fields := reflect.TypeFor[channelCore]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if name == "table" {
			continue
		}
		c := base.Clone()
		if change[name] == nil {
			t.Fatalf("the field %s is not compared here", name)
		}
		change[name](c)
		if base.Equal(c) || c.Equal(base) || channelKey(c) == channelKey(base) {
			t.Errorf("%s does not count", name)
		}
	}
	for _, at := range []*channelCore{beginChannel(t, ChannelAttaching), beginChannel(t, ChannelDetaching)} {
		long := at.Clone()
		long.wire = append(long.wire, RequestDetach)
		if strings.HasPrefix(channelKey(long), channelKey(at)) {
			t.Error("a key is the begin of another")
		}
	}
}

func TestChannelRestoreRefusesWhatMakesNoSense(t *testing.T) {
	good := ChannelCoreState[string]{LastCall: 2, State: ChannelDetaching, Back: ChannelAttached, Link: LinkConnected,
		Wire: []Request{RequestDetach}, Awaited: true, Attachers: []Call{2}, Detachers: []Call{1}}
	c := NewChannel[string](ConnectionConnected)
	if err := c.Restore(good); err != nil {
		t.Fatal(err)
	}
	kept := c.Clone()
	for name, spoil := range map[string]func(*ChannelCoreState[string]){
		"state":       func(s *ChannelCoreState[string]) { s.State = ChannelFailed + 1 },
		"no state":    func(s *ChannelCoreState[string]) { *s = ChannelCoreState[string]{State: ChannelFailed + 1} },
		"no call":     func(s *ChannelCoreState[string]) { s.Attachers, s.Detachers = []Call{3}, nil },
		"link":        func(s *ChannelCoreState[string]) { s.Link = LinkEnded + 1 },
		"retries":     func(s *ChannelCoreState[string]) { s.Retries = maxRetry + 1 },
		"request":     func(s *ChannelCoreState[string]) { s.Wire = []Request{3} },
		"wire":        func(s *ChannelCoreState[string]) { s.Link = LinkWaiting },
		"leftover":    func(s *ChannelCoreState[string]) { s.Leftover = true },
		"no wire":     func(s *ChannelCoreState[string]) { s.Wire = nil },
		"not awaited": func(s *ChannelCoreState[string]) { s.Awaited = false },
		"suspended":   func(s *ChannelCoreState[string]) { s.State, s.Back = ChannelSuspended, 0 },
		"back":        func(s *ChannelCoreState[string]) { s.Back = ChannelFailed },
		"no back":     func(s *ChannelCoreState[string]) { s.Back = ChannelInitialized },
		"back of":     func(s *ChannelCoreState[string]) { s.State, s.Attachers, s.Detachers = ChannelFailed, nil, nil },
		"given back":  func(s *ChannelCoreState[string]) { s.GivenBack = true },
		"attachers":   func(s *ChannelCoreState[string]) { s.State, s.Back, s.Detachers = ChannelDetached, 0, nil },
		"detachers":   func(s *ChannelCoreState[string]) { s.State, s.Back, s.Attachers = ChannelAttached, 0, nil },
		"call 0":      func(s *ChannelCoreState[string]) { s.Attachers = []Call{0} },
		"call 3":      func(s *ChannelCoreState[string]) { s.Attachers = []Call{3} },
		"twice":       func(s *ChannelCoreState[string]) { s.Attachers = []Call{1} },
	} {
		bad := good
		spoil(&bad)
		if err := c.Restore(bad); err == nil || !c.Equal(kept) {
			t.Errorf("%s: restored %+v: %v", name, bad, err)
		}
	}
}

// The same inputs give the same outputs and the same state.
func TestChannelIsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := NewChannel[string](ConnectionInitialized), NewChannel[string](ConnectionInitialized)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			in := rapid.SampledFrom(channelAlphabet(a, 1000)).Draw(t, "input")
			aOuts, aErr := a.Step(in, nil)
			bOuts, bErr := b.Step(in, nil)
			if !slices.Equal(aOuts, bOuts) || (aErr == nil) != (bErr == nil) || !a.Equal(b) || channelKey(a) != channelKey(b) {
				t.Fatalf("%v: %v, %v and %v, %v", in, aOuts, aErr, bOuts, bErr)
			}
		}
	})
}

// Delivering a message allocates nothing.
func TestAMessageAllocatesNothing(t *testing.T) {
	c := beginChannel(t, ChannelAttached)
	outs := make([]ChannelOutput[string], 0, 4)
	in := channelInputOf("Message s2")
	if n := testing.AllocsPerRun(100, func() { outs, _ = c.Step(in, outs[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
