package ablychat

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// chatPath is where the Chat REST API is (CHA-RST).
const chatPath = "/chat/v4/"

// call is one request to the Chat REST API.
type call struct {
	method string
	path   []string // below chatPath, not escaped: any text (CHA-RST6)
	query  url.Values
	body   any // nil for none
}

// restAPI makes requests to the Chat REST API by way of ably-go's REST client (CHA-RST1), which knows the hosts, the fallbacks, the
// authentication and the format.
//
// ably-go escapes the path that it is given once more, follows links to further pages by paths that are not escaped, and keeps an error's body
// to itself. So the request is put right, and the answer read, in the transport below ably-go, where that is ours (resttransport.go). A REST
// client of the user's own has another one: what has a slash can't be sent with it, and an error has no detail.
type restAPI struct {
	client *ably.REST // nil when there is none
	ours   bool       // its transport is ours
}

// answer is what came back.
type answer struct {
	body any        // as encoding/json makes it of JSON
	next url.Values // the query of the next page; nil when this is the last
}

// do makes a request and returns the answer. operation is what to call it in errors.
//
// Errors: the service's, with its code, status, message and detail (CHA-M3e); the context's cause; [lifecycle.ErrInvalidArgument] when there is
// no REST client, and for a body that JSON has no form for.
func (r restAPI) do(ctx context.Context, operation string, c call) (answer, error) {
	if ctx.Err() != nil {
		return answer{}, context.Cause(ctx)
	}
	if r.client == nil {
		return answer{}, lifecycle.NewErrorInfo(lifecycle.ErrInvalidArgument,
			"unable to "+operation+"; the chat client has no REST client: make it with ablychat.Connect, or give it one with ablychat.WithREST", nil)
	}
	path := chatPath + strings.Join(c.path, "/")
	x := &exchange{path: path, escaped: chatPath + escape(c.path)}
	given := path
	if r.ours {
		given = chatPath + "request" // what the transport puts in its place may be anything
		ctx = context.WithValue(ctx, exchangeKey{}, x)
	} else if bad := withSlash(c.path); bad != "" {
		return answer{}, lifecycle.NewErrorInfo(lifecycle.ErrInvalidArgument,
			fmt.Sprintf("unable to %s; %q has a slash, which only a REST client made by ablychat.Connect can send", operation, bad), nil)
	}
	var options []ably.RequestOption
	if c.query != nil {
		options = append(options, ably.RequestWithParams(c.query))
	}
	if c.body != nil {
		body, err := inJSON(operation, c.body)
		if err != nil {
			return answer{}, err
		}
		options = append(options, ably.RequestWithBody(body))
	}
	pages, err := r.client.Request(c.method, given, options...).Pages(ctx)
	switch {
	case x.failed != nil:
		return answer{}, named(operation, x.failed)
	case err != nil:
		return answer{}, failed(ctx, operation, err)
	case !pages.Success():
		return answer{}, named(operation, serviceError(pages.StatusCode(), int(pages.ErrorCode()), pages.ErrorMessage()))
	}
	a := answer{body: x.body, next: nextPage(pages.Headers())}
	if !x.seen {
		var items []any
		if pages.Next(ctx) {
			if err := pages.Items(&items); err != nil {
				return answer{}, fromAbly(operation, err)
			}
		}
		a.body = plain(items)
	}
	return a, nil
}

// one makes a request whose answer is one object.
func (r restAPI) one(ctx context.Context, operation string, c call) (map[string]any, error) {
	a, err := r.do(ctx, operation, c)
	if err != nil {
		return nil, err
	}
	if list, ok := a.body.([]any); ok && len(list) > 0 { // ably-go makes a list of everything
		a.body = list[0]
	}
	o, _ := a.body.(map[string]any)
	return o, nil
}

// named says in an error's message what could not be done.
func named(operation string, e *lifecycle.ErrorInfo) error {
	return &lifecycle.ErrorInfo{Code: e.Code, StatusCode: e.StatusCode, Message: "unable to " + operation + "; " + e.Message, Cause: e.Cause}
}

func escape(path []string) string {
	escaped := make([]string, len(path))
	for i, segment := range path {
		escaped[i] = url.PathEscape(segment)
	}
	return strings.Join(escaped, "/")
}

func withSlash(path []string) string {
	for _, segment := range path {
		if strings.Contains(segment, "/") {
			return segment
		}
	}
	return ""
}

// nextPage returns the query of the link to the next page. The rest of the link is the request's own path, however it is written there.
func nextPage(header http.Header) url.Values {
	for _, value := range header.Values("Link") {
		for link := range strings.SplitSeq(value, ",") {
			target, params, ok := strings.Cut(link, ";")
			target = strings.TrimSpace(target)
			if !ok || !strings.Contains(params, `rel="next"`) && !strings.Contains(params, "rel=next") || len(target) < 2 {
				continue
			}
			if _, query, ok := strings.Cut(target[1:len(target)-1], "?"); ok {
				if q, err := url.ParseQuery(query); err == nil {
					return q
				}
			}
		}
	}
	return nil
}
