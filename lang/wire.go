package lang

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// errShort says that a message is not complete.
var errShort = errors.New("the message ends too early")

// wire reads the numbers and strings of the worker protocol: 64 bits, least
// significant byte first; strings with their length before them, and zeros
// behind them up to a multiple of eight.
type wire struct {
	in  []byte
	err error
}

func (w *wire) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *wire) take(n uint64) []byte {
	if w.err == nil && n > uint64(len(w.in)) {
		w.fail(errShort)
	}
	if w.err != nil {
		return nil
	}
	b := w.in[:n]
	w.in = w.in[n:]
	return b
}

func (w *wire) number() uint64 {
	b := w.take(8)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

func (w *wire) bytes() []byte {
	n := w.number()
	if w.err == nil && n > uint64(len(w.in)) {
		w.fail(errShort)
		return nil
	}
	b := w.take(n)
	w.take(-n % 8)
	return b
}

func (w *wire) text() string { return string(w.bytes()) }

func (w *wire) texts() []string {
	n := w.number()
	if n > uint64(len(w.in))/8 {
		w.fail(errShort)
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = w.text()
	}
	return out
}

// answer collects what goes back.
type answer []byte

func (a *answer) number(n uint64) { *a = binary.LittleEndian.AppendUint64(*a, n) }

func (a *answer) flag(b bool) {
	if b {
		a.number(1)
	} else {
		a.number(0)
	}
}

func (a *answer) text(s string) {
	a.number(uint64(len(s)))
	*a = append(*a, s...)
	*a = append(*a, make([]byte, -uint(len(s))%8)...)
}

func (a *answer) texts(ss []string) {
	a.number(uint64(len(ss)))
	for _, s := range ss {
		a.text(s)
	}
}

func unsupported(what string) error {
	return fmt.Errorf("%s is not offered to programs that declare builds; use the command fruix for it", what)
}
