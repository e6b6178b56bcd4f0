package ablytest_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/coder/websocket"
	"github.com/ugorji/go/codec"
)

// An error of a channel doesn't affect the connection and its other channels.
func TestAChannelsErrorIsTheChannels(t *testing.T) {
	srv := ablytest.NewServer(t)
	c := dial(t, srv, "key=app.key:secret&heartbeats=false")
	c.expect(ablytest.ActionConnected, 0)
	for frame, code := range map[string]int{
		`{"action":10,"channel":""}`:                                     40010,
		`{"action":10}`:                                                  40010,
		`{"action":10,"channel":" "}`:                                    40010,
		`{"action":10,"channel":"[filter=x]a"}`:                          40010,
		`{"action":10,"channel":"[?rewind=1]a"}`:                         40010,
		`{"action":10,"channel":"a","params":{"rewind":"soon"}}`:         40003,
		`{"action":10,"channel":"a","params":{"rewind":{}}}`:             40003,
		`{"action":10,"channel":"a","params":{"rewind":true}}`:           40003,
		`{"action":10,"channel":"a","params":{"rewind":null}}`:           40003,
		`{"action":10,"channel":"a","params":{"delta":"xdelta"}}`:        40003,
		`{"action":10,"channel":"a","params":{"modes":"all"}}`:           40003,
		`{"action":10,"channel":"a","params":3}`:                         40003,
		`{"action":10,"channel":"a","params":["rewind"]}`:                40003,
		`{"action":10,"channel":"a","params":{"occupancy":["metrics"]}}`: 40003,
	} {
		c.send(frame)
		_, b, err := c.ws.Read(c.ctx)
		if err != nil {
			t.Fatalf("%s ended the connection: %v", frame, err)
		}
		var pm struct {
			Action  ablytest.Action
			Channel *string
			Error   *ablytest.ErrorInfo
		}
		if err := json.Unmarshal(b, &pm); err != nil {
			t.Fatal(err)
		}
		if pm.Action != ablytest.ActionError || pm.Channel == nil || pm.Error == nil || pm.Error.Code != code {
			t.Errorf("%s is answered by %s, want an ERROR of the channel with %d", frame, b, code)
		}
	}
	c.send(`{"action":12,"channel":""}`)
	c.expect(ablytest.ActionDetached, 0)
	c.send(`{"action":10,"channel":"a"}`)
	c.expect(ablytest.ActionAttached, 0)
}

// Params may be numbers and booleans. ATTACHED repeats those that the server serves.
func TestParamsOfOtherTypesThanText(t *testing.T) {
	srv := ablytest.NewServer(t)
	if _, err := srv.Publish("a", ablytest.Message{Name: "old"}); err != nil {
		t.Fatal(err)
	}
	for name, attach := range map[string]func(*rawClient, string){
		"json": func(c *rawClient, flags string) {
			c.send(`{"action":10,"channel":"a","params":{"rewind":1,"delta":"vcdiff","unknown":true}` + flags + `}`)
		},
		"msgpack": func(c *rawClient, flags string) {
			frame := map[string]any{"action": 10, "channel": "a", "params": map[string]any{"rewind": 1, "delta": "vcdiff", "unknown": true}}
			if flags != "" {
				frame["flags"] = 32
			}
			var b []byte
			if err := codec.NewEncoderBytes(&b, &codec.MsgpackHandle{WriteExt: true}).Encode(frame); err != nil {
				t.Fatal(err)
			}
			if err := c.ws.Write(c.ctx, websocket.MessageBinary, b); err != nil {
				t.Fatal(err)
			}
		},
	} {
		for _, resume := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, ATTACH_RESUME %t", name, resume), func(t *testing.T) {
				c := dial(t, srv, "key=app.key:secret&heartbeats=false")
				c.expect(ablytest.ActionConnected, 0)
				flags := ""
				if resume {
					flags = `,"flags":32`
				}
				attach(c, flags)
				pm := c.expect(ablytest.ActionAttached, 0)
				if len(pm.Params) != 2 || pm.Params["rewind"] != "1" || pm.Params["delta"] != "vcdiff" {
					t.Errorf("params are %v", pm.Params)
				}
				if pm.Flags.Has(ablytest.FlagHasBacklog) == resume {
					t.Errorf("flags are %v: only a new attachment must be rewound", pm.Flags)
				}
			})
		}
	}
}
