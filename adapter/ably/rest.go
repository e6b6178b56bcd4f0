package ablychat

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"ablyrooms.example/adapter/ably/internal/chatrest"
	"ablyrooms.example/lifecycle"
)

// call is one request to the Chat REST API.
type call struct {
	method string
	path   []string // segments, not escaped; may contain any text (CHA-RST6)
	query  url.Values
	body   any // plain JSON types; nil for no body
}

// answer is the service's answer to a request that succeeded.
type answer struct {
	body       any        // has the types of package jsonvalue
	next       url.Values // the query of the next page; nil on the last page
	unexpected func(expected string) *chatrest.Error
}

// do makes a request to the Chat REST API (CHA-RST1) for the room, and returns the answer.
// operation describes the call in errors.
//
// Errors: [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room is released, see [Room];
// errors of the service, with their code, status, message and detail (CHA-M3e); code 80013 for an
// answer that can't be read; 80000 or 50003 if the service can't be reached; errors of credentials
// (40170, 40171, 40142 and similar); the context's error.
func (r *Room) do(ctx context.Context, operation string, c call) (answer, error) {
	if err := r.begin(ctx, operation); err != nil {
		return answer{}, err
	}
	a, err := r.client.below.rest.Do(ctx,
		chatrest.Request{Method: c.method, Path: c.path, Query: c.query, Body: c.body})
	if err != nil {
		return answer{}, fromREST(ctx, operation, err)
	}
	return answer{a.Body, a.Next, a.Unexpected}, nil
}

// one makes a request whose answer must be one object. If member is not "", the object must have
// text in that member.
func (r *Room) one(
	ctx context.Context, operation string, c call, member string,
) (map[string]any, error) {
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

// done makes a request whose answer must be an object without an error, or empty. It ignores the
// members of the object.
func (r *Room) done(ctx context.Context, operation string, c call) error {
	a, err := r.do(ctx, operation, c)
	if err != nil {
		return err
	}
	o, ok := a.body.(map[string]any)
	if _, failed := o["error"]; failed || !ok && a.body != nil {
		return fromREST(ctx, operation, a.unexpected("an object or nothing"))
	}
	return nil
}

// list makes a request whose answer must be a list of objects, each with text in a member.
func (r *Room) list(ctx context.Context, operation string, c call, member string) (
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

// Rejection has the details of an error of the service that has more than a code and a message. It
// is in the chain of causes of an [*ErrorInfo]: find it with [errors.As]. Its fields are as the
// service sent them.
type Rejection struct {
	// details from moderation, or from the rule that rejected the message; may be nil
	Detail map[string]any
	Href   string // the address of a page about the error; may be empty
}

// Error returns the detail and the address as text. It leaves out the queries of addresses, which
// may contain secrets.
func (r *Rejection) Error() string {
	var parts []string
	if r.Detail != nil {
		parts = append(parts, fmt.Sprintf("detail %v", r.Detail))
	}
	if r.Href != "" {
		parts = append(parts, "see "+r.Href)
	}
	return withoutSecrets(strings.Join(parts, ", "))
}

// fromREST converts the error of a REST request.
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
			Code: lifecycle.ErrorCode(cause.Code), StatusCode: cause.StatusCode,
			Message: withoutSecrets(cause.Message)}
	case e.Cause != nil:
		info.Cause = clean(e.Cause)
	case e.Detail != nil || e.Href != "":
		info.Cause = &Rejection{Detail: e.Detail, Href: e.Href}
	}
	return info
}
