package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// tally is what a folder came to.
type tally struct {
	folder                                                            string
	total, builds, messages, wordsKilled                              int
	killed, equivalent, survived, timeouts, own, faithful, unexpected int
	alarms, checks                                                    int
	kills, alone, aloneBeside                                         map[string]int // by link
	gaps                                                              []mutant
	complete                                                          bool // every link was tried on every mutant
	first                                                             bool // a mutant was tried no more once one link had killed it
}

// count adds up results. Mutants of messages are accounted apart: whether the suites look at words is another question.
func (t *tally) count(results []result, equivalent map[string]string) {
	t.kills, t.alone, t.aloneBeside = map[string]int{}, map[string]int{}, map[string]int{}
	for _, r := range results {
		killers := r.killers()
		if r.mutant.number == 0 {
			t.own++
		}
		if r.mutant.Message {
			if len(killers) > 0 {
				t.wordsKilled++
			}
			continue
		}
		_, known := equivalent[r.mutant.Name]
		switch {
		case len(killers) > 0:
			t.killed++
			if known {
				t.unexpected++
				fmt.Printf("not equivalent: %s is killed by %s\n", r.mutant.Name, strings.Join(killers, ", "))
			}
		case r.hung():
			t.timeouts++
		case known:
			t.equivalent++
		default:
			t.survived++
			t.gaps = append(t.gaps, r.mutant)
		}
		beside := []string{}
		for _, name := range killers {
			t.kills[name]++
			if !strings.HasSuffix(name, "-unit") {
				beside = append(beside, name)
			}
		}
		if len(killers) == 1 {
			t.alone[killers[0]]++
		}
		if len(beside) == 1 {
			t.aloneBeside[beside[0]]++
		}
	}
}

// share is the part of the mutants that build, are not equivalent and don't hang the suites that is killed, in per cent.
func (t *tally) share() float64 {
	if n := t.killed + t.survived; n > 0 {
		return 100 * float64(t.killed) / float64(n)
	}
	return 100
}

func (t *tally) print(links []link) {
	fmt.Printf("EVIDENCE mutants folder=%s total=%d builds=%d killed=%d equivalent=%d survived=%d timeouts=%d messages=%d share=%.1f\n",
		t.folder, t.total, t.builds, t.killed, t.equivalent, t.survived, t.timeouts, t.messages, t.share())
	fmt.Printf("EVIDENCE mutants-aside folder=%s messages=%d messages-killed=%d built-alone=%d compared-alone=%d controls=%d false-alarms=%d\n",
		t.folder, t.messages, t.wordsKilled, t.own, t.faithful, t.checks, t.alarms)
	for _, l := range links {
		beside := ""
		if t.complete && !strings.HasSuffix(l.Name, "-unit") { // known only where every link was tried
			beside = fmt.Sprintf(" alone-beside-unit=%d", t.aloneBeside[l.Name])
		}
		alone := fmt.Sprint(t.alone[l.Name])
		if t.first {
			alone = "unknown"
		}
		fmt.Printf("EVIDENCE mutants-link folder=%s link=%s kills=%d alone=%s every-link=%t%s\n", t.folder, l.Name, t.kills[l.Name], alone,
			t.complete, beside)
	}
	for _, m := range t.gaps {
		fmt.Printf("alive %s:%d\t%s\n", m.File, m.Line, m.Name)
	}
}

// readEquivalent reads the mutants that no test could tell from the original: a line with the name, then an indented line with the
// reason.
func readEquivalent(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	known := map[string]string{}
	name := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "    "):
			known[name] = strings.TrimSpace(line)
		default:
			name = line
			known[name] = ""
		}
	}
	for name, reason := range known {
		if reason == "" {
			return nil, fmt.Errorf("%s gives no reason for %q", file, name)
		}
	}
	return known, nil
}
