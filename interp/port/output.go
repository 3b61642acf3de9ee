package port

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// EncodingError is the failure to encode a character with strategy error.
type EncodingError struct{ Char rune }

func (e *EncodingError) Error() string { return "conversion to port encoding failed" }

// encode appends text in the port's encoding.
func (p *Port) encode(b []byte, s string) ([]byte, error) {
	if p.freshW {
		b = p.startText(b)
	}
	if p.encoding == "UTF-8" {
		return append(b, s...), nil
	}
	for _, c := range s {
		var ok bool
		if b, ok = p.enc.encode(b, c); ok {
			continue
		}
		if p.Strategy == "error" {
			return b, &EncodingError{c}
		}
		text := "?"
		if p.Strategy == "escape" {
			text = escape(c)
		}
		for _, x := range text {
			b, _ = p.enc.encode(b, x)
		}
	}
	return b, nil
}

// escape writes a character as in a string literal.
func escape(c rune) string {
	switch {
	case c <= 0xFF:
		return fmt.Sprintf(`\x%02x`, c)
	case c <= 0xFFFF:
		return fmt.Sprintf(`\u%04x`, c)
	}
	return fmt.Sprintf(`\U%06x`, c)
}

// startText puts a byte order mark where the encoding begins with one.
func (p *Port) startText(b []byte) []byte {
	p.freshW = false
	if p.encoding == "UTF-16" || p.encoding == "UTF-32" {
		b, _ = p.enc.encode(b, 0xFEFF)
	}
	return b
}

// WriteRune writes a character.
func (p *Port) WriteRune(c rune) error {
	if c >= ' ' && c < utf8.RuneSelf && p.simple && !p.freshW && !p.closed && p.rpos == len(p.rbuf) && p.wpos == len(p.wbuf) {
		p.ColNo++
		p.wbuf = append(p.wbuf, byte(c))
		p.wpos++
		if p.mem {
			return nil
		}
		return p.afterWrite(false)
	}
	return p.WriteText(string(c))
}

// WriteText writes characters.
func (p *Port) WriteText(s string) error {
	if p.closed {
		return ErrClosed
	}
	if err := p.turn(); err != nil {
		return err
	}
	newline := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n':
			p.LineNo++
			p.ColNo = 0
			newline = true
		case c < ' ':
			p.advance(rune(c))
		case c < utf8.RuneSelf || utf8.RuneStart(c):
			p.ColNo++
		}
	}
	if p.mem && p.wpos < len(p.wbuf) {
		b, err := p.encode(nil, s)
		p.overwrite(b)
		return err
	}
	var err error
	p.wbuf, err = p.encode(p.wbuf, s)
	p.wpos = len(p.wbuf)
	if err != nil {
		return err
	}
	return p.afterWrite(newline)
}

// Write implements io.Writer for bytes.
func (p *Port) Write(b []byte) (int, error) {
	if p.closed {
		return 0, ErrClosed
	}
	if err := p.turn(); err != nil {
		return 0, err
	}
	p.freshW = false
	if p.mem && p.wpos < len(p.wbuf) {
		p.overwrite(b)
		return len(b), nil
	}
	p.wbuf = append(p.wbuf, b...)
	p.wpos = len(p.wbuf)
	return len(b), p.afterWrite(true)
}

// overwrite puts bytes where a memory port stands.
func (p *Port) overwrite(b []byte) {
	n := copy(p.wbuf[p.wpos:], b)
	p.wbuf = append(p.wbuf, b[n:]...)
	p.wpos += len(b)
}

// turn gives up input that was read ahead, so that output goes to where the
// program has read.
func (p *Port) turn() error {
	ahead := len(p.rbuf) - p.rpos
	if ahead == 0 || p.File == nil || !p.File.Seekable() {
		return nil
	}
	_, err := p.File.Seek(int64(-ahead), io.SeekCurrent)
	p.rbuf, p.rpos, p.eof, p.scanned = p.rbuf[:0], 0, false, 0
	return err
}

func (p *Port) afterWrite(newline bool) error {
	switch {
	case p.mem:
		return nil
	case p.Buffering == None, p.Buffering == Line && newline, len(p.wbuf) >= p.flushAt:
		return p.Flush()
	}
	return nil
}

// Flush hands collected output on. After a *Pause what was not taken is still
// in the buffer.
func (p *Port) Flush() error {
	switch {
	case p.mem || len(p.wbuf) == 0:
		return nil
	case p.Custom != nil:
		return &Pause{p, NeedOutput}
	case p.out == nil:
		p.wbuf, p.wpos = p.wbuf[:0], 0
		return nil
	}
	n, err := p.out.Write(p.wbuf)
	if errors.Is(err, ErrBlocked) {
		p.wbuf = append(p.wbuf[:0], p.wbuf[n:]...)
		p.wpos = len(p.wbuf)
		return &Pause{p, NeedWritable}
	}
	// What failed is not tried again.
	p.wbuf, p.wpos = p.wbuf[:0], 0
	if cap(p.wbuf) > 1<<20 {
		p.wbuf = nil
	}
	return err
}

