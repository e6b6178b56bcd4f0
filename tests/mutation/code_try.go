package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// locked runs parts of functions one at a time.
type locked struct{ mu sync.Mutex }

func (l *locked) do(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// prepare builds the woven suites and runs each with nothing planted: a suite that fails anyway
// would kill everything.
func (b *bench) prepare(ctx context.Context) error {
	b.hashes, b.limits = map[string]string{}, map[string]bounds{}
	b.binaries, b.reached = map[string]string{}, map[string]map[int]bool{}
	for _, s := range b.suites {
		hash, err := suiteHash(b.root, s)
		if err != nil {
			return err
		}
		b.hashes[s.Name], b.binaries[s.Name] = hash, s.binary(b.dir)
		if _, err := os.Stat(b.binaries[s.Name]); err != nil {
			if _, err := buildTests(ctx, b.root, b.dir, s, b.files); err != nil {
				return err
			}
		}
		trace := filepath.Join(b.dir, s.Name+".reached")
		began := time.Now()
		e := attempt(ctx, b.root, b.binaries[s.Name], s, bounds{5 * time.Minute, 5 * time.Minute},
			"MUTANT_TRACE="+trace)
		if e.end != alive {
			return fmt.Errorf("the suite %s with nothing planted: %s\n%s", s.Name, e.end, e.text)
		}
		took := time.Since(began)
		b.limits[s.Name] = bounds{15*took + 20*time.Second, 4*e.processor + 5*time.Second}
		if b.reached[s.Name], err = readNumbers(trace); err != nil {
			return err
		}
		fmt.Printf("%s passes with nothing planted, in %v, and comes by %d mutants\n", s.Name,
			took.Round(10*time.Millisecond), len(b.reached[s.Name]))
	}
	return nil
}

// readNumbers reads the numbers that a suite has noted, one on a line.
func readNumbers(file string) (map[int]bool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	numbers := map[int]bool{}
	for _, line := range strings.Fields(string(text)) {
		n, err := strconv.Atoi(line)
		if err != nil {
			return nil, err
		}
		numbers[n] = true
	}
	return numbers, nil
}

// tryAll tries mutants, some at once.
func (b *bench) tryAll(ctx context.Context, mutants []mutant) ([]verdict, error) {
	if err := b.prepare(ctx); err != nil {
		return nil, err
	}
	if err := b.compare(ctx, draw(mutants, b.faithful, b.seed)); err != nil {
		return nil, err
	}
	verdicts := make([]verdict, len(mutants))
	note := func() (text string) {
		b.counted.do(func() { text = fmt.Sprintf("mutants of %s, %d alive", b.source.folder, b.alive) })
		return text
	}
	err := forEach(ctx, b.workers, len(mutants), note, func(ctx context.Context, worker, i int) (err error) {
		dir := filepath.Join(b.dir, fmt.Sprintf("worker%d", worker))
		if verdicts[i], err = b.try(ctx, mutants[i], dir); err == nil && i%50 == 49 {
			err = b.control(ctx, b.suites[i/50%len(b.suites)])
		}
		b.counted.do(func() {
			if verdicts[i].End != killed {
				b.alive++
			}
		})
		return err
	})
	return verdicts, err
}

// try tries one mutant under the suites, in their order.
func (b *bench) try(ctx context.Context, m mutant, dir string) (verdict, error) {
	v := verdict{Name: m.Name, Kind: m.Kind, Message: m.Message}
	own := map[string]bool{} // suites built for this mutant alone
	for _, s := range b.suites {
		if !m.alone && m.near > 0 && !b.reached[s.Name][m.number] {
			continue
		}
		r := record{Change: m.Name, Of: b.hash(m), Suite: s.Name, Hash: b.hashes[s.Name]}
		kept, ok := b.store.get(r)
		if !ok {
			binary, number := b.binaries[s.Name], m.number
			if m.alone {
				binary, number = s.binary(dir), 0
				if !own[binary] {
					if _, err := buildTests(ctx, b.root, dir, s,
						map[string]string{m.File: m.text(b.source.text[m.File])}); err != nil {
						return v, err
					}
					own[binary] = true
				}
			}
			e := b.attempt(ctx, binary, s, number)
			if e.end == killed && s.Wire {
				if e = b.attempt(ctx, binary, s, number); e.end == alive {
					b.counted.do(func() { b.alarms++ })
				}
			}
			if ctx.Err() != nil {
				return v, ctx.Err()
			}
			kept = r
			kept.End, kept.By = e.end, e.by
			if err := b.store.put(kept); err != nil {
				return v, err
			}
		}
		switch {
		case kept.End == killed:
			if v.End != killed {
				v.End, v.By, v.What = killed, s.Name, kept.By
			}
			v.Killers = append(v.Killers, s.Name)
		case kept.End == hung && v.End == alive:
			v.End = hung
		}
		// A mutant that makes one suite hang would make others too, and each would take its limit.
		if !b.matrix && v.End != alive {
			break
		}
	}
	return v, nil
}

func (b *bench) attempt(ctx context.Context, binary string, s suite, number int) ending {
	return attempt(ctx, b.root, binary, s, b.limits[s.Name],
		fmt.Sprintf("%s=%d", b.source.variable(), number))
}

// control runs a suite with nothing planted while the run goes on: what fails then would have
// killed without a reason.
func (b *bench) control(ctx context.Context, s suite) error {
	e := b.attempt(ctx, b.binaries[s.Name], s, 0)
	if ctx.Err() != nil {
		return nil
	}
	b.counted.do(func() {
		b.checks++
		if e.end != alive {
			b.alarms++
		}
	})
	if e.end == killed && !s.Wire {
		return fmt.Errorf("the suite %s fails now and then with nothing planted:\n%s", s.Name, e.text)
	}
	return nil
}

// compare builds some woven mutants by themselves, as copies of the source, and fails when one
// fares otherwise under the first suite.
func (b *bench) compare(ctx context.Context, mutants []mutant) error {
	s := b.suites[0]
	for _, m := range mutants {
		if m.alone {
			continue
		}
		binary, err := buildTests(ctx, b.root, filepath.Join(b.dir, "compared"), s,
			map[string]string{m.File: m.text(b.source.text[m.File])})
		if err != nil {
			return fmt.Errorf("%s is woven, but doesn't build alone: %w", m.Name, err)
		}
		alone := b.attempt(ctx, binary, s, 0).end
		woven := b.attempt(ctx, b.binaries[s.Name], s, m.number).end
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if alone != woven {
			return fmt.Errorf("%s: %s alone, %s woven", m.Name, alone, woven)
		}
		b.compared++
	}
	return nil
}
