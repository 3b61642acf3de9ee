package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Limits bound what a Reader takes in.
type Limits struct {
	Text    int64 // bytes of one string
	Message int64 // bytes of all strings since Begin, with a few for each
	// Charge is told how many bytes are about to be taken in, and may refuse;
	// nil means that nobody counts.
	Charge func(n int64) error
}

// DefaultLimits are enough for everything that honest peers send.
var DefaultLimits = Limits{Text: 64 << 20, Message: 256 << 20}

// perText is what a string costs beside its bytes.
const perText = 32

// LimitError reports a message that is larger than is allowed.
type LimitError struct {
	What string // such as "a string of 5 bytes"
	Max  int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s is more than is allowed here (%d bytes)", e.What, e.Max)
}

// Reader reads numbers and strings: 64 bits, least significant byte first;
// strings with their length before them, and zeros behind them up to a multiple
// of eight. The first error sticks: after it everything that is read is zero or
// empty. Memory is taken as bytes arrive, never because a length promises them.
type Reader struct {
	r      *bufio.Reader
	limits Limits
	spent  int64
	err    error
}

// NewReader returns a Reader from r. A *bufio.Reader is used as it is.
func NewReader(r io.Reader, l Limits) *Reader {
	br, ok := r.(*bufio.Reader)
	if !ok {
		br = bufio.NewReaderSize(r, 32<<10)
	}
	return &Reader{r: br, limits: l}
}

// Raw is what the Reader reads from, for archives in the midst of a message.
func (r *Reader) Raw() *bufio.Reader { return r.r }

// Begin begins another message as far as Limits are concerned.
func (r *Reader) Begin() { r.spent = 0 }

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Fail makes err the first error unless there is one.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// broken notes an error of the source; within a value an end comes too early.
func (r *Reader) broken(err error) {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	r.Fail(err)
}

// Op reads the number of the next operation. At the end of the source it returns
// io.EOF.
func (r *Reader) Op() (Op, error) {
	if r.err == nil {
		if _, err := r.r.Peek(1); err != nil {
			r.Fail(err)
		}
	}
	n := r.Number()
	return Op(n), r.err
}

// Number reads a number.
func (r *Reader) Number() uint64 {
	var b [8]byte
	if r.err != nil {
		return 0
	}
	if _, err := io.ReadFull(r.r, b[:]); err != nil {
		r.broken(err)
		return 0
	}
	return binary.LittleEndian.Uint64(b[:])
}

// Flag reads a number that is a truth value.
func (r *Reader) Flag() bool { return r.Number() != 0 }

// spend counts n bytes that are about to be taken in.
func (r *Reader) spend(n uint64, what string) bool {
	switch {
	case r.err != nil:
		return false
	case n > uint64(r.limits.Message-r.spent):
		r.Fail(&LimitError{"a message with " + what, r.limits.Message})
		return false
	}
	r.spent += int64(n)
	if r.limits.Charge != nil {
		if err := r.limits.Charge(int64(n)); err != nil {
			r.Fail(err)
			return false
		}
	}
	return true
}

var errPadding = errors.New("the bytes behind a string are not zero")

// Bytes reads a string as bytes.
func (r *Reader) Bytes() []byte {
	n := r.Number()
	if r.err == nil && n > uint64(r.limits.Text) {
		r.Fail(&LimitError{fmt.Sprintf("a string of %d bytes", n), r.limits.Text})
	}
	if !r.spend(n+perText, "a string") {
		return nil
	}
	b := r.take(int(n))
	var pad [8]byte
	if p := pad[:-n&7]; r.err == nil {
		if _, err := io.ReadFull(r.r, p); err != nil {
			r.broken(err)
		} else if pad != [8]byte{} {
			r.Fail(errPadding)
		}
	}
	if r.err != nil {
		return nil
	}
	return b
}

// firstPiece is how much memory is taken before anything has arrived.
const firstPiece = 4 << 10

// take reads n bytes; what it holds on to is at most about twice what came.
func (r *Reader) take(n int) []byte {
	b := make([]byte, 0, min(n, firstPiece))
	for len(b) < n {
		piece := min(n-len(b), max(len(b), firstPiece))
		b = slices.Grow(b, piece)
		m, err := io.ReadFull(r.r, b[len(b):len(b)+piece])
		b = b[:len(b)+m]
		if err != nil {
			r.broken(err)
			return nil
		}
	}
	return b
}

// Text reads a string.
func (r *Reader) Text() string { return string(r.Bytes()) }

// Texts reads a number and as many strings.
func (r *Reader) Texts() []string {
	var out []string
	for n := r.Number(); n > 0 && r.err == nil; n-- {
		out = append(out, r.Text())
	}
	if r.err != nil {
		return nil
	}
	return out
}

// Pairs reads a number and as many pairs of strings.
func (r *Reader) Pairs() [][2]string {
	var out [][2]string
	for n := r.Number(); n > 0 && r.err == nil; n-- {
		a := r.Text()
		out = append(out, [2]string{a, r.Text()})
	}
	if r.err != nil {
		return nil
	}
	return out
}
