package compile

// scope is the list of fixes whose continuation is that of the current place,
// innermost first.
type scope struct {
	fix   *fix
	outer *scope
}

func (s *scope) has(f *fix) bool {
	for ; s != nil; s = s.outer {
		if s.fix == f {
			return true
		}
	}
	return false
}

// maxLabelRounds bounds the search; programs need two or three rounds.
const maxLabelRounds = 20

// labels marks the lambdas of the tree that become labels. It starts from the
// assumption that every candidate is one and visits the tree until nothing
// refutes another; each visit is linear, and the last one leaves the marks.
func labels(root node) {
	fixOf := map[*lambda]*fix{}
	collect(root, fixOf)
	for l := range fixOf {
		l.label = l.simple() && l.self != nil
	}
	for round := 0; ; round++ {
		w := &labelWalk{fixOf: fixOf}
		w.walk(root, nil, false)
		if !w.changed {
			return
		}
		if round == maxLabelRounds {
			for l := range fixOf {
				l.label = false
			}
			return
		}
	}
}

func collect(n node, fixOf map[*lambda]*fix) {
	if f, ok := n.(*fix); ok {
		for _, l := range f.lambdas {
			fixOf[l] = f
		}
	}
	children(n, func(x node) { collect(x, fixOf) })
}

type labelWalk struct {
	fixOf   map[*lambda]*fix
	changed bool
}

func (w *labelWalk) refute(l *lambda) {
	if l != nil && l.label {
		l.label = false
		w.changed = true
	}
}

// walk visits n. tail is the scope when n is in tail position with respect to
// some fixes, nil otherwise; proc tells whether n is also in tail position of
// its procedure.
func (w *labelWalk) walk(n node, tail *scope, proc bool) {
	switch n := n.(type) {
	case *ref:
		w.refute(n.v.known)
	case *branch:
		w.walk(n.test, nil, false)
		w.walk(n.then, tail, proc)
		w.walk(n.els, tail, proc)
	case *sequence:
		for _, x := range n.body[:len(n.body)-1] {
			w.walk(x, nil, false)
		}
		w.walk(n.body[len(n.body)-1], tail, proc)
	case *let:
		for _, x := range n.inits {
			w.walk(x, nil, false)
		}
		w.walk(n.body, tail, proc)
	case *receive:
		w.walk(n.producer, nil, false)
		w.walk(n.body, tail, proc)
	case *fix:
		inner := &scope{n, tail}
		for _, l := range n.lambdas {
			if l.label {
				w.walk(l.clauses[0].body, inner, proc)
			} else {
				w.walk(l, nil, false)
			}
		}
		w.walk(n.body, inner, proc)
	case *call:
		n.tail = proc
		if r, ok := n.proc.(*ref); ok && r.v.known != nil {
			l := r.v.known
			if l.label && (!l.accepts(len(n.args)) || !tail.has(w.fixOf[l])) {
				w.refute(l)
			}
		} else {
			w.walk(n.proc, nil, false)
		}
		for _, x := range n.args {
			w.walk(x, nil, false)
		}
	case *lambda:
		for _, c := range n.clauses {
			for _, o := range c.opt {
				w.walk(o.init, nil, false)
			}
			for _, k := range c.keys {
				w.walk(k.init, nil, false)
			}
			w.walk(c.body, nil, true)
		}
	default:
		children(n, func(x node) { w.walk(x, nil, false) })
	}
}
