package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"time"

	"github.com/ably/ably-go/ably"
	"github.com/ugorji/go/codec"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// connOf is the interface that ably-go requires of a connection. M is ably-go's unexported frame
// type.
type connOf[M any] interface {
	Send(M) error
	Receive(deadline time.Time) (M, error)
	Close() error
}

// dialOption returns the option that makes ably-go dial with t. It is called with ably.WithDial
// itself: so the compiler infers C and M, which ably-go doesn't export. If another version of
// ably-go changes the signature of WithDial, the call doesn't compile. If it changes the fields of
// the frame type, dialOption returns an error.
func dialOption[C connOf[M], M any](
	t *Transport, with func(func(string, *url.URL, time.Duration) (C, error)) ably.ClientOption,
) (ably.ClientOption, error) {
	n, err := newNative(reflect.TypeFor[M]())
	if err != nil {
		return nil, err
	}
	t.native = n
	return with(func(protocol string, u *url.URL, timeout time.Duration) (none C, err error) {
		s, err := t.dial(protocol, u, timeout)
		if err != nil {
			return none, err
		}
		return any(face[M]{s}).(C), nil
	}), nil
}

// face makes a socket usable as ably-go's connection.
type face[M any] struct{ s *socket }

// Send queues the frame. It never fails and never blocks: ably-go holds its lock during the call,
// and deadlocks if a send fails while it flushes its queue.
func (f face[M]) Send(m M) error {
	f.s.t.sendNative(f.s, m)
	return nil
}

// Receive returns the next frame for ably-go. It fails if the socket has ended, or received nothing
// until the deadline.
func (f face[M]) Receive(deadline time.Time) (m M, err error) {
	v, err := f.s.receive(deadline)
	if err != nil {
		return m, err
	}
	return v.(M), nil
}

// Close ends the socket.
func (f face[M]) Close() error {
	f.s.t.mu.Lock()
	select {
	case <-f.s.letGo:
	default:
		close(f.s.letGo)
	}
	f.s.t.mu.Unlock()
	f.s.end(errClosedByClient)
	return nil
}

// native reads and makes frames of ably-go's type, by reflection on its exported fields.
type native struct {
	typ                        reflect.Type // the frame type, a struct
	action, msgSerial, channel int
	errorField, count, res     int
	serials                    int   // the field of an element of res
	auth, accessToken          int   // the field auth of a frame, and the token in it
	lists                      []int // the fields messages, presence and objects
}

var errAblyGo = errors.New("transport: this version of ably-go is not supported")

func newNative(pointer reflect.Type) (*native, error) {
	n := &native{}
	if pointer.Kind() != reflect.Pointer || pointer.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("%w: its frames are of type %v, expected a pointer to a struct", errAblyGo, pointer)
	}
	n.typ = pointer.Elem()
	var err error
	index := func(name string, kinds ...reflect.Kind) int {
		f, ok := n.typ.FieldByName(name)
		for _, k := range kinds {
			if ok && len(f.Index) == 1 && f.Type.Kind() == k {
				return f.Index[0]
			}
		}
		err = fmt.Errorf("%w: its frames have no field %s of kind %v", errAblyGo, name, kinds)
		return 0
	}
	n.action = index("Action", reflect.Int8, reflect.Int, reflect.Int32, reflect.Int64)
	n.msgSerial = index("MsgSerial", reflect.Int64)
	n.channel = index("Channel", reflect.String)
	n.errorField = index("Error", reflect.Pointer)
	n.count = index("Count", reflect.Int)
	n.res = index("Res", reflect.Slice)
	n.auth = index("Auth", reflect.Pointer)
	for _, name := range []string{"Messages", "Presence", "State"} {
		n.lists = append(n.lists, index(name, reflect.Slice))
	}
	if err != nil {
		return nil, err
	}
	result := n.typ.Field(n.res).Type.Elem()
	if result.Kind() != reflect.Pointer || result.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("%w: its results are of type %v, expected a pointer to a struct", errAblyGo, result)
	}
	serials, ok := result.Elem().FieldByName("Serials")
	if !ok || serials.Type != reflect.TypeFor[[]string]() {
		return nil, fmt.Errorf("%w: its results have no field Serials of type []string", errAblyGo)
	}
	n.serials = serials.Index[0]
	auth := n.typ.Field(n.auth).Type.Elem()
	if auth.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%w: its AUTH is of type %v, expected a struct", errAblyGo, auth)
	}
	token, ok := auth.FieldByName("AccessToken")
	if !ok || token.Type.Kind() != reflect.String {
		return nil, fmt.Errorf("%w: its AUTH has no field AccessToken of kind string", errAblyGo)
	}
	n.accessToken = token.Index[0]
	return n, nil
}

// token returns the token in an AUTH frame, or "" if it has none.
func (n *native) token(v any) string {
	if auth := n.field(v, n.auth); !auth.IsNil() {
		return auth.Elem().Field(n.accessToken).String()
	}
	return ""
}

