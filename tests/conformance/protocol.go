package conformance

import (
	"encoding/json"
	"fmt"
)

// Version is the version of the protocol of subjects in processes, docs/subject-protocol.md.
const Version = 1

// Request is one line that the harness sends to the subject.
type Request struct {
	ID int    `json:"id"`
	Op string `json:"op"`

	Name    string          `json:"name,omitempty"`    // for get and release
	Options json.RawMessage `json:"options,omitempty"` // for get; absent if none are given
	Room    int             `json:"room,omitempty"`    // for attach: the number that get answered
	Call    int             `json:"call,omitempty"`    // for giveup: the id of the call to give up

	// For hello.
	Protocol int    `json:"protocol,omitempty"`
	Host     string `json:"host,omitempty"`
	Port     int    `json:"port,omitempty"`
	Key      string `json:"key,omitempty"`
	ClientID string `json:"clientId,omitempty"`
}

// Answer is one line that the subject sends. An answer without an error is a success.
type Answer struct {
	ID    int    `json:"id"`
	Room  int    `json:"room,omitempty"` // for get: the number of the room object
	Error *Error `json:"error,omitempty"`

	// For hello.
	Protocol int    `json:"protocol,omitempty"`
	Subject  string `json:"subject,omitempty"`
}

// Error is the error that a call returned.
type Error struct {
	Code    int    `json:"code"`
	Status  int    `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	GaveUp  bool   `json:"gaveUp,omitempty"` // the call ended because its caller gave it up
}

// Error returns the code and the message.
func (e *Error) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Message) }

// The codes of Ably Chat that the harness looks at.
const (
	codeInvalidArgument  = 40003
	codeDisposed         = 40014
	codeReleasedBefore   = 102106
	codeDifferentOptions = 102107
)

// The tokens for options in a script are x and y. A token followed by SpelledOut requests the same
// options, with every default written out. Invalid means invalid options, and is only for a
// process.
const (
	SpelledOut = "+defaults"
	Invalid    = "invalid"
)

// spellings has the options of a request for each token, in the names of Ably's documentation.
var spellings = func() map[string]string {
	defaults := func(throttle int) string {
		return fmt.Sprintf(`{"presence":{"enableEvents":true},"typing":{"heartbeatThrottleMs":%d},`+
			`"occupancy":{"enableEvents":false},`+
			`"messages":{"rawMessageReactions":false,"defaultMessageReactionType":"distinct"}}`, throttle)
	}
	return map[string]string{
		"x":              "",
		"x" + SpelledOut: defaults(10000),
		"y":              `{"typing":{"heartbeatThrottleMs":5000}}`,
		"y" + SpelledOut: defaults(5000),
		Invalid:          `{"typing":{"heartbeatThrottleMs":-1}}`,
	}
}()
