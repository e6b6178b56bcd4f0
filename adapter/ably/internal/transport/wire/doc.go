// Package wire holds the types of Ably's realtime protocol and their codecs, in JSON and
// MessagePack. Payloads keep what is on the wire: a number of any size, a string as a string,
// binary data as binary data. The decoders ignore fields that the package doesn't define (RTF1).
//
// Values of payloads ([Message.Data], [Message.Extras] and the like) are nil, bool, string, []byte,
// [encoding/json.Number], []any or map[string]any after decoding, whatever the format.
package wire
