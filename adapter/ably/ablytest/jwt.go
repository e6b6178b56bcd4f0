package ablytest

import (
	"errors"
	"net/http"

	"github.com/golang-jwt/jwt/v5"
)

// IssueJWT returns a JWT that is signed with the server's first key, as an application's own server
// makes one without a request to Ably. The server accepts it as a token. Each call returns a
// different JWT.
func (s *Server) IssueJWT(p TokenParams) (string, error) {
	if p.TTL == 0 {
		p.TTL = defaultTokenTTL
	}
	now := s.now()
	c := jwt.MapClaims{"jti": randomText(16), "iat": now.Unix(), "exp": now.Add(p.TTL).Unix()}
	if p.Capability != "" {
		c["x-ably-capability"] = p.Capability
	}
	if p.ClientID != "" {
		c["x-ably-clientId"] = p.ClientID
	}
	for room, claim := range p.RoomClaims {
		c[claimOfRoom+room] = claim
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
	t.Header["kid"] = s.opts.keys[0].Name
	return t.SignedString([]byte(s.opts.keys[0].Secret))
}

// jwtLocked checks a JWT. The server keeps it like the tokens that it has issued, so that it can be
// revoked.
func (s *Server) jwtLocked(text string) (*token, *ErrorInfo) {
	var key Key
	var unknown *ErrorInfo
	var c claims
	_, err := jwt.ParseWithClaims(text, &c, func(t *jwt.Token) (any, error) {
		name, _ := t.Header["kid"].(string)
		if key, unknown = s.findKey(name); unknown != nil {
			if !s.knowsApp(appOf(name)) {
				unknown = errNoApp(appOf(name))
			}
			return nil, unknown
		}
		return []byte(key.Secret), nil
	}, jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(s.now), jwt.WithIssuedAt(),
		jwt.WithExpirationRequired(), jwt.WithLeeway(timestampSlack))
	expired := errors.Is(err, jwt.ErrTokenExpired) // identifyTokenLocked returns the error
	switch {
	case unknown != nil:
		return nil, unknown
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return nil, NewError(40144, http.StatusUnauthorized, "the JWT's signature doesn't match the key %q", key.Name)
	case err != nil && !expired || c.IssuedAt == nil:
		return nil, NewError(40144, http.StatusUnauthorized, "the JWT can't be decoded")
	}
	if c.Token != "" {
		inner := s.tokens[c.Token]
		if inner == nil || inner.key.Name != key.Name {
			return nil, NewError(40144, http.StatusUnauthorized, "the token that the JWT carries is unknown")
		}
		return inner, nil
	}
	allowed, bad := parseCapability(c.Capability)
	if bad != nil {
		return nil, NewError(40144, http.StatusUnauthorized, "the JWT's x-ably-capability: %v", bad)
	}
	owned, _ := parseCapability(key.Capability)
	t := &token{key: key, capability: owned.intersect(allowed), claims: c.user, details: TokenDetails{
		Token: text, KeyName: key.Name, ClientID: c.ClientID,
		Issued: c.IssuedAt.UnixMilli(), Expires: c.ExpiresAt.UnixMilli(),
	}}
	t.details.Capability = t.capability.String()
	if len(s.tokens) < maxJWTs {
		s.tokens[text] = t
	}
	return t, nil
}

// maxJWTs bounds the number of stored tokens: once there are so many, the server stores no further
// JWT.
const maxJWTs = 100_000
