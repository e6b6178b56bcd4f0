package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/coder/websocket"
)

// provisioner makes applications for suites that request them. Each application is an embedded
// server.
type provisioner struct {
	http *http.Server
	ln   net.Listener

	mu   sync.Mutex
	made int
	apps map[string]*app
}

// app is an application: its server, and the client on which its members are present.
type app struct {
	server  *ablytest.Server
	members *websocket.Conn
}

func startProvisioner() (*provisioner, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &provisioner{ln: ln, apps: map[string]*app{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /apps", p.create)
	mux.HandleFunc("DELETE /apps/{id}", p.remove)
	mux.HandleFunc("POST /stats", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	p.http = &http.Server{Handler: mux}
	go func() { _ = p.http.Serve(ln) }()
	return p, nil
}

func (p *provisioner) url() string { return "http://" + p.ln.Addr().String() }

func (p *provisioner) close() {
	_ = p.http.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.apps {
		a.close()
	}
}

func (a *app) close() {
	if a.members != nil {
		_ = a.members.CloseNow()
	}
	a.server.Close()
}

// spec is the body of a suite's request for an application.
type spec struct {
	Keys []struct {
		Capability string `json:"capability"`
	} `json:"keys"`
	Namespaces []struct {
		ID        string `json:"id"`
		Persisted bool   `json:"persisted"`
	} `json:"namespaces"`
	Channels []struct {
		Name     string           `json:"name"`
		Presence []map[string]any `json:"presence"`
	} `json:"channels"`
}

type keyMade struct {
	ID         string `json:"id"`
	Value      string `json:"value"`
	KeyName    string `json:"keyName"`
	KeySecret  string `json:"keySecret"`
	KeyStr     string `json:"keyStr"`
	Capability string `json:"capability"`
}

func (p *provisioner) create(w http.ResponseWriter, r *http.Request) {
	var s spec
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.made++
	id := fmt.Sprintf("app%d", p.made)
	p.mu.Unlock()
	var keys []ablytest.Key
	var made []keyMade
	for i, k := range s.Keys {
		key := ablytest.Key{Name: fmt.Sprintf("%s.key%d", id, i), Secret: fmt.Sprintf("secret%d", i), Capability: k.Capability}
		keys = append(keys, key)
		if k.Capability == "" {
			k.Capability = `{"*":["*"]}`
		}
		made = append(made, keyMade{fmt.Sprintf("key%d", i), key.Secret, key.Name, key.Secret, key.Text(), k.Capability})
	}
	var persisted []string
	for _, n := range s.Namespaces {
		if n.Persisted {
			persisted = append(persisted, n.ID)
		}
	}
	server, err := ablytest.Start(ablytest.WithKeys(keys...), ablytest.WithPersisted(persisted...),
		ablytest.WithFrameLog(0), ablytest.WithLogf(func(string, ...any) {}))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	a := &app{server: server}
	if err := a.enter(s); err != nil {
		a.close()
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	p.mu.Lock()
	p.apps[id] = a
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	writeJSON(w, map[string]any{
		"appId": id, "accountId": "account", "keys": made, "namespaces": s.Namespaces, "connections": []any{},
		"endpoint": server.Host(), "port": server.Port(), "tls": false,
	})
}

func writeJSON(w io.Writer, v any) { _ = json.NewEncoder(w).Encode(v) }

// enter makes the requested members present.
func (a *app) enter(s spec) error {
	ctx := context.Background()
	var frames []string
	for i, ch := range s.Channels {
		for j, m := range ch.Presence {
			m["action"] = 2
			s.Channels[i].Presence[j] = m
		}
		members, err := json.Marshal(ch.Presence)
		if err != nil {
			return err
		}
		frames = append(frames, fmt.Sprintf(`{"action":10,"channel":%q}`, ch.Name),
			fmt.Sprintf(`{"action":14,"channel":%q,"msgSerial":%d,"presence":%s}`, ch.Name, i, members))
	}
	if len(frames) == 0 {
		return nil
	}
	ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(a.server.URL(), "http")+"/?heartbeats=false&key="+a.server.Key(), nil)
	if err != nil {
		return err
	}
	a.members = ws
	for _, f := range frames {
		if err := ws.Write(ctx, websocket.MessageText, []byte(f)); err != nil {
			return err
		}
	}
	go func() { // Read also answers the server's pings
		for {
			if _, _, err := ws.Read(ctx); err != nil {
				return
			}
		}
	}()
	return a.server.Await(ctx, func(st ablytest.State) bool {
		return len(st.Channels[s.Channels[0].Name].Members) == len(s.Channels[0].Presence)
	})
}

func (p *provisioner) remove(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	a := p.apps[r.PathValue("id")]
	delete(p.apps, r.PathValue("id"))
	p.mu.Unlock()
	if a != nil {
		a.close()
	}
	w.WriteHeader(http.StatusNoContent)
}
