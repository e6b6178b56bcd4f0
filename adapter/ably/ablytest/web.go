package ablytest

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// fromHere returns an error for a request that a browser makes for a web page of another site. It
// checks the Origin header, which browsers set in cross-site requests. It also checks the Host
// header: if the name of another site was made to resolve to loopback, the header has that name
// (DNS rebinding). Pages that were served on loopback pass. A network in memory needs no check: no
// browser reaches it.
func (o *options) fromHere(r *http.Request) *ErrorInfo {
	if _, tcp := r.Context().Value(netConnKey{}).(*net.TCPConn); !tcp {
		return nil
	}
	if !o.isHere(r.Host) {
		return NewError(40300, http.StatusForbidden,
			"the test server can only be reached on loopback, not as %q", r.Host)
	}
	for _, origin := range r.Header.Values("Origin") {
		u, err := url.Parse(origin)
		if err != nil || !o.isHere(u.Host) {
			return NewError(40300, http.StatusForbidden,
				"the test server doesn't serve web pages from %q", origin)
		}
	}
	return nil
}

// isHere reports whether a host, with or without a port, is on loopback or named by [WithHosts].
func (o *options) isHere(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() ||
		host == "localhost" || strings.HasSuffix(host, ".localhost") ||
		slices.Contains(o.hosts, host)
}
