package ablytest

import (
	"net/url"
	"strings"
)

// Endpoints returns what the REST API serves, as method and pattern.
func Endpoints() (all []string) {
	for _, e := range endpoints {
		for _, m := range e.methods {
			all = append(all, m.method+" "+e.pattern)
		}
	}
	return all
}

// EndpointOf returns the one that serves a path, which is still escaped; "" for none.
func EndpointOf(method, path string) string {
	var segments []string
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		name, _ := url.PathUnescape(part)
		segments = append(segments, name)
	}
	for _, e := range endpoints {
		if e.matches(segments) {
			return method + " " + e.pattern
		}
	}
	return ""
}
