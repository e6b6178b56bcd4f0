package ablytest_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"ablyrooms.example/adapter/ably/ablytest"
)

// The extras of everything that a user sends to a room contain the claim of the user's JWT for the
// room, and no claim that the user made up (CHA-M2h, CHA-MR7d, CHA-ER2a, CHA-PR6g, CHA-T13a1).
func TestRoomClaims(t *testing.T) {
	srv := ablytest.NewServer(t)
	jwt := func(claims map[string]string) string {
		text, err := srv.IssueJWT(ablytest.TokenParams{ClientID: "ann", RoomClaims: claims})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, tt := range map[string]struct {
		claims map[string]string
		want   any
	}{
		"a claim of the room":           {map[string]string{"vip:one": "gold", "other": "no"}, "gold"},
		"a claim of a prefix":           {map[string]string{"vip:*": "silver", "*": "iron"}, "silver"},
		"a claim of all rooms":          {map[string]string{"*": "iron"}, "iron"},
		"the most specific wins":        {map[string]string{"*": "iron", "vip:*": "silver", "vip:one": "gold"}, "gold"},
		"a claim of another room":       {map[string]string{"vip:two": "gold"}, nil},
		"no claim":                      {nil, nil},
		"a name without * is no prefix": {map[string]string{"vip": "gold"}, nil},
		"an empty claim is left out":    {map[string]string{"vip:one": ""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			const channel = "vip:one::$chat"
			watch := dial(t, srv, "key=app.key:secret&heartbeats=false")
			watch.expect(ablytest.ActionConnected, 0)
			all := ablytest.ModeSubscribe | ablytest.ModePresenceSubscribe | ablytest.ModeAnnotationSubscribe
			watch.send(fmt.Sprintf(`{"action":10,"channel":%q,"flags":%d}`, channel, all))
			watch.expect(ablytest.ActionAttached, 0)
			token := jwt(tt.claims)
			ann := dial(t, srv, "heartbeats=false&echo=false&accessToken="+token)
			ann.expect(ablytest.ActionConnected, 0)
			ann.send(fmt.Sprintf(`{"action":10,"channel":%q,"flags":196608}`, channel))
			ann.expect(ablytest.ActionAttached, 0)
			const forged = `"extras":{"ephemeral":true,"userClaim":"forged"}`
			for serial, frame := range []string{
				`"action":15,"messages":[{"name":"typing.started",` + forged + `}]`,
				`"action":14,"presence":[{"action":2,` + forged + `}]`,
				`"action":14,"presence":[{"action":3}]`,
			} {
				ann.send(fmt.Sprintf(`{"channel":%q,"msgSerial":%d,%s}`, channel, serial, frame))
				ann.expect(ablytest.ActionAck, 0)
			}
			room := "/chat/v4/rooms/vip:one/messages"
			bearer := []string{"Authorization", "Bearer " + token}
			_, body := get(t, srv, "POST", room, `{"text":"hi"}`, bearer...)
			var sent struct {
				Serial    string
				UserClaim any
			}
			if err := json.Unmarshal([]byte(body), &sent); err != nil || sent.UserClaim != tt.want {
				t.Errorf("the sent message is %s, want the claim %v", body, tt.want)
			}
			get(t, srv, "POST", room+"/"+sent.Serial+"/reactions", `{"type":"distinct","name":"like"}`, bearer...)

			for _, step := range []struct {
				what  string
				claim func() any
			}{
				{"a message", func() any { return watch.expect(ablytest.ActionMessage, 0).Messages[0].Extras[userClaim] }},
				{"enter", func() any { return claimOf(watch.expect(ablytest.ActionPresence, 0).Presence[0]) }},
				{"leave", func() any { return claimOf(watch.expect(ablytest.ActionPresence, 0).Presence[0]) }},
				{"sent by REST", func() any { return watch.expect(ablytest.ActionMessage, 0).Messages[0].Extras[userClaim] }},
				{"a reaction", func() any { return claimOf(watch.expect(ablytest.ActionAnnotation, 0).Annotations[0]) }},
			} {
				if got := step.claim(); got != tt.want {
					t.Errorf("%s: the claim is %v, want %v", step.what, got, tt.want)
				}
			}
			// A changed message has the claim of the client that changed it.
			other := []string{"Authorization", "Bearer " + jwt(map[string]string{"vip:one": "mod"})}
			for method, path := range map[string]string{"PUT": "", "POST": "/delete"} {
				rs, body := get(t, srv, method, room+"/"+sent.Serial+path, `{"message":{"text":"x"}}`, other...)
				if err := json.Unmarshal([]byte(body), &sent); err != nil || sent.UserClaim != "mod" {
					t.Errorf("%s by a moderator: status %d, %s; want the moderator's claim", method, rs.StatusCode, body)
				}
			}
		})
	}
	if _, err := srv.IssueToken(ablytest.TokenParams{RoomClaims: map[string]string{"a": "b"}}); err == nil {
		t.Error("IssueToken accepted claims, which only a JWT has")
	}
}

const userClaim = "userClaim"

func claimOf(wire map[string]any) any {
	extras, _ := wire["extras"].(map[string]any)
	return extras[userClaim]
}
