package port_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

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
	} {
		p := port.NewReader(iotest.OneByteReader(strings.NewReader(tt.in)), "", nil)
		p.Encoding = tt.encoding
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
	p.Unread("xy")
	if b, err := p.ReadAllBytes(); string(b) != "xyd" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
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
