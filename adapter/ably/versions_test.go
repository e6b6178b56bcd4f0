package ablychat_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// The versions of a message are as it was created, its updates and its deletion, oldest first.
func TestVersions(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		m := newPerson(t, ablytest.NewServer(t), "ann", binary).unattached("a/b ☃").Messages()
		sent := must(m.Send(soon(t), ablychat.Text("one")))
		updated := must(m.Update(soon(t), sent.Serial, ablychat.Text("two"), ablychat.WithDescription("typo")))
		deleted := must(m.Delete(soon(t), sent.Serial))
		var versions []ablychat.Message
		for v, err := range must(m.Versions(soon(t), sent.Serial)).All(soon(t)) {
			if err != nil {
				t.Fatal(err)
			}
			versions = append(versions, v)
		}
		if len(versions) != 3 || !versions[0].SameVersion(sent) || versions[0].Text != "one" ||
			!versions[1].SameVersion(updated) || versions[1].Version.Description != "typo" ||
			!versions[2].SameVersion(deleted) || versions[2].DeletedBy() != "ann" {
			t.Errorf("%+v", versions)
		}
		if _, err := m.Versions(soon(t), "none"); ablyStatus(err) != 404 {
			t.Errorf("of no message: %v", err)
		}
		if _, err := m.Versions(soon(t), ""); !errors.Is(err, ablychat.ErrInvalidArgument) {
			t.Errorf("of no serial: %v", err)
		}
	})
}

func ablyStatus(err error) int {
	info, ok := errors.AsType[*ablychat.ErrorInfo](err)
	if !ok {
		return 0
	}
	return info.StatusCode
}

// A call that is repeated with its key has no second effect.
func TestIdempotency(t *testing.T) {
	server, wire := ablytest.NewServer(t), &recorder{}
	client := must(ablychat.Connect(ablychat.WithIdempotentPublishing(),
		ablychat.Ably(server.ClientOptions(ably.WithClientID("ann"),
			ably.WithUseBinaryProtocol(false), ably.WithHTTPClient(&http.Client{Transport: wire}))...)))
	defer client.Close()
	m := must(client.Rooms().Get(soon(t), "lobby")).Messages()
	var first ablychat.Message
	for i := range 2 {
		key := ablychat.WithIdempotencyKey("my key")
		sent := must(m.Send(soon(t), ablychat.Text("once"), key))
		if i == 0 {
			first = sent
		}
		must(m.Update(soon(t), first.Serial, ablychat.Text("twice"), ablychat.WithIdempotencyKey("my update")))
		must(m.Delete(soon(t), first.Serial, ablychat.WithIdempotencyKey("my deletion")))
		if !sent.Same(first) {
			t.Errorf("sent as %s and as %s", first.Serial, sent.Serial)
		}
	}
	if n := len(must(m.Versions(soon(t), first.Serial)).Items); n != 3 {
		t.Errorf("%d versions, expected 3", n)
	}
	keys := map[string]bool{}
	for _, call := range []func() error{ // keys of the client's own are not the same
		func() error { return second(m.Send(soon(t), ablychat.Text("again"))) },
		func() error { return second(m.Send(soon(t), ablychat.Text("again"))) },
		func() error { return second(m.Update(soon(t), first.Serial, ablychat.Text("again"))) },
		func() error { return second(m.Delete(soon(t), first.Serial)) },
	} {
		if err := call(); err != nil {
			t.Fatal(err)
		}
		keys[wire.last(t).query.Get("idempotencyKey")] = true
	}
	if len(keys) != 4 || keys[""] {
		t.Errorf("the keys are %v", keys)
	}
	if n := len(must(m.History(soon(t), ablychat.HistoryQuery{})).Items); n != 3 {
		t.Errorf("%d messages, expected 3", n)
	}
	for _, option := range []ablychat.OperationOption{ablychat.WithDescription("why"),
		ablychat.WithOperationMetadata(map[string]string{"by": "me"})} {
		if _, err := m.Send(soon(t), ablychat.Text("x"), option); !errors.Is(err, ablychat.ErrInvalidArgument) {
			t.Errorf("a send with more to say: %v", err)
		}
	}
}