// Take removes collected output and returns it, for ports of procedures.
func (p *Port) Take() []byte {
	b := p.wbuf
	p.wbuf, p.wpos = nil, 0
	return b
}

// Pending reports whether output is waiting to be handed on.
func (p *Port) Pending() bool { return !p.mem && len(p.wbuf) > 0 }

// Close flushes and closes the port; closing again does nothing. Output of
// memory ports can still be asked for. Ports of procedures are only marked:
// calling their own close is up to the caller.
func (p *Port) Close() error {
	if p.closed {
		return nil
	}
	err := p.Flush()
	var pause *Pause
	if errors.As(err, &pause) {
		return err
	}
	p.closed = true
	p.rbuf, p.rpos = nil, 0
	if p.onDone != nil {
		if cerr := p.onDone(); err == nil {
			err = cerr
		}
	}
	return err
}

// CloseInput closes the input side; the port itself when it has no other.
func (p *Port) CloseInput() error {
	if !p.canW {
		return p.Close()
	}
	p.canR = false
	return nil
}

// CloseOutput closes the output side.
func (p *Port) CloseOutput() error {
	if !p.canR {
		return p.Close()
	}
	if err := p.Flush(); err != nil {
		return err
	}
	p.canW = false
	if p.closeOutHook != nil {
		return p.closeOutHook()
	}
	return nil
}

// Seek moves the position of a file or memory port and returns the new one, as
// lseek(2).
func (p *Port) Seek(offset int64, whence int) (int64, error) {
	switch {
	case p.closed:
		return 0, ErrClosed
	case p.File != nil && p.File.Seekable():
		return p.seekFile(offset, whence)
	case p.in != nil || p.out != nil || p.Custom != nil:
		return 0, ErrNotSeekable
	}
	return p.seekMemory(offset, whence)
}

func (p *Port) seekFile(offset int64, whence int) (int64, error) {
	if err := p.Flush(); err != nil {
		return 0, err
	}
	ahead := int64(len(p.rbuf) - p.rpos)
	if whence == io.SeekCurrent && offset == 0 {
		// Only asking: keep what was read ahead.
		n, err := p.File.Seek(0, io.SeekCurrent)
		return n - ahead, err
	}
	if whence == io.SeekCurrent {
		offset -= ahead
	}
	n, err := p.File.Seek(offset, whence)
	if err == nil {
		p.rbuf, p.rpos, p.eof, p.scanned = p.rbuf[:0], 0, false, 0
		p.restart(n)
	}
	return n, err
}

// Restart notes that the input begins anew at a position: what was read ahead
// is forgotten, and a byte order mark may come at the beginning.
func (p *Port) Restart(position int64) {
	p.rbuf, p.rpos, p.eof, p.scanned = p.rbuf[:0], 0, false, 0
	p.restart(position)
}

func (p *Port) restart(position int64) {
	p.freshR, p.freshW = position == 0, position == 0
	if position == 0 {
		p.dec, _ = codecFor(p.encoding)
	}
}

// Ahead is how many bytes were read ahead of the program.
func (p *Port) Ahead() int { return len(p.rbuf) - p.rpos }

func (p *Port) seekMemory(offset int64, whence int) (int64, error) {
	at, size := max(len(p.base)-p.Ahead(), 0), len(p.base)
	if p.mem {
		at, size = p.wpos, len(p.wbuf)
	}
	switch whence {
	case io.SeekCurrent:
		offset += int64(at)
	case io.SeekEnd:
		offset += int64(size)
	}
	if offset < 0 || offset > int64(size) {
		return 0, errRange
	}
	if p.mem {
		p.wpos = int(offset)
	} else if whence != io.SeekCurrent || offset != int64(at) {
		p.rbuf, p.rpos, p.eof, p.scanned = p.base, int(offset), false, 0
	}
	if whence != io.SeekCurrent || offset != int64(at) {
		p.restart(offset)
	}
	return offset, nil
}

var errRange = errors.New("offset out of range")

// IsRange reports whether err says that a position lies outside of a memory
// port.
func IsRange(err error) bool { return errors.Is(err, errRange) }

// TruncateMemory cuts what was written to a memory port to n bytes.
func (p *Port) TruncateMemory(n int) error {
	if n > len(p.wbuf) || n < p.wpos {
		return errRange
	}
	p.wbuf = p.wbuf[:n]
	p.wpos = min(p.wpos, n)
	return nil
}
