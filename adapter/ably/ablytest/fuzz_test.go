package ablytest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// FuzzFrame decodes arbitrary input as a frame, and encodes the result again.
func FuzzFrame(f *testing.F) {
	serial := int64(1)
	for _, pm := range []*ProtocolMessage{
		{Action: ActionAttach, Channel: "a", Params: map[string]string{"rewind": "1"}, Flags: ModePublish},
		{Action: ActionMessage, Channel: "a", MsgSerial: &serial, Messages: []*Message{
			{Name: "n", Data: []byte{0, 255}, Extras: map[string]any{"headers": map[string]any{"h": 1.5}}}}},
		{Action: ActionPresence, Presence: []map[string]any{{"action": int64(2), "data": nil}}},
		{Action: ActionAuth, Auth: &AuthDetails{AccessToken: "x"}},
	} {
		for _, format := range []Format{JSON, MsgPack} {
			b, err := marshalProtocol(format, pm)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(format == MsgPack, b)
		}
	}
	f.Fuzz(func(t *testing.T, binary bool, b []byte) {
		format := JSON
		if binary {
			format = MsgPack
		}
		pm, err := unmarshalProtocol(format, b)
		if err != nil {
			return
		}
		for _, out := range []Format{JSON, MsgPack} {
			// For values that JSON can't represent, such as NaN, it returns an error and doesn't
			// panic.
			marshalProtocol(out, pm)
		}
	})
}

