package read

import (
	"strings"

	"fruix/interp/datum"
	"fruix/interp/source"
)

// frameKind says what the datum being read will become.
type frameKind uint8

const (
	inList      frameKind = iota // (…) or […]
	inDotted                     // after the dot, before the tail
	inDottedEnd                  // after the tail
	inVector                     // #(…) and everything that closes like it
	inCurly                      // {…}
	inQuote                      // 'x and its kin: one datum
	inComment                    // #;x
	inLabel                      // #n=x
	inApply                      // f before f{…}
)

// frame is one datum that is not yet complete.
type frame struct {
	kind   frameKind
	closer rune
	at     source.Pos
	// lists
	head, tail datum.Value
	// vectors and the like
	items  []datum.Value
	finish func(items []datum.Value) (datum.Value, error)
	// abbreviations
	symbol datum.Value
	output string // of #$package:output
	label  *label
	// skipped says that a list began with a datum comment and is empty so far.
	// (. x) is x in Guile, but after a comment the dot is a slip.
	skipped bool
	dot     int // in a curly expression, how many items stand before the dot
}

// closes reports whether the frame ends with a parenthesis.
func (f *frame) closes() bool { return f.kind <= inCurly }

// label is #n=: its datum once known, a placeholder until then.
type label struct {
	value       datum.Value
	done        bool
	placeholder datum.Value
	used        bool
}

// Read returns the next datum, datum.EOF at the end of the text, or an
// *Error. After an error the rest of the text may still be read.
func (r *Reader) Read() (datum.Value, error) {
	r.stack = r.stack[:0]
	r.guess = suspicion{}
	r.labels = nil
	r.plain, r.curly = 0, 0
	r.last = 0
	r.settle()
	for {
		v, at, what, err := r.lex()
		if err != nil {
			return datum.Unset, err
		}
		switch what {
		case lexEOF:
			if len(r.stack) > 0 {
				return datum.Unset, r.unclosed()
			}
			if r.err != nil {
				return datum.Unset, r.unclosed()
			}
			r.at = at
			return datum.EOF, nil
		case lexNothing:
			continue
		case lexDatum:
			v = r.wrap(r.withoutOutput(v), at)
		case lexDone: // a datum that is wrapped already
		case lexDot:
			if len(r.stack) == 0 || r.top().kind != inList || r.top().skipped {
				if len(r.stack) > 0 && r.top().kind == inCurly && r.top().dot == 0 && len(r.top().items) > 0 {
					r.top().dot = len(r.top().items)
					continue
				}
				return datum.Unset, r.fail(at, "a dot stands where a datum is expected")
			}
			r.top().kind = inDotted
			continue
		case lexClose:
			if v, at, err = r.close(rune(v.Fix()), at); err != nil {
				return datum.Unset, err
			}
		}
		for {
			if len(r.stack) == 0 {
				r.at = at
				return v, nil
			}
			if r.neoteric(v, at) {
				break
			}
			var done bool
			v, at, done, err = r.deliver(v, at)
			if err != nil {
				return datum.Unset, err
			}
			if !done {
				break
			}
		}
	}
}

// withoutOutput takes the output from package:output where v follows #$ or #+
// (Guix manual, "G-Expressions"), and notes it in the frame.
func (r *Reader) withoutOutput(v datum.Value) datum.Value {
	if !v.IsSymbol() || len(r.stack) == 0 {
		return v
	}
	f := r.top()
	if f.kind != inQuote || f.symbol != symUngexp && f.symbol != symUngexpNative {
		return v
	}
	name := v.Symbol().Name
	colon := strings.LastIndexByte(name, ':')
	if colon <= 0 || colon == len(name)-1 {
		return v
	}
	f.output = name[colon+1:]
	return datum.Sym(name[:colon])
}

func (r *Reader) top() *frame { return &r.stack[len(r.stack)-1] }

func (r *Reader) push(f frame) { r.stack = append(r.stack, f) }

// pop removes the top frame and returns it.
func (r *Reader) pop() frame {
	f := r.stack[len(r.stack)-1]
	r.stack[len(r.stack)-1] = frame{}
	r.stack = r.stack[:len(r.stack)-1]
	return f
}

