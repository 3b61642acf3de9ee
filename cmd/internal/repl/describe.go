package repl

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/syntax"
)

// describe tells about a name, or about the value of an expression.
func describe(ctx context.Context, s *Session, args string) error {
	if args == "" {
		return usage("describe what?", "as in ,describe map")
	}
	form, err := s.singleForm(args)
	if err != nil {
		return err
	}
	if plain := syntax.Strip(form); plain.IsSymbol() {
		v, err := s.current().Lookup(plain.Symbol())
		if err != nil {
			return err
		}
		if v != nil {
			if v, err = s.settled(v); err != nil {
				return err
			}
			s.about(plain.Symbol().Name, v.Value)
			if v.Home != "" {
				fmt.Fprintf(s.cfg.Out, "It is defined in %s.\n", v.Home)
			}
			return nil
		}
	}
	v, err := s.single(ctx, args)
	if err != nil {
		return err
	}
	s.about("", v)
	return nil
}

// settled evaluates the definition of a variable that waits for its first use.
func (s *Session) settled(v *datum.Variable) (*datum.Variable, error) {
	if v.Value != datum.Unset {
		return v, nil
	}
	return s.engine.Modules().Settle(v)
}

// about describes a value that may have a name.
func (s *Session) about(name string, v datum.Value) {
	w := s.cfg.Out
	subject := s.engine.Write(v)
	if name != "" {
		subject = "`" + name + "'"
	}
	doc, where := "", ""
	switch {
	case v == datum.Unset:
		fmt.Fprintf(w, "%s is not defined yet.\n", subject)
		return
	case syntax.MacroOf(v) != nil:
		m := syntax.MacroOf(v)
		what := "a macro"
		switch m.Kind {
		case syntax.CoreMacro:
			what = "a special form"
		case syntax.Parameter:
			what = "a syntax parameter"
		}
		fmt.Fprintf(w, "%s is %s.\n", subject, what)
		where = m.Pos.String()
	case v.Is(datum.KClosure):
		c := code.ClosureOf(v).Code.Full()
		fmt.Fprintf(w, "%s is a procedure: %s\n", subject, signature(code.ProcName(v), c.Signature()))
		doc, where = c.Doc, c.Where.String()
	case v.Is(datum.KPrimitive):
		p := v.Primitive()
		if d := s.engine.Documented(p); d != nil {
			fmt.Fprintf(w, "%s is a procedure: (%s)\n", subject, d.Signature(p.Name))
			doc = d.Text
		} else {
			fmt.Fprintf(w, "%s is a procedure of %s.\n", subject, arguments(p.Min, p.Max))
		}
	case v.IsProcedure():
		fmt.Fprintf(w, "%s is a procedure.\n", subject)
	case name != "":
		fmt.Fprintf(w, "%s is a variable; its value is %s\n", subject, s.engine.Write(v))
	default:
		fmt.Fprintf(w, "%s\n", subject)
	}
	if doc != "" {
		fmt.Fprintf(w, "\n%s\n\n", strings.TrimSpace(doc))
	}
	if where != "" {
		fmt.Fprintf(w, "It is written at %s.\n", where)
	}
}

// signature puts the name into each clause: (f a b) | (f a).
func signature(name, params string) string {
	if name == "" {
		name = "_"
	}
	clauses := strings.Split(params, " | ")
	for i, c := range clauses {
		inner, isList := strings.CutPrefix(c, "(")
		switch {
		case !isList:
			clauses[i] = "(" + name + " . " + c + ")"
		case inner == ")":
			clauses[i] = "(" + name + ")"
		default:
			clauses[i] = "(" + name + " " + inner
		}
	}
	return strings.Join(clauses, " | ")
}

func arguments(min, max int) string {
	switch {
	case min == max && min == 1:
		return "1 argument"
	case min == max:
		return fmt.Sprintf("%d arguments", min)
	case max < 0 && min == 0:
		return "any number of arguments"
	case max < 0:
		return fmt.Sprintf("%d or more arguments", min)
	}
	return fmt.Sprintf("%d to %d arguments", min, max)
}

// apropos lists the names of loaded modules that match.
func apropos(_ context.Context, s *Session, args string) error {
	if args == "" {
		return usage("a regular expression is missing", "as in ,apropos ^string-")
	}
	re, err := regexp.Compile(strings.Trim(args, `"`))
	if err != nil {
		return usage("not a regular expression: "+args, "")
	}
	type hit struct{ key, name string }
	seen := map[hit]bool{}
	var hits []hit
	variables := map[hit]*datum.Variable{}
	look := func(m *module.Module) {
		for _, sym := range m.Names() {
			if !re.MatchString(sym.Name) || strings.HasPrefix(sym.Name, "%") && !strings.Contains(args, "%") {
				continue
			}
			v, err := m.Local(sym)
			if err != nil || v == nil {
				continue
			}
			h := hit{m.Key, sym.Name}
			if v.Home != "" {
				h.key = v.Home
			}
			if !seen[h] {
				seen[h] = true
				variables[h] = v
				hits = append(hits, h)
			}
		}
	}
	look(s.current())
	for _, m := range s.engine.Modules().Modules() {
		if p := m.Public(); p != nil {
			look(p)
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	for _, h := range hits {
		fmt.Fprintf(s.cfg.Out, "%s: %-24s %s\n", h.key, h.name, s.short(variables[h]))
	}
	return nil
}

// maxShort is how many characters of a value a list shows.
const maxShort = 60

// short shows the value of a variable on what is left of a line.
func (s *Session) short(v *datum.Variable) string {
	switch {
	case v.Value == datum.Unset:
		return ""
	case syntax.MacroOf(v.Value) != nil:
		return "#<macro>"
	}
	text := []rune(s.engine.Write(v.Value))
	if len(text) > maxShort {
		return string(text[:maxShort-1]) + "…"
	}
	return string(text)
}
