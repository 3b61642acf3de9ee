package qemu

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Console is one end of a serial line: what the other end wrote, as plain
// text, and a way to type.
type Console struct {
	in   io.Writer
	copy io.Writer

	mu      sync.Mutex
	text    []byte // all that came, filtered
	seen    int    // what Expect has looked past
	closed  bool   // nothing more will come
	changed chan struct{}
}

func newConsole(in, copy io.Writer) *Console {
	return &Console{in: in, copy: copy, changed: make(chan struct{})}
}

// read takes in what comes from r until its end.
func (c *Console) read(r io.Reader) {
	var f filter
	buffer := make([]byte, 4096)
	for {
		n, err := r.Read(buffer)
		plain := f.plain(buffer[:n])
		if len(plain) > 0 && c.copy != nil {
			_, _ = c.copy.Write(plain)
		}
		c.mu.Lock()
		c.text = append(c.text, plain...)
		c.closed = err != nil
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Send types text. A line ends with "\n".
func (c *Console) Send(text string) error {
	_, err := io.WriteString(c.in, text)
	return err
}

// Expect waits until pattern matches what came since the last match, and
// returns the match and its groups. The error, after limit or when the line
// is closed, shows the end of what came instead.
func (c *Console) Expect(pattern string, limit time.Duration) ([]string, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		c.mu.Lock()
		rest, closed, changed := c.text[c.seen:], c.closed, c.changed
		if at := re.FindSubmatchIndex(rest); at != nil {
			var groups []string
			for i := 0; i < len(at); i += 2 {
				group := ""
				if at[i] >= 0 {
					group = string(rest[at[i]:at[i+1]])
				}
				groups = append(groups, group)
			}
			c.seen += at[1]
			c.mu.Unlock()
			return groups, nil
		}
		c.mu.Unlock()
		if closed {
			return nil, fmt.Errorf("the machine is off and has not written %q; its console ends with:\n%s", pattern, c.Tail(30))
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil, fmt.Errorf("%q did not come within %v; the console ends with:\n%s", pattern, limit, c.Tail(30))
		}
	}
}

// Text returns all that came.
func (c *Console) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.text)
}

// Tail returns the last n lines that came.
func (c *Console) Tail(n int) string {
	lines := strings.Split(strings.TrimRight(c.Text(), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// filter takes control sequences (ECMA-48, section 5.4: ESC [ parameters
// intermediates final) and control characters but for tabs and newlines out
// of a text that comes in pieces.
type filter struct {
	state int
}

// States of a filter.
const (
	inText = iota
	afterEscape
	inSequence
	inCharset // ESC ( and the like are followed by one byte
)

func (f *filter) plain(b []byte) []byte {
	var out []byte
	for _, c := range b {
		switch f.state {
		case inText:
			switch {
			case c == 0x1b:
				f.state = afterEscape
			case c == '\n' || c == '\t' || c >= ' ' && c != 0x7f:
				out = append(out, c)
			}
		case afterEscape:
			switch {
			case c == '[':
				f.state = inSequence
			case c >= 0x20 && c <= 0x2f:
				f.state = inCharset
			default:
				f.state = inText
			}
		case inSequence:
			if c >= 0x40 && c <= 0x7e {
				f.state = inText
			}
		case inCharset:
			f.state = inText
		}
	}
	return out
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.text = t.text[max(0, len(t.text)-4096):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
