package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Read reads all traces of a file. It returns an error for a line that is neither a header nor a
// step, for an unknown field, for a last line that is incomplete, and for a file without a header.
// The error names the line, unless the file is empty. Read doesn't check whether the steps are
// right.
func Read(r io.Reader) ([]Trace, error) {
	var traces []Trace
	lines := bufio.NewReader(r)
	for number := 1; ; number++ {
		text, err := lines.ReadBytes('\n')
		if err == io.EOF && len(text) == 0 {
			if len(traces) == 0 {
				return nil, errors.New("trace: the file is empty, expected a header")
			}
			return traces, nil
		}
		if err == nil {
			traces, err = readLine(traces, text)
		} else if err == io.EOF {
			err = errors.New("the last line has no newline at its end")
		}
		if err != nil {
			return nil, fmt.Errorf("trace: line %d: %w", number, err)
		}
	}
}

func readLine(traces []Trace, text []byte) ([]Trace, error) {
	var kind struct{ Trace *string }
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, err
	}
	if kind.Trace != nil {
		var h Header
		if err := strictly(text, &h); err != nil {
			return nil, err
		}
		if h.Trace != Format || h.Version != Version {
			return nil, fmt.Errorf("the header has the format %q, version %d; expected %q, version %d", h.Trace, h.Version, Format, Version)
		}
		return append(traces, Trace{Label: h.Label}), nil
	}
	if len(traces) == 0 {
		return nil, errors.New("the step comes before the first header")
	}
	var l Line
	if err := strictly(text, &l); err != nil {
		return nil, err
	}
	t := &traces[len(traces)-1]
	t.Lines = append(t.Lines, l)
	return traces, nil
}

func strictly(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(to)
}
