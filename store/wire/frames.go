package wire

import (
	"errors"
	"fmt"
	"io"
)

// Frames are what a daemon sends while an operation goes on, and at its end.
const (
	frameNext  = 0x6f6c6d67 // a piece of the log
	frameRead  = 0x64617461 // the daemon wants data
	frameWrite = 0x64617416 // a piece of data
	frameLast  = 0x616c7473 // the operation is done; its results follow
	frameError = 0x63787470 // the operation failed
)

// Log sends a piece of the log. It is text for people, or a line of
// builder/trace.
func (w *Writer) Log(text string) {
	w.Number(frameNext)
	w.Text(text)
}

// Want asks the client for at most n bytes of data.
func (w *Writer) Want(n int) {
	w.Number(frameRead)
	w.Number(uint64(n))
}

// Data sends a piece of data.
func (w *Writer) Data(b []byte) {
	w.Number(frameWrite)
	w.Bytes(b)
}

// Done says that the operation is done; its results are written next.
func (w *Writer) Done() { w.Number(frameLast) }

// Refuse says that the operation has failed.
func (w *Writer) Refuse(message string, status uint64) {
	w.Number(frameError)
	w.Text(message)
	w.Number(status)
}

// RemoteError is an operation that the daemon says has failed.
type RemoteError struct {
	Message string
	Status  uint64
}

func (e *RemoteError) Error() string { return e.Message }

// Replies reads the frames of one operation.
type Replies struct {
	In  *Reader
	Out *Writer
	// Log gets the log; nil throws it away.
	Log func(piece []byte)
	// Source is where data comes from that the daemon asks for, Sink where data
	// goes that it sends; an operation that has none is an error.
	Source io.Reader
	Sink   io.Writer
}

// maxPiece bounds how much is sent at once when the daemon asks for data.
const maxPiece = 64 << 10

var errUnexpected = errors.New("the daemon sends data that nobody asked for, or asks for data that there is none of")

// Wait reads frames until the operation is done, and what was asked for can be
// read from In. The error is a *RemoteError when the daemon says that the
// operation has failed; after any other the connection is of no more use.
func (r *Replies) Wait() error {
	for {
		r.In.Begin()
		switch n := r.In.Number(); {
		case r.In.err != nil:
			return r.In.err
		case n == frameLast:
			return nil
		case n == frameError:
			e := &RemoteError{Message: r.In.Text()}
			e.Status = r.In.Number()
			if r.In.err != nil {
				return r.In.err
			}
			return e
		case n == frameNext:
			if b := r.In.Bytes(); r.In.err == nil && r.Log != nil {
				r.Log(b)
			}
		case n == frameWrite && r.Sink != nil:
			if err := r.copyData(); err != nil {
				return err
			}
		case n == frameRead && r.Source != nil:
			if err := r.sendData(); err != nil {
				return err
			}
		case n == frameWrite || n == frameRead:
			return errUnexpected
		default:
			return fmt.Errorf("the daemon sends a frame that is not known: %#x", n)
		}
	}
}

// copyData passes one piece of data on, of whatever size, without holding it.
func (r *Replies) copyData() error {
	n := r.In.Number()
	if r.In.err != nil {
		return r.In.err
	}
	if n > 1<<62 {
		return &LimitError{"a piece of data", 1 << 62}
	}
	if _, err := io.CopyN(r.Sink, r.In.r, int64(n)); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	_, err := r.In.r.Discard(int(-n & 7))
	return err
}

// sendData sends one piece of data; an empty one is the end.
func (r *Replies) sendData() error {
	n := r.In.Number()
	if r.In.err != nil {
		return r.In.err
	}
	b := make([]byte, min(n, maxPiece))
	m, err := io.ReadFull(r.Source, b)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	r.Out.Bytes(b[:m])
	return r.Out.Flush()
}
