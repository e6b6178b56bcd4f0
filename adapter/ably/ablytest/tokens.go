package ablytest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// TokenDetails is a token in the form that clients get (TD). Times are in milliseconds since the
// epoch.
type TokenDetails struct {
	Token      string `json:"token"`
	KeyName    string `json:"keyName"`
	Issued     int64  `json:"issued"`
	Expires    int64  `json:"expires"`
	Capability string `json:"capability"`
	ClientID   string `json:"clientId,omitempty"`
}

// TokenParams describes a token to be issued (TK). The zero fields mean: a lifetime of one hour,
// the capability of the key, no clientId, no claims.
type TokenParams struct {
	TTL        time.Duration
	Capability string
	ClientID   string
	// RoomClaims has the claims about the token's user, by room, or by a prefix of rooms such as
	// "vip:*". The server adds them to what the user sends there (CHA-M2h). Only a JWT has claims.
	RoomClaims map[string]string
}

// token is a token that the server has issued, or a JWT that it has seen. Expired ones are kept:
// their error differs from that of tokens that never existed.
type token struct {
	details    TokenDetails
	key        Key
	capability capability
	claims     userClaims // user claims of a JWT
	revoked    bool
}

// tokenRequest is a signed request of a client (TE). Times are in milliseconds.
type tokenRequest struct {
	KeyName    string  `json:"keyName"`
	TTL        *int64  `json:"ttl"`
	Capability string  `json:"capability"`
	ClientID   *string `json:"clientId"`
	Timestamp  int64   `json:"timestamp"`
	Nonce      string  `json:"nonce"`
	MAC        string  `json:"mac"`
}

const (
	defaultTokenTTL = time.Hour
	maxTokenTTL     = 24 * time.Hour
	timestampSlack  = 15 * time.Minute
	minNonce        = 16
)

func errTokenExpired() *ErrorInfo {
	return NewError(40142, http.StatusUnauthorized, "token expired")
}

