package ablychat_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// features has the public types of a room, its features and the connection.
var features = []reflect.Type{
	reflect.TypeFor[*ablychat.Room](), reflect.TypeFor[*ablychat.Messages](), reflect.TypeFor[*ablychat.MessageSubscription](),
	reflect.TypeFor[*ablychat.MessageReactions](), reflect.TypeFor[*ablychat.RoomReactions](), reflect.TypeFor[*ablychat.Typing](),
	reflect.TypeFor[*ablychat.Presence](), reflect.TypeFor[*ablychat.Occupancy](), reflect.TypeFor[*ablychat.Connection](),
}

// CHA-GP1, CHA-GP4: no type of ably-go is in the API of a room or its features, and no method has
// optional parameters.
func TestFeaturesHideWhatIsBelow(t *testing.T) {
	below := reflect.TypeFor[ably.Realtime]().PkgPath()
	seen := 0
	for _, feature := range features {
		for i := range feature.NumMethod() {
			method := feature.Method(i)
			seen++
			if n := method.Type.NumIn(); method.Type.IsVariadic() &&
				// options are Go's form of a parameter object
				method.Type.In(n-1) != reflect.TypeFor[[]ablychat.OperationOption]() {
				t.Errorf("%v.%s has optional parameters", feature, method.Name)
			}
			for _, part := range append(types(method.Type.NumIn(), method.Type.In), types(method.Type.NumOut(), method.Type.Out)...) {
				for part.Kind() == reflect.Pointer || part.Kind() == reflect.Slice {
					part = part.Elem()
				}
				if part.PkgPath() == below {
					t.Errorf("%v.%s has ably-go's type %v", feature, method.Name, part)
				}
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d methods were checked", seen)
	}
}

func types(n int, at func(int) reflect.Type) (all []reflect.Type) {
	for i := range n {
		all = append(all, at(i))
	}
	return all
}

// CHA-GP3, CHA-RC5: every feature is a method of its parent. It exists in each room, whatever its
// options, and always returns the same value.
func TestEveryRoomHasEveryFeature(t *testing.T) {
	w := newWorld(t)
	for i, options := range [][]lifecycle.RoomOption{nil, {lifecycle.WithPresenceEvents(false), lifecycle.WithOccupancyEvents(true)}} {
		room, err := w.rooms.Get(soon(t), string(rune('a'+i)), options...)
		if err != nil {
			t.Fatal(err)
		}
		first, second := featuresOf(room), featuresOf(room)
		for feature, value := range first {
			if reflect.ValueOf(value).IsNil() || value != second[feature] {
				t.Errorf("%s returns %v, and then %v; expected one value that is not nil", feature, value, second[feature])
			}
		}
	}
	// Without options, everything can be used except occupancy events and single reactions
	// (CHA-O6c, CHA-MR9, CHA-PR9c1).
	room := w.get()
	if _, err := room.Presence().Subscribe(func(chat.PresenceEvent) {}); err != nil {
		t.Error(err)
	}
	if _, err := room.Occupancy().Subscribe(func(chat.OccupancyData) {}); !errors.Is(err, lifecycle.ErrFeatureNotEnabledInRoom) {
		t.Error(err)
	}
	if _, err := room.Messages().Reactions().SubscribeRaw(func(chat.RawReactionEvent) {}); !errors.Is(err, lifecycle.ErrFeatureNotEnabledInRoom) {
		t.Error(err)
	}
	if o := room.Options(); o.Messages.DefaultMessageReactionType != lifecycle.MessageReactionTypeDistinct || o.Typing.HeartbeatThrottle != 10*time.Second {
		t.Errorf("the default options are %+v", o)
	}
}

func featuresOf(room *ablychat.Room) map[string]any {
	return map[string]any{"messages": room.Messages(), "reactions to messages": room.Messages().Reactions(), "reactions": room.Reactions(),
		"typing": room.Typing(), "presence": room.Presence(), "occupancy": room.Occupancy()}
}

// CHA-GP5, CHA-GP5a, CHA-GP5b, CHA-GP6: the errors of this package have the codes for their case,
// and all messages have the same form.
func TestErrorsOfTheFeaturesHaveTheForm(t *testing.T) {
	checked := 0
	for _, folder := range []string{".", "../../chat"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && (lit.Value == "40000" || lit.Value == "50000") {
					t.Errorf("%s has the code %s", name, lit.Value)
				}
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "NewErrorInfo" {
					return true
				}
				checked++
				if code, ok := call.Args[0].(*ast.SelectorExpr); ok && code.Sel.Name == "ErrBadRequest" {
					t.Errorf("%s makes an error with the service's code ErrBadRequest", name)
				}
				var first string
				ast.Inspect(call.Args[1], func(n ast.Node) bool {
					if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && first == "" {
						first = strings.Trim(lit.Value, "`\"")
					}
					return first == ""
				})
				if !strings.HasPrefix(first, "unable to ") {
					t.Errorf("%s has an error whose message begins with %q", name, first)
				}
				return true
			})
		}
	}
	if checked < 15 {
		t.Errorf("only %d errors were found", checked)
	}
}

