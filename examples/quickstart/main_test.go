package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// itself is the variable that is set when the test binary must run the program instead of the
// tests.
const itself = "RUN_THE_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(itself) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestTheFirstProgram checks that the first program of the README prints the message, and ends
// without an error after Ctrl-C.
func TestTheFirstProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no program can interrupt another one there")
	}
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), itself+"=1")
	var log bytes.Buffer
	program.Stderr = &log
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(30*time.Second, func() { _ = program.Process.Kill() }).Stop()
	line, err := bufio.NewReader(out).ReadString('\n')
	if want := "\"ada\": \"What a dunk!\"\n"; line != want || err != nil {
		t.Errorf("printed %q, %v; expected %q", line, err, want)
	}
	if err := program.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := program.Wait(); err != nil || log.Len() > 0 {
		t.Errorf("ended with %v; logged:\n%s", err, log.String())
	}
}
