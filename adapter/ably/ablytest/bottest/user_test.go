package bottest_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/bottest"
)

// act is an action of a user, done once through the kit and once by a client on the wire.
type act struct {
	name string
	kit  func(eve *bottest.User, serial string)
	wire func(t *testing.T, eve *ablychat.Room, serial string) error
}

var acts = []act{
	{"says", func(eve *bottest.User, _ string) { eve.Says("lobby", "hi") },
		func(t *testing.T, eve *ablychat.Room, _ string) error {
			_, err := eve.Messages().Send(t.Context(), ablychat.Text("hi"))
			return err
		}},
	{"sends", func(eve *bottest.User, _ string) { eve.Sends("lobby", content) },
		func(t *testing.T, eve *ablychat.Room, _ string) error {
			_, err := eve.Messages().Send(t.Context(), content)
			return err
		}},
	{"edits", func(eve *bottest.User, serial string) { eve.Edits("lobby", serial, "better") },
		func(t *testing.T, eve *ablychat.Room, serial string) error {
			_, err := eve.Messages().Update(t.Context(), serial, ablychat.Text("better"))
			return err
		}},
	{"deletes", func(eve *bottest.User, serial string) { eve.Deletes("lobby", serial) },
		func(t *testing.T, eve *ablychat.Room, serial string) error {
			_, err := eve.Messages().Delete(t.Context(), serial)
			return err
		}},
	{"reacts", func(eve *bottest.User, serial string) { eve.Reacts("lobby", serial, "👍") },
		func(t *testing.T, eve *ablychat.Room, serial string) error {
			return eve.Messages().Reactions().Send(t.Context(), serial, ablychat.MessageReaction{Name: "👍"})
		}},
	{"reacts with a count", func(eve *bottest.User, serial string) { eve.ReactsWith("lobby", serial, thrice) },
		func(t *testing.T, eve *ablychat.Room, serial string) error {
			return eve.Messages().Reactions().Send(t.Context(), serial, thrice)
		}},
	{"takes a reaction back", func(eve *bottest.User, serial string) {
		eve.Reacts("lobby", serial, "👍")
		eve.Unreacts("lobby", serial, "👍")
	}, func(t *testing.T, eve *ablychat.Room, serial string) error {
		if err := eve.Messages().Reactions().Send(t.Context(), serial, ablychat.MessageReaction{Name: "👍"}); err != nil {
			return err
		}
		return eve.Messages().Reactions().Delete(t.Context(), serial, ablychat.MessageReaction{Name: "👍"})
	}},
	{"reacts to the room", func(eve *bottest.User, _ string) { eve.ReactsToRoom("lobby", "🎉") },
		func(t *testing.T, eve *ablychat.Room, _ string) error {
			return eve.Reactions().Send(t.Context(), ablychat.ReactionContent{Name: "🎉"})
		}},
	{"types", func(eve *bottest.User, _ string) { eve.Types("lobby") },
		func(t *testing.T, eve *ablychat.Room, _ string) error { return eve.Typing().Keystroke(t.Context()) }},
	{"stops typing", func(eve *bottest.User, _ string) { eve.Types("lobby"); eve.StopsTyping("lobby") },
		func(t *testing.T, eve *ablychat.Room, _ string) error {
			if err := eve.Typing().Keystroke(t.Context()); err != nil {
				return err
			}
			return eve.Typing().Stop(t.Context())
		}},
	{"enters", func(eve *bottest.User, _ string) { eve.Enters("lobby", data) },
		func(t *testing.T, eve *ablychat.Room, _ string) error { return eve.Presence().Enter(t.Context(), data) }},
	{"enters without data", func(eve *bottest.User, _ string) { eve.Enters("lobby", nil) },
		func(t *testing.T, eve *ablychat.Room, _ string) error { return eve.Presence().Enter(t.Context(), nil) }},
	{"enters twice", func(eve *bottest.User, _ string) { eve.Enters("lobby", data); eve.Enters("lobby", "away") },
		func(t *testing.T, eve *ablychat.Room, _ string) error {
			if err := eve.Presence().Enter(t.Context(), data); err != nil {
				return err
			}
			return eve.Presence().Update(t.Context(), "away")
		}},
	{"leaves", func(eve *bottest.User, _ string) { eve.Enters("lobby", data); eve.Leaves("lobby") },
		func(t *testing.T, eve *ablychat.Room, _ string) error {
			if err := eve.Presence().Enter(t.Context(), data); err != nil {
				return err
			}
			return eve.Presence().Leave(t.Context(), nil)
		}},
}

var (
	content = ablychat.MessageContent{Text: "hi", Metadata: map[string]any{"a": 1}, Headers: map[string]any{"b": true}}
	data    = map[string]any{"mood": "good"}
	thrice  = ablychat.MessageReaction{Name: "👍", Type: ablychat.MessageReactionTypeMultiple, Count: 3}
)

// TestUsersLookReal compares what a client receives when a user of the kit acts with what it
// receives when a user on the wire does the same. The frames must be equal except for ids, serials
// and times.
func TestUsersLookReal(t *testing.T) {
	for _, a := range acts {
		t.Run(a.name, func(t *testing.T) {
			kit := received(t, func(t *testing.T, server *bottest.Server, serial string) {
				a.kit(server.User("eve"), serial)
			})
			wire := received(t, func(t *testing.T, server *bottest.Server, serial string) {
				succeeds(t, a.wire(t, enter(t, server.Client("eve")), serial))
			})
			if len(kit) == 0 || !slices.Equal(kit, wire) {
				t.Errorf("from the kit's user a client receives\n%s\nfrom a user on the wire\n%s",
					strings.Join(kit, "\n"), strings.Join(wire, "\n"))
			}
		})
	}
}

