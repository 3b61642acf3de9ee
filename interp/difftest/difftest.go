// Package difftest makes programs to compare this engine with another Scheme.
//
// A grammar of typed templates, grammar.txt, gives programs most of which
// yield a value rather than an error. Program n of a seed is always the same
// one, so that a difference can be looked at again:
//
//	go test ./interp/difftest -seed 7 -programs 20000
package difftest

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strings"
)

//go:embed grammar.txt
var grammarText string

//go:embed control.txt
var controlText string

// Grammar holds the productions of each type.
type Grammar struct {
	types map[string][]*production
}

// production is one template with its weight.
type production struct {
	weight  int
	parts   []part
	needs   []string // types of which a variable must be at hand
	leaf    bool     // no expression stands in it
	forward bool     // it is one expression and nothing else
}

type partKind uint8

const (
	text   partKind = iota
	hole            // an expression of type arg
	name            // the template's own name arg
	pick            // a variable of type arg
	bind            // name arg is of type typ from here on
	export          // the same for what follows the template
)

type part struct {
	kind     partKind
	arg, typ string
}

// Standard is the grammar of this package.
func Standard() (*Grammar, error) { return Parse(grammarText) }

// Control is a grammar of programs that jump, wind and handle.
func Control() (*Grammar, error) { return Parse(controlText) }

// Parse reads a grammar; grammar.txt explains the notation.
func Parse(source string) (*Grammar, error) {
	g := &Grammar{types: map[string][]*production{}}
	current := ""
	for i, line := range strings.Split(source, "\n") {
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
		case line[0] != ' ':
			current = strings.TrimSpace(line)
		default:
			p, err := parseProduction(strings.TrimSpace(line))
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			g.types[current] = append(g.types[current], p)
		}
	}
	return g, g.check()
}

func parseProduction(line string) (*production, error) {
	p := &production{leaf: true}
	weight, template, _ := strings.Cut(line, " ")
	if _, err := fmt.Sscan(weight, &p.weight); err != nil || p.weight < 1 {
		return nil, fmt.Errorf("bad weight %q", weight)
	}
	var plain strings.Builder
	add := func(q part) {
		if plain.Len() > 0 {
			p.parts = append(p.parts, part{kind: text, arg: plain.String()})
			plain.Reset()
		}
		p.parts = append(p.parts, q)
	}
	for i := 0; i < len(template); i++ {
		switch c := template[i]; {
		case c == '{':
			end := strings.IndexByte(template[i:], '}')
			if end < 0 {
				return nil, fmt.Errorf("unclosed { in %q", template)
			}
			q := parseHole(template[i+1 : i+end])
			switch q.kind {
			case hole:
				p.leaf = false
			case pick:
				p.needs = append(p.needs, q.arg)
			}
			add(q)
			i += end
		case c == '%' && i+1 < len(template) && letter(template[i+1]):
			end := i + 1
			for end < len(template) && nameByte(template[end]) {
				end++
			}
			add(part{kind: name, arg: template[i+1 : end]})
			i = end - 1
		default:
			plain.WriteByte(c)
		}
	}
	if plain.Len() > 0 {
		p.parts = append(p.parts, part{kind: text, arg: plain.String()})
	}
	p.forward = len(p.parts) == 1 && p.parts[0].kind == hole
	return p, nil
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' }

func nameByte(c byte) bool { return letter(c) || c >= '0' && c <= '9' || c == '?' || c == '!' }

// parseHole reads what stands between braces.
func parseHole(s string) part {
	switch s[0] {
	case '=':
		return part{kind: pick, arg: s[1:]}
	case '+', '^':
		kind := bind
		if s[0] == '^' {
			kind = export
		}
		id, typ, _ := strings.Cut(s[1:], ":")
		return part{kind: kind, arg: id, typ: typ}
	}
	return part{kind: hole, arg: s}
}

// check reports types that templates mention and that have no productions.
func (g *Grammar) check() error {
	for typ, ps := range g.types {
		for _, p := range ps {
			for _, q := range p.parts {
				if q.kind == hole && g.types[q.arg] == nil {
					return fmt.Errorf("type %s: no type %s", typ, q.arg)
				}
			}
		}
	}
	return nil
}

// variable is a name that the program has bound.
type variable struct{ name, typ string }

type generator struct {
	g     *Grammar
	r     *rand.Rand
	out   strings.Builder
	scope []variable
	names int
	size  int // holes filled
}

// Program gives program n of a seed.
func (g *Grammar) Program(seed, n uint64) string {
	w := &generator{g: g, r: rand.New(rand.NewPCG(seed, n))}
	w.expr("program", 2+w.r.IntN(4))
	return w.out.String()
}

// maxSize bounds the expressions of one program.
const maxSize = 120

func (w *generator) expr(typ string, depth int) {
	w.size++
	if w.size > maxSize {
		depth = 0
	}
	if w.r.IntN(3) == 0 {
		if v, ok := w.pick(typ); ok {
			w.out.WriteString(v)
			return
		}
	}
	p := w.choose(typ, depth)
	if !p.forward {
		depth--
	}
	w.template(p, depth)
}

// pick chooses a variable of a type.
func (w *generator) pick(typ string) (string, bool) {
	n := 0
	for _, v := range w.scope {
		if v.typ == typ {
			n++
		}
	}
	if n == 0 {
		return "", false
	}
	n = w.r.IntN(n)
	for _, v := range w.scope {
		if v.typ == typ {
			if n == 0 {
				return v.name, true
			}
			n--
		}
	}
	return "", false
}

// choose picks a production by weight among those that apply; at the bottom,
// among the leaves if there are any.
func (w *generator) choose(typ string, depth int) *production {
	var fit []*production
	for _, leaves := range []bool{depth <= 0, false} {
		total := 0
		for _, p := range w.g.types[typ] {
			if leaves && !p.leaf && !p.forward || !w.applies(p) {
				continue
			}
			fit = append(fit, p)
			total += p.weight
		}
		if total == 0 {
			continue
		}
		k := w.r.IntN(total)
		for _, p := range fit {
			if k -= p.weight; k < 0 {
				return p
			}
		}
	}
	panic("difftest: no production of " + typ + " applies")
}

func (w *generator) applies(p *production) bool {
	for _, typ := range p.needs {
		if _, ok := w.pick(typ); !ok {
			return false
		}
	}
	return true
}

func (w *generator) template(p *production, depth int) {
	own := map[string]string{}
	local := func(id string) string {
		if own[id] == "" {
			w.names++
			own[id] = fmt.Sprintf("%s%d", strings.TrimRight(id, "?!0123456789"), w.names)
		}
		return own[id]
	}
	var exported []variable
	mark := len(w.scope)
	for _, q := range p.parts {
		switch q.kind {
		case text:
			w.out.WriteString(q.arg)
		case hole:
			w.expr(q.arg, depth)
		case name:
			w.out.WriteString(local(q.arg))
		case pick:
			v, _ := w.pick(q.arg)
			w.out.WriteString(v)
		case bind:
			w.scope = append(w.scope, variable{local(q.arg), q.typ})
		case export:
			exported = append(exported, variable{local(q.arg), q.typ})
		}
	}
	if len(exported) == 0 && p.forwards() {
		return
	}
	w.scope = append(w.scope[:mark], exported...)
}

// forwards reports whether what the template's expressions export holds after
// it, too: they are definitions side by side.
func (p *production) forwards() bool {
	for _, q := range p.parts {
		if q.kind == hole && q.arg != "defs" || q.kind == bind {
			return false
		}
	}
	return !p.leaf
}
