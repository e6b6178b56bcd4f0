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
)

// Comparison is a configuration of a spec with the machine at the bounds that say the same.
type Comparison struct {
	Config string // the name of the configuration
	Name   string // of the machine
	// Golden is the folder of the dump that is kept for tests, from the module's root; "" if none
	// is.
	Golden string

	dir   string // of the configuration
	build func(context.Context) (*Graph, uint64, error)
	read  func(io.Reader) (*Graph, error)
}

// NewComparison compares TLC's graph of a configuration in a folder, given from the module's root,
// with a machine's core, and that with its model.
func NewComparison[S, M, I, O, N any](dir, config, golden string, m Machine[S, M, I, O], spec Mapping[N]) Comparison {
	return Comparison{Config: config, Name: m.Name, Golden: golden, dir: dir,
		build: func(ctx context.Context) (*Graph, uint64, error) { return ToGraph(ctx, m) },
		read:  func(dump io.Reader) (*Graph, error) { return ReadDot("the spec", dump, spec) }}
}

// Equality is what a comparison came to.
type Equality struct {
	Config, Name  string
	States, Edges int    // of the spec
	Refused       uint64 // inputs that core and model refused
	OnlySpec      int    // edges that the core lacks
	OnlyCore      int    // edges that the spec lacks
	Shown         []Difference
	Took          time.Duration
}

// Equal reports whether the graphs are the same.
func (e *Equality) Equal() bool { return e.OnlySpec+e.OnlyCore+len(e.Shown) == 0 }

// Run has TLC make the graph of the spec anew, builds the core's at the same time, and compares
// them. Core and model are compared as the core's is built: a difference of those is an error.
func (c Comparison) Run(ctx context.Context, tlc *tlcrun.TLC, root string) (*Equality, error) {
	return c.compare(ctx, func() (g *Graph, err error) {
		if c.Golden != "" {
			dump, err := c.ReadGolden(root)
			if err != nil {
				return nil, err
			}
			return c.read(bytes.NewReader(dump))
		}
		err = c.dump(ctx, tlc, root, func(dump io.Reader, _ string) error {
			g, err = c.read(dump)
			return err
		})
		return g, err
	})
}

// Compare is Run with a dump that there is.
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
		return nil, fmt.Errorf("%s: %d states of the spec are not reached", c.Config, n)
	}
	e.States, e.Edges = of.Len()
	e.Took = time.Since(began)
	return e, nil
}

func (c Comparison) config(root string) (*tlcrun.Config, error) {
	return tlcrun.ReadConfig(filepath.Join(root, filepath.FromSlash(c.dir), c.Config+".cfg"))
}

// dump has TLC write the graph of the configuration, and calls use with it and with the digest of
// what it is made from.
func (c Comparison) dump(ctx context.Context, tlc *tlcrun.TLC, root string,
	use func(dump io.Reader, digest string) error) error {
	config, err := c.config(root)
	if err != nil {
		return err
	}
	digest, err := config.Digest()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "equality")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "graph.dot")
	if _, err := tlc.Dump(ctx, config, file); err != nil {
		return err
	}
	dump, err := os.Open(file)
	if err != nil {
		return err
	}
	defer dump.Close()
	return use(dump, digest)
}

// WriteGolden has TLC make the dump anew and writes it to its file: a line with the hash, then the
// dump, compressed.
func (c Comparison) WriteGolden(ctx context.Context, tlc *tlcrun.TLC, root string) error {
	return c.dump(ctx, tlc, root, func(dump io.Reader, digest string) error {
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
	})
}

// file is where the golden is kept.
func (c Comparison) file(root string) string {
	return filepath.Join(root, filepath.FromSlash(c.Golden), c.Config+".dot.gz")
}

// ReadGolden reads the dump that is kept below the module's root. It is an error if it was made
// from another text of the spec.
func (c Comparison) ReadGolden(root string) ([]byte, error) {
	hash, dump, err := ReadGolden(c.file(root))
	if err != nil {
		return nil, err
	}
	config, err := c.config(root)
	if err != nil {
		return nil, err
	}
	if now, err := config.Digest(); err != nil || now != hash {
		return nil, errors.Join(err, fmt.Errorf("the spec or %s.cfg changed since its golden was made, or the "+
			"golden changed alone; make it anew, which needs Java: make golden", c.Config))
	}
	return dump, nil
}

// ReadGolden reads a dump that is kept, and the digest of what it was made from.
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
		err = fmt.Errorf("%s has no hash", file)
	}
	return string(line), dump, err
}
