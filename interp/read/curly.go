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

// openCurly reads the opening brace of a curly expression. Data inside are not
// wrapped: operators must be compared.
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
		open.head = r.cons(v, datum.Null, at)
	case '[':
		open.closer = ']'
		open.head = r.cons(symBracketApply, datum.List(v), at)
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
func (r *Reader) applied(f, inner datum.Value, at source.Pos) datum.Value {
	if inner == datum.Null {
		return r.cons(f, datum.Null, at)
	}
	return r.cons(f, datum.List(inner), at)
}

// infix gives the meaning of the curly expression at a place with these
// elements; tail is what follows a dot, Null for a proper list.
func (r *Reader) infix(items []datum.Value, dotted bool, tail datum.Value, at source.Pos) datum.Value {
	if dotted {
		return r.cons(symNfx, appendList(items, tail), at)
	}
	switch n := len(items); {
	case n == 0:
		return datum.Null
	case n == 1:
		return items[0]
	case n == 2:
		return r.cons(items[0], datum.List(items[1]), at)
	case n%2 == 1 && sameOperators(items):
		var operands []datum.Value
		for i := 0; i < n; i += 2 {
			operands = append(operands, items[i])
		}
		return r.cons(items[1], datum.List(operands...), at)
	}
	return r.cons(symNfx, datum.List(items...), at)
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
