package read

import (
	"fruix/interp/datum"
	"fruix/interp/source"
)

// The symbols of SRFI 105.
var (
	symNfx          = datum.Sym("$nfx$")
	symBracketApply = datum.Sym("$bracket-apply$")
	symBracketList  = datum.Sym("$bracket-list$")
)

// openCurly reads the opening brace of a curly expression. Data inside have
// no positions of their own: operators must be compared.
func (r *Reader) openCurly(at source.Pos) {
	r.plain++
	r.curly++
	r.push(frame{kind: inCurly, closer: '}', at: at, head: datum.Null})
}

// neoteric continues a datum that an opening parenthesis follows at once
// within a curly expression: f(x), f[x] and f{x}. It reports whether the
// datum is not complete.
func (r *Reader) neoteric(v datum.Value, at source.Pos) bool {
	if r.curly == 0 || len(r.stack) == 0 || r.top().kind == inApply {
		return false
	}
	open := frame{kind: inList, at: at}
	switch r.peek() {
	case '(':
		open.closer = ')'
		open.head = datum.Cons(v, datum.Null)
	case '[':
		open.closer = ']'
		open.head = datum.List(symBracketApply, v)
	case '{':
		r.push(frame{kind: inApply, at: at, symbol: v})
		r.next()
		r.openCurly(at)
		return true
	default:
		return false
	}
	r.next()
	open.tail = open.head
	if open.head.Pair().Cdr.IsPair() {
		open.tail = open.head.Pair().Cdr
	}
	r.push(open)
	return true
}

// applied is f{…}: f applied to nothing, or to what the braces mean.
func applied(f, inner datum.Value) datum.Value {
	if inner == datum.Null {
		return datum.List(f)
	}
	return datum.List(f, inner)
}

// infix gives the meaning of a curly expression with these elements; tail is
// what follows a dot, Null for a proper list.
func infix(items []datum.Value, dotted bool, tail datum.Value) datum.Value {
	if dotted {
		return datum.Cons(symNfx, appendList(items, tail))
	}
	switch n := len(items); {
	case n == 0:
		return datum.Null
	case n == 1:
		return items[0]
	case n == 2:
		return datum.List(items...)
	case n%2 == 1 && sameOperators(items):
		out := []datum.Value{items[1]}
		for i := 0; i < n; i += 2 {
			out = append(out, items[i])
		}
		return datum.List(out...)
	}
	return datum.Cons(symNfx, datum.List(items...))
}

// sameOperators reports whether all elements at odd places are equal.
func sameOperators(items []datum.Value) bool {
	for i := 3; i < len(items); i += 2 {
		if !datum.Equal(items[1], items[i]) {
			return false
		}
	}
	return true
}

func appendList(items []datum.Value, tail datum.Value) datum.Value {
	for i := len(items) - 1; i >= 0; i-- {
		tail = datum.Cons(items[i], tail)
	}
	return tail
}