// CHA-CS1, CHA-CS1d, CHA-CS1e, CHA-CS1g, CHA-CS1h, CHA-CS2a, CHA-CS2b, CHA-CS4, CHA-CS5c: the
// status changes exactly as the state of the realtime client's connection does, event by event,
// with the same errors.
func TestTheStatusFollowsTheConnection(t *testing.T) {
	server := ablytest.NewServer(t, ablytest.WithConnectionStateTTL(50*time.Millisecond))
	w := newWorldOn(t, server, ably.WithAutoConnect(false), ably.WithDisconnectedRetryTimeout(10*time.Millisecond), ably.WithSuspendedRetryTimeout(50*time.Millisecond))
	theirs, ours := newInbox[ably.ConnectionStateChange](t), newInbox[ablychat.ConnectionStatusChange](t)
	w.client.Connection.OnAll(theirs.put)
	w.chat.Connection().Subscribe(ours.put)
	reached := map[ablychat.ConnectionStatus]bool{w.chat.Connection().Status(): true}
	until := func(want ablychat.ConnectionStatus) {
		t.Helper()
		for {
			change := ours.next()
			event := theirs.next()
			for event.Current == event.Previous { // an update, not a change of status
				event = theirs.next()
			}
			if !strings.EqualFold(change.Current.String(), event.Current.String()) || !strings.EqualFold(change.Previous.String(), event.Previous.String()) ||
				(change.Error == nil) != (event.Reason == nil) || change.Error != nil && int(lifecycle.AsErrorInfo(change.Error).Code) != int(event.Reason.Code) {
				t.Errorf("the change %v differs from the event %v", change, event)
			}
			if reached[change.Current] = true; change.Current == want {
				return
			}
		}
	}
	w.client.Connect()
	until(ablychat.ConnectionConnected)
	server.RefuseConnections(nil)
	if err := server.Cut(server.State().Connections[0].ID); err != nil {
		t.Fatal(err)
	}
	until(ablychat.ConnectionSuspended)
	server.AcceptConnections()
	until(ablychat.ConnectionConnected)
	if err := w.chat.Connection().Error(); err != nil {
		t.Errorf("after the reconnect, the connection has the error %v", err)
	}
	w.client.Close()
	until(ablychat.ConnectionClosed)
	for status := ablychat.ConnectionInitialized; status <= ablychat.ConnectionClosed; status++ {
		// TestConnectionStatus tests the status failed.
		if !reached[status] && status != ablychat.ConnectionFailed {
			t.Errorf("%v was not reached", status)
		}
	}
	if s := w.chat.Connection().Status(); s != ablychat.ConnectionClosed {
		t.Errorf("after the last change, the connection is %v", s)
	}
}

// CHA-CS3: a chat client on a realtime client that is already connected, or has failed, begins with
// that status and its error.
func TestTheFirstStatusIsTheConnections(t *testing.T) {
	server := ablytest.NewServer(t)
	for _, c := range []struct {
		options []ably.ClientOption
		want    ablychat.ConnectionStatus
		state   ably.ConnectionState
	}{
		{nil, ablychat.ConnectionConnected, ably.ConnectionStateConnected},
		{[]ably.ClientOption{ably.WithKey("app.key:wrong-secret")}, ablychat.ConnectionFailed, ably.ConnectionStateFailed},
	} {
		client, err := ablychat.NewRealtime(server.ClientOptions(append(c.options, ably.WithAutoConnect(false))...)...)
		if err != nil {
			t.Fatal(err)
		}
		defer closeClient(client)
		states := newInbox[ably.ConnectionState](t)
		client.Connection.OnAll(func(change ably.ConnectionStateChange) { states.put(change.Current) })
		client.Connect()
		for states.next() != c.state {
		}
		late, err := ablychat.New(client)
		if err != nil {
			t.Fatal(err)
		}
		if status, failure := late.Connection().Status(), late.Connection().Error(); status != c.want || (failure != nil) != (c.want == ablychat.ConnectionFailed) {
			t.Errorf("a chat client on a realtime client in this state has the status %v and the error %v", status, failure)
		}
		if err := late.Dispose(soon(t)); err != nil {
			t.Error(err)
		}
	}
}