// ack returns an ACK of frames from serial on. Each element of results has the serials of one
// frame; ably-go has "" in place of null.
func (n *native) ack(serial int64, results [][]*string) any {
	v := n.heartbeat()
	n.field(v, n.action).SetInt(int64(wire.ActionAck))
	n.field(v, n.msgSerial).SetInt(serial)
	n.field(v, n.count).SetInt(int64(len(results)))
	res := n.field(v, n.res)
	res.Set(reflect.MakeSlice(res.Type(), len(results), len(results)))
	for i, serials := range results {
		texts := make([]string, len(serials))
		for j, s := range serials {
			if s != nil {
				texts[j] = *s
			}
		}
		result := reflect.New(res.Type().Elem().Elem())
		result.Elem().Field(n.serials).Set(reflect.ValueOf(texts))
		res.Index(i).Set(result)
	}
	return v
}

func (n *native) field(v any, i int) reflect.Value { return reflect.ValueOf(v).Elem().Field(i) }

func (n *native) header(v any) (wire.Action, string) {
	return wire.Action(n.field(v, n.action).Int()), n.field(v, n.channel).String()
}

// setSerial sets the serial by which ably-go will find the frame.
func (n *native) setSerial(v any, serial int64) { n.field(v, n.msgSerial).SetInt(serial) }

// clearConnectionIDs removes the connection's id from the messages of a frame. The server knows the
// id, and it would be wrong if the frame is sent again on another connection.
func (n *native) clearConnectionIDs(v any) {
	for _, i := range n.lists {
		list := n.field(v, i)
		for j := range list.Len() {
			e := list.Index(j)
			if e.Kind() == reflect.Pointer && !e.IsNil() {
				if id := e.Elem().FieldByName("ConnectionID"); id.IsValid() && id.Kind() == reflect.String {
					id.SetString("")
				}
			}
		}
	}
}

// dropNulls removes null entries, on which ably-go panics, and returns how many there were.
func (n *native) dropNulls(v any) (nulls int) {
	for _, i := range n.lists {
		list := n.field(v, i)
		kept := 0
		for j := range list.Len() {
			if e := list.Index(j); e.Kind() != reflect.Pointer || !e.IsNil() {
				list.Index(kept).Set(e)
				kept++
			}
		}
		nulls += list.Len() - kept
		list.SetLen(kept)
	}
	return nulls
}

// empty reports whether a frame has no entries.
func (n *native) empty(v any) bool {
	for _, i := range n.lists {
		if n.field(v, i).Len() > 0 {
			return false
		}
	}
	return true
}

// heartbeat returns a new HEARTBEAT, which is the zero frame.
func (n *native) heartbeat() any { return reflect.New(n.typ).Interface() }

// from converts a frame to ably-go's type.
func (n *native) from(m *wire.ProtocolMessage) any {
	v := reflect.New(n.typ).Interface()
	b, err := wire.Marshal(wire.JSON, m)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil { // can't happen: both types are structs of plain fields
		panic(fmt.Sprintf("transport: convert %v: %v", m, err))
	}
	return v
}

// needError sets the error of a frame that has none.
func (n *native) needError(v any, e *wire.ErrorInfo) {
	if field := n.field(v, n.errorField); field.IsNil() {
		field.Set(n.field(n.from(&wire.ProtocolMessage{Error: e}), n.errorField))
	}
}

// nativeMsgPack has the same configuration as ably-go's own codec.
var nativeMsgPack = func() *codec.MsgpackHandle {
	h := &codec.MsgpackHandle{}
	h.Raw, h.WriteExt, h.RawToString = true, true, true
	h.MapType = reflect.TypeFor[map[string]any]()
	return h
}()

// decode decodes a frame for ably-go, with the same result as ably-go's own codec. It never panics.
func (n *native) decode(f wire.Format, b []byte) (v any, err error) {
	v = reflect.New(n.typ).Interface()
	if f == wire.JSON {
		return v, json.Unmarshal(b, v)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed MessagePack: %v", r)
		}
	}()
	return v, codec.NewDecoderBytes(b, nativeMsgPack).Decode(v)
}

// encode encodes a frame of ably-go's, with the same result as ably-go's own codec, and with serial
// if that isn't negative. It doesn't change v, which ably-go may be reading, and never panics.
func (n *native) encode(f wire.Format, v any, serial int64) (b []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, fmt.Errorf("encode: %v", r)
		}
	}()
	if serial >= 0 {
		c := reflect.New(n.typ)
		c.Elem().Set(reflect.ValueOf(v).Elem())
		v = c.Interface()
		n.setSerial(v, serial)
	}
	if f == wire.JSON {
		return json.Marshal(v)
	}
	err = codec.NewEncoderBytes(&b, nativeMsgPack).Encode(v)
	return b, err
}
