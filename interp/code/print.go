package code

import (
	"fmt"
	"io"
	"strings"

	"fruix/interp/datum"
)

// Disassemble writes p and the procedures within it as text. show renders
// constants.
func (p *Proc) Disassemble(w io.Writer, show func(datum.Value) string) error {
	if err := p.Fetch(); err != nil {
		return err
	}
	name := p.Name
	if name == "" {
		name = "anonymous"
	}
	if _, err := fmt.Fprintf(w, "%s: %s, %d registers\n", name, p.Signature(), p.Frame); err != nil {
		return err
	}
	for i, c := range p.Captures {
		from := [...]string{"register", "free", "self", "later"}[c.Kind]
		if _, err := fmt.Fprintf(w, "  free %d: %s (%s %d)\n", i, c.Name, from, c.Index); err != nil {
			return err
		}
	}
	entry := map[int]int{}
	for i, c := range p.Clauses {
		entry[c.Entry] = i
	}
	for pc := 0; pc < len(p.Code)-1; pc++ {
		if i, ok := entry[pc]; ok && len(p.Clauses) > 1 {
			if _, err := fmt.Fprintf(w, " clause %d:\n", i); err != nil {
				return err
			}
		}
		text := p.Instruction(pc, show)
		line := ""
		if pos := p.PosAt(pc); pos.Known() && len(p.positions) > 0 {
			line = fmt.Sprintf("; %d:%d", pos.Line, pos.Col)
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %3d  %-40s %s", pc, text, line), " ")); err != nil {
			return err
		}
		if p.Code[pc].Op().HasWord() {
			pc++
		}
	}
	for _, q := range p.Procs {
		if err := q.Disassemble(w, show); err != nil {
			return err
		}
	}
	return nil
}

// Instruction is the text of the instruction at word pc.
func (p *Proc) Instruction(pc int, show func(datum.Value) string) string {
	w := p.Code[pc]
	k := func(i int) string {
		v := p.Consts[i]
		if v.Is(datum.KVariable) {
			return v.Variable().Name.Name
		}
		return show(v)
	}
	name := w.Op().String()
	to := func(d int) string { return fmt.Sprintf("→%d", pc+1+d) }
	switch ops[w.Op()].form {
	case fA:
		return fmt.Sprintf("%s r%d", name, w.A())
	case fAB:
		return fmt.Sprintf("%s r%d r%d", name, w.A(), w.B())
	case fABC:
		return fmt.Sprintf("%s r%d r%d r%d", name, w.A(), w.B(), w.C())
	case fAD:
		return fmt.Sprintf("%s r%d %d", name, w.A(), w.D())
	case fAK:
		return fmt.Sprintf("%s r%d %s", name, w.A(), k(w.D()))
	case fAP:
		n := p.Procs[w.D()].Name
		if n == "" {
			n = "anonymous"
		}
		return fmt.Sprintf("%s r%d %s", name, w.A(), n)
	case fABI:
		return fmt.Sprintf("%s r%d r%d %d", name, w.A(), w.B(), w.CI())
	case fJ:
		return fmt.Sprintf("%s %s", name, to(w.D()))
	case fAJ:
		return fmt.Sprintf("%s r%d %s", name, w.A(), to(w.D()))
	case fABJ:
		return fmt.Sprintf("%s r%d r%d %s", name, w.A(), w.B(), to(int(w.CI())))
	case fAIJ, fAnJ:
		return fmt.Sprintf("%s r%d %d %s", name, w.A(), w.BI(), to(int(w.CI())))
	case fAKJ:
		return fmt.Sprintf("%s r%d %s %s", name, w.A(), k(w.B()), to(int(w.CI())))
	case fCall:
		return fmt.Sprintf("%s r%d/%d", name, w.A(), w.B())
	case fCallG:
		return fmt.Sprintf("%s r%d/%d %s", name, w.A(), w.B(), k(w.C()))
	case fPrim:
		return fmt.Sprintf("%s r%d r%d/%d %s", name, w.A(), w.B(), w.C(), k(int(p.Code[pc+1])))
	case fCounts:
		return fmt.Sprintf("%s r%d %d %d", name, w.A(), w.B(), w.C())
	case fNumber:
		return fmt.Sprintf("%s %d", name, w.D())
	}
	return name
}

// Signature shows the parameters, as (a b #:optional c . rest); the clauses of
// a case-lambda are separated by " | ".
func (p *Proc) Signature() string {
	var parts []string
	for _, c := range p.Full().Clauses {
		parts = append(parts, c.signature())
	}
	return strings.Join(parts, " | ")
}

func (c *Clause) signature() string {
	var b strings.Builder
	b.WriteByte('(')
	i, first := 0, true
	put := func(s string) {
		if !first {
			b.WriteByte(' ')
		}
		first = false
		b.WriteString(s)
	}
	name := func() string {
		n := "_"
		if i < len(c.Names) {
			n = c.Names[i]
		}
		i++
		return n
	}
	for range c.Req {
		put(name())
	}
	if c.Opt > 0 {
		put("#:optional")
		for range c.Opt {
			put(name())
		}
	}
	if c.HasKeys {
		put("#:key")
		for range c.Keys {
			put(name())
		}
		if c.AllowOtherKeys {
			put("#:allow-other-keys")
		}
	}
	if c.Rest {
		if first {
			return name()
		}
		b.WriteString(" . ")
		b.WriteString(name())
	}
	b.WriteByte(')')
	return b.String()
}
