package calls

import (
	"context"

	"fruix/store/wire"
)

// A Call is an operation with its arguments, A, and its results, R.
type Call[A, R any] struct {
	Op      wire.Op
	args    form[A]
	results form[R]
}

// Ask writes a request.
func (c Call[A, R]) Ask(w *wire.Writer, args A) {
	w.Number(uint64(c.Op))
	c.args.write(w, args)
}

// Results reads what comes back when the operation is done.
func (c Call[A, R]) Results(r *wire.Reader) R { return c.results.read(r) }

// Args reads what follows the operation in a request.
func (c Call[A, R]) Args(r *wire.Reader) A { return c.args.read(r) }

// Answer writes results.
func (c Call[A, R]) Answer(w *wire.Writer, results R) { c.results.write(w, results) }

// Work does an operation whose arguments have been read, and writes its results.
type Work func(ctx context.Context, w *wire.Writer) error

// Serve reads the arguments, which may not have come whole: r knows. The work is to let f
// do the operation, and to write its results unless it fails.
func (c Call[A, R]) Serve(r *wire.Reader, f func(ctx context.Context, args A) (R, error)) Work {
	args := c.Args(r)
	return func(ctx context.Context, w *wire.Writer) error {
		results, err := f(ctx, args)
		if err == nil {
			c.Answer(w, results)
		}
		return err
	}
}

// None stands for arguments, or results, of which there are none.
type None = struct{}

// form is how values of a type go over a connection.
type form[T any] struct {
	read  func(*wire.Reader) T
	write func(*wire.Writer, T)
}

func text() form[string]    { return form[string]{(*wire.Reader).Text, (*wire.Writer).Text} }
func texts() form[[]string] { return form[[]string]{(*wire.Reader).Texts, (*wire.Writer).Texts} }
func flag() form[bool]      { return form[bool]{(*wire.Reader).Flag, (*wire.Writer).Flag} }

func pairs() form[[][2]string] {
	return form[[][2]string]{(*wire.Reader).Pairs, (*wire.Writer).Pairs}
}

func nothing() form[None] {
	return form[None]{func(*wire.Reader) None { return None{} }, func(*wire.Writer, None) {}}
}

// done is the number that says that something is done.
func done() form[None] {
	return form[None]{
		func(r *wire.Reader) None { r.Number(); return None{} },
		func(w *wire.Writer, _ None) { w.Number(1) },
	}
}

// message is the form of a type of wire that is written through a pointer.
func message[T any](read func(*wire.Reader) T, write func(*T, *wire.Writer)) form[T] {
	return form[T]{read, func(w *wire.Writer, x T) { write(&x, w) }}
}