// deliver hands a complete datum to the innermost open frame. When that
// completes the frame, its own datum and position are returned with done.
func (r *Reader) deliver(v datum.Value, at source.Pos) (datum.Value, source.Pos, bool, error) {
	f := r.top()
	switch f.kind {
	case inList:
		if f.head == datum.Null {
			f.head = r.cons(v, datum.Null, f.at)
			f.tail, f.skipped = f.head, false
			break
		}
		c := datum.Cons(v, datum.Null)
		f.tail.Pair().Cdr = c
		f.tail, f.skipped = c, false
	case inDotted:
		if f.head == datum.Null {
			f.head = v
		} else {
			f.tail.Pair().Cdr = v
		}
		f.kind = inDottedEnd
	case inDottedEnd:
		return v, at, false, r.fail(at, "more than one datum after the dot of a list")
	case inVector, inCurly:
		f.items = append(f.items, v)
	case inApply:
		return r.applied(r.pop().symbol, v, f.at), f.at, true, nil
	case inQuote:
		q := r.pop()
		rest := datum.Null
		if q.output != "" {
			rest = datum.List(r.wrap(datum.NewString(q.output), q.at))
		}
		l := r.cons(r.wrap(q.symbol, q.at), datum.Cons(v, rest), q.at)
		return r.wrap(l, q.at), q.at, true, nil
	case inComment:
		r.pop()
		r.plain--
		if len(r.stack) > 0 && r.top().kind == inList && r.top().head == datum.Null {
			r.top().skipped = true
		}
	case inLabel:
		l := r.pop()
		r.plain--
		if v == l.label.placeholder {
			return v, at, false, r.fail(l.at, "a datum label stands for itself")
		}
		l.label.value, l.label.done = v, true
		if l.label.used {
			patch(v, l.label.placeholder, v)
		}
		return r.wrap(v, l.at), l.at, true, nil
	}
	return v, at, false, nil
}

// close handles a closing parenthesis: it ends the innermost list or vector
// and returns it with the place where it opens.
func (r *Reader) close(c rune, at source.Pos) (datum.Value, source.Pos, error) {
	if len(r.stack) == 0 {
		e := r.fail(at, "a %q closes nothing", c).say("unexpected \"" + string(c) + "\"")
		e.Hint = "remove it, or look for a missing opening parenthesis before it"
		return datum.Unset, at, e
	}
	f := r.top()
	if !f.closes() {
		e := r.fail(at, "a %q stands where a datum is expected", c).say("unexpected \"" + string(c) + "\"")
		if f.kind == inComment {
			e.say("no expression after #;")
		}
		return datum.Unset, at, e
	}
	if f.closer != c {
		e := r.fail(at, "expected %q, found %q", f.closer, c).say("mismatched close paren: " + string(c))
		e.Related = []Note{{f.at, "to close the list that opens here"}}
		return datum.Unset, at, e
	}
	if f.kind == inDotted {
		return datum.Unset, at, r.fail(at, "no datum between the dot and the end of the list")
	}
	g := r.pop()
	v := g.head
	if g.kind == inCurly {
		r.plain--
		r.curly--
		switch n := len(g.items); {
		case g.dot == 0:
			v = r.infix(g.items, false, datum.Null, g.at)
		case g.dot == n-1:
			v = r.infix(g.items[:g.dot], true, g.items[g.dot], g.at)
		default:
			return datum.Unset, at, r.fail(at, "one datum has to stand between the dot and the brace")
		}
	}
	if g.kind == inVector {
		var err error
		if v, err = g.finish(g.items); err != nil {
			return datum.Unset, at, r.fail(g.at, "%s", err)
		}
	}
	return r.wrap(v, g.at), g.at, nil
}

// patch replaces a placeholder by a value in everything reachable from root.
func patch(root, placeholder, value datum.Value) {
	seen := map[datum.Value]bool{}
	work := []datum.Value{root}
	fix := func(slot *datum.Value) {
		if *slot == placeholder {
			*slot = value
		} else if k := slot.Kind(); k == datum.KPair || k == datum.KVector {
			if !seen[*slot] {
				seen[*slot] = true
				work = append(work, *slot)
			}
		}
	}
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		switch v.Kind() {
		case datum.KPair:
			fix(&v.Pair().Car)
			fix(&v.Pair().Cdr)
		case datum.KVector:
			items := v.Vector().Items
			for i := range items {
				fix(&items[i])
			}
		}
	}
}
