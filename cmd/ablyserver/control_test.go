package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// With -control the command prints the address of the kit, serves it, and stops it at the end.
func TestControl(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	var stderr bytes.Buffer
	go func() { ended <- run(ctx, []string{"-control"}, writer, &stderr) }()
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var at struct{ Control string }
	if err := json.Unmarshal([]byte(line), &at); err != nil || !strings.HasPrefix(at.Control, "http://127.0.0.1:") {
		t.Fatalf("the command printed the line %q: %v", line, err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Post(at.Control+"/users/eve/says", "application/json", strings.NewReader(`{"room": "lobby", "text": "hi"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), `"serial":"`) {
		t.Errorf("the kit answered with the status %d and %q: %v", response.StatusCode, body, err)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("the command ended with the exit code %d: %s", code, &stderr)
	}
	if _, err := client.Get(at.Control + "/rooms/lobby"); err == nil {
		t.Error("the kit is still served after the end")
	}
}
