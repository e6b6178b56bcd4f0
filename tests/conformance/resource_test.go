package conformance_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"ablyrooms.example/tests/conformance"
)

// pool is a registry as somebody might first write it: a map, a mutex and one channel for each
// name. Its resources are plain values. It makes no promise.
type pool[R comparable] struct {
	backend *conformance.RegistryBackend[R]
	slip    string // the fault that is planted; empty for none

	mu    sync.Mutex
	names map[string]*pooled[R]
}

type pooled[R comparable] struct {
	options  string
	opened   chan struct{} // closed when resource is set
	gone     chan struct{} // closed when its release has ended; nil before the release begins
	resource R
}

var errOtherOptions = errors.New("the resource exists with other options")

func (p *pool[R]) Get(ctx context.Context, name, options string) (R, error) {
	p.mu.Lock()
	before := p.names[name]
	if before != nil && before.gone == nil {
		p.mu.Unlock()
		if before.options != options {
			return before.resource, errOtherOptions
		}
		<-before.opened
		return before.resource, nil
	}
	e := &pooled[R]{options: options, opened: make(chan struct{})}
	p.names[name] = e
	p.mu.Unlock()
	if before != nil {
		<-before.gone
	}
	e.resource, _ = p.backend.Open(ctx, name, options)
	close(e.opened)
	return e.resource, nil
}

func (p *pool[R]) Release(ctx context.Context, name string) error {
	p.mu.Lock()
	e := p.names[name]
	if e == nil {
		p.mu.Unlock()
		return nil
	}
	if e.gone != nil {
		gone := e.gone
		p.mu.Unlock()
		<-gone
		return nil
	}
	e.gone = make(chan struct{})
	p.mu.Unlock()
	resource := e.resource
	switch p.slip {
	case "another resource":
		resource = *new(R)
	case "lock":
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	err := p.backend.Release(ctx, resource)
	if p.slip != "lock" {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	if p.names[name] == e {
		delete(p.names, name)
	}
	close(e.gone)
	return err
}

// poolSubject makes a subject of a pool: no more code is needed.
func poolSubject[R comparable](slip string, resource func(int, string, string) R) conformance.Subject {
	s := conformance.SubjectFor(func(b *conformance.RegistryBackend[R]) conformance.Registry[R] {
		return &pool[R]{backend: b, slip: slip, names: map[string]*pooled[R]{}}
	}, resource)
	s.Classify = conformance.ClassifyBy(errOtherOptions, nil, nil)
	return s
}

type address struct {
	host string
	port int
}

// TestResourcesOfAnyComparableType runs the same registry with resources of four types.
func TestResourcesOfAnyComparableType(t *testing.T) {
	for name, subject := range map[string]conformance.Subject{
		"pointer": poolSubject("", func(n int, _, _ string) *int { return &n }),
		"number":  poolSubject("", func(n int, _, _ string) int { return n }),
		"string":  poolSubject("", func(n int, name, _ string) string { return strings.Repeat(name, n) }),
		"struct":  poolSubject("", func(n int, name, _ string) address { return address{name, n} }),
	} {
		t.Run(name, func(t *testing.T) { check(t, subject, "") })
	}
}

// TestSlipsOfARegistry plants faults into a registry.
func TestSlipsOfARegistry(t *testing.T) {
	for slip, want := range map[string]string{
		"another resource": "did not open",
		"lock":             "a lock is held during the close of a: sync.Mutex.Lock in ",
	} {
		t.Run(slip, func(t *testing.T) {
			check(t, poolSubject(slip, func(n int, _, _ string) int { return n }), want)
		})
	}
	t.Run("a resource twice", func(t *testing.T) {
		twice := poolSubject("", func(int, string, string) int { return 1 })
		check(t, twice, "makeResource returned 1 for the second time")
	})
	t.Run("leases promised", func(t *testing.T) {
		leases := poolSubject("", func(n int, _, _ string) int { return n })
		leases.Promises.Leases = true
		check(t, leases, "the Registry has no method Acquire")
	})
}

func check(t *testing.T, subject conformance.Subject, want string) {
	t.Helper()
	plan := conformance.DefaultPlan()
	plan.Seed, plan.Spaces[1].Runs = 1, 200
	v := conformance.Check(t, subject, plan).Violation()
	switch {
	case v == nil && want != "":
		t.Errorf("the run found no violation, expected one with %q", want)
	case v != nil && (want == "" || !strings.Contains(v.Got, want)):
		t.Errorf("expected a violation with %q, found\n%v", want, v)
	}
}
