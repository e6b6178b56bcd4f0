package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The environment variables that make live reads.
const (
	keyVariable      = "ABLY_API_KEY"
	endpointVariable = "ABLY_ENDPOINT"
)

// errNoKey is returned if there is no key.
var errNoKey = errors.New("nothing was compared: " + keyVariable + " is not set")

const howToGetAKey = `
NOTHING WAS COMPARED WITH ABLY: ` + keyVariable + ` IS NOT SET

To run the scenarios of "on the wire" on Ably itself, a key of an app of Ably's is needed. To get
one, make a free account at https://ably.com/sign-up, and copy a key from the API Keys tab of an app
in the dashboard. The key needs the capabilities publish, subscribe, presence and history on all
resources; the root key has them. Then run

    ` + keyVariable + `=app.key:secret make live

` + endpointVariable + ` names another cluster or a host, like the client option endpoint.

`

// liveRun runs the scenarios on the embedded server and on Ably, and prints the differences. The
// environment has the key and the endpoint. The key is not contained in anything that it writes or
// returns.
func liveRun(ctx context.Context, out io.Writer, getenv func(string) string, only string) error {
	key := getenv(keyVariable)
	if key == "" {
		fmt.Fprint(out, howToGetAKey)
		return errNoKey
	}
	host := hostOf(getenv(endpointVariable))
	on := place{name: "Ably", address: "wss://" + host, key: key,
		quiet: 300 * time.Millisecond, patience: time.Minute}
	fmt.Fprintf(out, "on %s, with the key of %s\n", host, keyVariable)
	return compareServers(ctx, out, on, scenariosWith(only))
}

// hostOf returns the host of an endpoint (REC1b).
func hostOf(endpoint string) string {
	endpoint = cmp.Or(endpoint, "main")
	if strings.Contains(endpoint, ".") || strings.Contains(endpoint, "::") ||
		endpoint == "localhost" {
		return endpoint
	}
	if name, ok := strings.CutPrefix(endpoint, "nonprod:"); ok {
		return name + ".realtime.ably-nonprod.net"
	}
	return endpoint + ".realtime.ably.net"
}

// compareServers runs each scenario with a client of this library, on an embedded server and on a
// place. It prints the frames of both directions that differ.
func compareServers(ctx context.Context, out io.Writer, on place, wanted []scenario) error {
	if len(wanted) == 0 {
		return errors.New("no scenario has a name that contains the text of -only")
	}
	began := time.Now()
	var text strings.Builder
	played := map[string][]string{}
	var mu sync.Mutex
	var frames atomic.Int64
	session := rand.Uint64()
	lines := compareAll(wanted, func(s scenario, f format) outcome {
		there := on
		there.suffix = fmt.Sprintf("-%x-%d-%s", session, slices.IndexFunc(wanted,
			func(w scenario) bool { return w.name == s.name }), f)
		embedded, real, err := both(
			func() (recording, error) { return runAlone(ctx, s, newOurWire, f, nil) },
			func() (recording, error) { return runScenario(ctx, s, there, newOurWire, f, nil) })
		if err != nil {
			return outcome{err: err}
		}
		mu.Lock()
		played[s.name] = real.played
		mu.Unlock()
		frames.Add(int64(len(real.frames)))
		var differ []string
		for _, v := range embedded.view().against(real.view(), inFull) {
			differ = append(differ, v.between("the embedded server", on.name))
		}
		return outcome{differs: strings.Join(differ, "\n")}
	})
	c := writeAgreement(&text, "the embedded server and "+on.name, lines)
	writePlayed(&text, on.name, wanted, played)
	fmt.Fprintf(&text, "\n%s and the embedded server: %d scenarios, %d rows, %d frames, %d the same, "+
		"%d differ, %d failed, in %.1f s\n", on.name, len(wanted), c.rows, frames.Load(), c.passed,
		c.differs, c.failed, time.Since(began).Seconds())
	if _, err := io.WriteString(out, hidden(text.String(), on.key)); err != nil {
		return err
	}
	if c.differs+c.failed > 0 {
		return fmt.Errorf("%d of %d rows differ, %d failed", c.differs, c.rows, c.failed)
	}
	return nil
}

// inFull returns all fields of a frame that only one side has.
func inFull(f namedFrame) string {
	text, _ := json.Marshal(f.fields)
	return string(text)
}

// writePlayed prints for which scenarios the relay does something that no client can request from
// the network or the server. These scenarios run on Ably too.
func writePlayed(out io.Writer, name string, wanted []scenario, played map[string][]string) {
	head := fmt.Sprintf("\nevents that no client can request from %s, and that the relay makes instead:\n", name)
	for _, s := range wanted {
		if did := played[s.name]; len(did) > 0 {
			fmt.Fprintf(out, "%s  %s: %s\n", head, s.name, strings.Join(did, "; "))
			head = ""
		}
	}
}

// hidden returns a text in which the key and its secret are replaced.
func hidden(text, key string) string {
	text = strings.ReplaceAll(text, key, "(the key)")
	if _, secret, ok := strings.Cut(key, ":"); ok && secret != "" {
		text = strings.ReplaceAll(text, secret, "(the secret)")
	}
	return text
}
