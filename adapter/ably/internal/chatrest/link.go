package chatrest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// link is one link of a Link header (RFC 8288).
type link struct {
	target   string
	rel      string // relation types, separated by spaces
	anchored bool   // the link is about another resource
}

// is reports whether the link has a relation type. Case doesn't matter.
func (l link) is(rel string) bool {
	for r := range strings.FieldsSeq(l.rel) {
		if strings.EqualFold(r, rel) {
			return true
		}
	}
	return false
}

// nextPage returns the query of the link to the next page, or nil if there is no such link. It
// ignores the path of the target, which is the path of the request.
//
// It returns an error for a header that can't be read, and for a target without a query: the caller
// must not take this page for the last one.
func nextPage(header []string) (url.Values, error) {
	var malformed error
	for _, value := range header {
		links, err := parseLinks(value)
		if err != nil && malformed == nil {
			malformed = err
		}
		for _, l := range links {
			if l.anchored || !l.is("next") {
				continue
			}
			target, err := url.Parse(l.target)
			if err != nil {
				return nil, err
			}
			query, err := url.ParseQuery(target.RawQuery)
			if err != nil {
				return nil, err
			}
			if len(query) == 0 {
				return nil, fmt.Errorf("the target %q has no query", l.target)
			}
			return query, nil
		}
	}
	return nil, malformed
}

// parseLinks parses a Link header as appendix B of RFC 8288 describes. If it finds a mistake, it
// returns the links before the mistake, and an error.
//
//	Link       = #( "<" URI-Reference ">" *( OWS ";" OWS link-param ) )
//	link-param = token BWS [ "=" BWS ( token / quoted-string ) ]
func parseLinks(header string) (links []link, err error) {
	s := scanner{header}
	for {
		for s.space(); s.skip(','); { // a list may have empty elements
			s.space()
		}
		if s.rest == "" {
			return links, nil
		}
		l, err := s.link()
		if err != nil {
			return links, fmt.Errorf("the Link header %q is malformed: %w", header, err)
		}
		links = append(links, l)
		if s.space(); s.rest != "" && s.rest[0] != ',' {
			return links, fmt.Errorf("the Link header %q is malformed: expected a comma before %q", header, s.rest)
		}
	}
}

// scanner reads a header from left to right.
type scanner struct{ rest string }

func (s *scanner) space() { s.rest = strings.TrimLeft(s.rest, " \t") }

func (s *scanner) skip(c byte) bool {
	if s.rest != "" && s.rest[0] == c {
		s.rest = s.rest[1:]
		return true
	}
	return false
}

func (s *scanner) link() (l link, err error) {
	if !s.skip('<') {
		return l, errors.New("the target is not in <>")
	}
	target, rest, closed := strings.Cut(s.rest, ">")
	if !closed {
		return l, errors.New("the target has no closing >")
	}
	l.target, s.rest = target, rest
	related := false
	for {
		if s.space(); !s.skip(';') {
			return l, nil
		}
		s.space()
		name := s.until(" \t=;,")
		s.space()
		value := ""
		if s.skip('=') {
			s.space()
			if value, err = s.value(); err != nil {
				return l, err
			}
		}
		switch {
		case strings.EqualFold(name, "rel") && !related: // RFC 8288 ignores a second rel
			l.rel, related = value, true
		case strings.EqualFold(name, "anchor"):
			l.anchored = true
		}
	}
}

// until reads up to one of the given characters.
func (s *scanner) until(stop string) (text string) {
	end := strings.IndexAny(s.rest, stop)
	if end < 0 {
		end = len(s.rest)
	}
	text, s.rest = s.rest[:end], s.rest[end:]
	return text
}

// value reads a quoted string, or the text before the next parameter or link.
func (s *scanner) value() (string, error) {
	if !s.skip('"') {
		value := strings.TrimRight(s.until(";,"), " \t")
		if strings.ContainsAny(value, "<>\" \t") { // a separator is missing
			return "", fmt.Errorf("the value %q contains a separator, so it must be quoted", value)
		}
		return value, nil
	}
	var text strings.Builder
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; c {
		case '"':
			s.rest = s.rest[i+1:]
			return text.String(), nil
		case '\\':
			if i++; i == len(s.rest) {
				return "", errors.New("a quoted string has no closing quote")
			}
			text.WriteByte(s.rest[i])
		default:
			text.WriteByte(c)
		}
	}
	return "", errors.New("a quoted string has no closing quote")
}
