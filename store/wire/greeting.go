package wire

import (
	"errors"
	"fmt"
)

// Greeting is what a client says of itself.
type Greeting struct {
	Version Version
	// Affinity is the processor that the client would have the daemon run on,
	// plus one; 0 is none.
	Affinity uint64
	Reserve  bool // keep some space in reserve for collecting garbage
}

// GreetingError reports a peer that speaks something else.
type GreetingError struct{ Msg string }

func (e *GreetingError) Error() string { return e.Msg }

// Accept is the daemon's half of a greeting, up to the frames that end it. A
// version that cannot be spoken is no error here: the client is told in a frame.
func Accept(r *Reader, w *Writer) (Greeting, error) {
	if err := AnswerHello(r, w); err != nil {
		return Greeting{}, err
	}
	return ReadGreeting(r)
}

// AnswerHello is the first step of Accept: it reads the first that a client says, and
// answers it.
func AnswerHello(r *Reader, w *Writer) error {
	if n := r.Number(); r.err == nil && n != ClientMagic {
		r.Fail(&GreetingError{fmt.Sprintf("the client does not greet as clients do: %#x", n)})
	}
	if r.err != nil {
		return r.err
	}
	w.Number(ServerMagic)
	w.Number(uint64(Current))
	return w.Flush()
}

// ReadGreeting is the second step of Accept: it reads what the client says then.
func ReadGreeting(r *Reader) (Greeting, error) {
	g := Greeting{Version: Version(r.Number())}
	if !g.Version.Compatible() {
		return g, r.err // what follows cannot be told
	}
	if r.Flag() {
		g.Affinity = r.Number() + 1
	}
	g.Reserve = r.Flag()
	return g, r.err
}

// Greet is the client's half of a greeting, with the frames that end it. It
// returns the daemon's version.
func Greet(r *Reader, w *Writer) (Version, error) {
	w.Number(ClientMagic)
	if err := w.Flush(); err != nil {
		return 0, err
	}
	if n := r.Number(); r.err == nil && n != ServerMagic {
		r.Fail(&GreetingError{"what answers is no daemon of this kind"})
	}
	v := Version(r.Number())
	if r.err == nil && !v.Compatible() {
		r.Fail(&GreetingError{fmt.Sprintf("the daemon speaks version %s of the protocol; %s is needed", v, Current)})
	}
	if r.err != nil {
		return v, r.err
	}
	w.Number(uint64(Current))
	w.Flag(false)
	w.Flag(true)
	if err := w.Flush(); err != nil {
		return v, err
	}
	return v, (&Replies{In: r, Out: w}).Wait()
}

// errRefused is for clients whose version cannot be spoken.
var errRefused = errors.New("your version of the protocol cannot be spoken")

// Check says why a client cannot be served; nil when it can.
func (g Greeting) Check() error {
	if !g.Version.Compatible() {
		return fmt.Errorf("%w: it is %s, and this daemon's is %s", errRefused, g.Version, Current)
	}
	return nil
}
