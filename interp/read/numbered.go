package read

import (
	"fruix/interp/datum"
	"fruix/interp/source"
)

// lexNumbered reads what begins with # and a digit or @: datum labels and
// arrays (Guile manual, "Array Syntax").
func (r *Reader) lexNumbered(at source.Pos) (datum.Value, lexeme, error) {
	n, digits := 0, 0
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.next()
		if n = n*10 + int(c-'0'); n > 1<<24 {
			return datum.Unset, lexNothing, r.fail(at, "the number after # is too large")
		}
		digits++
	}
	switch c := r.peek(); {
	case c == '=' && digits > 0:
		r.next()
		return r.defineLabel(n, at)
	case c == '#' && digits > 0:
		r.next()
		return r.useLabel(n, at)
	}
	rank := n
	if digits == 0 {
		rank = 1
	}
	return r.openArray(rank, at)
}

func (r *Reader) defineLabel(n int, at source.Pos) (datum.Value, lexeme, error) {
	if r.labels == nil {
		r.labels = map[int]*label{}
	}
	if r.labels[n] != nil {
		return datum.Unset, lexNothing, r.fail(at, "the datum label #%d= is defined twice", n)
	}
	l := &label{placeholder: datum.NewOpaque("datum label", n)}
	r.labels[n] = l
	r.plain++
	r.push(frame{kind: inLabel, at: at, label: l})
	return datum.Unset, lexNothing, nil
}

func (r *Reader) useLabel(n int, at source.Pos) (datum.Value, lexeme, error) {
	l := r.labels[n]
	if l == nil {
		return datum.Unset, lexNothing, r.fail(at, "the datum label #%d# has no definition before it", n)
	}
	if l.done {
		return l.value, lexDatum, nil
	}
	l.used = true
	return l.placeholder, lexDatum, nil
}
