package ports

import (
	"errors"
	"io"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// ReadOptions are the reader's options for a port of the engine that runs c.
func ReadOptions(c datum.Caller, p *port.Port) read.Options {
	s := state.Of(c)
	return read.Options{
		Line: uint32(p.LineNo + 1), Col: uint32(p.ColNo + 1),
		Settings: &s.Reading, Directives: p.Directives, HashReader: extensions(c, s, p),
	}
}

// TextOptions are the reader's options for a text.
func TextOptions(c datum.Caller) read.Options {
	s := state.Of(c)
	return read.Options{Settings: &s.Reading, HashReader: extensions(c, s, nil)}
}

// extensions finds the procedures of read-hash-extend. They read on from p, or
// when that is nil from what is left of the reader's text.
func extensions(c datum.Caller, s *state.State, p *port.Port) func(ch rune) read.HashReader {
	return func(ch rune) read.HashReader {
		entry := extension(c, s, ch)
		if entry == nil || entry.Cdr == datum.False {
			return nil
		}
		proc := entry.Cdr
		return func(r *read.Reader, ch rune, at source.Pos) (datum.Value, error) {
			if p != nil {
				return c.Apply(proc, datum.Char(ch), p.Value())
			}
			return applyToText(c, proc, r, ch, at)
		}
	}
}

// extension finds the entry of a character among the extensions.
func extension(c datum.Caller, s *state.State, ch rune) *datum.Pair {
	for l := c.FluidRef(s.HashReaders); l.IsPair(); l = l.Pair().Cdr {
		if e := l.Pair().Car; e.IsPair() && e.Pair().Car == datum.Char(ch) {
			return e.Pair()
		}
	}
	return nil
}

// applyToText calls the extension proc with a port on the rest of r's text,
// and lets r continue where the port was left.
func applyToText(c datum.Caller, proc datum.Value, r *read.Reader, ch rune, at source.Pos) (datum.Value, error) {
	rest, _ := r.Rest()
	p := port.NewBytesInput(rest)
	p.Binary = false
	p.SetEncoding("UTF-8")
	if at.File != nil {
		p.Name = at.File.Name
	}
	here := r.Here()
	p.LineNo, p.ColNo, p.Directives = int(here.Line)-1, int(here.Col)-1, r.Directives()
	v, err := c.Apply(proc, datum.Char(ch), p.Value())
	if err != nil {
		return datum.Unset, err
	}
	n, err := p.Seek(0, io.SeekCurrent)
	if err != nil {
		return datum.Unset, err
	}
	r.Advance(int(n))
	return v, nil
}

// fileOf is the file that positions of what is read from p name.
func fileOf(p *port.Port) *source.File {
	if p.Name == "" {
		return source.Unnamed
	}
	return &source.File{Name: p.Name}
}

// readFrom reads a datum of a port.
func readFrom(p *port.Port, o read.Options) (datum.Value, error) {
	r := read.NewSource(p, fileOf(p), o)
	m := p.Mark()
	defer p.Release(m)
	v, err := r.Read()
	if err != nil {
		if detour, ok := state.Paused(err, true, datum.Unset); ok {
			p.Rewind(m)
			return datum.Unset, detour
		}
	}
	p.Directives = r.Directives()
	if err != nil {
		return datum.Unset, ReadError(err)
	}
	return v, nil
}

func readDatum(c datum.Caller, args []datum.Value) (datum.Value, error) {
	p, err := input(c, "read", args, 0)
	if err != nil {
		return datum.Unset, err
	}
	return readFrom(p, dataOptions(c, p))
}

// dataOptions are the reader's options for data that remember their places, if
// that is wanted.
func dataOptions(c datum.Caller, p *port.Port) read.Options {
	o := ReadOptions(c, p)
	if s := state.Of(c); !s.NoPositions {
		o.Places = s.Places
	}
	return o
}

// placeProperties is (%place-properties datum): where read found it, as source
// properties, or #f.
func placeProperties(c datum.Caller, v datum.Value) (datum.Value, error) {
	at, ok := state.Of(c).Places.Of(v)
	if !ok {
		return datum.False, nil
	}
	if at.File == source.Unnamed {
		at.File = nil
	}
	return syntax.Properties(at), nil
}

// readReport is the procedure read of R6RS and R7RS: lines of strings that are
// continued lose their indentation.
func readReport(c datum.Caller, args []datum.Value) (datum.Value, error) {
	p, err := input(c, "read", args, 0)
	if err != nil {
		return datum.Unset, err
	}
	o := dataOptions(c, p)
	settings := *o.Settings
	settings.HungryEOL = true
	o.Settings = &settings
	return readFrom(p, o)
}

// readSyntax is read-syntax: a datum as a syntax object with its place.
func readSyntax(c datum.Caller, args []datum.Value) (datum.Value, error) {
	p, err := input(c, "read-syntax", args, 0)
	if err != nil {
		return datum.Unset, err
	}
	o := ReadOptions(c, p)
	o.Wrap = syntax.Wrap
	return readFrom(p, o)
}

// fileEncoding is file-encoding: the encoding that the text of an input port
// declares at its start, or #f. It consumes nothing.
func fileEncoding(c datum.Caller, v datum.Value) (datum.Value, error) {
	p, err := input(c, "file-encoding", []datum.Value{v}, 0)
	if err != nil {
		return datum.Unset, err
	}
	b, err := p.PeekBytes(512)
	if err != nil {
		return datum.Unset, err
	}
	if name := port.Coding(b); name != "" {
		return datum.NewString(name), nil
	}
	return datum.False, nil
}

// ReadError turns a reader's error into Guile's read-error.
func ReadError(err error) error {
	var e *read.Error
	if !errors.As(err, &e) {
		return err
	}
	// The message is a format: Guile's programs look for the text in it.
	text := e.Error()
	if e.Words != "" {
		text = e.Pos.String() + ": " + e.Words
	}
	return &datum.Error{Key: "read-error", Who: "read", Message: strings.ReplaceAll(text, "~", "~~"),
		Rest: datum.False, Payload: datum.Unset, Cause: err}
}

// readHashExtend is (read-hash-extend char procedure-or-#f).
func readHashExtend(c datum.Caller, args []datum.Value) (datum.Value, error) {
	ch, err := arg.Char("read-hash-extend", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	if args[1] != datum.False {
		if err := arg.Proc("read-hash-extend", 2, args[1]); err != nil {
			return datum.Unset, err
		}
	}
	s := state.Of(c)
	// The old list may be the value of another binding.
	var kept []datum.Value
	for l := c.FluidRef(s.HashReaders); l.IsPair(); l = l.Pair().Cdr {
		if e := l.Pair().Car; !e.IsPair() || e.Pair().Car != datum.Char(ch) {
			kept = append(kept, e)
		}
	}
	if args[1] != datum.False {
		kept = append(kept, datum.Cons(datum.Char(ch), args[1]))
	}
	c.FluidSet(s.HashReaders, datum.List(kept...))
	return datum.Unspecified, nil
}

func readHashProcedure(c datum.Caller, v datum.Value) (datum.Value, error) {
	ch, err := arg.Char("read-hash-procedure", 1, v)
	if err != nil {
		return datum.Unset, err
	}
	if e := extension(c, state.Of(c), ch); e != nil {
		return e.Cdr, nil
	}
	return datum.False, nil
}

// readHashProcedures gives all extensions as an association list.
func readHashProcedures(c datum.Caller) (datum.Value, error) {
	return c.FluidRef(state.Of(c).HashReaders), nil
}
