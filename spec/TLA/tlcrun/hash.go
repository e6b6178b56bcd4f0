package tlcrun

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// NoHash is what a new configuration says instead of a hash, until it is renewed. No text has this hash.
const NoHash = "none"

// hashMarker is the marker of the hash.
const hashMarker = "SPEC-HASH"

// Digest hashes what a run of the configuration depends on: the text of its module and of those that it extends, and the
// configuration's own body.
func (c *Config) Digest() (string, error) {
	text, err := moduleText(c.Dir(), c.Module, map[string]bool{})
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, part := range []string{text, c.body} {
		fmt.Fprintf(h, "%d\n%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:12]), nil
}

// CheckHash fails unless the configuration's results are about the text that there is.
func (c *Config) CheckHash() error {
	now, err := c.Digest()
	if err != nil {
		return err
	}
	if now != c.Hash {
		return fmt.Errorf("%s: it states results for a text with the hash %s, and that of %s and its body is %s: after a change run "+
			"`go run ./spec/TLA/tlc -renew`, which runs TLC again and writes the hash if the results are still as stated", c.Name, c.Hash, c.Module, now)
	}
	return nil
}

// Renew runs a configuration whose text has changed, and writes the new hash to its file if the run is as the configuration states.
// Nothing else is written: whoever means other results states them first.
func (t *TLC) Renew(ctx context.Context, c *Config, progress func(line string)) (*Result, error) {
	r, err := t.run(ctx, c, progress)
	if err != nil {
		return r, err
	}
	return r, c.writeHash()
}

// writeHash writes the hash of the text that there is to the configuration's file.
func (c *Config) writeHash() error {
	now, err := c.Digest()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(c.Path)
	if err != nil {
		return err
	}
	before, after := `\* `+hashMarker+": "+c.Hash+"\n", `\* `+hashMarker+": "+now+"\n"
	if strings.Count(string(data), before) != 1 {
		return errors.New(c.Name + " has changed while it ran")
	}
	c.Hash = now
	return os.WriteFile(c.Path, []byte(strings.Replace(string(data), before, after, 1)), 0o644)
}