// mac returns the signature of the request with the key's secret (RSA9g): a hash of its fields,
// each on a line, empty if the client left it out.
func (r *tokenRequest) mac(secret string) string {
	ttl, clientID := "", ""
	if r.TTL != nil {
		ttl = fmt.Sprint(*r.TTL)
	}
	if r.ClientID != nil {
		clientID = *r.ClientID
	}
	h := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(h, "%s\n%s\n%s\n%s\n%d\n%s\n", r.KeyName, ttl, r.Capability, clientID, r.Timestamp, r.Nonce)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// requestToken serves POST /keys/{keyName}/requestToken. The request is signed, or comes from a
// client that has the key itself.
func (s *Server) requestToken(rq *request) *response {
	keyName := rq.segments[1]
	var body tokenRequest
	key, err := s.findKey(keyName)
	if !s.knowsApp(appOf(keyName)) {
		err = errNoApp(appOf(keyName))
	}
	if err != nil {
		return rq.fail(err)
	}
	if rq.r.Method != http.MethodPost {
		return rq.fail(errMethod(rq.r.Method, "keys/*/requestToken"))
	}
	if err := rq.decode(&body); err != nil {
		return rq.fail(err)
	}
	if body.KeyName != "" && body.KeyName != keyName {
		return rq.fail(NewError(40102, http.StatusUnauthorized, "incompatible credentials: the request is for another key"))
	}
	body.KeyName = keyName
	if body.MAC == "" {
		id, err := s.authenticate(rq.credentials, "")
		if err == nil && (id.token != nil || id.key.Name != keyName) {
			err = NewError(40102, http.StatusUnauthorized, "incompatible credentials: an unsigned token request needs the key itself")
		}
		if err != nil {
			return rq.fail(err)
		}
	} else if err := s.checkSignature(&body, key); err != nil {
		return rq.fail(err)
	}
	params := TokenParams{Capability: body.Capability}
	if body.TTL != nil {
		params.TTL = time.Duration(*body.TTL) * time.Millisecond
		if params.TTL <= 0 {
			return rq.fail(errInvalidParam("the ttl must be positive"))
		}
	}
	if body.ClientID != nil {
		if *body.ClientID == "" && body.MAC == "" {
			return rq.fail(NewError(40012, http.StatusBadRequest, "invalid clientId: it is empty"))
		}
		params.ClientID = *body.ClientID
	}
	details, err := s.issue(key, params)
	if err != nil {
		return rq.fail(err)
	}
	return rq.ok(http.StatusCreated, details)
}

func (s *Server) checkSignature(r *tokenRequest, key Key) *ErrorInfo {
	now := s.now()
	age := now.Sub(time.UnixMilli(r.Timestamp))
	switch {
	case !hmac.Equal([]byte(r.MAC), []byte(r.mac(key.Secret))):
		return NewError(40101, http.StatusUnauthorized, "invalid credentials: the mac doesn't match")
	case len(r.Nonce) < minNonce:
		return NewError(40105, http.StatusUnauthorized, "the nonce is shorter than %d characters", minNonce)
	case age > timestampSlack || age < -timestampSlack:
		return NewError(40104, http.StatusUnauthorized, "timestamp not current")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for nonce, at := range s.nonces {
		if now.Sub(at) > 2*timestampSlack {
			delete(s.nonces, nonce)
		}
	}
	if _, used := s.nonces[r.Nonce]; used {
		return NewError(40105, http.StatusUnauthorized, "nonce value replayed")
	}
	s.nonces[r.Nonce] = now
	return nil
}

// issue returns a new token of the key.
func (s *Server) issue(key Key, p TokenParams) (*TokenDetails, *ErrorInfo) {
	if p.TTL == 0 {
		p.TTL = defaultTokenTTL
	}
	if p.TTL > maxTokenTTL {
		return nil, errInvalidParam("the ttl is above the limit of %v", maxTokenTTL)
	}
	asked, err := parseCapability(p.Capability)
	if err != nil {
		return nil, errInvalidParam("%v", err)
	}
	owned, _ := parseCapability(key.Capability)
	allowed := owned.intersect(asked)
	if allowed != nil && len(allowed) == 0 {
		return nil, errNotPermitted("the key %q allows none of the operations that the token asks for", key.Name)
	}
	now := s.now()
	t := &token{key: key, capability: allowed, details: TokenDetails{
		Token:      appOf(key.Name) + "." + randomText(32),
		KeyName:    key.Name,
		Issued:     now.UnixMilli(),
		Expires:    now.Add(p.TTL).UnixMilli(),
		Capability: allowed.String(),
		ClientID:   p.ClientID,
	}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[t.details.Token] = t
	s.notifyLocked()
	d := t.details
	return &d, nil
}

func (s *Server) identifyToken(text string) (identity, *ErrorInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identifyTokenLocked(text)
}

func (s *Server) identifyTokenLocked(text string) (identity, *ErrorInfo) {
	t := s.tokens[text]
	if t == nil && strings.Count(text, ".") == 2 {
		var err *ErrorInfo
		if t, err = s.jwtLocked(text); err != nil {
			return identity{}, err
		}
	}
	switch {
	case t == nil:
		return identity{}, NewError(40101, http.StatusUnauthorized, "invalid credentials: the token is unknown")
	case t.revoked:
		return identity{}, NewError(40141, http.StatusUnauthorized, "token revoked")
	case s.nowMillis() >= t.details.Expires:
		return identity{}, errTokenExpired()
	}
	id := identity{app: appOf(t.key.Name), key: t.key, capability: t.capability, token: t}
	if t.details.ClientID == "*" {
		id.anyClient = true
	} else {
		id.implied = t.details.ClientID
	}
	return id, nil
}

// watchToken asks the client for a new token before its token ends, and disconnects the client when
// the token ends.
func (s *Server) watchToken(c *connection) {
	s.stopLocked(c.renew)
	tok := c.identity.token
	if tok == nil || tok.details.Expires == 0 {
		return
	}
	left := time.Duration(tok.details.Expires-s.nowMillis()) * time.Millisecond
	if notice := s.opts.authNotice; notice > 0 && left > notice {
		c.renew = s.afterLocked(left-notice, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if c.identity.token != tok {
				return
			}
			c.send(&ProtocolMessage{Action: ActionAuth})
			c.renew = s.afterLocked(notice, func() { s.endToken(c, tok) })
		})
		return
	}
	c.renew = s.afterLocked(left, func() { s.endToken(c, tok) })
}

// endToken disconnects a client whose token has ended (RTN15h).
func (s *Server) endToken(c *connection, tok *token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.t != nil && c.identity.token == tok {
		s.disconnectLocked(c.t, errTokenExpired(), outgoing{closing: true})
	}
}
