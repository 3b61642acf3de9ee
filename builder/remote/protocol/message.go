package protocol

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Kind is the kind of a message. Every message is its kind, the length of its
// content as a varint, and the content; behind one of kind Object comes a body,
// the object's archive.
type Kind byte

// The kinds of messages. What is said of objects and failures is JSON.
const (
	Started   Kind = 's' // the build has begun: it no longer waits for others
	Log       Kind = 'l' // what the builder printed
	Object    Kind = 'o' // an object: [Info], and its archive behind
	Known     Kind = 'i' // what is known of an object: [Info]
	Have      Kind = 'h' // the object with this base name is there now
	Reject    Kind = 'r' // an object was not taken: [Rejection]
	Done      Kind = 'd' // all went well: [Summary]; the last message
	Failed    Kind = 'f' // it did not: [Failure]; the last message
	maxLength      = 1 << 20
	maxLog         = 32 << 10 // bytes in one message
)

// Info is what is said of an object beside its archive.
type Info struct {
	Name       string   `json:"name"`    // base name
	NarHash    string   `json:"narHash"` // "sha256:…"
	NarSize    int64    `json:"narSize"`
	References []string `json:"references,omitempty"` // base names, sorted
	Deriver    string   `json:"deriver,omitempty"`    // base name
	CA         string   `json:"ca,omitempty"`         // content address
	Signatures []string `json:"signatures,omitempty"` // as in package narinfo
}

// Rejection says why an object was not taken.
type Rejection struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Summary is said of a build that went well.
type Summary struct {
	Queued time.Duration `json:"queued,omitempty"` // for how long it waited for others
	Took   time.Duration `json:"took,omitempty"`   // from its start to when its outputs were ready
	User   time.Duration `json:"user,omitempty"`
	System time.Duration `json:"system,omitempty"`
	MaxRSS int64         `json:"maxRSS,omitempty"`
}

// Cause says whose fault a failure is.
type Cause string

// The causes.
const (
	OfBuild   Cause = "build"     // the builder failed: it would elsewhere, too
	OfMachine Cause = "machine"   // the machine could not
	Refused   Cause = "refused"   // the machine will not
	Cancelled Cause = "cancelled" // it was asked to end
)

// Failure says what went wrong.
type Failure struct {
	Cause   Cause  `json:"cause"`
	Message string `json:"message,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Status  string `json:"status,omitempty"` // of a build, such as "exit code 1"
	// Limit is "timeout" or "silence" when the build was ended for that.
	Limit string `json:"limit,omitempty"`
	// Kept is where the build folder was kept.
	Kept string `json:"kept,omitempty"`
}

func (f *Failure) Error() string { return f.Message }

// Writer writes messages. It may be used by several goroutines.
type Writer struct {
	p     *Packer
	flush func() error

	mu  sync.Mutex
	w   *bufio.Writer
	err error
}

// NewWriter returns a writer to w. flush, which may be nil, hands on what w holds
// back.
func (p *Packer) NewWriter(w io.Writer, flush func() error) *Writer {
	if flush == nil {
		flush = func() error { return nil }
	}
	return &Writer{p: p, w: bufio.NewWriterSize(w, 32<<10), flush: flush}
}

// Flush hands on what was written.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flushLocked()
}

func (w *Writer) flushLocked() error {
	if w.err == nil {
		w.err = w.w.Flush()
	}
	if w.err == nil {
		w.err = w.flush()
	}
	return w.err
}

// put writes a message; w.mu is held.
func (w *Writer) put(k Kind, content []byte) error {
	if w.err == nil && len(content) > maxLength {
		w.err = fmt.Errorf("a message of %d bytes", len(content))
	}
	if w.err == nil {
		w.w.WriteByte(byte(k))
		w.w.Write(binary.AppendUvarint(nil, uint64(len(content))))
		_, w.err = w.w.Write(content)
	}
	return w.err
}

// Send writes a message whose content is v: bytes, a string, nil, or what is sent
// as JSON.
func (w *Writer) Send(k Kind, v any) error {
	var content []byte
	switch v := v.(type) {
	case nil:
	case []byte:
		content = v
	case string:
		content = []byte(v)
	default:
		var err error
		if content, err = json.Marshal(v); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.put(k, content)
}

// SendObject writes an object, whose archive dump writes. No other message comes
// between.
func (w *Writer) SendObject(i *Info, dump func(io.Writer) error) error {
	content, err := json.Marshal(i)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.put(Object, content); err != nil {
		return err
	}
	body := w.p.newBodyWriter(w.w)
	if err = dump(body); err == nil {
		err = body.Close()
	}
	if err != nil {
		// What follows could not be told from the archive.
		w.err = err
	}
	return err
}

// Reader reads messages.
type Reader struct {
	p    *Packer
	r    *bufio.Reader
	body *bodyReader // of the last object
	buf  []byte
}

// NewReader returns a reader of r.
func (p *Packer) NewReader(r io.Reader) *Reader {
	return &Reader{p: p, r: bufio.NewReaderSize(r, 32<<10)}
}

// Next reads the next message. Its content is valid until the next call. What was
// left of an object's archive is passed over. The error is io.EOF at the end of
// the stream.
func (r *Reader) Next() (Kind, []byte, error) {
	if r.body != nil {
		if err := r.body.drain(); err != nil {
			return 0, nil, err
		}
		r.body = nil
	}
	k, err := r.r.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	switch Kind(k) {
	case Started, Log, Object, Known, Have, Reject, Done, Failed:
	default:
		return 0, nil, &FormatError{Err: fmt.Errorf("a message of the kind %q", k)}
	}
	n, err := readLength(r.r, maxLength)
	if err != nil {
		return 0, nil, err
	}
	r.buf = grow(r.buf, n)
	if err := readFull(r.r, r.buf); err != nil {
		return 0, nil, torn(err)
	}
	if Kind(k) == Object {
		r.body = r.p.newBodyReader(r.r)
	}
	return Kind(k), r.buf, nil
}

// Idle says that nothing more is at hand: the next message must be waited for.
func (r *Reader) Idle() bool { return r.r.Buffered() == 0 }

// Body reads the archive of the object that Next has just given.
func (r *Reader) Body() io.Reader {
	if r.body == nil {
		return eof{}
	}
	return r.body
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// Decode reads JSON content.
func Decode[T any](content []byte) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(content, v); err != nil {
		return nil, &FormatError{Err: err}
	}
	return v, nil
}

// errEnded says that a stream ended without saying how.
var errEnded = &FormatError{Err: errors.New("a stream ends without its last message")}

// Ended gives the end of a stream before its last message a name.
func Ended(err error) error {
	if errors.Is(err, io.EOF) {
		return errEnded
	}
	return err
}
