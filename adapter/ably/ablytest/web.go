package ablytest

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// fromHere refuses requests that a web page of elsewhere has a browser make, which reaches loopback:
// by the Origin that browsers send along (cross-site requests), and by the Host, which names the
// page's own site where its name was made to resolve to loopback (DNS rebinding). A page that was
// itself served on loopback is let in. No browser reaches a network in memory.
func (o *options) fromHere(r *http.Request) *ErrorInfo {
	if _, tcp := r.Context().Value(netConnKey{}).(*net.TCPConn); !tcp {
		return nil
	}
	if !o.isHere(r.Host) {
		return NewError(40300, http.StatusForbidden,
			"the test server is reached on loopback only, not as %q", r.Host)
	}
	for _, origin := range r.Header.Values("Origin") {
		u, err := url.Parse(origin)
		if err != nil || !o.isHere(u.Host) {
			return NewError(40300, http.StatusForbidden,
				"the test server doesn't serve web pages of %q", origin)
		}
	}
	return nil
}

// isHere reports whether a host, with or without a port, is one of loopback, or of [WithHosts].
func (o *options) isHere(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost") ||
		slices.Contains(o.hosts, host)
}
