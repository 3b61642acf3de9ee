package nar

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// FormatError says where an archive is malformed.
type FormatError struct {
	Offset int64 // in bytes from the beginning
	Msg    string
	Err    error // the read error beneath, if any
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("bad archive at byte %d: %s", e.Offset, e.Msg)
}

// Unwrap returns the read error that stopped the reader, if any.
func (e *FormatError) Unwrap() error { return e.Err }

// Reader reads an archive: [Reader.Next] for every node, [Reader.Read] for the
// bytes of the regular file it announced. It accepts exactly what a [Writer]
// can write: names are checked, entries must be sorted, padding must be zero.
// When its source is a
// *bufio.Reader, nothing beyond the archive's last byte is taken from it.
type Reader struct {
	r      *bufio.Reader
	tee    io.Writer // gets every byte of the archive that has been read
	offset int64
	dirs   []dir
	left   int64 // bytes of the current file not read yet
	pad    int
	file   bool // a regular file is open
	begun  bool
	err    error // sticks; io.EOF after the end
}

// NewReader returns a Reader from r. A *bufio.Reader is used as it is, so that
// what follows the archive can be read from it afterwards.
func NewReader(r io.Reader) *Reader {
	br, ok := r.(*bufio.Reader)
	if !ok {
		br = bufio.NewReaderSize(r, 128<<10)
	}
	return &Reader{r: br, tee: io.Discard}
}

// NewTeeReader returns a Reader from r that writes exactly the bytes of the
// archive, and nothing that may follow it, to w, as it reads them. After io.EOF
// from [Reader.Next], w has got the whole archive. Errors of w are not looked at:
// it is meant for hashes.
func NewTeeReader(r io.Reader, w io.Writer) *Reader {
	n := NewReader(r)
	n.tee = w
	return n
}

// Offset returns how many bytes of the archive have been read.
func (r *Reader) Offset() int64 { return r.offset }

func (r *Reader) fail(format string, args ...any) error {
	if r.err == nil {
		r.err = &FormatError{r.offset, fmt.Sprintf(format, args...), nil}
	}
	return r.err
}

func (r *Reader) broken(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if r.err == nil {
		r.err = &FormatError{r.offset, err.Error(), err}
	}
	return r.err
}

func (r *Reader) uint64() (uint64, error) {
	var b [8]byte
	n, err := io.ReadFull(r.r, b[:])
	r.offset += int64(n)
	if err != nil {
		return 0, r.broken(err)
	}
	r.tee.Write(b[:])
	return binary.LittleEndian.Uint64(b[:]), nil
}

func (r *Reader) zeros(n int) error {
	var pad [8]byte
	defer r.tee.Write(pad[:n])
	for range n {
		c, err := r.r.ReadByte()
		if err != nil {
			return r.broken(err)
		}
		if c != 0 {
			return r.fail("padding is not zero")
		}
		r.offset++
	}
	return nil
}

// str reads one string of at most limit bytes.
func (r *Reader) str(limit int) (string, error) {
	n, err := r.uint64()
	if err != nil {
		return "", err
	}
	if n > uint64(limit) {
		return "", r.fail("a string of %d bytes where at most %d are possible", n, limit)
	}
	b := make([]byte, n)
	got, err := io.ReadFull(r.r, b)
	r.offset += int64(got)
	if err != nil {
		return "", r.broken(err)
	}
	r.tee.Write(b)
	return string(b), r.zeros(int(-n & 7))
}

// longestToken bounds the words of the grammar.
const longestToken = 16

func (r *Reader) expect(words ...string) error {
	for _, want := range words {
		got, err := r.str(longestToken)
		if err != nil {
			return err
		}
		if got != want {
			return r.fail("%q is expected, not %q", want, got)
		}
	}
	return nil
}

// endNode reads the end of a node and of the entry that it is in.
func (r *Reader) endNode() error {
	if len(r.dirs) > 0 {
		return r.expect(")", ")")
	}
	return r.expect(")")
}

