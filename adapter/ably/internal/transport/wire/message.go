package wire

import "fmt"

// ProtocolMessage is the unit of the realtime protocol (TR4). Fields that are zero are absent on
// the wire, except Action. MsgSerial is nil when it is absent: 0 is a valid serial.
type ProtocolMessage struct {
	Action            Action             `json:"action"`
	ID                string             `json:"id,omitempty"`
	Channel           string             `json:"channel,omitempty"`
	ChannelSerial     string             `json:"channelSerial,omitempty"`
	ConnectionID      string             `json:"connectionId,omitempty"`
	ConnectionDetails *ConnectionDetails `json:"connectionDetails,omitempty"`
	Error             *ErrorInfo         `json:"error,omitempty"`
	Flags             Flags              `json:"flags,omitempty"`
	MsgSerial         *int64             `json:"msgSerial,omitempty"`
	Count             int                `json:"count,omitempty"`
	Timestamp         int64              `json:"timestamp,omitempty"` // ms since the epoch
	Params            map[string]string  `json:"params,omitempty"`
	Messages          []*Message         `json:"messages,omitempty"`
	Presence          []*PresenceMessage `json:"presence,omitempty"`
	Annotations       []*Annotation      `json:"annotations,omitempty"`
	Auth              *AuthDetails       `json:"auth,omitempty"`
	Res               []*PublishResult   `json:"res,omitempty"`
}

// String describes the frame without its payload and without secrets.
func (m *ProtocolMessage) String() string {
	if m.Channel == "" {
		return m.Action.String()
	}
	return fmt.Sprintf("%v %q", m.Action, m.Channel)
}

// ConnectionDetails holds the details of the connection that a CONNECTED frame carries (CD2).
// Durations are in milliseconds, sizes in bytes. ConnectionKey is a secret.
type ConnectionDetails struct {
	ClientID           string `json:"clientId,omitempty"`
	ConnectionKey      string `json:"connectionKey,omitempty"`
	MaxMessageSize     int64  `json:"maxMessageSize,omitempty"`
	MaxFrameSize       int64  `json:"maxFrameSize,omitempty"`
	MaxInboundRate     int64  `json:"maxInboundRate,omitempty"`
	ConnectionStateTTL int64  `json:"connectionStateTtl,omitempty"`
	MaxIdleInterval    int64  `json:"maxIdleInterval,omitempty"`
	ServerID           string `json:"serverId,omitempty"`
}

// AuthDetails carries a token (AD2). It is a secret.
type AuthDetails struct {
	AccessToken string `json:"accessToken,omitempty"`
}

// PublishResult holds the serials of the messages of one acknowledged frame. It has one entry for
// each message, which is nil if the message has no serial (PBR2).
type PublishResult struct {
	Serials []*string `json:"serials"`
}

// ErrorInfo is an error of Ably's (TI1). It implements the interface error.
type ErrorInfo struct {
	Code       int        `json:"code,omitempty"`
	StatusCode int        `json:"statusCode,omitempty"`
	Message    string     `json:"message,omitempty"`
	Href       string     `json:"href,omitempty"`
	Cause      *ErrorInfo `json:"cause,omitempty"`
}

// Error returns the message and the code.
func (e *ErrorInfo) Error() string {
	return fmt.Sprintf("%s (code %d, status %d)", e.Message, e.Code, e.StatusCode)
}

// Message is one message of a channel (TM2). Action has the numbers of TM5; 0 is create.
type Message struct {
	ID           string              `json:"id,omitempty"`
	ClientID     string              `json:"clientId,omitempty"`
	ConnectionID string              `json:"connectionId,omitempty"`
	Name         string              `json:"name,omitempty"`
	Data         any                 `json:"data,omitempty"`
	Encoding     string              `json:"encoding,omitempty"`
	Timestamp    int64               `json:"timestamp,omitempty"` // ms since the epoch
	Extras       map[string]any      `json:"extras,omitempty"`
	Serial       string              `json:"serial,omitempty"`
	Action       int                 `json:"action"`
	Version      *MessageVersion     `json:"version,omitempty"`
	Annotations  *MessageAnnotations `json:"annotations,omitempty"`
}

// MessageVersion describes the last change of a [Message] (TM2s).
type MessageVersion struct {
	Serial      string            `json:"serial,omitempty"`
	Timestamp   int64             `json:"timestamp,omitempty"` // ms since the epoch
	ClientID    string            `json:"clientId,omitempty"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// MessageAnnotations holds the summary of a message's annotations by their type, in the form in
// which Ably sends it (TM8a).
type MessageAnnotations struct {
	Summary map[string]any `json:"summary,omitempty"`
}

// PresenceMessage is one entry of a PRESENCE or SYNC frame (TP3). Action has the numbers of
// TP2; 0 is absent.
type PresenceMessage struct {
	ID           string         `json:"id,omitempty"`
	ClientID     string         `json:"clientId,omitempty"`
	ConnectionID string         `json:"connectionId,omitempty"`
	Data         any            `json:"data,omitempty"`
	Encoding     string         `json:"encoding,omitempty"`
	Timestamp    int64          `json:"timestamp,omitempty"` // ms since the epoch
	Extras       map[string]any `json:"extras,omitempty"`
	Action       int            `json:"action"`
}

// Annotation is one entry of an ANNOTATION frame (TAN2). Action 0 is create, 1 is delete.
type Annotation struct {
	ID            string         `json:"id,omitempty"`
	ClientID      string         `json:"clientId,omitempty"`
	ConnectionID  string         `json:"connectionId,omitempty"`
	Type          string         `json:"type,omitempty"`
	Name          string         `json:"name,omitempty"`
	Count         *int64         `json:"count,omitempty"`
	Data          any            `json:"data,omitempty"`
	Encoding      string         `json:"encoding,omitempty"`
	Timestamp     int64          `json:"timestamp,omitempty"` // ms since the epoch
	Serial        string         `json:"serial,omitempty"`
	MessageSerial string         `json:"messageSerial,omitempty"`
	Extras        map[string]any `json:"extras,omitempty"`
	Action        int            `json:"action"`
}
