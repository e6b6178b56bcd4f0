package ablychat

import (
	"fmt"

	"ablyrooms.example/internal/jsonvalue"
	"ablyrooms.example/lifecycle"
)

// plainValue returns a copy of a value that is to be sent, in plain JSON types. All that users give
// goes through it, so that it is the same by REST and realtime, in JSON and MessagePack.
//
// It returns [lifecycle.InvalidArgument] for a value that can't be sent as it is, and names the
// field.
func plainValue(operation, field string, v any) (any, error) {
	plain, err := jsonvalue.Of(field, v)
	if err != nil {
		return nil, unsendable(operation, err.Error())
	}
	return plain, nil
}

func unsendable(operation, reason string) error {
	return lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to "+operation+"; "+reason, nil)
}

// plainObject is [plainValue] for the members of an object.
func plainObject(operation string, members map[string]any) (map[string]any, error) {
	plain, err := plainValue(operation, "", members)
	if err != nil {
		return nil, err
	}
	return plain.(map[string]any), nil
}

// plainHeaders is [plainValue] for headers, whose values are strings, numbers, bools or nil.
func plainHeaders(operation string, headers map[string]any) (map[string]any, error) {
	plain, err := plainValue(operation, "headers", headers)
	if err != nil {
		return nil, err
	}
	for name, value := range plain.(map[string]any) {
		kind := ""
		switch value.(type) {
		case map[string]any:
			kind = "an object"
		case []any:
			kind = "a list"
		default:
			continue
		}
		return nil, unsendable(operation,
			fmt.Sprintf("the header %q is %s, expected a string, number, bool or nil", name, kind))
	}
	return plain.(map[string]any), nil
}
