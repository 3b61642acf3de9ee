package git

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Packets of gitprotocol-common(5) that hold nothing.
const (
	flushPacket    = "0000"
	delimPacket    = "0001"
	responseEnd    = "0002"
	maxPacket      = 65520
	packetHeadSize = 4
)

// packet is one line of the protocol.
type packet struct {
	special string // one of the packets that hold nothing, else ""
	data    []byte
}

// packets reads the protocol's lines.
type packets struct {
	r          *bufio.Reader
	left, most int64 // bytes that may still come, of those that were allowed
	buf        [maxPacket]byte
}

// allow bounds what comes from now on, whatever it is.
func (p *packets) allow(n int64) { p.left, p.most = n, n }

func newPackets(r io.Reader) *packets { return &packets{r: bufio.NewReaderSize(r, 64<<10)} }

// next returns the next packet; its data are good until the next call. A line
// that begins with ERR is returned as an error.
func (p *packets) next() (packet, error) {
	var head [packetHeadSize]byte
	if _, err := io.ReadFull(p.r, head[:]); err != nil {
		return packet{}, early(err)
	}
	n, err := strconv.ParseUint(string(head[:]), 16, 16)
	if err != nil {
		return packet{}, fmt.Errorf("the answer is not git's protocol: a line begins with %q", head)
	}
	if p.left -= max(int64(n), packetHeadSize); p.left < 0 {
		return packet{}, &LimitError{"the server says more than is taken", fmt.Sprintf("%d bytes", p.most)}
	}
	switch {
	case n < packetHeadSize:
		return packet{special: string(head[:])}, nil
	case n > maxPacket:
		return packet{}, fmt.Errorf("the answer is not git's protocol: a line has %d bytes", n)
	}
	data := p.buf[:n-packetHeadSize]
	if _, err := io.ReadFull(p.r, data); err != nil {
		return packet{}, early(err)
	}
	if m, ok := bytes.CutPrefix(data, []byte("ERR ")); ok {
		return packet{}, &serverError{strings.TrimSpace(string(m))}
	}
	return packet{data: data}, nil
}

// text returns the next packet as a line, ok being false for a special one.
func (p *packets) text() (line, special string, err error) {
	k, err := p.next()
	return strings.TrimSuffix(string(k.data), "\n"), k.special, err
}

func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// serverError is what a server says in place of an answer.
type serverError struct{ message string }

func (e *serverError) Error() string { return "the server says: " + e.message }

// request collects lines for a server.
type request struct{ bytes.Buffer }

func (r *request) line(format string, args ...any) {
	s := fmt.Sprintf(format, args...) + "\n"
	fmt.Fprintf(r, "%04x%s", len(s)+packetHeadSize, s)
}

// band reads the pack out of the side bands of the packets that follow.
type band struct {
	p    *packets
	rest []byte
	end  bool
}

func (b *band) Read(to []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.end {
			return 0, io.EOF
		}
		k, err := b.p.next()
		if err != nil {
			return 0, err
		}
		if k.special != "" {
			b.end = true
			continue
		}
		if len(k.data) == 0 {
			continue
		}
		switch k.data[0] {
		case 1:
			b.rest = k.data[1:]
		case 2: // progress, for people
		case 3:
			return 0, &serverError{strings.TrimSpace(string(k.data[1:]))}
		default:
			return 0, fmt.Errorf("the answer is not git's protocol: side band %d", k.data[0])
		}
	}
	n := copy(to, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
