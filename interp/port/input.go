package port

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// fill makes at least one more byte available; io.EOF at the end.
func (p *Port) fill() error {
	switch {
	case p.closed:
		return ErrClosed
	case p.Custom != nil && p.canR:
		return &Pause{p, NeedInput}
	case p.in == nil:
		return io.EOF
	}
	if len(p.wbuf) > 0 && !p.mem && p.File != nil && p.File.Seekable() {
		// What was written must be where it is read.
		if err := p.Flush(); err != nil {
			return err
		}
	}
	size := p.ReadSize()
	p.room(size)
	for range 100 {
		n, err := p.in.Read(p.rbuf[len(p.rbuf):min(cap(p.rbuf), len(p.rbuf)+size)])
		p.rbuf = p.rbuf[:len(p.rbuf)+n]
		switch {
		case n > 0:
			return nil
		case errors.Is(err, ErrBlocked):
			return &Pause{p, NeedReadable}
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

// room makes space for n more bytes of input, keeping what is unread or
// marked.
func (p *Port) room(n int) {
	keep := p.rpos
	if p.mark >= 0 {
		keep = p.mark
	}
	if keep > 0 && keep == len(p.rbuf) {
		p.rbuf, p.rpos = p.rbuf[:0], 0
		if p.mark >= 0 {
			p.mark = 0
		}
		keep = 0
	}
	if cap(p.rbuf)-len(p.rbuf) >= n {
		return
	}
	have := len(p.rbuf) - keep
	b := make([]byte, have, max(n, 512)+2*have)
	copy(b, p.rbuf[keep:])
	p.rpos -= keep
	if p.mark >= 0 {
		p.mark = 0
	}
	p.rbuf = b
}

// Supply adds input to a port of procedures; nothing is the end of it.
func (p *Port) Supply(b []byte) {
	if len(b) == 0 {
		p.eof = true
		return
	}
	p.room(len(b))
	p.rbuf = append(p.rbuf, b...)
}

// available makes n bytes available if there are as many, and returns what
// there is. The end of the input is remembered until it is consumed, so that a
// terminal can go on afterwards.
func (p *Port) available(n int) ([]byte, error) {
	for len(p.rbuf)-p.rpos < n && !p.eof {
		p.want = n - (len(p.rbuf) - p.rpos)
		if err := p.fill(); err != nil {
			if err == io.EOF {
				p.eof = true
				break
			}
			return nil, err
		}
	}
	return p.rbuf[p.rpos:], nil
}

// ended consumes the end of the input.
func (p *Port) ended() { p.eof = false }

// take consumes n bytes that are available.
func (p *Port) take(n int) {
	p.rpos += n
	p.scanned = max(p.scanned-n, 0)
	if p.rpos == len(p.rbuf) && cap(p.rbuf) > 1<<16 && p.in != nil && p.mark < 0 {
		p.rbuf, p.rpos = nil, 0
	}
}

// PeekByte returns the next byte, -1 at the end.
func (p *Port) PeekByte() (int, error) {
	if p.rpos < len(p.rbuf) {
		return int(p.rbuf[p.rpos]), nil
	}
	b, err := p.available(1)
	if err != nil || len(b) == 0 {
		return -1, err
	}
	return int(b[0]), nil
}

// ReadByteInt consumes a byte, -1 at the end.
func (p *Port) ReadByteInt() (int, error) {
	b, err := p.PeekByte()
	switch {
	case b >= 0:
		p.freshR = false
		p.take(1)
	case err == nil:
		p.ended()
	}
	return b, err
}

// ReadSome returns up to n bytes, at least one unless at the end.
func (p *Port) ReadSome(n int) ([]byte, error) {
	b, err := p.available(1)
	if err != nil {
		return nil, err
	}
	return p.copyOut(min(n, len(b))), nil
}

// copyOut consumes n available bytes and returns a copy.
func (p *Port) copyOut(n int) []byte {
	if n == 0 {
		p.ended()
		return nil
	}
	b := append([]byte(nil), p.rbuf[p.rpos:p.rpos+n]...)
	p.freshR = false
	p.take(n)
	return b
}

// ReadN returns n bytes, fewer only at the end.
func (p *Port) ReadN(n int) ([]byte, error) {
	b, err := p.available(n)
	if err != nil {
		return nil, err
	}
	if len(b) < n {
		p.ended()
	}
	return p.copyOut(min(n, len(b))), nil
}

// ReadAllBytes returns the rest.
func (p *Port) ReadAllBytes() ([]byte, error) {
	if err := p.slurp(); err != nil {
		return nil, err
	}
	p.ended()
	return p.copyOut(len(p.rbuf) - p.rpos), nil
}

// slurp makes all of the input available.
func (p *Port) slurp() error {
	for !p.eof {
		if _, err := p.available(len(p.rbuf) - p.rpos + 1); err != nil {
			return err
		}
	}
	return nil
}

// Read implements io.Reader.
func (p *Port) Read(b []byte) (int, error) {
	have, err := p.available(1)
	if err != nil {
		return 0, err
	}
	if len(have) == 0 {
		p.ended()
		return 0, io.EOF
	}
	n := copy(b, have)
	p.freshR = false
	p.take(n)
	return n, nil
}

// Buffered consumes and returns the input that is in the buffer.
func (p *Port) Buffered() []byte {
	if p.in == nil && p.Custom == nil {
		return p.copyOut(len(p.rbuf) - p.rpos)
	}
	b := append([]byte(nil), p.rbuf[p.rpos:]...)
	p.take(len(b))
	return b
}

// Ready reports whether a read would not block. A port of procedures is asked
// by its own.
func (p *Port) Ready() bool {
	return p.rpos < len(p.rbuf) || p.eof || p.in == nil || p.Poll(false, 0)
}

// Mark is a place in the input to which a reader can go back.
type Mark struct {
	offset    int // behind the outermost mark
	outermost bool
	line, col int
	fresh     bool
	dec       codec
}

// Mark keeps the input from here on until Release, so that Rewind can go back.
// Marks nest.
func (p *Port) Mark() Mark {
	m := Mark{line: p.LineNo, col: p.ColNo, fresh: p.freshR, dec: p.dec}
	if p.mark < 0 {
		p.mark, m.outermost = p.rpos, true
	} else {
		m.offset = p.rpos - p.mark
	}
	return m
}

// Rewind goes back to m.
func (p *Port) Rewind(m Mark) {
	p.rpos, p.scanned = p.mark+m.offset, 0
	p.LineNo, p.ColNo, p.freshR, p.dec = m.line, m.col, m.fresh, m.dec
}

// Release ends what Mark began.
func (p *Port) Release(m Mark) {
	if m.outermost {
		p.mark = -1
	}
}

// ErrDecoding is the error for bytes that do not decode with strategy error.
var ErrDecoding = errors.New("input decoding error")

// look decodes the next character: its code and width in bytes; -1 and 0 at the
// end, -1 and the width for what does not decode.
func (p *Port) look() (rune, int, error) {
	if p.rpos < len(p.rbuf) && p.simple {
		if c := p.rbuf[p.rpos]; c < utf8.RuneSelf {
			p.freshR = false
			return rune(c), 1, nil
		}
	}
	b, err := p.available(1)
	if err != nil || len(b) == 0 {
		return bad, 0, err
	}
	if p.freshR {
		if b, err = p.skipMark(); err != nil || len(b) == 0 {
			return bad, 0, err
		}
	}
	for want := 2; ; want++ {
		c, n := p.dec.decode(b)
		if n > 0 {
			return c, n, nil
		}
		if b, err = p.available(want); err != nil {
			return bad, 0, err
		}
		if len(b) < want {
			return bad, len(b), nil // the input ends within a character
		}
	}
}

// Byte order marks, by encoding.
var (
	mark8  = []byte{0xEF, 0xBB, 0xBF}
	mark16 = [2][]byte{{0xFE, 0xFF}, {0xFF, 0xFE}}
	mark32 = [2][]byte{{0, 0, 0xFE, 0xFF}, {0xFF, 0xFE, 0, 0}}
)

// skipMark skips a byte order mark at the start of the input and takes the
// order of bytes from it.
func (p *Port) skipMark() ([]byte, error) {
	marks, little := [][]byte{}, [2]codec{}
	switch p.encoding {
	case "UTF-8":
		marks = [][]byte{mark8}
		little[0] = utf8Codec{}
	case "UTF-16":
		marks = mark16[:]
		little = [2]codec{utf16Codec{}, utf16Codec{little: true}}
	case "UTF-32":
		marks = mark32[:]
		little = [2]codec{utf32Codec{}, utf32Codec{little: true}}
	}
	for i, m := range marks {
		b := p.rbuf[p.rpos:]
		for n := 1; n <= len(m) && bytes.HasPrefix(b, m[:n-1]); n++ {
			var err error
			if b, err = p.available(n); err != nil {
				return nil, err
			}
			if len(b) < n {
				break
			}
		}
		if bytes.HasPrefix(b, m) {
			p.take(len(m))
			p.dec = little[i]
			break
		}
	}
	p.freshR = false
	return p.available(1)
}

// Peek returns the next character, -1 at the end.
func (p *Port) Peek() (rune, error) {
	c, n, err := p.look()
	if c >= 0 || n == 0 || err != nil {
		return c, err
	}
	if p.Strategy != "substitute" {
		return -1, ErrDecoding
	}
	return utf8.RuneError, nil
}

// Next consumes a character, -1 at the end. What does not decode is left where
// it is when that is an error, as it is unless it is to be substituted.
func (p *Port) Next() (rune, error) {
	c, n, err := p.look()
	if err != nil {
		return -1, err
	}
	if n == 0 {
		p.ended()
		return -1, nil
	}
	if c < 0 {
		if p.Strategy != "substitute" {
			return -1, ErrDecoding
		}
		c = utf8.RuneError
	}
	p.take(n)
	p.advance(c)
	return c, nil
}

// ReadText reads up to n characters, all for a negative n.
func (p *Port) ReadText(n int) (string, error) {
	var err error
	if n < 0 {
		err = p.slurp()
	} else {
		err = p.hold(n, bad)
	}
	if err != nil {
		return "", err
	}
	out := make([]byte, 0, 64)
	for n != 0 {
		c, err := p.Next()
		if err != nil || c < 0 {
			return string(out), err
		}
		out = utf8.AppendRune(out, c)
		n--
	}
	return string(out), nil
}

// hold makes n characters available without consuming them, or as many as
// come up to and with the character end, or to the end of the input.
func (p *Port) hold(n int, end rune) error {
	if p.in == nil && p.Custom == nil {
		return nil
	}
	m := p.Mark()
	defer func() {
		p.Rewind(m)
		p.Release(m)
	}()
	for range n {
		c, width, err := p.look()
		if err != nil {
			return err
		}
		if width == 0 || c == end {
			break
		}
		p.rpos += width
	}
	return nil
}

// ReadLine reads up to an end of line, which is consumed and reported by full.
// some is false when there was nothing at all.
func (p *Port) ReadLine() (text string, full, some bool, err error) {
	end, err := p.findLine()
	if err != nil {
		return "", false, false, err
	}
	if p.encoding == "UTF-8" && !p.freshR && end > 0 {
		if b := p.rbuf[p.rpos : p.rpos+end-1]; utf8.Valid(b) {
			text = string(b)
			p.take(end)
			p.LineNo, p.ColNo = p.LineNo+1, 0
			return text, true, true, nil
		}
	}
	out := make([]byte, 0, 80)
	for {
		c, err := p.Next()
		if err != nil || c < 0 {
			return string(out), false, len(out) > 0, err
		}
		if c == '\n' {
			return string(out), true, true, nil
		}
		out = utf8.AppendRune(out, c)
	}
}

// ReadDelimited reads up to one of the delimiters, which is consumed and
// returned, -1 at the end. some is false when there was nothing at all.
func (p *Port) ReadDelimited(delimiters string) (text string, end rune, some bool, err error) {
	m := p.Mark()
	defer p.Release(m)
	out := make([]byte, 0, 80)
	for {
		c, err := p.Next()
		if err != nil {
			var pause *Pause
			if errors.As(err, &pause) {
				p.Rewind(m)
			}
			return "", -1, false, err
		}
		if c < 0 {
			return string(out), -1, len(out) > 0, nil
		}
		if strings.ContainsRune(delimiters, c) {
			return string(out), c, true, nil
		}
		out = utf8.AppendRune(out, c)
	}
}

// findLine makes a whole line available, or what is left, and returns the
// number of its bytes when its end is known.
func (p *Port) findLine() (int, error) {
	if !p.simple {
		return 0, p.hold(math.MaxInt, '\n')
	}
	for {
		have := p.rbuf[p.rpos:]
		if i := bytes.IndexByte(have[p.scanned:], '\n'); i >= 0 {
			return p.scanned + i + 1, nil
		}
		p.scanned = len(have)
		if p.eof {
			return 0, nil
		}
		if _, err := p.available(len(have) + 1); err != nil {
			return 0, err
		}
		if p.in == nil && p.Custom == nil {
			return 0, nil
		}
	}
}

// advance moves the position over a character.
func (p *Port) advance(c rune) {
	switch c {
	case '\n':
		p.LineNo++
		p.ColNo = 0
	case '\t':
		p.ColNo = (p.ColNo/8 + 1) * 8
	case '\b':
		p.ColNo = max(p.ColNo-1, 0)
	case '\r':
		p.ColNo = 0
	case 7:
	default:
		p.ColNo++
	}
}

// Unread puts text back in front of the input.
func (p *Port) Unread(s string) error {
	fresh := p.freshW
	p.freshW = false
	b, err := p.encode(nil, s)
	p.freshW = fresh
	if err != nil {
		return err
	}
	p.UnreadBytes(b)
	for _, c := range s {
		if c == '\n' {
			p.LineNo--
		} else {
			p.ColNo = max(p.ColNo-1, 0)
		}
	}
	return nil
}

// UnreadBytes puts bytes back in front of the input.
func (p *Port) UnreadBytes(b []byte) {
	p.freshR, p.scanned = false, 0
	if p.rpos < len(b) {
		p.rbuf = append(append([]byte(nil), b...), p.rbuf[p.rpos:]...)
		p.rpos = 0
		return
	}
	p.rpos -= len(b)
	if bytes.Equal(p.rbuf[p.rpos:p.rpos+len(b)], b) {
		return
	}
	if p.in == nil && p.Custom == nil {
		// The bytes may be the program's.
		p.rbuf = append([]byte(nil), p.rbuf...)
	}
	copy(p.rbuf[p.rpos:], b)
}

// PeekBytes looks at up to n bytes that lie ahead.
func (p *Port) PeekBytes(n int) ([]byte, error) {
	b, err := p.available(n)
	return b[:min(n, len(b))], err
}
