package port

import (
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// flushAt is how much output is collected before it is handed on.
const flushAt = 8192

// encode appends text in the port's encoding.
func (p *Port) encode(b []byte, s string) []byte {
	switch p.Encoding {
	case "UTF-8":
		return append(b, s...)
	case "UTF-16", "UTF-16BE", "UTF-16LE":
		for _, u := range utf16.Encode([]rune(s)) {
			if p.Encoding == "UTF-16LE" {
				b = append(b, byte(u), byte(u>>8))
			} else {
				b = append(b, byte(u>>8), byte(u))
			}
		}
		return b
	}
	limit := rune(256)
	if p.Encoding == "ASCII" || p.Encoding == "US-ASCII" {
		limit = 128
	}
	for _, c := range s {
		if c < limit {
			b = append(b, byte(c))
		} else {
			b = append(b, '?')
		}
	}
	return b
}

// WriteText writes characters.
func (p *Port) WriteText(s string) error {
	if p.closed {
		return ErrClosed
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
	p.wbuf = p.encode(p.wbuf, s)
	return p.afterWrite(newline)
}

// Write implements io.Writer for bytes.
func (p *Port) Write(b []byte) (int, error) {
	if p.closed {
		return 0, ErrClosed
	}
	p.wbuf = append(p.wbuf, b...)
	return len(b), p.afterWrite(true)
}

func (p *Port) afterWrite(newline bool) error {
	switch {
	case p.mem:
		return nil
	case p.Buffering == None, p.Buffering == Line && newline, len(p.wbuf) >= flushAt:
		return p.Flush()
	}
	return nil
}

// Flush hands collected output on.
func (p *Port) Flush() error {
	if p.mem || len(p.wbuf) == 0 || p.out == nil {
		return nil
	}
	n, err := p.out.Write(p.wbuf)
	p.sent += int64(n)
	p.wbuf = p.wbuf[:0]
	return err
}

// Close flushes and closes the port; closing again does nothing. Output of
// memory ports can still be asked for.
func (p *Port) Close() error {
	if p.closed {
		return nil
	}
	err := p.Flush()
	p.closed = true
	p.rbuf, p.rpos = nil, 0
	if p.onDone != nil {
		if cerr := p.onDone(); err == nil {
			err = cerr
		}
	}
	return err
}

// CloseInput and CloseOutput close one direction; the port itself when it has
// no other.
func (p *Port) CloseInput() error {
	if !p.outOK {
		return p.Close()
	}
	p.inOK = false
	return nil
}

// CloseOutput closes the output side.
func (p *Port) CloseOutput() error {
	if !p.inOK {
		return p.Close()
	}
	err := p.Flush()
	p.outOK = false
	if c, ok := p.out.(interface{ CloseWrite() error }); ok && err == nil {
		err = c.CloseWrite()
	}
	return err
}

// Seek moves the position of a file or bytevector port and returns the new
// one, as lseek(2).
func (p *Port) Seek(offset int64, whence int) (int64, error) {
	if p.File == nil {
		return p.seekMemory(offset, whence)
	}
	if err := p.Flush(); err != nil {
		return 0, err
	}
	if whence == io.SeekCurrent {
		offset -= int64(len(p.rbuf) - p.rpos)
		if offset == -int64(len(p.rbuf)-p.rpos) {
			// Only asking: keep what was read ahead.
			n, err := p.File.Seek(0, io.SeekCurrent)
			return n + offset, err
		}
	}
	p.rbuf, p.rpos = p.rbuf[:0], 0
	return p.File.Seek(offset, whence)
}

func (p *Port) seekMemory(offset int64, whence int) (int64, error) {
	if p.in != nil || p.outOK && !p.mem {
		return 0, errNotSeekable
	}
	if p.mem {
		if whence == io.SeekCurrent && offset == 0 {
			return int64(len(p.wbuf)), nil
		}
		return 0, errNotSeekable
	}
	pos := offset
	switch whence {
	case io.SeekCurrent:
		pos += int64(p.rpos)
	case io.SeekEnd:
		pos += int64(len(p.rbuf))
	}
	if pos < 0 || pos > int64(len(p.rbuf)) {
		return 0, errNotSeekable
	}
	p.rpos = int(pos)
	return pos, nil
}
