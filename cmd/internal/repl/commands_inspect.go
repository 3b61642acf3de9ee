package repl

import (
	"context"
	"fmt"
	"io"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/syntax"
)

func inspectCommands() []command {
	return []command{
		{name: "pretty-print", short: "pp", group: groupInspect, args: "EXPR", doc: "show a value on several lines", forms: true, run: prettyPrint},
		{name: "inspect", short: "i", group: groupInspect, args: "EXPR", doc: "show what a value is made of; the parts go into the value history", forms: true, run: inspect},
	}
}

func prettyPrint(ctx context.Context, s *Session, args string) error {
	v, err := s.single(ctx, args)
	if err != nil {
		return err
	}
	return s.pretty(ctx, v)
}

// maxParts is how many parts of a value are shown.
const maxParts = 50

// part is a part of a value with its name.
type part struct {
	name  string
	value datum.Value
}

// inspect is ",inspect".
func inspect(ctx context.Context, s *Session, args string) error {
	v, err := s.single(ctx, args)
	if err != nil {
		return err
	}
	text, err := s.written(v)
	if err != nil {
		text = "(cannot be printed)"
	}
	what, parts, total := s.parts(v)
	if _, err := fmt.Fprintf(s.cfg.Out, "%s\n%s\n", cut(text, s.columns()-1), what); err != nil {
		return err
	}
	for _, p := range parts {
		text, err := s.written(p.value)
		if err != nil {
			text = "(cannot be printed)"
		}
		line := fmt.Sprintf("  %s = %s: %s", s.keep(p.value), p.name, text)
		if _, err := io.WriteString(s.cfg.Out, cut(line, s.columns()-1)+"\n"); err != nil {
			return err
		}
	}
	if total > len(parts) {
		_, err = fmt.Fprintf(s.cfg.Out, "  … %d more\n", total-len(parts))
	}
	return err
}

// parts says what a value is and what it is made of: the first parts, and how
// many there are.
func (s *Session) parts(v datum.Value) (what string, parts []part, total int) {
	add := func(name string, x datum.Value) {
		if total++; total <= maxParts {
			parts = append(parts, part{name, x})
		}
	}
	switch v.Kind() {
	case datum.KPair:
		l := v
		for n := 0; l.IsPair(); l = l.Pair().Cdr {
			if n++; n > 1 && l == v {
				return "It is a circular list.", parts, total
			}
			add(fmt.Sprint(n-1), l.Pair().Car)
			if n >= 100*maxParts { // may be circular farther on
				return "It is a long list.", parts, total
			}
		}
		if !l.IsNull() {
			add("tail", l)
			return fmt.Sprintf("It is an improper list of %d elements and a tail.", total-1), parts, total
		}
		return fmt.Sprintf("It is a list of %d elements.", total), parts, total
	case datum.KVector:
		for i, x := range v.Vector().Items {
			add(fmt.Sprint(i), x)
		}
		return fmt.Sprintf("It is a vector of %d elements.", total), parts, total
	case datum.KRecord:
		r := v.Record()
		for i, f := range r.Type.Fields {
			if i < len(r.Fields) {
				add(f.Name, r.Fields[i])
			}
		}
		return "It is a record of the type " + r.Type.Name + ".", parts, total
	case datum.KVariable:
		add("value", v.Variable().Value)
		return "It is a variable.", parts, total
	case datum.KBox:
		add("value", v.Box().Value)
		return "It is a box.", parts, total
	case datum.KClosure:
		c := code.ClosureOf(v)
		for i, x := range c.Free {
			if i < len(c.Code.Captures) {
				if c.Code.Captures[i].Boxed && x.Is(datum.KBox) {
					x = x.Box().Value
				}
				add(c.Code.Captures[i].Name, x)
			}
		}
		return "It is a procedure; the variables around it that it uses:", parts, total
	case datum.KHashTable:
		for _, c := range v.HashTable().Cells() {
			add(s.engine.Write(c.Car), c.Cdr)
		}
		return fmt.Sprintf("It is a hash table of %d entries.", total), parts, total
	case datum.KString:
		return fmt.Sprintf("It is a string of %d characters.", v.Str().Len()), nil, 0
	}
	if syntax.MacroOf(v) != nil {
		return "It is syntax.", nil, 0
	}
	return "It has no parts.", nil, 0
}
