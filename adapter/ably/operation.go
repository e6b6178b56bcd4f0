package ablychat

import (
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

// WithIdempotencyKey gives the call a key: a repeated call with the same key has no second effect.
// When a call fails without an answer of the service, repeat it with the same key. The key is any
// text that no other call uses; the service remembers keys for some minutes. The option is for
// Send, Update and Delete.
func WithIdempotencyKey(key string) OperationOption {
	return func(o *operation) { o.key = key }
}

// operationOf returns what the options of a call say. A client with [WithIdempotentPublishing]
// makes a key for a call that has none.
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

// query returns the query of a request, nil for none.
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
