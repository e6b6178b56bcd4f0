package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
)

// service is an embedded server, in this process or in its own.
type service struct {
	endpoint
	publish func(n int) // messages in the lobby
	close   func()
}

// endpoint is where a server is.
type endpoint struct {
	Host string
	Port int
	Key  string
}

func (e endpoint) options(extra ...ably.ClientOption) []ably.ClientOption {
	return append([]ably.ClientOption{ably.WithEndpoint(e.Host), ably.WithPort(e.Port), ably.WithTLS(false),
		ably.WithFallbackHosts([]string{}), ably.WithKey(e.Key), ably.WithInsecureAllowBasicAuthWithoutTLS()}, extra...)
}

// places are where a server can be. In its own process the CPU time and the allocations of this one
// are the client's alone.
var places = []struct {
	name  string
	start func() *service
}{{"", here}, {"; server apart", apart}}

// here starts a server in this process.
func here() *service {
	server := value(ablytest.Start(ablytest.WithFrameLog(1), ablytest.WithMessageLimit(100)))
	return &service{endpointOf(server), func(n int) { publish(server, n) }, server.Close}
}

func endpointOf(s *ablytest.Server) endpoint { return endpoint{s.Host(), s.Port(), s.Key()} }

// publish publishes messages in the lobby, as a room's server does.
func publish(s *ablytest.Server, n int) {
	message := ablytest.Message{Name: chat.NameMessage, ClientID: "bob", Encoding: "json",
		Data:   `{"text":"hello","metadata":{"a":1}}`,
		Extras: map[string]any{"headers": map[string]any{"h": "v"}}}
	for range n {
		value(s.Publish(ablychat.ChannelName("lobby"), message))
	}
}

// apart starts a server in a process of its own.
func apart() *service {
	command := exec.Command(value(os.Executable()), "-serve")
	command.Stderr = os.Stderr
	orders := value(command.StdinPipe())
	lines := value(command.StdoutPipe())
	must(command.Start())
	var e endpoint
	must(json.NewDecoder(lines).Decode(&e))
	return &service{e, func(n int) { value(fmt.Fprintln(orders, n)) }, func() {
		must(orders.Close())
		must(command.Wait())
	}}
}

// serve is the server in its own process: it prints its endpoint, publishes as many messages as
// each line of its input says, and ends when the input does.
func serve(lines io.Reader, out io.Writer) {
	server := value(ablytest.Start(ablytest.WithFrameLog(1), ablytest.WithMessageLimit(100)))
	defer server.Close()
	must(json.NewEncoder(out).Encode(endpointOf(server)))
	for orders := bufio.NewScanner(lines); orders.Scan(); {
		n := 0
		value(fmt.Sscan(orders.Text(), &n))
		publish(server, n)
	}
}

// meter measures wall and CPU time.
type meter struct{ began, cpu time.Duration }

var epoch = time.Now()

func startMeter() meter { return meter{time.Since(epoch), processTime()} }

// report reports the rate of n operations, by the second, and the CPU time of one.
func (m meter) report(b *testing.B, n int, unit string) {
	b.ReportMetric(float64(n)/(time.Since(epoch)-m.began).Seconds(), unit)
	b.ReportMetric(float64((processTime()-m.cpu).Nanoseconds())/float64(n)/1000, cpuUnit)
}