// Next goes on to the next node, past what was not read of a file. At the end
// of the archive it returns io.EOF.
func (r *Reader) Next() (Header, error) {
	if r.err != nil {
		return Header{}, r.err
	}
	if !r.begun {
		r.begun = true
		if err := r.expect(magic); err != nil {
			return Header{}, err
		}
		return r.node("")
	}
	if err := r.endFile(); err != nil {
		return Header{}, err
	}
	for len(r.dirs) > 0 {
		word, err := r.str(longestToken)
		if err != nil {
			return Header{}, err
		}
		switch word {
		case "entry":
			path, err := r.entry()
			if err != nil {
				return Header{}, err
			}
			return r.node(path)
		case ")": // the directory's own end; its entry's follows
			r.dirs = r.dirs[:len(r.dirs)-1]
			if len(r.dirs) > 0 {
				if err := r.expect(")"); err != nil {
					return Header{}, err
				}
			}
		default:
			return Header{}, r.fail("%q where an entry or the directory's end is expected", word)
		}
	}
	r.err = io.EOF
	return Header{}, io.EOF
}

// entry reads an entry up to its node and returns the node's path.
func (r *Reader) entry() (string, error) {
	if err := r.expect("(", "name"); err != nil {
		return "", err
	}
	name, err := r.str(MaxName)
	if err != nil {
		return "", err
	}
	if err := CheckName(name); err != nil {
		return "", r.fail("%v", err)
	}
	d := &r.dirs[len(r.dirs)-1]
	if name <= d.last {
		return "", r.fail("entry %q comes after %q; they must be sorted, each once", name, d.last)
	}
	if len(d.path)+len(name) > MaxPath {
		return "", r.fail("a path of more than %d bytes", MaxPath)
	}
	d.last = name
	return d.path + name, r.expect("node")
}

// node reads a node up to a file's bytes or a directory's first entry.
func (r *Reader) node(path string) (Header, error) {
	h := Header{Path: path}
	if err := r.expect("(", "type"); err != nil {
		return Header{}, err
	}
	typ, err := r.str(longestToken)
	if err != nil {
		return Header{}, err
	}
	switch typ {
	case "regular":
		h.Type = Regular
		err := r.regular(&h)
		return h, err
	case "symlink":
		h.Type = Symlink
		if err := r.expect("target"); err != nil {
			return Header{}, err
		}
		if h.Target, err = r.str(MaxTarget); err != nil {
			return Header{}, err
		}
		if err := checkTarget(h.Target); err != nil {
			return Header{}, r.fail("%v", err)
		}
		return h, r.endNode()
	case "directory":
		h.Type = Directory
		if len(r.dirs) >= MaxDepth {
			return Header{}, r.fail("more than %d directories inside each other", MaxDepth)
		}
		prefix := ""
		if path != "" {
			prefix = path + "/"
		}
		r.dirs = append(r.dirs, dir{path: prefix})
		return h, nil
	}
	return Header{}, r.fail("unknown type %q", typ)
}

// regular reads a file's head. An empty file may come with empty contents or,
// as old writers had it, with none; only the first form is what a Writer gives,
// and since an archive's hash must be that of its tree, only it is taken.
func (r *Reader) regular(h *Header) error {
	word, err := r.str(longestToken)
	if err != nil {
		return err
	}
	if word == "executable" {
		h.Executable = true
		if err := r.expect(""); err != nil {
			return err
		}
		if word, err = r.str(longestToken); err != nil {
			return err
		}
	}
	if word != "contents" {
		return r.fail("%q where a file's contents are expected", word)
	}
	n, err := r.uint64()
	if err != nil {
		return err
	}
	if n > math.MaxInt64-8 {
		return r.fail("a file of %d bytes", n)
	}
	h.Size = int64(n)
	r.left, r.pad, r.file = h.Size, int(-n&7), true
	return nil
}

// Read reads the bytes of the current regular file, io.EOF at its end.
func (r *Reader) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if !r.file || r.left == 0 {
		return 0, io.EOF
	}
	if int64(len(b)) > r.left {
		b = b[:r.left]
	}
	n, err := r.r.Read(b)
	r.left -= int64(n)
	r.offset += int64(n)
	r.tee.Write(b[:n])
	if err != nil && (r.left > 0 || err != io.EOF) {
		return n, r.broken(err)
	}
	return n, nil
}

// endFile skips what is left of the current file and reads its end.
func (r *Reader) endFile() error {
	if !r.file {
		return nil
	}
	if r.left > 0 {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return err
		}
	}
	r.file = false
	if err := r.zeros(r.pad); err != nil {
		return err
	}
	return r.endNode()
}
