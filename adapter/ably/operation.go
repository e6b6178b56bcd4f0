package ablychat

import (
	"crypto/rand"
	"encoding/base64"
	"net/url"
)

// OperationOption configures one call that sends, updates or deletes a message.
type OperationOption func(*operation)

type operation struct {
	description string
	metadata    map[string]string
	key         string
}

// WithDescription gives the reason of an update or a deletion. Receivers find it in the Description
// of the [MessageVersion]. [Messages.Send] refuses the option.
func WithDescription(reason string) OperationOption {
	return func(o *operation) { o.description = reason }
}

// WithOperationMetadata adds metadata to an update or a deletion. Receivers find it in the Metadata
// of the [MessageVersion]. [Messages.Send] refuses the option.
func WithOperationMetadata(metadata map[string]string) OperationOption {
	return func(o *operation) { o.metadata = metadata }
}

// WithIdempotencyKey gives a call of Send, Update or Delete a key. A second call with the same key
// has no effect, so a call that failed without an answer of the service can be repeated with its
// key. A key is any text that no other call uses. The service remembers keys for some minutes.
func WithIdempotencyKey(key string) OperationOption {
	return func(o *operation) { o.key = key }
}

// operationOf returns the options of a call. If the client was made with [WithIdempotentPublishing]
// and the call has no key, it makes one.
func (m *Messages) operationOf(options []OperationOption) (o operation) {
	for _, option := range options {
		if option != nil {
			option(&o)
		}
	}
	if o.key == "" && m.room.client.idempotent {
		var key [9]byte
		_, _ = rand.Read(key[:]) // Read never fails
		o.key = base64.StdEncoding.EncodeToString(key[:])
	}
	return o
}

// query returns the query of the request, or nil if it has none.
func (o operation) query() url.Values {
	if o.key == "" {
		return nil
	}
	return url.Values{"idempotencyKey": {o.key}}
}

// body returns the description and the metadata of an update or a deletion, as plain JSON types
// (CHA-M8, CHA-M9).
func (o operation) body(name string) (map[string]any, error) {
	details := map[string]any{}
	if o.description != "" {
		details["description"] = o.description
	}
	if o.metadata != nil {
		details["metadata"] = o.metadata
	}
	return plainObject(name, details)
}
