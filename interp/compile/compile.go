package compile

import (
	"errors"

	"fruix/interp/code"
	"fruix/interp/core"
	"fruix/interp/datum"
)

// Compile makes the code of a top-level form: a closure without parameters
// whose call evaluates n. Failures are *Error.
func Compile(n core.Node) (c *code.Closure, err error) {
	defer contain(&err)
	root, err := prepare(n)
	if err != nil {
		return nil, err
	}
	closures(root)
	if root.static == nil {
		return nil, errors.New("compile: a top-level form has free variables")
	}
	generate(root)
	return root.static, nil
}

// prepare does all that comes before closures and code: root is a procedure
// whose call evaluates n.
func prepare(n core.Node) (root *lambda, err error) {
	defer contain(&err)
	cnt := &counter{uses: map[*core.Local]*use{}}
	cnt.count(n)
	cv := &converter{uses: cnt.uses, env: map[*core.Local]*binding{}}
	root = &lambda{at: at{n.Pos()}, name: "top level", properties: datum.Null}
	if l, ok := n.(*core.Lambda); ok {
		// Keep the procedure itself reachable as the value of the form.
		root.clauses = []*clause{{body: cv.convertLambda(l)}}
	} else {
		root.clauses = []*clause{{body: cv.convert(n)}}
	}
	labels(root)
	return root, nil
}

// contain turns the panic by which passes give up into an error.
func contain(err *error) {
	if r := recover(); r != nil {
		e, ok := r.(*Error)
		if !ok {
			panic(r)
		}
		*err = e
	}
}
