package ablytest

import (
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// credentials is the key or the token of a request. Don't print it: it holds a secret.
type credentials struct {
	key   string // "<name>:<secret>"
	token string
	bad   string // why the credentials can't be read
}

// identity describes an authenticated client.
type identity struct {
	app        string
	key        Key
	capability capability
	token      *token // nil for a client with a key
	// implied is the clientId of everything that the client does, "" for none. With anyClient, the
	// client may name another clientId in a message.
	implied   string
	anyClient bool
}

func credentialsOf(r *http.Request) credentials {
	query := r.URL.Query()
	for _, name := range []string{"access_token", "accessToken"} {
		if text := query.Get(name); text != "" {
			return credentials{token: text}
		}
	}
	if text := query.Get("key"); text != "" {
		return credentials{key: text}
	}
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	value = strings.TrimSpace(value)
	switch {
	case strings.EqualFold(scheme, "Basic"):
		b, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return credentials{bad: "the Basic credentials are not base64"}
		}
		return credentials{key: string(b)}
	case strings.EqualFold(scheme, "Bearer"):
		// Ably's clients send the token in base64. A token contains a dot, and base64 never does.
		if strings.Contains(value, ".") {
			return credentials{token: value}
		}
		b, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return credentials{bad: "the Bearer credentials are neither a token nor base64"}
		}
		return credentials{token: string(b)}
	case scheme != "":
		return credentials{bad: "the Authorization scheme is neither Basic nor Bearer"}
	}
	return credentials{}
}

// authenticate checks the credentials and the clientId that the client requests.
func (s *Server) authenticate(cr credentials, clientID string) (identity, *ErrorInfo) {
	var id identity
	var err *ErrorInfo
	switch {
	case cr.bad != "":
		err = NewError(40101, http.StatusUnauthorized, "invalid credentials: %s", cr.bad)
	case cr.token != "":
		id, err = s.identifyToken(cr.token)
	case cr.key != "":
		id, err = s.identifyKey(cr.key)
	default:
		err = NewError(40101, http.StatusUnauthorized, "no authentication credentials given")
	}
	if err != nil {
		return identity{}, err
	}
	if clientID == "*" {
		return identity{}, NewError(40012, http.StatusBadRequest, `invalid clientId: a client can't have the clientId "*"`)
	}
	if clientID != "" {
		if !id.anyClient && clientID != id.implied {
			return identity{}, errIncompatibleClient(clientID)
		}
		id.implied = clientID
	}
	return id, nil
}

func errIncompatibleClient(clientID string) *ErrorInfo {
	return NewError(40102, http.StatusUnauthorized,
		"incompatible credentials: the token doesn't allow the clientId %q", clientID)
}

// identifyKey checks a key. It compares the secret in constant time. Its errors contain no
// secret.
func (s *Server) identifyKey(text string) (identity, *ErrorInfo) {
	name, secret, ok := strings.Cut(text, ":")
	if !ok {
		// The text may be a secret, so the error doesn't contain it.
		return identity{}, NewError(40101, http.StatusUnauthorized, "invalid credentials: a key has the form name:secret")
	}
	key, err := s.findKey(name)
	if err != nil {
		return identity{}, err
	}
	if subtle.ConstantTimeCompare([]byte(secret), []byte(key.Secret)) != 1 {
		return identity{}, errInvalidKey(name)
	}
	capability, _ := parseCapability(key.Capability)
	return identity{app: appOf(name), key: key, capability: capability, anyClient: true}, nil
}

// findKey returns the key with this name.
func (s *Server) findKey(name string) (Key, *ErrorInfo) {
	for _, k := range s.opts.keys {
		if k.Name == name {
			return k, nil
		}
	}
	return Key{}, errInvalidKey(name)
}

func (s *Server) knowsApp(app string) bool {
	return slices.ContainsFunc(s.opts.keys, func(k Key) bool { return appOf(k.Name) == app })
}

func errNoApp(app string) *ErrorInfo {
	return NewError(40400, http.StatusNotFound, "no application found with id %q", app)
}

func errInvalidKey(name string) *ErrorInfo {
	return NewError(40101, http.StatusUnauthorized, "invalid credentials: the key %q is unknown or its secret is wrong", name)
}

func appOf(keyName string) string {
	app, _, _ := strings.Cut(keyName, ".")
	return app
}

// mayUse checks the clientId that a client names in a message; "" is always fine.
func (id identity) mayUse(clientID, implied string) *ErrorInfo {
	if clientID == "" || clientID == implied || id.anyClient && implied == "" {
		return nil
	}
	if id.anyClient && id.token == nil {
		return nil // With a key, a client may name any clientId, even if it has one.
	}
	return NewError(40012, http.StatusBadRequest, "invalid clientId %q: it isn't the client's own", clientID)
}

// renew handles an AUTH of the client, which has a new token for its connection (RTC8).
func (s *Server) renew(t *transport, pm *ProtocolMessage) {
	c := t.conn
	if pm.Auth == nil || pm.Auth.AccessToken == "" {
		s.failTransportLocked(t, NewError(40101, http.StatusUnauthorized, "AUTH without a token"), outgoing{closing: true})
		return
	}
	id, err := s.identifyTokenLocked(pm.Auth.AccessToken)
	if err == nil && id.app != c.identity.app {
		err = NewError(40102, http.StatusUnauthorized, "incompatible credentials: the token belongs to another application")
	}
	if err == nil && c.clientID != "" && c.clientID != id.implied && !id.anyClient {
		err = errIncompatibleClient(c.clientID)
	}
	if err != nil {
		s.failTransportLocked(t, err, outgoing{closing: true})
		return
	}
	c.identity = id
	if id.implied != "" {
		c.clientID = id.implied
	}
	s.watchToken(c)
	c.sendConnected(nil)
	for _, a := range c.sortedAttachments() {
		if a.live {
			a.updateModes(id.capability)
		}
	}
}

// updateModes sets the modes of an attachment to those that the client requested and that a new
// token allows. If they change, the server sends an ATTACHED with them (RTL12). If there are none,
// the channel fails for the client (RTC8a1).
func (a *attachment) updateModes(c capability) {
	was := a.modes
	a.modes = c.permit(a.ch.name, a.asked)
	switch {
	case a.modes == was:
		return
	case a.modes == 0:
		a.end(ActionError, errNotPermitted("the new token doesn't allow channel %q", a.ch.name))
		return
	}
	a.update(true, nil)
	if a.modes.Has(ModePresenceSubscribe) && !was.Has(ModePresenceSubscribe) {
		a.sync()
	}
	a.ch.sendOccupancy()
}
