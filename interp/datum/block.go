package datum

// Blocker is what a Caller offers where programs have threads.
type Blocker interface {
	// Block calls f, which waits for something outside of the language, while
	// other threads run. f must not touch data of the language, and it should
	// return early when wake can be read.
	Block(f func(wake <-chan struct{}))
	// Interrupted says why a native must not go on waiting: an error that ends
	// the evaluation, or a Detour after which the native is called again. nil
	// means that it may.
	Interrupted() error
}

// Block calls f as Blocker.Block does, or at once when there are no threads.
func Block(c Caller, f func(wake <-chan struct{})) {
	if b, ok := c.(Blocker); ok {
		b.Block(f)
		return
	}
	f(nil)
}

// Interrupted is Blocker.Interrupted, or the error of the context.
func Interrupted(c Caller) error {
	if b, ok := c.(Blocker); ok {
		return b.Interrupted()
	}
	return c.Context().Err()
}

// Compute calls f, which may take long, and stops waiting for it when the
// evaluation has to stop. f must only look at data that never changes, numbers
// above all: it may go on when nobody waits any more. Other threads run meanwhile.
func Compute(c Caller, f func() (Value, error)) (v Value, err error) {
	done := make(chan struct{})
	var result Value
	var failure error
	go func() {
		defer close(done)
		result, failure = f()
	}()
	stop := c.Context().Done()
	Block(c, func(<-chan struct{}) {
		select {
		case <-done:
		case <-stop:
		}
	})
	select {
	case <-done:
		return result, failure
	default:
	}
	if err := Interrupted(c); err != nil {
		return Unset, err
	}
	return Unset, c.Context().Err()
}
