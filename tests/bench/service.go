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

// service is an embedded server, in this process or in another one.
type service struct {
	endpoint
	publish func(n int) // publishes n messages in the lobby
	close   func()
}

// endpoint is the address and the key of a server.
type endpoint struct {
	Host string
	Port int
	Key  string
}

func (e endpoint) options(extra ...ably.ClientOption) []ably.ClientOption {
	return append([]ably.ClientOption{ably.WithEndpoint(e.Host), ably.WithPort(e.Port), ably.WithTLS(false),
		ably.WithFallbackHosts([]string{}), ably.WithKey(e.Key), ably.WithInsecureAllowBasicAuthWithoutTLS()}, extra...)
}

// places has the processes in which the server can run. With the server in another process, the CPU
// time and the allocations of this process are the client's alone.
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

// apart starts a server in another process.
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

// serve runs the server in its own process. It prints its endpoint. For each line of input, which
// is a number, it publishes that many messages. It ends at the end of the input.
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

// meter measures elapsed time and CPU time.
type meter struct{ began, cpu time.Duration }

var epoch = time.Now()

func startMeter() meter { return meter{time.Since(epoch), processTime()} }

// report reports the number of operations per second, and the CPU time of one operation.
func (m meter) report(b *testing.B, n int, unit string) {
	b.ReportMetric(float64(n)/(time.Since(epoch)-m.began).Seconds(), unit)
	b.ReportMetric(float64((processTime()-m.cpu).Nanoseconds())/float64(n)/1000, cpuUnit)
}
