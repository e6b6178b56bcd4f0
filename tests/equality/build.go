package equality

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"ablyrooms.example/model"
	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/explore"
	"ablyrooms.example/tests/explore/roomsmachine"
	"ablyrooms.example/tests/graphs"
)

// Model explores the reference model's graph.
func Model(b roomsmachine.Bounds) *graphs.Graph {
	g := graphs.New("the model")
	bounds := b.Model()
	queue := []model.State{{}}
	g.State(queue[0].String())
	for at := int32(0); int(at) < len(queue); at++ {
		s := queue[at]
		for _, in := range s.Enabled(bounds) {
			next, outs, err := s.Step(in)
			if err != nil {
				panic(fmt.Sprintf("equality: the model refuses what it says it takes: %v", err))
			}
			to := g.State(next.String())
			if int(to) == len(queue) {
				queue = append(queue, next)
			}
			g.Edge(at, to, Step(in, outs))
		}
		queue[at] = model.State{} // its text is all that is needed from here on
	}
	return g
}

// Core explores the core's graph, with the environment that keeps what the core forgets. In every state every input of the alphabet is
// tried, and one that the core refuses must leave the state as it was; refused says how many there were.
func Core(ctx context.Context, b roomsmachine.Bounds) (g *graphs.Graph, refused uint64, err error) {
	space, err := explore.Build(ctx, roomsmachine.NewCore(b), explore.BuildOptions{})
	if err != nil {
		return nil, 0, err
	}
	built, err := space.Graph()
	if err != nil {
		return nil, 0, err
	}
	g = graphs.New("the core")
	for _, text := range built.States {
		g.State(text)
	}
	for _, e := range built.Edges {
		label := e.Label + " ->"
		for _, out := range e.Outputs {
			label += " " + out
		}
		g.Edge(int32(e.From), int32(e.To), label)
	}
	return g, space.Refused, nil
}

// TLC has TLC dump a configuration's graph, and reads it.
func TLC(ctx context.Context, tlc *tlcrun.TLC, c *tlcrun.Config) (*graphs.Graph, error) {
	dir, err := os.MkdirTemp("", "equality")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "graph.dot")
	if _, err := tlc.Dump(ctx, c, file); err != nil {
		return nil, err
	}
	dump, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer dump.Close()
	return graphs.ReadDot("the spec", dump, graphs.Mapping[model.State](Spec{}))
}

// Golden is TLC's dump of a small configuration, with the hashes of what it was made from.
type Golden struct {
	Hash string // of the spec and the configuration
	Dump []byte
}

// HashOf hashes the spec and a configuration.
func HashOf(root, config string) (string, error) {
	h := sha256.New()
	for _, file := range []string{"Rooms.tla", config + ".cfg"} {
		data, err := os.ReadFile(filepath.Join(root, "spec", "TLA", file))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n", file, len(data))
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// WriteGolden writes a golden: a line with the hash, then the dump, compressed.
func WriteGolden(file string, g Golden) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(z, "%s\n", g.Hash); err != nil {
		return err
	}
	if _, err := z.Write(g.Dump); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// ReadGolden reads a golden.
func ReadGolden(file string) (Golden, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return Golden{}, err
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return Golden{}, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return Golden{}, err
	}
	hash, dump, ok := bytes.Cut(text, []byte("\n"))
	if !ok {
		return Golden{}, fmt.Errorf("%s has no hash", file)
	}
	return Golden{Hash: string(hash), Dump: dump}, nil
}
