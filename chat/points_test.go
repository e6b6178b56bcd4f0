package chat_test

import (
	"reflect"
	"testing"

	"ablyrooms.example/chat"
)

// CHA-M2h, CHA-MR7d, CHA-ER2a, CHA-PR6g, CHA-T13a1: the claim of a user's token is decoded from
// each place where the service puts it. It is empty if there is none, or if it is no text.
func TestUserClaims(t *testing.T) {
	for want, extras := range map[string]map[string]any{"pro": {"userClaim": "pro"}, "": {"userClaim": 7.0}} {
		w := chat.WireMessage{Name: "typing.started", ClientID: "ann", Extras: extras}
		message, err1 := chat.DecodeMessage(w)
		raw, err2 := chat.DecodeRawReaction(chat.WireAnnotation{Type: "reaction:unique.v1", Extras: extras})
		typing, err3 := chat.DecodeTyping(w)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		for what, got := range map[string]string{
			"a message": message.Message.UserClaim, "a message by REST": chat.DecodeRESTMessage(extras).UserClaim, "a raw reaction": raw.Reaction.UserClaim,
			"a room reaction":      chat.DecodeRoomReaction(w, "", chat.DecodeRESTMessage(nil).Timestamp).UserClaim,
			"a member of presence": chat.DecodeMember(chat.WirePresence{Extras: extras}).UserClaim, "a typer": typing.UserClaim,
		} {
			if got != want {
				t.Errorf("%s has the claim %q, expected %q", what, got, want)
			}
		}
	}
}

// CHA-MR1, CHA-MR2a, CHA-MR2b, CHA-MR2c: each type of reaction has a type of annotation, which is
// decoded as the same type of reaction.
func TestAnnotationTypes(t *testing.T) {
	for short, want := range map[chat.MessageReactionType]string{"unique": "reaction:unique.v1", "distinct": "reaction:distinct.v1", "multiple": "reaction:multiple.v1"} {
		if got := chat.AnnotationType(short); got != want {
			t.Errorf("the annotation type of %s is %s, expected %s", short, got, want)
		}
		if e, err := chat.DecodeRawReaction(chat.WireAnnotation{Type: want}); err != nil || e.Reaction.Type != short {
			t.Errorf("%s is decoded as %v, %v", want, e.Reaction.Type, err)
		}
	}
}

// CHA-MR8: no function computes a summary from raw reactions.
func TestNoSummaryIsMadeOfRawReactions(t *testing.T) {
	raws := map[reflect.Type]bool{reflect.TypeFor[chat.RawReaction](): true, reflect.TypeFor[chat.RawReactionEvent](): true}
	seen := 0
	for _, sums := range []reflect.Type{reflect.TypeFor[*chat.ReactionSummary](), reflect.TypeFor[*chat.Message](), reflect.TypeFor[*chat.ReactionSummaryEvent](),
		reflect.TypeFor[*chat.RawReaction](), reflect.TypeFor[*chat.RawReactionEvent]()} {
		for i := range sums.NumMethod() {
			method := sums.Method(i)
			seen++
			for j := 1; j < method.Type.NumIn(); j++ {
				if raws[method.Type.In(j)] {
					t.Errorf("%v.%s takes a raw reaction", sums, method.Name)
				}
			}
			for j := range method.Type.NumOut() {
				if raws[sums.Elem()] && method.Type.Out(j) == reflect.TypeFor[chat.ReactionSummary]() {
					t.Errorf("%v.%s makes a summary", sums, method.Name)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d methods were checked", seen)
	}
}