// fuzzed starts a server that listens on no address.
func fuzzed(t *testing.T) *Server {
	s, err := Start(WithListener(&nowhere{closed: make(chan struct{})}), WithFrameLog(10), WithLogf(t.Logf),
		WithClock(NewManualClock(time.Unix(1_700_000_000, 0))), WithMemoryLimit(1<<20), WithOutboundLimit(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type nowhere struct {
	once   sync.Once
	closed chan struct{}
}

func (n *nowhere) Accept() (net.Conn, error) {
	<-n.closed
	return nil, errors.New("closed")
}

func (n *nowhere) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

func (n *nowhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// splitFrames splits the input into frames: by lines for JSON, and by a length before each frame
// for MessagePack.
func splitFrames(packed bool, b []byte) (frames [][]byte) {
	if !packed {
		return bytes.Split(b, []byte("\n"))
	}
	for {
		n, width := binary.Uvarint(b)
		if width <= 0 || n > uint64(len(b)-width) {
			return frames
		}
		frames = append(frames, b[width:width+int(n)])
		b = b[width+int(n):]
	}
}

// FuzzConversation sends a server arbitrary frames of a client. The server must not panic, each
// answer must be encodable, and HistoryBytes must be 0 after all connections and channels are
// forgotten.
func FuzzConversation(f *testing.F) {
	for _, lines := range []string{
		`{"action":10,"channel":"a","params":{"rewind":"1","occupancy":"metrics"}}
{"action":15,"channel":"a","msgSerial":0,"messages":[{"name":"n","data":"aGk=","encoding":"base64"},{}]}
{"action":14,"channel":"a","msgSerial":1,"presence":[{"action":2,"data":{}},{"action":4},{"action":3}]}
{"action":16,"channel":"a"}
{"action":12,"channel":"a"}`,
		`{"action":10,"channel":"a","flags":70254592}
{"action":15,"channel":"a","msgSerial":0,"messages":[{"name":"n","data":"x"}]}
{"action":21,"channel":"a","msgSerial":1,"annotations":[{"action":0,"type":"reaction:unique.v1","name":"n","messageSerial":"SERIAL"}]}
{"action":15,"channel":"a","msgSerial":2,"messages":[{"action":5,"serial":"SERIAL","data":"y","version":{"metadata":{"a":"b"}}}]}
{"action":15,"channel":"a","msgSerial":3,"messages":[{"action":2,"serial":"SERIAL"}]}`,
		`{"action":17,"auth":{"accessToken":"a.b.c"}}`, `{"action":0,"id":"x"}`, `{"action":5}`, `{"action":7}`,
		`{"action":19,"channel":"a","msgSerial":0,"state":[{}]}`,
	} {
		f.Add(false, []byte(lines))
		var packed []byte
		for line := range strings.SplitSeq(lines, "\n") {
			pm, err := unmarshalProtocol(JSON, []byte(line))
			if err != nil {
				f.Fatal(err)
			}
			b, err := marshalProtocol(MsgPack, pm)
			if err != nil {
				f.Fatal(err)
			}
			packed = append(binary.AppendUvarint(packed, uint64(len(b))), b...)
		}
		f.Add(true, packed)
	}
	f.Fuzz(func(t *testing.T, packed bool, b []byte) {
		s := fuzzed(t)
		defer s.Close()
		tr := &transport{s: s, n: 1}
		tr.ctx, tr.cancel = context.WithCancel(s.ctx)
		defer tr.cancel()
		tr.out = newPipe(tr, ServerToClient, func(*crossing) {}, func(*crossing) {})
		s.connect(tr, credentials{key: s.Key()}, url.Values{"clientId": {"ann"}})
		format := JSON
		if packed {
			format = MsgPack
		}
		if answers := tr.out.take(); len(answers) != 1 || answers[0].(*crossing).Action != ActionConnected {
			t.Errorf("CONNECT is answered by %v, want CONNECTED", answers)
		}
		for _, frame := range splitFrames(packed, b) {
			for _, m := range s.Messages("a") {
				frame = bytes.ReplaceAll(frame, []byte("SERIAL"), []byte(m.Serial))
			}
			if pm, err := unmarshalProtocol(format, frame); err == nil {
				s.handle(tr, pm)
			}
			for _, x := range tr.out.take() {
				for _, out := range []Format{JSON, MsgPack} {
					if _, err := marshalProtocol(out, x.(*crossing).Message); err != nil {
						t.Errorf("%v can't be encoded as %v: %v", x.(*crossing).Frame, out, err)
					}
				}
			}
		}
		s.State()
		s.mu.Lock()
		s.dropTransport(tr)
		s.mu.Unlock()
		if err := s.Forget(""); err != nil {
			t.Error(err)
		}
		for name := range s.State().Channels {
			if err := s.ForgetChannel(name); err != nil {
				t.Error(err)
			}
		}
		if held := s.State().HistoryBytes; held != 0 {
			t.Errorf("HistoryBytes is %d after all channels were forgotten, want 0", held)
		}
	})
}

// FuzzREST makes arbitrary requests with valid credentials. Each gets an answer; a refusal is in
// Ably's form.
func FuzzREST(f *testing.F) {
	const message = `{"name":"n","data":"x","text":"hi","type":"unique","action":1}`
	for i, e := range endpoints {
		path := strings.ReplaceAll(e.pattern, "*", "a")
		for _, m := range e.methods {
			f.Add(m.method, path, "limit=1", i%2 == 0, []byte(message))
		}
	}
	f.Add("POST", "channels/a/messages", "", false, []byte(`[{"id":"x:0"},{"id":"x:1"}]`))
	f.Add("POST", "keys/app.key/requestToken", "", false, []byte(`{"ttl":1,"capability":"{\"a\":[\"*\"]}"}`))
	f.Add("POST", "channels/a/messages", "", true, []byte("\x81\xa4data\xa1x"))
	f.Fuzz(func(t *testing.T, method, path, query string, packed bool, body []byte) {
		r, err := http.NewRequest(method, "http://127.0.0.1/", bytes.NewReader(body))
		if err != nil {
			return
		}
		r.URL.Path, r.URL.RawQuery = "/"+path, query
		r.SetBasicAuth("app.key", "secret")
		r.Header.Set("X-Ably-ClientId", base64.StdEncoding.EncodeToString([]byte("ann")))
		r.Header.Set("Content-Type", mimeJSON)
		if packed {
			r.Header.Set("Content-Type", mimeMsgPack)
		}
		s := fuzzed(t)
		defer s.Close()
		w := httptest.NewRecorder()
		s.serveREST(w, r)
		if w.Code < 400 {
			return
		}
		code, err := strconv.Atoi(w.Header().Get("X-Ably-Errorcode"))
		if err != nil || code < 40000 || w.Code == http.StatusInternalServerError {
			t.Errorf("%s %s?%s: status %d, code %d; not a refusal in Ably's form", method, path, query, w.Code, code)
		}
		var form struct{ Error *ErrorInfo }
		format := JSON
		if w.Header().Get("Content-Type") == mimeMsgPack {
			format = MsgPack
		}
		if err := unmarshal(format, w.Body.Bytes(), &form); err != nil || form.Error == nil || form.Error.Code != code {
			t.Errorf("%s %s: %q: %v", method, path, w.Body, err)
		}
	})
}

// FuzzAuth presents arbitrary credentials. The server accepts only those that it has issued.
func FuzzAuth(f *testing.F) {
	// Each of the fuzzer's processes makes the same JWT.
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iat": 1_700_000_000, "exp": 1_700_003_600,
		"x-ably-capability": `{"a":["*"]}`, "x-ably-clientId": "ann", "ably.room.a": "b"})
	t.Header["kid"] = DefaultKey.Name
	token, err := t.SignedString([]byte(DefaultKey.Secret))
	if err != nil {
		f.Fatal(err)
	}
	for _, header := range []string{"", "Basic YXBwLmtleTpzZWNyZXQ=", "Bearer " + token, "bearer x", "Basic x", "Digest x",
		"Bearer " + base64.StdEncoding.EncodeToString([]byte(token))} {
		f.Add(header, "")
	}
	for _, query := range []string{"key=app.key:secret", "access_token=" + token, "accessToken=app.x&clientId=ann", "clientId=*"} {
		f.Add("", query)
	}
	signed := token[:strings.LastIndex(token, ".")]
	f.Fuzz(func(t *testing.T, header, query string) {
		s := fuzzed(t)
		defer s.Close()
		r := &http.Request{Method: "GET", URL: &url.URL{Path: "/", RawQuery: query}, Header: http.Header{"Authorization": {header}}}
		cr := credentialsOf(r)
		id, err := s.authenticate(cr, r.URL.Query().Get("clientId"))
		if err != nil {
			if b, bad := json.Marshal(err); bad != nil || err.Code < 40000 || bytes.Contains(b, []byte("secret:")) {
				t.Errorf("the error has no code of Ably, or contains the secret: %s, %v", b, bad)
			}
			return
		}
		if cr.key != s.Key() && !strings.HasPrefix(cr.token, signed+".") {
			t.Errorf("the server accepted %+v as %+v", cr, id)
		}
		if id.app != "app" {
			t.Errorf("the server accepted a client of the application %q", id.app)
		}
	})
}
