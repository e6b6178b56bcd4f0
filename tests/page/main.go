// Command page checks the playground in a real headless Chromium: every control, every story,
// links, the explorer, use with the keyboard, and accessibility with axe-core. It checks the page
// of the playground's command, and the same page as static files under a sub-path. It exits with 0
// only if no row fails. It writes screenshots to .cache/page.
//
//	go run ./tests/page [-only text] [-shots folder]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/internal/npm"
)

func main() {
	only := flag.String("only", "", "run only the rows whose name contains this `text`")
	shots := flag.String("shots", "", "the `folder` for screenshots; default .cache/page")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *only, *shots, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "page: FAILED:", err)
		os.Exit(1)
	}
}

// tally counts what was checked.
type tally struct {
	rows, failed int
	stories      int
	axe, serious int // pages that axe-core checked, and its serious and critical findings
	shots        []string
	ready        []string // the time until the page was ready, in ms, for each load
	out          io.Writer
}

func run(ctx context.Context, only, shots string, out io.Writer) error {
	root, err := modroot.Find()
	if err != nil {
		return err
	}
	if shots == "" {
		shots = filepath.Join(root, ".cache", "page")
	}
	js := filepath.Join(root, "tests", "page", "js")
	if err := npm.Install(ctx, js, out); err != nil {
		return err
	}
	axe, err := os.ReadFile(filepath.Join(js, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return err
	}
	program, err := findBrowser(ctx, out)
	if err != nil {
		return err
	}
	sites, err := serve(ctx, root)
	if err != nil {
		return err
	}
	defer sites.close()
	b, err := launch(ctx, program)
	if err != nil {
		return err
	}
	defer b.close()
	var version struct{ Product string }
	if err := b.call(ctx, "", "Browser.getVersion", nil, &version); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %s, engine of %d KB\n", version.Product, program, sites.engine/1024)
	count := tally{out: out}
	for _, r := range rows {
		if !strings.Contains(r.name, only) {
			continue
		}
		count.rows++
		err := r.run(ctx, b, sites, shots, string(axe), &count)
		says := "ok"
		if err != nil {
			count.failed++
			says = "FAILED: " + err.Error()
		}
		fmt.Fprintf(out, "%-52s %s\n", r.name, says)
	}
	if len(count.shots) > 0 {
		fmt.Fprintln(out, "screenshots:", strings.Join(count.shots, ", "))
	}
	if len(count.ready) > 0 {
		fmt.Fprintf(
			out,
			"ready %s ms after the page was requested\n",
			strings.Join(count.ready, ", "),
		)
	}
	fmt.Fprintf(
		out,
		"EVIDENCE page rows=%d failed=%d stories=%d axe=%d serious=%d engine=%d\n",
		count.rows,
		count.failed,
		count.stories,
		count.axe,
		count.serious,
		sites.engine/1024,
	)
	switch {
	case count.failed > 0:
		return fmt.Errorf("%d of %d rows failed", count.failed, count.rows)
	case count.rows == 0:
		return fmt.Errorf("no row matches %q", only)
	}
	return nil
}

// sites has the two addresses of the playground.
type sites struct {
	command string // the address of the page that its command serves
	static  string // the address of the static files, which are under a sub-path
	engine  int64  // the size of the compressed engine, in bytes
	close   func()
}

// mostEngine is the largest size allowed for the compressed engine, in bytes.
const mostEngine = 2 << 20

var printed = regexp.MustCompile(`http://\S+/`)

// serve runs the playground's command, and serves the static files that it wrote under a sub-path.
func serve(ctx context.Context, root string) (s sites, err error) {
	dir, err := os.MkdirTemp("", "page")
	if err != nil {
		return s, err
	}
	// Build the program and run it directly: with go run, the program would keep running after an
	// interrupt.
	// interrupt.
	program := filepath.Join(dir, "playground")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/playground")
	build.Dir = root
	if text, err := build.CombinedOutput(); err != nil {
		return s, fmt.Errorf("go build ./cmd/playground: %w\n%s", err, text)
	}
	files := filepath.Join(dir, "files")
	command := exec.Command(program, "-addr", "127.0.0.1:0", "-out", files)
	command.Dir, command.Stderr = root, os.Stderr
	said, err := command.StdoutPipe()
	if err != nil {
		return s, err
	}
	if err := command.Start(); err != nil {
		return s, err
	}
	stop := func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
		_ = os.RemoveAll(dir)
	}
	buffer := make([]byte, 1024)
	n, err := said.Read(buffer) // the command prints one line, when it serves
	if s.command = printed.FindString(string(buffer[:n])); s.command == "" {
		stop()
		return s, errors.Join(fmt.Errorf("the playground prints no address: %q", buffer[:n]), err)
	}
	info, err := os.Stat(filepath.Join(files, "engine.bin"))
	if err != nil {
		stop()
		return s, err
	}
	if s.engine = info.Size(); s.engine > mostEngine {
		stop()
		return s, fmt.Errorf(
			"the compressed engine has %d bytes; at most %d are allowed",
			s.engine,
			mostEngine,
		)
	}
	const path = "/some/where/playground/"
	mux := http.NewServeMux()
	mux.Handle(path, http.StripPrefix(path, http.FileServer(http.Dir(files))))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		return s, err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	s.static = "http://" + l.Addr().String() + path
	s.close = func() {
		_ = server.Close()
		<-done
		stop()
	}
	return s, nil
}
