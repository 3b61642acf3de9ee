package wire

import (
	"bufio"
	"encoding/binary"
	"io"
)

// Writer writes what a Reader reads. The first error sticks, and Flush returns it.
type Writer struct {
	w   *bufio.Writer
	err error
}

// NewWriter returns a Writer to w. A *bufio.Writer is used as it is.
func NewWriter(w io.Writer) *Writer {
	bw, ok := w.(*bufio.Writer)
	if !ok {
		bw = bufio.NewWriterSize(w, 32<<10)
	}
	return &Writer{w: bw}
}

// Raw is what the Writer writes to, for archives in the midst of a message.
func (w *Writer) Raw() *bufio.Writer { return w.w }

// Err returns the first error.
func (w *Writer) Err() error { return w.err }

// Flush sends what was written.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

// Number writes a number.
func (w *Writer) Number(n uint64) {
	if w.err == nil {
		_, w.err = w.w.Write(binary.LittleEndian.AppendUint64(w.w.AvailableBuffer(), n))
	}
}

// Flag writes a truth value as 1 or 0.
func (w *Writer) Flag(b bool) {
	var n uint64
	if b {
		n = 1
	}
	w.Number(n)
}

const zeros = "\x00\x00\x00\x00\x00\x00\x00"

// Text writes a string.
func (w *Writer) Text(s string) {
	w.Number(uint64(len(s)))
	if w.err == nil {
		_, w.err = w.w.WriteString(s)
	}
	if w.err == nil {
		_, w.err = w.w.WriteString(zeros[:-len(s)&7])
	}
}

// Bytes writes bytes as a string.
func (w *Writer) Bytes(b []byte) {
	w.Number(uint64(len(b)))
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
	if w.err == nil {
		_, w.err = w.w.WriteString(zeros[:-len(b)&7])
	}
}

// Texts writes the number of strings and the strings.
func (w *Writer) Texts(list []string) {
	w.Number(uint64(len(list)))
	for _, s := range list {
		w.Text(s)
	}
}

// Pairs writes the number of pairs and the pairs.
func (w *Writer) Pairs(list [][2]string) {
	w.Number(uint64(len(list)))
	for _, p := range list {
		w.Text(p[0])
		w.Text(p[1])
	}
}
