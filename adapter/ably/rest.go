package ablychat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/chatrest"
	"ablyrooms.example/internal/jsonvalue"
	"ablyrooms.example/lifecycle"
)

// call is one request to the Chat REST API.
type call struct {
	method string
	path   []string // not escaped: any text (CHA-RST6)
	query  url.Values
	body   any // of plain types; nil for none
}

// restAPI makes requests to the Chat REST API (CHA-RST1).
type restAPI struct {
	own   *chatrest.Client
	given *ably.REST // the user's, if there is no client of our own; or nil
}

// answer is the service's answer to a request that it carried out.
type answer struct {
	body       any        // in the types of package jsonvalue
	next       url.Values // the query of the next page; nil if this is the last
	unexpected func(expected string) *chatrest.Error
}

// do makes a request and returns the answer. operation is what to call it in errors.
//
// Errors: the service's, with its code, status, message and detail (CHA-M3e); the code 80013 for an
// answer that can't be read; 80000 or 50003 if the service can't be reached; those of credentials (40170,
// 40171, 40142 and the like); the context's cause; [lifecycle.InvalidArgument] if there is no REST
// client.
func (r restAPI) do(ctx context.Context, operation string, c call) (answer, error) {
	if ctx.Err() != nil {
		return answer{}, context.Cause(ctx)
	}
	if r.own == nil {
		return r.byGiven(ctx, operation, c)
	}
	a, err := r.own.Do(ctx, chatrest.Request{Method: c.method, Path: c.path, Query: c.query, Body: c.body})
	if err != nil {
		return answer{}, fromREST(ctx, operation, err)
	}
	return answer{a.Body, a.Next, a.Unexpected}, nil
}

// one makes a request whose answer is one object, with text in a member that the caller relies on;
// "" for none.
func (r restAPI) one(ctx context.Context, operation string, c call, member string) (map[string]any, error) {
	a, err := r.do(ctx, operation, c)
	if err != nil {
		return nil, err
	}
	o, ok := a.body.(map[string]any)
	if !ok {
		return nil, fromREST(ctx, operation, a.unexpected("an object"))
	}
	if text, _ := o[member].(string); member != "" && text == "" {
		return nil, fromREST(ctx, operation, a.unexpected("an object with a "+member))
	}
	return o, nil
}

// list makes a request whose answer is a list of objects, each with text in a member.
func (r restAPI) list(ctx context.Context, operation string, c call, member string) (
	objects []map[string]any, next url.Values, err error,
) {
	a, err := r.do(ctx, operation, c)
	if err != nil {
		return nil, nil, err
	}
	items, ok := a.body.([]any)
	for _, item := range items {
		o, _ := item.(map[string]any)
		text, _ := o[member].(string)
		ok = ok && text != ""
		objects = append(objects, o)
	}
	if !ok {
		return nil, nil, fromREST(ctx, operation, a.unexpected("a list of objects with a "+member))
	}
	return objects, a.next, nil
}

// Rejection is the cause of an error of the service's that has more to say than a code and a
// message: it is found with [errors.As].
type Rejection struct {
	Detail map[string]any // what moderation or a rule says of a message that it rejected, or nil
	Href   string         // where to read more, or empty
}

// Error prints the detail and the address that there are.
func (r *Rejection) Error() string {
	var parts []string
	if r.Detail != nil {
		parts = append(parts, fmt.Sprintf("detail %v", r.Detail))
	}
	if r.Href != "" {
		parts = append(parts, "see "+r.Href)
	}
	return strings.Join(parts, ", ")
}

// fromREST makes an error of ours from one of a request.
func fromREST(ctx context.Context, operation string, err error) error {
	e, ok := errors.AsType[*chatrest.Error](err)
	if !ok {
		return failed(ctx, operation, err)
	}
	info := &lifecycle.ErrorInfo{Code: lifecycle.ErrorCode(e.Code), StatusCode: e.StatusCode,
		Message: "unable to " + operation + "; " + withoutSecrets(e.Message)}
	switch cause, ok := errors.AsType[*chatrest.Error](e.Cause); {
	case ok:
		info.Cause = &lifecycle.ErrorInfo{
			Code: lifecycle.ErrorCode(cause.Code), StatusCode: cause.StatusCode, Message: cause.Message}
	case e.Cause != nil:
		info.Cause = clean(e.Cause)
	case e.Detail != nil || e.Href != "":
		info.Cause = &Rejection{Detail: e.Detail, Href: e.Href}
	}
	return info
}

// byGiven makes a request with the user's own REST client. It can't send a slash, says nothing of
// an error's detail, and renews a token for the code 40140 alone.
func (r restAPI) byGiven(ctx context.Context, operation string, c call) (answer, error) {
	if r.given == nil {
		return answer{}, lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to "+operation+
			"; the chat client has no REST client: make it with ablychat.Connect, or give it one with ablychat.WithREST", nil)
	}
	for _, segment := range c.path {
		if strings.Contains(segment, "/") {
			return answer{}, lifecycle.NewErrorInfo(lifecycle.InvalidArgument, fmt.Sprintf(
				"unable to %s; %q has a slash, which only a client made by ablychat.Connect can send", operation, segment), nil)
		}
	}
	options := []ably.RequestOption{ably.RequestWithParams(c.query)}
	if c.body != nil {
		options = append(options, ably.RequestWithBody(c.body))
	}
	pages, err := r.given.Request(c.method, chatrest.BasePath+strings.Join(c.path, "/"), options...).Pages(ctx)
	if err != nil {
		return answer{}, failed(ctx, operation, err)
	}
	if !pages.Success() {
		e := &chatrest.Error{Code: int(pages.ErrorCode()), StatusCode: pages.StatusCode(), Message: pages.ErrorMessage()}
		if e.Code == 0 {
			e.Code, e.Message = e.StatusCode*100, http.StatusText(e.StatusCode)
		}
		return answer{}, fromREST(ctx, operation, e)
	}
	a := answer{unexpected: func(expected string) *chatrest.Error {
		return &chatrest.Error{Code: 80013, StatusCode: 500, Message: "the answer is not " + expected}
	}}
	var bad *chatrest.Error
	if a.next, bad = chatrest.NextPage(pages.Headers()); bad != nil {
		return answer{}, fromREST(ctx, operation, bad)
	}
	var items []any
	if !pages.Next(ctx) {
		return answer{}, fromREST(ctx, operation, a.unexpected("one of the service's"))
	}
	if err := pages.Items(&items); err != nil {
		return answer{}, failed(ctx, operation, err)
	}
	a.body = jsonvalue.Received(items)
	history := c.method == http.MethodGet && c.path[len(c.path)-1] == "messages"
	if len(items) == 1 && !history { // ably-go makes a list of everything
		a.body = items[0]
	}
	return a, nil
}
