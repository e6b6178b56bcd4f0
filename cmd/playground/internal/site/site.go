// Package site builds the playground: static files that any host can serve, from any folder.
package site

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"ablyrooms.example/internal/pagestyle"
)

// The names of files that are not in the folder web.
const (
	Engine = "engine.bin" // the WebAssembly module, compressed with gzip
	facts  = "facts.json"
)

// Build writes the site into the folder dir, which it creates if necessary. web has the page. root
// is the root of the module, with the documents that the page cites. Build runs the go command to
// compile the engine.
func Build(ctx context.Context, root, dir string, web embed.FS) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	write := func(name string, data []byte) error { return os.WriteFile(filepath.Join(dir, name), data, 0o644) }
	engine, err := compile(ctx, root)
	if err != nil {
		return err
	}
	if err := write(Engine, engine); err != nil {
		return err
	}
	glue, err := glue(ctx)
	if err != nil {
		return err
	}
	if err := write("wasm_exec.js", glue); err != nil {
		return err
	}
	cited, err := Cite(root)
	if err != nil {
		return err
	}
	data, err := json.Marshal(cited)
	if err != nil {
		return err
	}
	if err := write(facts, data); err != nil {
		return err
	}
	if err := write("base.css", []byte(pagestyle.CSS)); err != nil {
		return err
	}
	page, err := fs.Sub(web, "web")
	if err != nil {
		return err
	}
	return fs.WalkDir(page, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(page, name)
		if err != nil {
			return err
		}
		return write(name, data)
	})
}

// compile returns the compressed engine. The page decompresses it itself, so that the host need not
// send a header for it.
func compile(ctx context.Context, root string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "playground")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "engine.wasm")
	build := exec.CommandContext(
		ctx,
		"go",
		"build",
		"-trimpath",
		"-ldflags=-s -w",
		"-o",
		file,
		"./cmd/playground/wasm",
	)
	build.Dir, build.Env = root, append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compiling the engine for WebAssembly: %w\n%s", err, out)
	}
	engine, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var small bytes.Buffer
	z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(engine); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return small.Bytes(), nil
}

// glue returns wasm_exec.js of the Go distribution, with which a page runs WebAssembly that Go
// compiled.
func glue(ctx context.Context) ([]byte, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	return os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "lib", "wasm", "wasm_exec.js"))
}
