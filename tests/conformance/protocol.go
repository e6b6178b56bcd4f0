package conformance

import (
	"encoding/json"
	"fmt"
)

// Version is the version of the protocol of subjects in processes, docs/subject-protocol.md.
const Version = 1

// Request is one line to the subject.
type Request struct {
	ID int    `json:"id"`
	Op string `json:"op"`

	Name    string          `json:"name,omitempty"`    // of get and release
	Options json.RawMessage `json:"options,omitempty"` // of get; absent when the caller gives none
	Room    int             `json:"room,omitempty"`    // of attach: as an answer to get gave it
	Call    int             `json:"call,omitempty"`    // of giveup: the id of the call

	// Of hello.
	Protocol int    `json:"protocol,omitempty"`
	Host     string `json:"host,omitempty"`
	Port     int    `json:"port,omitempty"`
	Key      string `json:"key,omitempty"`
	ClientID string `json:"clientId,omitempty"`
}

// Answer is one line of the subject. An answer without an error is a success.
type Answer struct {
	ID    int    `json:"id"`
	Room  int    `json:"room,omitempty"` // of get: which room object it is
	Error *Error `json:"error,omitempty"`

	// Of hello.
	Protocol int    `json:"protocol,omitempty"`
	Subject  string `json:"subject,omitempty"`
}

// Error is how a call ended badly.
type Error struct {
	Code    int    `json:"code"`
	Status  int    `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	GaveUp  bool   `json:"gaveUp,omitempty"` // the call ended because its caller gave it up
}

// Error gives code and message.
func (e *Error) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Message) }

// The codes of Ably Chat that a verdict depends on.
const (
	codeInvalidArgument  = 40003
	codeDisposed         = 40014
	codeReleasedBefore   = 102106
	codeDifferentOptions = 102107
)

// Options as tokens of a script are x and y. A token with SpelledOut behind it asks for the same,
// with every default written out. Invalid are options that are not valid, of a process alone.
const (
	SpelledOut = "+defaults"
	Invalid    = "invalid"
)

// spellings are what the tokens stand for on the line, by the names of Ably's documentation.
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
