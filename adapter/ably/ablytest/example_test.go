package ablytest_test

import (
	"context"
	"fmt"
	"log"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
)

// Start a server without a test, connect a client, and look at what the server received.
func Example() {
	ctx := context.Background()
	srv, err := ablytest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	client, err := ably.NewREST(srv.ClientOptions()...)
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Channels.Get("greetings").Publish(ctx, "hello", "world"); err != nil {
		log.Fatal(err)
	}
	for _, m := range srv.Messages("greetings") {
		fmt.Println(m.Name, m.Data)
	}
	// Output: hello world
}

// Let the server answer an ATTACH with an error of your choice.
func ExampleServer_Fault() {
	ctx := context.Background()
	srv, err := ablytest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	srv.Fault(ablytest.ToServer(ablytest.ActionAttach).OnChannel("closed").Once(),
		ablytest.FailChannel(ablytest.NewError(40160, 401, "closed for today")))

	client, err := ably.NewRealtime(srv.ClientOptions(ably.WithLogLevel(ably.LogNone))...)
	if err != nil {
		log.Fatal(err)
	}
	closed := make(chan struct{})
	client.Connection.Once(ably.ConnectionEventClosed, func(ably.ConnectionStateChange) { close(closed) })
	fmt.Println(client.Channels.Get("open").Attach(ctx))
	ch := client.Channels.Get("closed")
	ch.Attach(ctx)
	fmt.Println(ch.State(), ch.ErrorReason().Message())
	client.Close()
	<-closed
	// Output:
	// <nil>
	// FAILED closed for today
}

// Hold a frame at a gate, and look at the client in the meantime.
func ExampleServer_Hold() {
	ctx := context.Background()
	srv, err := ablytest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	client, err := ably.NewRealtime(srv.ClientOptions()...)
	if err != nil {
		log.Fatal(err)
	}
	closed := make(chan struct{})
	client.Connection.Once(ably.ConnectionEventClosed, func(ably.ConnectionStateChange) { close(closed) })

	gate := srv.Hold(ablytest.ToClient(ablytest.ActionAttached))
	ch := client.Channels.Get("a")
	attached := make(chan error)
	go func() { attached <- ch.Attach(ctx) }()
	if err := gate.Await(ctx, 1); err != nil {
		log.Fatal(err)
	}
	fmt.Println(ch.State())
	gate.Open()
	fmt.Println(<-attached, ch.State())
	client.Close()
	<-closed
	// Output:
	// ATTACHING
	// <nil> ATTACHED
}

// Run a scenario once, and then again with a fault at each of its frames.
func ExampleFrame_Match() {
	ctx := context.Background()
	publish := func(prepare func(*ablytest.Server)) []ablytest.Frame {
		srv, err := ablytest.Start()
		if err != nil {
			log.Fatal(err)
		}
		defer srv.Close()
		prepare(srv)
		client, err := ably.NewREST(srv.ClientOptions(ably.WithLogLevel(ably.LogNone))...)
		if err != nil {
			log.Fatal(err)
		}
		err = client.Channels.Get("a").Publish(ctx, "n", "d")
		fmt.Println("failed:", err != nil, "messages:", len(srv.Messages("a")))
		return srv.Frames()
	}
	for _, f := range publish(func(*ablytest.Server) {}) {
		fmt.Println(f)
		publish(func(srv *ablytest.Server) { srv.Fault(f.Match(), ablytest.CutBefore()) })
	}
	// Output:
	// failed: false messages: 1
	// http 1 to server: POST /channels/a/messages
	// failed: true messages: 0
	// http 1 to client: POST /channels/a/messages = 201
	// failed: true messages: 1
}
