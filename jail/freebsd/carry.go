package freebsd

import (
	"errors"
	"slices"

	"fruix/jail"
)

// A kernel carries out calls: FreeBSD's, or one of a test.
type kernel interface {
	call(c call) error
}

// carryOut makes the jail of a plan. undo takes back everything, the last thing first,
// and goes on when something cannot be undone; when a step fails, that has been done
// already.
func carryOut(k kernel, p *plan) (undo func() error, err error) {
	var done []call
	undo = func() error {
		var errs []error
		for _, c := range slices.Backward(done) {
			errs = append(errs, explain(c, k.call(c)))
		}
		done = nil
		return errors.Join(errs...)
	}
	for _, s := range p.Steps {
		err := k.call(s.Do)
		if err == nil && s.Undo != nil {
			done = append(done, *s.Undo)
		}
		if err != nil {
			err = explain(s.Do, err)
			if uerr := undo(); uerr != nil {
				err = errors.Join(err, uerr)
			}
			return nil, err
		}
	}
	return undo, nil
}

// explain gives a failed call's error the form of the other back ends'.
func explain(c call, err error) error {
	var already *jail.SetupError
	if err == nil || errors.As(err, &already) {
		return err
	}
	e := &jail.SetupError{Step: string(c.Op), Err: err}
	switch c.Op {
	case opMount:
		e.Step, e.Path = "mount "+c.Args[0], c.Args[1]
	case opSymlink, opCopy:
		e.Path = c.Args[1]
	case opJail:
		e.Step, e.Path = "jail_set", ""
	case opUnjail:
		e.Step, e.Path = "jail_remove", c.Args[0]
	default:
		e.Path = c.Args[0]
	}
	return e
}
