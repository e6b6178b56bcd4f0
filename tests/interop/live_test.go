package main

import (
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"ablyrooms.example/adapter/ably/ablytest"
)

// far is an embedded server that is set up like Ably: it is behind TLS, its certificate is trusted
// only by its own HTTP client, and its rooms are shared. The frames that it sends can be altered.
type far struct {
	place
	mu      sync.Mutex
	secrets []string // the keys of the connections that it has opened
}

func startFar(t *testing.T, alter func(*wireFrame) bool) *far {
	server := ablytest.NewServer(t)
	f := &far{}
	front := newRelay(onServer(server), agreeRoom, func(frame *wireFrame) bool {
		if d, ok := frame.fields["connectionDetails"].(map[string]any); ok {
			f.mu.Lock()
			f.secrets = append(f.secrets, d["connectionKey"].(string))
			f.mu.Unlock()
		}
		return alter == nil || alter(frame)
	})
	t.Cleanup(front.close)
	tls := httptest.NewUnstartedServer(front)
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	t.Cleanup(tls.Close)
	f.place = place{name: "Ably", address: strings.Replace(tls.URL, "https", "wss", 1),
		key: server.Key(), http: tls.Client(), patience: patience}
	return f
}

// compare returns what is printed. It fails the test if a secret is printed.
func (f *far) compare(t *testing.T, wanted ...scenario) (string, error) {
	t.Helper()
	var out strings.Builder
	err := compareServers(t.Context(), &out, f.place, wanted)
	text := out.String()
	if err != nil {
		text += err.Error()
	}
	_, secret, _ := strings.Cut(f.key, ":")
	for _, s := range append(f.secrets, f.key, secret) {
		if strings.Contains(text, s) {
			t.Errorf("the secret %q is printed:\n%s", s, text)
		}
	}
	return out.String(), err
}

// TestLive runs scenarios on an embedded server that is set up like Ably. It must not differ from
// an ordinary embedded server. TestAgreementOfOneLibrary runs all scenarios.
func TestLive(t *testing.T) {
	out, err := startFar(t, nil).compare(t, namedScenario(t, "cut, state lost"),
		namedScenario(t, "presence with sync"))
	for _, want := range []string{"2 scenarios, 4 rows", "4 the same, 0 differ, 0 failed",
		"cut, state lost: holds CONNECT of the client; cuts; asks for an unknown connection\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not printed", want)
		}
	}
	if err != nil || t.Failed() {
		t.Errorf("the run returned %v and printed\n%s", err, out)
	}
}

// serverAlterations are faults of a server, each with the line that must be printed.
var serverAlterations = []alteration{
	{"a flag too many", "attach", inJSON,
		"< ATTACHED flags: the embedded server 3080192, Ably 3080200",
		fromServer(ablytest.ActionAttached), 1, with("flags", 3080200)},
	{"a flag is a float", "attach", inMsgPack,
		"< ATTACHED flags: the embedded server 3080192, Ably float 3.080192e+06",
		fromServer(ablytest.ActionAttached), 1, with("flags", 3080192.0)},
	{"another time to live", "connect, close", inJSON,
		"< CONNECTED connectionDetails.connectionStateTtl: the embedded server 120000, Ably 60000",
		fromServer(ablytest.ActionConnected), 1, func(fields map[string]any) bool {
			return with("connectionStateTtl", 60000)(
				fields["connectionDetails"].(map[string]any))
		}},
	{"an ACK has no serials", "publish twice", inJSON,
		"< ACK res[0].serials[0]: the embedded server message-1, Ably none",
		fromServer(ablytest.ActionAck), 1, without("res")},
	{"a message has another's serial", "publish twice", inMsgPack,
		"< MESSAGE messages[0].serial: the embedded server message-2, Ably message-1",
		fromServer(ablytest.ActionMessage), 1, within("messages", with("serial", "another"))},
	{"a message is not echoed", "publish twice", inJSON, "< MESSAGE: the embedded server {",
		fromServer(ablytest.ActionMessage), 1, func(map[string]any) bool { return false }},
	{"text comes as binary", "publish twice", inMsgPack,
		`< MESSAGE messages[0].name: the embedded server roomReaction, Ably binary "roomReaction"`,
		fromServer(ablytest.ActionMessage), 1,
		within("messages", with("name", []byte("roomReaction")))},
	{"an enter that the client never hears of", "presence, cut, resume", inJSON,
		"> PRESENCE presence[0].id: the embedded server connection-1:0:0, Ably none",
		fromServer(ablytest.ActionPresence), 1, func(map[string]any) bool { return false }},
}

// TestLiveSeesDifferences plants faults in the server. Each must be printed.
func TestLiveSeesDifferences(t *testing.T) {
	for _, a := range serverAlterations {
		t.Run(a.name, func(t *testing.T) {
			out, err := startFar(t, a.plant()).compare(t, namedScenario(t, a.scenario))
			if err == nil || !strings.Contains(out, a.seen) {
				t.Errorf("the run returned %v; it must print %q, but printed\n%s", err, a.seen, out)
			}
		})
	}
}

// TestLiveFailures checks that errors that keep the scenarios from running are printed, without the
// key.
func TestLiveFailures(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*far)
		said  string
	}{
		"a certificate that the client does not trust": {func(f *far) { f.http = nil }, "certificate"},
		"a wrong key": {func(f *far) { f.key = strings.Split(f.key, ":")[0] + ":no-such-secret" },
			`"error.code":"40101"`},
		"no server at the address": {func(f *far) { f.address = "wss://127.0.0.1:1" }, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFar(t, nil)
			c.spoil(f)
			out, err := f.compare(t, namedScenario(t, "attach"))
			if err == nil || !strings.Contains(out, c.said) {
				t.Errorf("the run returned %v; it must print %q, but printed\n%s", err, c.said, out)
			}
		})
	}
}

// TestLiveWithoutAKey checks that a run without a key fails, and prints how to get one.
func TestLiveWithoutAKey(t *testing.T) {
	var out strings.Builder
	err := liveRun(t.Context(), &out, func(string) string { return "" }, "")
	how := keyVariable + "=app.key:secret make live"
	if !errors.Is(err, errNoKey) || !strings.Contains(out.String(), how) {
		t.Errorf("without a key, the run returned %v and printed %q", err, out.String())
	}
}

// TestHostOf checks the hosts of endpoints (REC1).
func TestHostOf(t *testing.T) {
	for endpoint, want := range map[string]string{
		"": "main.realtime.ably.net", "eu": "eu.realtime.ably.net", "localhost": "localhost",
		"nonprod:sandbox": "sandbox.realtime.ably-nonprod.net", "a.example": "a.example",
	} {
		if got := hostOf(endpoint); got != want {
			t.Errorf("the endpoint %q has the host %s, expected %s", endpoint, got, want)
		}
	}
}
