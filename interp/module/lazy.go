package module

import (
	"bytes"
	"errors"

	"fruix/interp/datum"
	"fruix/interp/source"
)

// Lazy is a top-level definition that is evaluated when its name is first
// needed. The boot library consists of such definitions, so that start-up costs
// no more than finding where they begin; the procedures and macros of the rest
// of Stdlib are deferred in the same way, because a program uses few of them.
type Lazy struct {
	Module *Module
	File   *source.File
	// Offset, Line and Col are where the form begins, Line and Col counting
	// from 1.
	Offset    int
	Line, Col uint32
	// Syntax says that the form defines a macro, which the expander needs at
	// once; a procedure can wait until it is called.
	Syntax bool

	state lazyState
}

type lazyState uint8

const (
	waiting lazyState = iota
	running
	done
)

// Index finds the definitions of a boot file and makes their variables in m,
// unset, to be forced one by one. Such a file holds only definitions, each of
// which begins with "(define" in the first column, where no other line may
// begin with a parenthesis:
//
//	(define (name …   (define name   (define* (name …
//	(define-syntax name   (define-syntax-rule (name …
//	(define-inlinable (name …
//
// A name that m has already, a native for example, is left alone.
func (r *Registry) Index(m *Module, f *source.File) error {
	text := f.Text
	line := uint32(1)
	for pos := 0; pos < len(text); {
		if text[pos] == '(' {
			name, syntax, ok := definedName(text[pos:])
			if !ok {
				return &Error{Message: source.Pos{File: f, Line: line, Col: 1}.String() + ": a boot file may hold definitions only"}
			}
			sym := datum.Intern(string(name))
			if old := m.vars[sym]; old == nil || old.Value == datum.Unset && r.lazy[old] == nil {
				v := m.Define(sym)
				r.lazy[v] = &Lazy{Module: m, File: f, Offset: pos, Line: line, Col: 1, Syntax: syntax}
			}
		}
		next := bytes.IndexByte(text[pos:], '\n')
		if next < 0 {
			break
		}
		pos += next + 1
		line++
	}
	return nil
}

// definedName reads the head of a definition.
func definedName(form []byte) (name []byte, syntax, ok bool) {
	head, rest := token(form[1:])
	switch string(head) {
	case "define", "define*":
	case "define-syntax", "define-syntax-rule", "define-inlinable", "define-syntax-parameter":
		syntax = true
	default:
		return nil, false, false
	}
	rest = bytes.TrimLeft(rest, " ")
	// A curried definition has more than one parenthesis.
	rest = bytes.TrimLeft(rest, "(")
	name, _ = token(rest)
	return name, syntax, len(name) > 0
}

func token(b []byte) (tok, rest []byte) {
	i := 0
	for i < len(b) && b[i] != ' ' && b[i] != '\n' && b[i] != '(' && b[i] != ')' && b[i] != '\t' {
		i++
	}
	return b[:i], b[i:]
}

// Settle is called when v is found unset: it forces a lazy definition, or finds
// the variable that v's name means by now, an import that was added after the
// reference was expanded. It returns the variable to read instead, which may be
// v itself, or nil when the name is unbound.
func (r *Registry) Settle(v *datum.Variable) (*datum.Variable, error) {
	if v.Value != datum.Unset {
		return v, nil
	}
	if l := r.lazy[v]; l != nil {
		if err := r.force(v, l); err != nil {
			return nil, err
		}
		if v.Value != datum.Unset {
			return v, nil
		}
	}
	if iface := r.outside[v]; iface != nil {
		return r.settled(iface.Local(v.Name))
	}
	m := r.modules[v.Home]
	if m == nil {
		return nil, nil
	}
	if own := m.vars[v.Name]; own != nil && own != v && own.Value != datum.Unset {
		return own, nil
	}
	other, err := m.importOf(v.Name)
	if other == v {
		return nil, err
	}
	return r.settled(other, err)
}

// settled is the found variable v once it has a value, else nil.
func (r *Registry) settled(v *datum.Variable, err error) (*datum.Variable, error) {
	if v == nil || err != nil {
		return nil, err
	}
	if l := r.lazy[v]; v.Value == datum.Unset && l != nil {
		if err := r.force(v, l); err != nil {
			return nil, err
		}
	}
	if v.Value == datum.Unset {
		return nil, nil
	}
	return v, nil
}

// SettleSyntax forces v when it is a lazily defined macro. While its own
// definition is being expanded the name is not a macro yet.
func (r *Registry) SettleSyntax(v *datum.Variable) error {
	if l := r.lazy[v]; l != nil && l.Syntax && l.state != running {
		return r.force(v, l)
	}
	return nil
}

var errCycle = errors.New("a definition of the library needs its own value")

func (r *Registry) force(v *datum.Variable, l *Lazy) error {
	switch l.state {
	case running:
		return errCycle
	case done:
		return nil
	}
	l.state = running
	if err := r.Force(l); err != nil {
		l.state = waiting
		return err
	}
	l.state = done
	delete(r.lazy, v)
	return nil
}

// ForceAll evaluates every lazy definition, for tests.
func (r *Registry) ForceAll() error {
	for v, l := range r.lazy {
		if err := r.force(v, l); err != nil {
			return err
		}
	}
	return nil
}

// IsLazy reports whether v has a definition that is still to be evaluated.
func (r *Registry) IsLazy(v *datum.Variable) bool { return r.lazy[v] != nil }
