package ablychat

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/url"
)

// OperationOption says more about one call that sends, updates or deletes a message.
type OperationOption func(*operation)

type operation struct {
	description string
	metadata    map[string]string
	key         string
}

// WithDescription says why a message is updated or deleted: [MessageVersion] has it as Description.
// [Messages.Send] refuses it.
func WithDescription(reason string) OperationOption {
	return func(o *operation) { o.description = reason }
}

// WithOperationMetadata adds metadata to an update or a deletion: [MessageVersion] has it as
// Metadata. [Messages.Send] refuses it.
func WithOperationMetadata(metadata map[string]string) OperationOption {
	return func(o *operation) { o.metadata = metadata }
}

// WithIdempotencyKey names the call, so that a repeated call with the same key has no second effect:
// give it again when a call failed without the service's answer. The key is any text that no other
// call has; the service remembers it for some minutes. It holds for Send, Update and Delete.
func WithIdempotencyKey(key string) OperationOption {
	return func(o *operation) { o.key = key }
}

// operationOf returns what the options of a call say. A client with [WithIdempotentPublishing] makes a
// key for a call that has none.
func (m *Messages) operationOf(options []OperationOption) (o operation) {
	for _, option := range options {
		if option != nil {
			option(&o)
		}
	}
	if o.key == "" && m.room.client.idempotent {
		var key [9]byte
		_, _ = rand.Read(key[:]) // which doesn't fail
		o.key = base64.StdEncoding.EncodeToString(key[:])
	}
	return o
}

// query returns the query of a request, nil for none.
func (o operation) query() url.Values {
	if o.key == "" {
		return nil
	}
	return url.Values{"idempotencyKey": {o.key}}
}

// addTo adds what is given to the body of a request (CHA-M8, CHA-M9).
func (o operation) addTo(body map[string]any) map[string]any {
	if o.description != "" {
		body["description"] = o.description
	}
	if o.metadata != nil {
		body["metadata"] = o.metadata
	}
	return body
}

// do makes a request to the Chat REST API for the room; see [restAPI.do].
func (r *Room) do(ctx context.Context, operation string, c call) (answer, error) {
	if err := r.gone(operation); err != nil {
		return answer{}, err
	}
	return r.client.below.rest.do(ctx, operation, c)
}

// one makes a request whose answer is one object.
func (r *Room) one(ctx context.Context, operation string, c call) (map[string]any, error) {
	a, err := r.do(ctx, operation, c)
	if err != nil {
		return nil, err
	}
	o, _ := a.body.(map[string]any)
	return o, nil
}
