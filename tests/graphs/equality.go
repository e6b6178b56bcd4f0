package graphs

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/report/golden"
)

// Comparison is a configuration of a spec, and the machine at the same bounds.
type Comparison struct {
	Config string // the name of the configuration of TLC
	Name   string // the name of the machine
	// Golden is the folder of the dump that is kept for tests, relative to the module's root; "" if
	// no dump is kept.
	Golden string

	dir   string // the folder of the configuration, relative to the module's root
	build func(context.Context) (*Graph, uint64, error)
	read  func(io.Reader) (*Graph, error)
}

// NewComparison returns a comparison of TLC's graph of a configuration with the graph of a
// machine's core, and of the core with the model. The folder dir is relative to the module's root.
func NewComparison[S, M, I, O, N any](dir, config, golden string, m Machine[S, M, I, O], spec Mapping[N]) Comparison {
	return Comparison{Config: config, Name: m.Name, Golden: golden, dir: dir,
		build: func(ctx context.Context) (*Graph, uint64, error) { return ToGraph(ctx, m) },
		read:  func(dump io.Reader) (*Graph, error) { return ReadDot("the spec", dump, spec) }}
}

// Equality is the result of a comparison.
type Equality struct {
	Config, Name  string
	States, Edges int    // the size of the spec's graph
	Refused       uint64 // inputs, counted in each state, that both core and model refused
	OnlySpec      int    // edges that the core lacks
	OnlyCore      int    // edges that the spec lacks
	Shown         []Difference
	Took          time.Duration
}

// Equal reports whether the graphs are the same.
func (e *Equality) Equal() bool { return e.OnlySpec+e.OnlyCore+len(e.Shown) == 0 }

// Check returns an error if the graphs differ, or if their sizes are not those in golden.json.
func (e *Equality) Check() error {
	if !e.Equal() {
		return fmt.Errorf("%s: the core lacks %d edges of the spec, the spec lacks %d edges of the core", e.Config, e.OnlySpec, e.OnlyCore)
	}
	for what, n := range e.Sizes() {
		if key := "equality/" + e.Config + what; !golden.Has(key) || golden.Int(key) != n {
			return fmt.Errorf("%s is %d, and golden.json has another number: if the change is meant, run make golden", key, n)
		}
	}
	return nil
}

// Sizes returns the sizes that golden.json has for a comparison.
func (e *Equality) Sizes() map[string]int {
	return map[string]int{"/states": e.States, "/edges": e.Edges, "/refused": int(e.Refused)}
}

// Run compares the graphs. It reads the spec's graph from the dump that is kept for tests; if there
// is none, TLC makes the dump. At the same time Run builds the core's graph, and compares each step
// of the core with the model: a difference between these two is an error.
func (c Comparison) Run(ctx context.Context, tlc *tlcrun.TLC, root string) (*Equality, error) {
	return c.compare(ctx, func() (*Graph, error) {
		if c.Golden != "" {
			dump, err := c.ReadGolden(root)
			if err != nil {
				return nil, err
			}
			return c.read(bytes.NewReader(dump))
		}
		dump, _, err := c.dump(ctx, tlc, root)
		if err != nil {
			return nil, err
		}
		defer dump.Close()
		return c.read(dump)
	})
}

// Compare is like Run, but takes the dump of the spec's graph.
func (c Comparison) Compare(ctx context.Context, dump []byte) (*Equality, error) {
	return c.compare(ctx, func() (*Graph, error) { return c.read(bytes.NewReader(dump)) })
}

func (c Comparison) compare(ctx context.Context, spec func() (*Graph, error)) (*Equality, error) {
	began := time.Now()
	e := &Equality{Config: c.Config, Name: c.Name}
	var of, core *Graph
	var errs [2]error
	var both sync.WaitGroup
	both.Go(func() { of, errs[0] = spec() })
	both.Go(func() { core, e.Refused, errs[1] = c.build(ctx) })
	both.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Config, err)
	}
	e.Shown, e.OnlySpec, e.OnlyCore = Compare(of, core, 1)
	if n := of.Unreached(); e.Equal() && n > 0 {
		return nil, fmt.Errorf("%s: in the dump of the spec, no path leads to %d states", c.Config, n)
	}
	e.States, e.Edges = of.Len()
	e.Took = time.Since(began)
	return e, nil
}

// config returns the configuration, and the digest of the spec and the configuration from which its
// dump is made.
func (c Comparison) config(root string) (*tlcrun.Config, string, error) {
	config, err := tlcrun.ReadConfig(filepath.Join(root, filepath.FromSlash(c.dir), c.Config+".cfg"))
	if err != nil {
		return nil, "", err
	}
	digest, err := config.Digest()
	return config, digest, err
}

// dump has TLC write the graph of the configuration. It returns the open file, which is already
// removed from its folder, and the digest of the spec and the configuration.
func (c Comparison) dump(ctx context.Context, tlc *tlcrun.TLC, root string) (*os.File, string, error) {
	config, digest, err := c.config(root)
	if err != nil {
		return nil, "", err
	}
	dir, err := os.MkdirTemp("", "equality")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "graph.dot")
	if _, err := tlc.Dump(ctx, config, file); err != nil {
		return nil, "", err
	}
	dump, err := os.Open(file)
	return dump, digest, err
}

// WriteGolden has TLC make the dump, and writes the file that is kept for tests: a line with the
// digest, and then the dump, compressed.
func (c Comparison) WriteGolden(ctx context.Context, tlc *tlcrun.TLC, root string) error {
	dump, digest, err := c.dump(ctx, tlc, root)
	if err != nil {
		return err
	}
	defer dump.Close()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	fmt.Fprintln(z, digest)
	if err := errors.Join(renumber(z, dump), z.Close(), os.MkdirAll(filepath.Dir(c.file(root)), 0o755)); err != nil {
		return err
	}
	return os.WriteFile(c.file(root), b.Bytes(), 0o644)
}

// file returns the path of the dump that is kept for tests.
func (c Comparison) file(root string) string {
	return filepath.Join(root, filepath.FromSlash(c.Golden), c.Config+".dot.gz")
}

// ReadGolden reads the dump that is kept for tests. It returns an error if the spec or the
// configuration has changed since the dump was made. root is the module's root.
func (c Comparison) ReadGolden(root string) ([]byte, error) {
	hash, dump, err := ReadGolden(c.file(root))
	if err != nil {
		return nil, err
	}
	if _, now, err := c.config(root); err != nil || now != hash {
		return nil, errors.Join(err, fmt.Errorf("the spec or %s.cfg has changed since its dump was made, or "+
			"the dump has changed: run make golden, which needs Java", c.Config))
	}
	return dump, nil
}

// ReadGolden reads a dump that is kept for tests, and the digest of the spec and the configuration
// that it was made from.
func ReadGolden(file string) (hash string, dump []byte, err error) {
	packed, err := os.Open(file)
	if err != nil {
		return "", nil, err
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		return "", nil, err
	}
	text, err := io.ReadAll(z)
	line, dump, ok := bytes.Cut(text, []byte("\n"))
	if err == nil && !ok {
		err = fmt.Errorf("%s has no line with a digest", file)
	}
	return string(line), dump, err
}
