package tlcrun

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"ablyrooms.example/tests/report/golden"
)

// Digest returns the hash of the text that a run of the configuration depends on: its module, the
// modules that this extends, and the configuration's body.
func (c *Config) Digest() (string, error) {
	text, err := moduleText(c.Dir(), c.Module, map[string]string{})
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, part := range []string{text, c.body} {
		fmt.Fprintf(h, "%d\n%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:12]), nil
}

// CheckHash returns an error if the spec or the configuration has changed since its stated results
// were measured.
func (c *Config) CheckHash() error {
	now, err := c.Digest()
	if err != nil || !c.Stated {
		return err
	}
	figures := c.Distinct > 0 || c.Trace > 0 || c.Exit == ExitProperty
	if now != c.Hash || !figures {
		return fmt.Errorf("%s: the spec or the configuration has changed: its figures are for the hash %q, but it has the hash %s: "+
			"run `go run ./spec/TLA/tlc -renew`, which writes what TLC finds", c.Name, c.Hash, now)
	}
	return nil
}

var renewing sync.Mutex // held while the golden file is written

// Renew runs a configuration whose text has changed. If the run ends as the head states, Renew
// writes its figures and the hash of the text to the golden file below the module's root, and to c.
func (t *TLC) Renew(ctx context.Context, root string, c *Config, progress Progress) (*Result, error) {
	anew := *c
	anew.Distinct, anew.Trace = 0, 0
	r, err := t.run(ctx, &anew, progress)
	if err != nil {
		return r, err
	}
	return r, c.write(root, r)
}

// write writes the figures of a run.
func (c *Config) write(root string, r *Result) (err error) {
	if c.Hash, err = c.Digest(); err != nil {
		return err
	}
	figures := map[string]any{"hash": c.Hash}
	switch {
	case c.Exit == ExitOK:
		c.Distinct = r.Distinct
		figures["distinct"] = r.Distinct
	case !r.Temporal: // for liveness, TLC may find counterexamples of different lengths
		c.Trace = r.TraceLength
		figures["trace"] = r.TraceLength
	}
	renewing.Lock()
	defer renewing.Unlock()
	return golden.Update(root, "tlc/"+c.Name, figures)
}
