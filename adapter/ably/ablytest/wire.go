package ablytest

// ProtocolMessage is the unit of the realtime protocol (TR4), in the form that it has on the wire.
// Zero fields are left out there, except Action.
//
// A message that came from the server's hooks or log is shared: don't change it.
type ProtocolMessage struct {
	Action            Action             `json:"action"`
	ID                string             `json:"id,omitempty"`
	Channel           string             `json:"channel,omitempty"`
	ChannelSerial     string             `json:"channelSerial,omitempty"`
	ConnectionID      string             `json:"connectionId,omitempty"`
	ConnectionKey     string             `json:"connectionKey,omitempty"`
	ConnectionDetails *ConnectionDetails `json:"connectionDetails,omitempty"`
	Error             *ErrorInfo         `json:"error,omitempty"`
	Flags             Flags              `json:"flags,omitempty"`
	MsgSerial         *int64             `json:"msgSerial,omitempty"`
	Count             int                `json:"count,omitempty"`
	Timestamp         int64              `json:"timestamp,omitempty"` // ms since the epoch
	Params            Params             `json:"params,omitempty"`
	Messages          []*Message         `json:"messages,omitempty"`
	Presence          []map[string]any   `json:"presence,omitempty"`
	Annotations       []map[string]any   `json:"annotations,omitempty"`
	State             []map[string]any   `json:"state,omitempty"`
	Auth              *AuthDetails       `json:"auth,omitempty"`
	Res               []*PublishResult   `json:"res,omitempty"`

	// nameAlways encodes Channel even if it is empty: an ERROR without a channel is about the
	// connection.
	nameAlways bool
}

// named returns the message with a channel on the wire even if the channel's name is empty.
func (pm *ProtocolMessage) named() *ProtocolMessage {
	pm.nameAlways = true
	return pm
}

// size returns how many bytes the message takes, about.
func (pm *ProtocolMessage) size() int64 {
	n := int64(publishOverhead)
	for _, m := range pm.Messages {
		n += publishOverhead/4 + m.size()
	}
	return n + int64(publishOverhead*(len(pm.Presence)+len(pm.Annotations)))
}

// ConnectionDetails has the details of a connection in its CONNECTED (CD2). Durations are in
// milliseconds, sizes in bytes.
type ConnectionDetails struct {
	ClientID           string `json:"clientId,omitempty"`
	ConnectionKey      string `json:"connectionKey,omitempty"`
	MaxMessageSize     int64  `json:"maxMessageSize,omitempty"`
	MaxFrameSize       int64  `json:"maxFrameSize,omitempty"`
	MaxInboundRate     int64  `json:"maxInboundRate,omitempty"`
	ConnectionStateTTL int64  `json:"connectionStateTtl,omitempty"`
	MaxIdleInterval    int64  `json:"maxIdleInterval,omitempty"`
	ServerID           string `json:"serverId,omitempty"`
	SiteCode           string `json:"siteCode,omitempty"`
}

// AuthDetails carries a new token in an AUTH message (AD2).
type AuthDetails struct {
	AccessToken string `json:"accessToken,omitempty"`
}

// PublishResult holds the serials of the messages of one acknowledged
// [ProtocolMessage] (PBR2).
type PublishResult struct {
	Serials []string `json:"serials"`
}

// Message is one message of a channel (TM2). Data is a string, a []byte or a value of plain JSON
// types. In JSON, binary data is sent as base64, and Encoding ends with "base64".
type Message struct {
	ID            string          `json:"id,omitempty"`
	ClientID      string          `json:"clientId,omitempty"`
	ConnectionID  string          `json:"connectionId,omitempty"`
	ConnectionKey string          `json:"connectionKey,omitempty"`
	Name          string          `json:"name,omitempty"`
	Data          any             `json:"data,omitempty"`
	Encoding      string          `json:"encoding,omitempty"`
	Timestamp     int64           `json:"timestamp,omitempty"` // ms since the epoch
	Extras        map[string]any  `json:"extras,omitempty"`
	Serial        string          `json:"serial,omitempty"`
	Action        int             `json:"action"` // 0 means MESSAGE_CREATE (TM5)
	Version       *MessageVersion `json:"version,omitempty"`
	Annotations   map[string]any  `json:"annotations,omitempty"` // the summary of reactions (TM8)
}

// MessageVersion describes the last change of a [Message] (TM2s).
type MessageVersion struct {
	Serial      string            `json:"serial,omitempty"`
	Timestamp   int64             `json:"timestamp,omitempty"` // ms since the epoch
	ClientID    string            `json:"clientId,omitempty"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// ephemeral reports whether the publisher asked the server not to keep the message.
func (m *Message) ephemeral() bool {
	e, _ := m.Extras["ephemeral"].(bool)
	return e
}
