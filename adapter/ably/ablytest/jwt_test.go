package ablytest_test

import (
	"errors"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
	"github.com/golang-jwt/jwt/v5"
)

// A JWT that is signed with a key's secret is accepted as a token. Any other JWT is refused with
// the error code that Ably uses.
func TestJWT(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		clock := ablytest.NewManualClock(time.Now())
		srv := ablytest.NewServer(t, ablytest.WithClock(clock))
		publish := func(token string) error {
			rest, err := ably.NewREST(srv.EndpointOptions(quiet, binary, ably.WithToken(token))...)
			if err != nil {
				t.Fatal(err)
			}
			return rest.Channels.Get("a").Publish(testContext(t), "n", "d")
		}
		want := func(what, token string, code ably.ErrorCode) {
			t.Helper()
			var info *ably.ErrorInfo
			err := publish(token)
			if code == 0 && err != nil || code != 0 && (!errors.As(err, &info) || info.Code != code) {
				t.Errorf("%s: %v, expected the code %d", what, err, code)
			}
		}
		issue := func(p ablytest.TokenParams) string {
			token, err := srv.IssueJWT(p)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		sign := func(method jwt.SigningMethod, secret any, kid string, c jwt.MapClaims) string {
			token := jwt.NewWithClaims(method, c)
			token.Header["kid"] = kid
			text, err := token.SignedString(secret)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		valid := jwt.MapClaims{"iat": clock.Now().Unix(), "exp": clock.Now().Add(time.Hour).Unix()}
		ann := issue(ablytest.TokenParams{ClientID: "ann"})
		want("valid", ann, 0)
		if m := srv.Messages("a"); len(m) != 1 || m[0].ClientID != "ann" {
			t.Errorf("the messages are %+v", m)
		}
		want("made elsewhere", sign(jwt.SigningMethodHS256, []byte("secret"), "app.key", valid), 0)
		want("whose capability is too small", issue(ablytest.TokenParams{Capability: `{"b":["*"]}`}), 40160)
		want("signed with another secret", sign(jwt.SigningMethodHS256, []byte("guess"), "app.key", valid), 40144)
		want("of an unknown key", sign(jwt.SigningMethodHS256, []byte("secret"), "app.none", valid), 40101)
		want("without a signature", sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "app.key", valid), 40144)
		want("without an expiry", sign(jwt.SigningMethodHS256, []byte("secret"), "app.key", jwt.MapClaims{"iat": clock.Now().Unix()}), 40144)
		want("no JWT", "a.b.c", 40144)
		inner, err := srv.IssueToken(ablytest.TokenParams{ClientID: "inner", Capability: `{"b":["*"]}`})
		if err != nil {
			t.Fatal(err)
		}
		carrying := func(token string) string {
			return sign(jwt.SigningMethodHS256, []byte("secret"), "app.key", jwt.MapClaims{"iat": valid["iat"], "exp": valid["exp"], "x-ably-token": token})
		}
		want("that carries a token whose capability is too small", carrying(inner.Token), 40160)
		want("that carries an unknown token", carrying("app.none"), 40144)
		srv.RevokeTokens("ann")
		want("revoked", ann, 40141)
		bob := issue(ablytest.TokenParams{ClientID: "bob", TTL: time.Minute})
		want("before its expiry", bob, 0)
		clock.Advance(time.Minute + time.Second)
		want("expired", bob, 40142)
		want("expired at its first use", sign(jwt.SigningMethodHS256, []byte("secret"), "app.key",
			jwt.MapClaims{"iat": clock.Now().Add(-time.Hour).Unix(), "exp": clock.Now().Add(-time.Minute).Unix()}), 40142)
	})
}
