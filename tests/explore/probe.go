package explore

import "bytes"

// prober tries every input in one state after the other. It has two walkers: base stays in the state before a step, and work takes it.
type prober[S, I, O any] struct {
	alphabet   []I
	base, work Walker[S, I, O]
	hint       Hinter[I] // of base; nil if it has none
	skip       bool      // leave unlikely inputs out
	at         int       // the input that is being tried

	surprise         []bool // by input: unlikely, and taken all the same
	buffer           []byte
	refused, skipped uint64
}

func newProber[S, I, O any](m Machine[S, I, O], skip bool) *prober[S, I, O] {
	p := &prober[S, I, O]{alphabet: m.Alphabet(), base: m.Walker(), work: m.Walker(), skip: skip}
	p.hint, _ = p.base.(Hinter[I])
	p.surprise = make([]bool, len(p.alphabet))
	return p
}

// probe tries every input in the state of the key. It calls taken for each that is, in order, with base in the state before the step
// and work in the state after it; and failed for each that shows the machine to be broken. It panics if the key can't be loaded.
func (p *prober[S, I, O]) probe(key []byte, taken func(input int, outs []O), failed func(input int, property, reason string)) {
	p.at = 0
	p.load(p.base, key)
	if p.hint != nil && !p.skip {
		p.unlikely(key, failed)
	}
	fresh := false // work is in that state too
	for i, in := range p.alphabet {
		if p.hint != nil && !p.surprise[i] && !p.hint.Likely(in) {
			if p.skip {
				p.skipped++
			}
			continue
		}
		p.at, p.surprise[i] = i, false
		if !fresh {
			p.load(p.work, key)
		}
		outs, err := p.work.Step(in)
		fresh = err == ErrRefused
		switch err {
		case nil:
			taken(i, outs)
		case ErrRefused:
			p.refused++
			p.unchanged(p.work, key, failed)
		default:
			failed(i, Broken, err.Error())
		}
	}
}

// unlikely tries the inputs that are thought to be refused, all on one walker, and looks once whether it has stayed in its state.
func (p *prober[S, I, O]) unlikely(key []byte, failed func(int, string, string)) {
	tried := false
	for i, in := range p.alphabet {
		if p.hint.Likely(in) {
			continue
		}
		p.at, tried = i, true
		switch _, err := p.base.Step(in); err {
		case ErrRefused:
			p.refused++
		case nil: // probe takes it again
			p.surprise[i] = true
			p.load(p.base, key)
		default:
			failed(i, Broken, err.Error())
			p.load(p.base, key)
		}
	}
	if p.buffer = p.base.Key(p.buffer[:0]); !tried || bytes.Equal(p.buffer, key) {
		return
	}
	for i, in := range p.alphabet { // one of them changed it: which?
		p.load(p.base, key)
		p.at = i
		if _, err := p.base.Step(in); err == ErrRefused {
			p.unchanged(p.base, key, failed)
		}
	}
	p.load(p.base, key)
}

func (p *prober[S, I, O]) unchanged(w Walker[S, I, O], key []byte, failed func(int, string, string)) {
	if p.buffer = w.Key(p.buffer[:0]); !bytes.Equal(p.buffer, key) {
		failed(p.at, Unchanged, "a refused input changed the state")
	}
}

func (p *prober[S, I, O]) load(w Walker[S, I, O], key []byte) {
	if err := w.Load(key); err != nil {
		panic(err)
	}
}
