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
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			err = e
		}
	}()
	cnt := &counter{uses: map[*core.Local]*use{}}
	cnt.count(n)
	cv := &converter{uses: cnt.uses, env: map[*core.Local]*binding{}}
	root := &lambda{at: at{n.Pos()}, name: "top level", properties: datum.Null}
	if l, ok := n.(*core.Lambda); ok {
		// Keep the procedure itself reachable as the value of the form.
		root.clauses = []*clause{{body: cv.convertLambda(l)}}
	} else {
		root.clauses = []*clause{{body: cv.convert(n)}}
	}
	labels(root)
	closures(root)
	if root.static == nil {
		return nil, errors.New("compile: a top-level form has free variables")
	}
	generate(root)
	return root.static, nil
}
