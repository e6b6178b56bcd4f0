package ablychat

import (
	"fmt"

	"ablyrooms.example/internal/jsonvalue"
	"ablyrooms.example/lifecycle"
)

// plainValue returns a copy of v that consists of plain JSON types. Every value that a user sends
// goes through it. So the value arrives the same by REST and by realtime, in JSON and in
// MessagePack.
//
// If v can't be sent, plainValue returns [ErrInvalidArgument] with the name of the field.
func plainValue(operation, field string, v any) (any, error) {
	plain, err := jsonvalue.Of(field, v)
	if err != nil {
		return nil, unsendable(operation, err.Error())
	}
	return plain, nil
}

func unsendable(operation, reason string) error {
	return lifecycle.NewErrorInfo(ErrInvalidArgument, "unable to "+operation+"; "+reason, nil)
}

// plainObject applies [plainValue] to the members of an object.
func plainObject(operation string, members map[string]any) (map[string]any, error) {
	plain, err := plainValue(operation, "", members)
	if err != nil {
		return nil, err
	}
	return plain.(map[string]any), nil
}

// plainHeaders applies [plainValue] to headers. Their values must be strings, numbers, bools or
// nil.
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
