package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/internal/evidence"
)

// faultVariable is an environment variable that makes the test binary the reference subject. Its
// value is the subject's fault, or "good".
const faultVariable = "CONFORMANCE_SUBJECT"

func TestMain(m *testing.M) {
	if fault, ok := os.LookupEnv(faultVariable); ok {
		for fault == "child" { // the child that a subject has started: it runs until it is killed
			time.Sleep(time.Hour)
		}
		r := &reference{fault: strings.TrimPrefix(fault, "good"), cancels: map[int]context.CancelCauseFunc{},
			stacks: make([]byte, 1<<20)}
		if err := r.serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// command returns the command that starts the reference subject with a fault.
func command(t *testing.T, fault string) conformance.Command {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// One processor: the subject often looks at the stacks of all of its goroutines, which stops
	// them each time.
	env := []string{faultVariable + "=" + fault, "GOMAXPROCS=1", "GORACE=atexit_sleep_ms=0"}
	return conformance.Command{Path: path, Env: env, Serve: Start, Log: io.Discard}
}

func rig(t *testing.T, c conformance.Command, promises conformance.Promises) *conformance.Rig {
	t.Helper()
	r, err := conformance.NewRig(t.Context(), c, promises)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// TestAGoodSubjectRaisesNoAlarm runs this project's library, on ably-go and over the wire, in a
// process of its own.
func TestAGoodSubjectRaisesNoAlarm(t *testing.T) {
	t.Parallel()
	plan := conformance.ProcessPlan(3, 40)
	if evidence.At(evidence.Full) {
		plan = conformance.ProcessPlan(5, 200)
	}
	result, err := conformance.CheckProcess(t.Context(), command(t, "good"), conformance.AllPromises(), plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range result.Violations {
		t.Errorf("found a violation of the class %s:\n%v", v.Class, v)
	}
	// An opening doesn't use the wire, so it can neither be abandoned nor fail. A process has no
	// leases. All other rules can be seen.
	var unobserved []conformance.Rule
	for _, rule := range conformance.Rules() {
		if result.State(rule) == conformance.Unobserved {
			unobserved = append(unobserved, rule)
		}
	}
	if want := []conformance.Rule{"R11", "R18", "R19", "R20", "R24"}; !slices.Equal(unobserved, want) {
		t.Errorf("no script tested the rules %v, expected only %v", unobserved, want)
	}
	fmt.Println(result.Evidence("conformance-subject"))
}

// TestBrokenSubjectsAreCaught plants faults into the same subject. A shortest script must show the
// class of violation that belongs to the fault.
func TestBrokenSubjectsAreCaught(t *testing.T) {
	good := rig(t, command(t, "good"), conformance.AllPromises())
	for _, c := range []struct{ fault, script, class string }{
		{"ignores options", "get(1, a, x); get(2, a, y)", "R2: get expected differentOptions, got a room"},
		{"ignores options", "get(1, a, invalid)", "options: it gets a room"},
		{"makes another room", "get(1, a, x); get(2, a, x)", "R3: get expected a room, got another room"},
		{"releases early", "get(1, a, x); attach(1); release(2, a)", "R10: release expected to wait, got done"},
		{"forgets to release", "get(1, a, x); release(2, a); get(3, a, x)",
			"R5: get expected a room, got the room of another incarnation"},
		{"disposes early", "get(1, a, x); attach(1); dispose(2)", "R13: dispose expected to wait, got done"},
		{"disposes early", "get(1, a, x); attach(1); dispose(2); dispose(3)", "R14: dispose expected to wait, got done"},
		{"waits on", "get(1, a, x); attach(1); release(2, a); giveUp(2)", "R16: release expected gaveUp, got waits"},
		{"hides rejections", "get(1, a, x); attach(1); release(2, a); get(3, a, x); dispose(4)",
			"R12: get expected releasedBefore, got error 90000"},
		{"dies at dispose", "dispose(1)", "process ended"},
		{"never settles", "get(1, a, x)", "hang"},
	} {
		t.Run(c.fault+"/"+c.script, func(t *testing.T) {
			broken := command(t, c.fault)
			if c.class == "hang" {
				broken.Patience = 5 * time.Second
			}
			script := conformance.MustParse(c.script)
			out, err := rig(t, broken, conformance.AllPromises()).Run(t.Context(), script)
			i := slices.IndexFunc(out.Violations, func(v *conformance.Violation) bool { return v.Class == c.class })
			if err != nil || i < 0 || out.Violations[i].Steps() != c.script {
				t.Fatalf("the run found %v, expected the class %q; its error is %v", out.Violations, c.class, err)
			}
			if out, err = good.Run(t.Context(), script); err != nil || len(out.Violations) > 0 {
				t.Errorf("the subject without the fault has the violations %v; the error is %v", out.Violations, err)
			}
		})
	}
}

// TestCheckFindsAShortestScript starts with long random scripts, and must shorten one that fails.
func TestCheckFindsAShortestScript(t *testing.T) {
	p := conformance.AllPromises()
	p.Cancellation = false
	plan := conformance.ProcessPlan(4, 12)
	plan.Spaces, plan.Seed = plan.Spaces[6:7], 2
	result, err := conformance.CheckProcess(t.Context(), command(t, "disposes early"), p, plan)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(result.Violations, func(v *conformance.Violation) bool { return v.Rules[0] == "R13" })
	if i < 0 || result.Violations[i].Steps() != "get(1, a, x); attach(1); dispose(2)" {
		t.Fatalf("Check found %v, expected a shortest script", result.Violations)
	}
	for _, want := range []string{"CHA-RD1d", "sequenceDiagram", "R->>S: DETACH a", "but call 2 (dispose(2)): done"} {
		if !strings.Contains(result.Violations[i].Error(), want) {
			t.Errorf("the report lacks %q:\n%v", want, result.Violations[i])
		}
	}
}

// TestPromisesLoosen lets a disposal return before a release that began earlier has ended, but not
// before its own releases have.
func TestPromisesLoosen(t *testing.T) {
	p, err := conformance.AllPromises().Without("DisposalWaitsForAll", "SharedDisposal")
	if err != nil {
		t.Fatal(err)
	}
	r := rig(t, command(t, "disposes early"), p)
	for script, violations := range map[string]int{
		"get(1, a, x); attach(1); release(2, a); dispose(3)": 0, "get(1, a, x); attach(1); dispose(2)": 1,
	} {
		if out, err := r.Run(t.Context(), conformance.MustParse(script)); err != nil || len(out.Violations) != violations {
			t.Errorf("%s: found the violations %v; the error is %v", script, out.Violations, err)
		}
	}
}

// TestNothingIsLeftOfASubject has a subject start a child that would outlive it. Both hold one end
// of a pipe, which must be closed when the rig is closed.
func TestNothingIsLeftOfASubject(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	c := command(t, "has a child")
	c.Log, c.Grace = write, 10*time.Millisecond
	r, err := conformance.NewRig(t.Context(), c, conformance.AllPromises())
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if err := read.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(read); err != nil {
		t.Errorf("a process still holds the pipe: %v", err)
	}
}

func TestABreachOfTheProtocolIsAnError(t *testing.T) {
	_, err := rig(t, command(t, "talks"), conformance.AllPromises()).Run(t.Context(), conformance.MustParse("get(1, a, x)"))
	if !errors.Is(err, conformance.ErrProtocol) || !strings.Contains(err.Error(), "here is your room") {
		t.Errorf("got the error %v, expected one about the protocol", err)
	}
}

// TestAHelloWithoutAnAnswer checks the errors that say how far the subject's client has come.
func TestAHelloWithoutAnAnswer(t *testing.T) {
	for fault, want := range map[string]string{
		"connects nowhere":      "no connection reached the server",
		"connects with TLS":     "connections that reached the server: 1, of them with TLS, which it does not speak: 1",
		"speaks something else": "connections that reached the server: 1; none of them was opened",
		"connects and ends":     "the client is connected to the server: only the answer",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			c := command(t, fault)
			if fault == "connects nowhere" {
				c.Patience = time.Second // the others end by themselves
			}
			_, err := conformance.NewRig(t.Context(), c, conformance.AllPromises())
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got the error %v, expected one with %q", err, want)
			}
		})
	}
}
