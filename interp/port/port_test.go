package port_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/sys/unix"

	"fruix/interp/port"
)

// TestDecoding reads characters whose bytes arrive one at a time.
func TestDecoding(t *testing.T) {
	for _, tt := range []struct{ encoding, in, want string }{
		{"UTF-8", "aλ\U0001F600b", "aλ\U0001F600b"},
		{"UTF-8", "a\xffb\xce", "a\uFFFDb\uFFFD"},
		{"ISO-8859-1", "a\xe9", "aé"},
		{"UTF-16BE", "\x00a\xd8\x3d\xde\x00", "a\U0001F600"},
		{"UTF-16LE", "a\x00", "a"},
		// A byte order mark chooses, and is not text; without it the big end
		// comes first.
		{"UTF-16", "\xff\xfea\x00", "a"},
		{"UTF-16", "\xfe\xff\x00a", "a"},
		{"UTF-16", "\x00a", "a"},
		{"UTF-16LE", "\xff\xfea\x00", "\uFEFFa"},
		{"UTF-16BE", "\xd8\x3d\x00a", "\uFFFDa"},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", "a"},
		{"UTF-32BE", "\x00\x11\x00\x00\x00\x00\x00a", "\uFFFDa"},
		{"UTF-8", "\xef\xbb\xbfa\xef\xbb\xbf", "a\uFEFF"},
		{"UTF-8", "\xef\xbb", "\uFFFD"},
		// The longest start of a character is one mistake.
		{"UTF-8", "\xe0\x80a", "\uFFFD\uFFFDa"},
		{"UTF-8", "\xf0\x90\x80a", "\uFFFDa"},
		{"ISO-8859-7", "\xe1", "α"},
		{"ASCII", "a\x80", "a\uFFFD"},
	} {
		p := port.NewReader(iotest.OneByteReader(strings.NewReader(tt.in)), "", nil)
		if !p.SetEncoding(tt.encoding) {
			t.Fatal(tt.encoding)
		}
		var got []rune
		for {
			c, err := p.Next()
			if err != nil {
				t.Fatal(err)
			}
			if c < 0 {
				break
			}
			got = append(got, c)
		}
		if string(got) != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.encoding, tt.in, string(got), tt.want)
		}
	}
}

func TestPositionAndUnread(t *testing.T) {
	p := port.NewStringInput("ab\ncd")
	for range 4 {
		if _, err := p.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if p.LineNo != 1 || p.ColNo != 1 {
		t.Errorf("at %d:%d", p.LineNo, p.ColNo)
	}
	if err := p.Unread("xy"); err != nil {
		t.Fatal(err)
	}
	if b, err := p.ReadAllBytes(); string(b) != "xyd" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
}

// TestEncoding writes text in encodings, with what they lack.
func TestEncoding(t *testing.T) {
	for _, tt := range []struct{ encoding, strategy, in, want string }{
		{"UTF-16", "error", "a\U0001F600", "\xfe\xff\x00a\xd8\x3d\xde\x00"},
		{"UTF-16LE", "error", "a", "a\x00"},
		{"UTF-32", "error", "a", "\x00\x00\xfe\xff\x00\x00\x00a"},
		{"ISO-8859-1", "substitute", "éλ", "\xe9?"},
		{"ASCII", "escape", "é\u03bb\U0001F600", `\xe9\u03bb\U01f600`},
		{"ISO-8859-7", "error", "α", "\xe1"},
	} {
		p := port.NewMemory(true)
		p.SetEncoding(tt.encoding)
		p.Strategy = tt.strategy
		if err := p.WriteText(tt.in); err != nil || string(p.Bytes()) != tt.want {
			t.Errorf("%s %q: got %q, %v, want %q", tt.encoding, tt.in, p.Bytes(), err, tt.want)
		}
	}
	p := port.NewMemory(true)
	p.Strategy = "error"
	var e *port.EncodingError
	if err := p.WriteText("aλ"); !errors.As(err, &e) || e.Char != 'λ' {
		t.Errorf("got %v", err)
	}
}

// TestPause reads a line from a pipe that is filled in steps: what is not there
// yet is no end, and nothing is lost.
func TestPause(t *testing.T) {
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	p, w := port.NewFile(port.NewFD(fds[0]), "", true, false), port.NewFD(fds[1])
	for _, step := range []struct {
		write, line string
		some        bool
	}{{"ab", "", false}, {"\xce", "", false}, {"\xbb\nx", "abλ", true}, {"\n\n", "x", true}, {"", "", true}} {
		if _, err := w.Write([]byte(step.write)); err != nil {
			t.Fatal(err)
		}
		line, full, some, err := p.ReadLine()
		var pause *port.Pause
		if line != step.line || some != step.some || full != step.some || errors.As(err, &pause) == step.some {
			t.Errorf("after %q: %q %v %v %v", step.write, line, full, some, err)
		}
	}
	if c, err := p.Peek(); c != -1 || err == nil {
		t.Errorf("got %d, %v", c, err)
	}
	w.Close()
	if c, err := p.Next(); c != -1 || err != nil {
		t.Errorf("at the end: %d, %v", c, err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

// FuzzDecode has every encoding decode anything, in any cut.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("a\xff\xfe\xd8\x00"), 1)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		for _, encoding := range []string{"UTF-8", "UTF-16", "UTF-16LE", "UTF-32", "UTF-32LE", "ASCII", "ISO-8859-7"} {
			var texts [2]string
			for i, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b))} {
				p := port.NewReader(r, "", nil)
				p.SetEncoding(encoding)
				var err error
				if texts[i], err = p.ReadText(-1); err != nil {
					t.Fatal(err)
				}
			}
			if texts[0] != texts[1] {
				t.Errorf("%s: %q and %q", encoding, texts[0], texts[1])
			}
		}
	})
}

func TestBuffering(t *testing.T) {
	var out bytes.Buffer
	closed := 0
	p := port.NewWriter(&out, "", func() error { closed++; return nil })
	p.Buffering = port.Line
	for _, step := range []struct{ write, out string }{{"a", ""}, {"b\nc", "ab\nc"}, {"d", "ab\nc"}} {
		if err := p.WriteText(step.write); err != nil {
			t.Fatal(err)
		}
		if out.String() != step.out {
			t.Errorf("after %q: %q", step.write, out.String())
		}
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if out.String() != "ab\ncd" || closed != 1 {
		t.Errorf("got %q, closed %d times", out.String(), closed)
	}
	if err := p.WriteText("x"); err != port.ErrClosed {
		t.Errorf("got %v", err)
	}
}
