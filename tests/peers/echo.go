package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Some suites use these hosts in addition to the service: one that returns the answer that the
// request describes, and one that shows that there is a connection to the internet.
const (
	echoHost     = "echo.ably.io"
	internetHost = "internet-up.ably-realtime.com"
)

// helpers serves these hosts on this machine, over TLS, with a certificate authority of its own.
type helpers struct {
	https, proxy net.Listener
	servers      []*http.Server
	authority    string // the file with the authority's certificate
}

func startHelpers(temp string) (*helpers, error) {
	certificate, err := selfSigned(echoHost, internetHost)
	if err != nil {
		return nil, err
	}
	h := &helpers{authority: filepath.Join(temp, "authority.pem")}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	if err := os.WriteFile(h.authority, block, 0o600); err != nil {
		return nil, err
	}
	if h.https, err = tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}}); err != nil {
		return nil, err
	}
	if h.proxy, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	h.serve(h.https, http.HandlerFunc(answer))
	h.serve(h.proxy, http.HandlerFunc(h.tunnel))
	return h, nil
}

func (h *helpers) serve(ln net.Listener, handler http.Handler) {
	s := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	h.servers = append(h.servers, s)
	go func() { _ = s.Serve(ln) }()
}

func (h *helpers) close() {
	for _, s := range h.servers {
		_ = s.Close()
	}
}

func selfSigned(hosts ...string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "peers"}, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// tunnel serves CONNECT requests to the two hosts, and refuses all other hosts.
func (h *helpers) tunnel(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.Host)
	hijacker, ok := w.(http.Hijacker)
	if r.Method != http.MethodConnect || !ok || host != echoHost && host != internetHost {
		http.Error(w, "this host is not served", http.StatusBadGateway)
		return
	}
	there, err := net.Dial("tcp", h.https.Addr().String())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	w.WriteHeader(http.StatusOK)
	here, buffered, err := hijacker.Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	go func() {
		_, _ = io.Copy(there, buffered)
		_ = there.Close()
	}()
	_, _ = io.Copy(here, there)
}

// answer serves the requests to both hosts.
func answer(w http.ResponseWriter, r *http.Request) {
	if r.Host == internetHost {
		fmt.Fprintln(w, "yes")
		return
	}
	_ = r.ParseForm()
	status, err := strconv.Atoi(r.Form.Get("status"))
	if err != nil || status < 100 || status > 599 {
		status = http.StatusOK
	}
	switch r.URL.Path {
	case "/createJWT":
		token, err := createJWT(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		kind := "text/plain"
		if r.Form.Get("returnType") == "jwt" {
			kind = "application/jwt"
		}
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, token)
	case "/qs_to_body":
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		writeJSON(w, object(r.Form))
	case "/methods":
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		writeJSON(w, map[string]string{"method": strings.ToLower(r.Method)})
	case "/respondwith":
		w.WriteHeader(status)
	default:
		if len(r.Form) == 0 {
			http.NotFound(w, r)
			return
		}
		kind := "text/plain"
		if r.Form.Get("type") == "json" {
			kind = "application/json; charset=utf-8"
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		if r.Method == http.MethodPost {
			writeJSON(w, object(r.PostForm))
			return
		}
		_, _ = io.WriteString(w, r.Form.Get("body"))
	}
}

// createJWT returns a JWT that is signed with the key in the request.
func createJWT(r *http.Request) (string, error) {
	lasts := time.Hour
	if text := r.Form.Get("expiresIn"); text != "" {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return "", err
		}
		lasts = time.Duration(seconds * float64(time.Second))
	}
	now := time.Now()
	claims := jwt.MapClaims{"iat": now.Unix(), "exp": now.Add(lasts).Unix()}
	for param, claim := range map[string]string{
		"clientId": "x-ably-clientId", "capability": "x-ably-capability", "innerToken": "x-ably-token",
	} {
		if v := r.Form.Get(param); v != "" {
			claims[claim] = v
		}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	token.Header["kid"] = r.Form.Get("keyName")
	return token.SignedString([]byte(r.Form.Get("keySecret")))
}

// object returns a form as a JSON object, with times as numbers. If a name has several values, the
// last one counts.
func object(form url.Values) map[string]any {
	out := map[string]any{}
	for name, values := range form {
		text := values[len(values)-1]
		out[name] = text
		switch name {
		case "timestamp", "ttl", "issued", "expires":
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				out[name] = n
			}
		}
	}
	return out
}
