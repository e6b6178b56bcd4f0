package ablytest

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// claims has the claims of an Ably JWT.
type claims struct {
	jwt.RegisteredClaims
	Capability string `json:"x-ably-capability,omitempty"`
	ClientID   string `json:"x-ably-clientId,omitempty"`
	Token      string `json:"x-ably-token,omitempty"` // an Ably token that the JWT carries
	user       userClaims
}

// UnmarshalJSON reads the claims. User claims may have any name with one of their prefixes.
func (c *claims) UnmarshalJSON(b []byte) error {
	type named claims
	if err := json.Unmarshal(b, (*named)(c)); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for name, value := range all {
		var text string
		if json.Unmarshal(value, &text) == nil {
			c.user.add(name, text)
		}
	}
	return nil
}

// The prefixes of user claims. The rest of a claim's name is that of a room or a channel, or a
// prefix of such names ("vip:*").
const (
	claimOfRoom    = "ably.room."
	claimOfChannel = "ably.channel."
)

// userClaims has the claims about the user of a token, by resource. The service adds the claim for
// a channel to the extras of what the user sends there.
type userClaims struct{ rooms, channels map[string]string }

// add adds a claim of a JWT, if it is a user claim.
func (u *userClaims) add(name, value string) {
	if room, ok := strings.CutPrefix(name, claimOfRoom); ok {
		u.rooms = withClaim(u.rooms, room, value)
	}
	if channel, ok := strings.CutPrefix(name, claimOfChannel); ok {
		u.channels = withClaim(u.channels, channel, value)
	}
}

func withClaim(m map[string]string, name, value string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[name] = value
	return m
}

// of returns the most specific claim for a channel, or "" if there is none.
func (u userClaims) of(channel string) string {
	if room, ok := strings.CutSuffix(channel, chatSuffix); ok {
		if value, ok := mostSpecific(u.rooms, room); ok {
			return value
		}
	}
	value, _ := mostSpecific(u.channels, channel)
	return value
}

// mostSpecific returns the value of the most specific resource that covers the name. A resource
// without "*" is the most specific. Among resources with "*", the longest is.
func mostSpecific(all map[string]string, name string) (value string, ok bool) {
	if value, ok = all[name]; ok {
		return value, true
	}
	longest := -1
	for resource, v := range all {
		covers := strings.HasSuffix(resource, "*") && resourceMatches(resource, name)
		if covers && len(resource) > longest {
			longest, value, ok = len(resource), v, true
		}
	}
	return value, ok
}

const userClaimExtra = "userClaim"

// userClaim returns the claim of the client's token about its user on the channel, or "".
func (id identity) userClaim(channel string) string {
	if id.token == nil {
		return ""
	}
	return id.token.claims.of(channel)
}

// claimed returns the extras of what the client sends. They have the user claim of the client's
// token, and none that the client made up (CHA-M2h).
func (id identity) claimed(channel string, extras map[string]any) map[string]any {
	return extrasWith(extras, id.userClaim(channel))
}

// extrasWith returns the extras with the given user claim and no other.
func extrasWith(extras map[string]any, claim string) map[string]any {
	if _, given := extras[userClaimExtra]; !given && claim == "" {
		return extras
	}
	out := maps.Clone(extras)
	delete(out, userClaimExtra)
	if claim != "" {
		if out == nil {
			out = map[string]any{}
		}
		out[userClaimExtra] = claim
	}
	return out
}