// received returns the frames that a client receives because of act.
func received(t *testing.T, act func(t *testing.T, server *bottest.Server, serial string)) (frames []string) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		enter(t, server.Client("bot"), ablychat.WithRawMessageReactions(true))
		serial := server.User("eve").Says("lobby", "first")
		synctest.Wait()
		to := ablytest.ToClient(ablytest.ActionMessage, ablytest.ActionPresence, ablytest.ActionAnnotation).
			OnConnection(1).OnChannel(ablychat.ChannelName("lobby"))
		before := len(server.FramesOf(to))
		act(t, server, serial)
		synctest.Wait()
		for _, f := range server.FramesOf(to)[before:] {
			frames = append(frames, plain(t, f))
		}
	})
	return frames
}

// plain returns a frame as JSON, without the values that differ from run to run.
func plain(t *testing.T, f ablytest.Frame) string {
	b, err := json.Marshal(f.Message)
	succeeds(t, err)
	var v any
	succeeds(t, json.Unmarshal(b, &v))
	varies := regexp.MustCompile(`(?i)(^id|serial|timestamp|connectionId)$`)
	var strip func(v any)
	strip = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				if varies.MatchString(key) {
					v[key] = fmt.Sprintf("%T", value)
				}
				strip(value)
			}
		case []any:
			for _, e := range v {
				strip(e)
			}
		}
	}
	strip(v)
	b, err = json.Marshal(v)
	succeeds(t, err)
	return string(b)
}

// TestADifferentUserIsSeen shows that the comparison can fail.
func TestADifferentUserIsSeen(t *testing.T) {
	says := func(text string) []string {
		return received(t, func(_ *testing.T, server *bottest.Server, _ string) { server.User("eve").Says("lobby", text) })
	}
	if slices.Equal(says("hi"), says("hello")) {
		t.Error("two different messages are reported as equal")
	}
}

// An action that Ably would refuse fails the test, with a message that names the action and the
// error.
func TestAUsersErrorFailsTheTest(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(eve *bottest.User)
		want string
	}{
		"an edit of an unknown message": {func(eve *bottest.User) { eve.Edits("lobby", "none", "x") }, `eve edits a message in "lobby": there is no message "none"`},
		"a name of two lines":           {func(eve *bottest.User) { eve.Enters("a\nb", nil) }, `eve enters "a\nb": invalid channel name`},
		"data without a JSON form":      {func(eve *bottest.User) { eve.Enters("lobby", make(chan int)) }, `eve enters "lobby": the data can't be encoded as JSON`},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeTest{TB: t}
			server := bottest.NewServer(fake)
			defer fake.end()
			if failure := fake.failure(func() { c.do(server.User("eve")) }); !strings.Contains(failure, c.want) {
				t.Errorf("the failure %q doesn't contain %q", failure, c.want)
			}
		})
	}
}

// fakeTest is a TB that records a failure.
type fakeTest struct {
	ablytest.TB
	cleanups []func()
}

func (f *fakeTest) Cleanup(c func())                  { f.cleanups = append(f.cleanups, c) }
func (f *fakeTest) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (f *fakeTest) end() {
	for _, c := range slices.Backward(f.cleanups) {
		c()
	}
}

// failure runs f and returns the message with which f failed the test, or "" if it didn't.
func (f *fakeTest) failure(run func()) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprint(p)
		}
	}()
	run()
	return ""
}

// Everything that a user does in a room has the claim of the user's token, as clients receive it
// and as Room returns it.
func TestUsersClaims(t *testing.T) {
	inBubble(t, func(t *testing.T, server *bottest.Server) {
		room := enter(t, server.Client("bot"))
		var claims []string
		note := func(claim string) { claims = append(claims, claim) }
		room.Messages().Subscribe(func(e ablychat.MessageEvent) { note(e.Message.UserClaim) })
		room.Reactions().Subscribe(func(e ablychat.RoomReaction) { note(e.UserClaim) })
		room.Typing().Subscribe(func(e ablychat.TypingEvent) { note(e.Change.UserClaim) })
		room.Presence().Subscribe(func(e ablychat.PresenceEvent) { note(e.Member.UserClaim) })
		eve, lobby := server.User("eve"), server.Room("lobby")
		eve.Claims("elsewhere", "nobody")
		eve.Claims("lobby", "moderator")
		for _, does := range []func(){
			func() { eve.Says("lobby", "hi") }, func() { eve.ReactsToRoom("lobby", "🎉") },
			func() { eve.Types("lobby") }, func() { eve.Enters("lobby", nil) },
		} {
			does()
			synctest.Wait()
		}
		claims = append(claims, lobby.Messages()[0].UserClaim, lobby.Reactions()[0].UserClaim, lobby.Presence()[0].UserClaim)
		if want := slices.Repeat([]string{"moderator"}, 7); !slices.Equal(claims, want) {
			t.Errorf("the claims are %q", claims)
		}
		eve.Says("elsewhere", "hi")
		if got := server.Room("elsewhere").Messages()[0].UserClaim; got != "nobody" {
			t.Errorf("the claim in the other room is %q", got)
		}
	})
}
