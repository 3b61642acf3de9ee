package edit

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script is a terminal that types.
type script struct {
	vt     *vt
	chunks []string
	check  func()
	raw    int
}

func (s *script) Raw() error       { s.raw++; return nil }
func (s *script) Restore() error   { s.raw--; return nil }
func (s *script) Suspend() error   { return nil }
func (s *script) Size() (int, int) { return s.vt.columns, s.vt.rows }

func (s *script) Write(p []byte) (int, error) {
	s.vt.Write(string(p))
	return len(p), nil
}

func (s *script) Read(ctx context.Context, p []byte) (int, error) {
	if s.check != nil {
		s.check()
	}
	if len(s.chunks) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.chunks[0])
	if s.chunks[0] = s.chunks[0][n:]; s.chunks[0] == "" {
		s.chunks = s.chunks[1:]
	}
	return n, nil
}

// balanced accepts what has no open parenthesis.
func balanced(text string) bool { return len(OpenLists([]rune(text))) == 0 }

const (
	up, down, right, left = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
	home, end, del        = "\x1b[H", "\x1b[F", "\x1b[3~"
)

// run types keys into an editor and returns the text and the error of Read.
func run(t *testing.T, o Options, columns, rows int, keys ...string) (string, *vt, error) {
	t.Helper()
	s := &script{vt: newVT(columns, rows), chunks: keys}
	e := newEditor(s, o)
	s.check = func() { consistent(t, e, s.vt) }
	text, err := e.Read(context.Background(), "> ", ". ")
	if s.raw != 0 {
		t.Error("the terminal was left raw")
	}
	if len(s.vt.bad) > 0 {
		t.Errorf("unknown output: %v", s.vt.bad)
	}
	return text, s.vt, err
}

// consistent compares what the editor believes to be on the screen with what
// is.
func consistent(t *testing.T, e *Editor, v *vt) {
	t.Helper()
	top := v.y - e.scr.line
	for i, r := range e.scr.drawn {
		want := strings.TrimRight(plain(r.text), " ")
		if top+i < 0 || top+i >= v.rows {
			t.Fatalf("row %d of %d is off the screen", i, len(e.scr.drawn))
		}
		if got := rowText(v.cells[top+i]); got != want {
			t.Fatalf("row %d is %q, should be %q\n%s", i, got, want, v)
		}
	}
	if v.x != e.scr.col || v.pending {
		t.Fatalf("cursor in column %d (pending %v), should be %d\n%s", v.x, v.pending, e.scr.col, v)
	}
	for y := top + len(e.scr.drawn); y < v.rows; y++ {
		if s := rowText(v.cells[y]); s != "" {
			t.Fatalf("left over below: %q", s)
		}
	}
}

func plain(s string) string {
	v := newVT(1000, 1)
	v.Write(s)
	return rowText(v.cells[0])
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
		want string
	}{
		{"typing", []string{"a", "b", "\r"}, "ab"},
		{"at once", []string{"ab\r"}, "ab"},
		{"utf-8 in pieces", []string{"\xc3", "\xa4\xe6\x97", "\xa5\r"}, "ä日"},
		{"broken utf-8", []string{"\xffa\xc3b\r"}, "\uFFFDa\uFFFDb"},
		{"left and right", []string{"ac", left, "b", right, "d\r"}, "abcd"},
		{"home and end", []string{"b", home, "a", end, "c\r"}, "abc"},
		{"control keys", []string{"b\x01a\x05c\x02\x02\x06!\r"}, "ab!c"},
		{"backspace and delete", []string{"abc\x7f", home, del, "\r"}, "b"},
		{"words", []string{"one two-three\x1bb\x1bb", "X\r"}, "one Xtwo-three"},
		{"control arrows", []string{"one two\x1b[1;5D\x1b[1;5D", "X\r"}, "Xone two"},
		{"kill and yank", []string{"one two\x17\x01\x19\r"}, "twoone "},
		{"kills join", []string{"one two three\x17\x17\x19\x19\r"}, "one two threetwo three"},
		{"yank pop", []string{"a\x15b\x15\x19\x1by\r"}, "a"},
		{"kill line", []string{"abc\x01\x06\x0b\r"}, "a"},
		{"undo", []string{"abc\x17\x1f\r"}, "abc"},
		{"undo typing", []string{"abc\x1f\r"}, ""},
		{"transpose", []string{"ab\x14\r"}, "ba"},
		{"case", []string{"one two three\x01\x1bu\x1bc\x1bl\r"}, "ONE Two three"},
		{"lines", []string{"(a\r", "b)\r"}, "(a\nb)"},
		{"line above", []string{"(ab\r", "c", up, "X", down, ")\r"}, "(Xab\nc)"},
		{"enter in the middle", []string{"(a b)", left, left, "\r"}, "(a b)"},
		{"new line on demand", []string{"a\x1b\rb\r"}, "a\nb"},
		{"paste", []string{"\x1b[200~(a\r\n\tb)\x1b", "[201~", "\r"}, "(a\n\tb)"},
		{"paste controls", []string{"\x1b[200~a\x03\x04b\x1b[201~\r"}, "ab"},
		{"sexp motion", []string{"(a (b c) d)\x01\x06\x06\x1b\x06", "X\r"}, "(a (b c)X d)"},
		{"sexp back", []string{"(a '(b c)\x1b\x02X)\r"}, "(a X)'(b c)"},
		{"sexp kill", []string{"(a (b c) d)\x01\x06\x06\x1b\x0b\r"}, "(a d)"},
		{"unknown sequences", []string{"a\x1b[99~\x1b[[Ab\x1bOPc\x1b[?1;2c\r"}, "abc"},
		{"clusters", []string{"ae\u0301b", left, left, "\x7f\r"}, "e\u0301b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := run(t, Options{Accept: balanced}, 20, 6, c.keys...)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestEnds(t *testing.T) {
	for _, c := range []struct {
		keys string
		want error
	}{{"abc\x03", ErrInterrupted}, {"\x04", io.EOF}, {"abc", io.EOF}} {
		if _, _, err := run(t, Options{}, 20, 4, c.keys); !errors.Is(err, c.want) {
			t.Errorf("%q: %v, want %v", c.keys, err, c.want)
		}
	}
	if got, _, err := run(t, Options{}, 20, 4, "ab\x01\x04\r"); got != "b" || err != nil {
		t.Errorf("C-d in a text: %q, %v", got, err)
	}
}

func TestHistory(t *testing.T) {
	h := &History{entries: []string{"(car x)", "two\nlines", "(cdr y)"}}
	for _, c := range []struct {
		keys, want string
	}{
		{up + "\r", "(cdr y)"},
		{up + up + "\r", "two\nlines"},
		{up + up + up + "\r", "two\nlines"}, // through the lines of an entry
		{up + up + up + up + "\r", "(car x)"},
		{"new" + up + down + "\r", "new"},
		{up + "!" + up + down + "\r", "(cdr y)!"}, // changes last while editing
		{"\x12car\r", "(car x)"},
		{"\x12c\x12\r", "(car x)"},
		{"\x12cax\x7fr\x05!\r", "(car x)!"},
		{"abc\x12cdr\x07\r", "abc"},
		{"(ca\x1bp\r", "(car x)"},
		{"\x1b<\r", "(car x)"},
	} {
		if got, _, err := run(t, Options{History: h}, 30, 6, c.keys); got != c.want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", c.keys, got, err, c.want)
		}
	}
}

func TestHistoryFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sub", "history")
	h, err := OpenHistory(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []string{"one", "one", "  ", "two\nlines \\ and\\n", "three\n"} {
		if err := h.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	again, err := OpenHistory(file)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"one", "two\nlines \\ and\\n", "three"}
	if got := again.Entries(); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q", got)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := os.WriteFile(file, []byte(strings.Repeat("x\ny\n", MaxHistory+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if h, err = OpenHistory(file); err != nil || len(h.Entries()) != MaxHistory {
		t.Errorf("long history: %d entries, %v", len(h.Entries()), err)
	}
	if data, _ := os.ReadFile(file); len(data) != 2*MaxHistory {
		t.Errorf("the file was not shortened: %d bytes", len(data))
	}
}

func TestCompletion(t *testing.T) {
	o := Options{Complete: func(text []rune, cursor int) Completions {
		c := Completions{Start: Symbol(text[:cursor])}
		typed := string(text[c.Start:cursor])
		for _, n := range []string{"cdr", "call/cc", "call-with-values", "call-with-prompt"} {
			if strings.HasPrefix(n, typed) {
				c.Items = append(c.Items, Item{Text: n, After: " "})
			}
		}
		return c
	}}
	for _, c := range []struct{ keys, want string }{
		{"(cd\tx)\r", "(cdr x)"},
		{"(cd\t x)\r", "(cdr x)"}, // the blank is not doubled
		{"(call-\t\r", "(call-with-"},
		{"zz\t\r", "zz"},
		{"\tx\r", "  x"},
		{"(cd x)\x01\x06\x06\x06\t\r", "(cdr  x)"},
	} {
		if got, _, err := run(t, o, 40, 8, c.keys); got != c.want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", c.keys, got, err, c.want)
		}
	}
	s := &script{vt: newVT(40, 8), chunks: []string{"(c", "\t"}}
	e := newEditor(s, o)
	seen := ""
	s.check = func() { seen = s.vt.String() }
	e.Read(context.Background(), "> ", ". ")
	if want := "> (c\ncdr               call-with-values\ncall/cc           call-with-prompt"; seen != want {
		t.Errorf("the list is\n%s", seen)
	}
	if got := s.vt.String(); strings.Contains(got, "prompt") {
		t.Errorf("the list stays:\n%s", got)
	}
}

func TestScreen(t *testing.T) {
	for _, c := range []struct {
		name          string
		columns, rows int
		keys          []string
		want          string
	}{
		{"wrap", 10, 5, []string{"abcdefghij", "kl"}, "> abcdefgh\nijkl"},
		{"exactly full", 10, 5, []string{"abcdefgh"}, "> abcdefgh"},
		{"wide", 10, 5, []string{"abcdefg日x"}, "> abcdefg\n日x"},
		{"shrink", 10, 5, []string{"abcdefghij", "\x15", "z"}, "> z"},
		{"lines", 20, 5, []string{"a\x1b\r", "b"}, "> a\n. b"},
		{"taller than the screen", 10, 3, []string{"a\x1b\rb\x1b\rc\x1b\rd\x1b\r", "e"}, ". c\n. d\n. e"},
		{"control characters", 20, 3, []string{"\x1b[200~a\tb\x1b[201~"}, "> a    b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &script{vt: newVT(c.columns, c.rows), chunks: c.keys}
			e := newEditor(s, Options{})
			seen := ""
			s.check = func() {
				consistent(t, e, s.vt)
				seen = strings.TrimRight(strings.Join(func() (rows []string) {
					for _, r := range s.vt.cells {
						rows = append(rows, rowText(r))
					}
					return rows
				}(), "\n"), "\n")
			}
			e.Read(context.Background(), "> ", ". ")
			if seen != c.want {
				t.Errorf("screen:\n%s\nwant:\n%s", seen, c.want)
			}
		})
	}
}

func TestFreshLine(t *testing.T) {
	for before, want := range map[string]string{"": "> x", "out": "out\n> x", strings.Repeat("o", 9): strings.Repeat("o", 9) + "\n> x",
		"line\r\n": "line\n> x"} {
		s := &script{vt: newVT(10, 5), chunks: []string{"x\r"}}
		s.vt.Write(before)
		newEditor(s, Options{}).Read(context.Background(), "> ", ". ")
		if got := s.vt.String(); got != want {
			t.Errorf("after %q:\n%s", before, got)
		}
	}
}

// FuzzEditor types anything: nothing may panic, and the screen must be what the
// editor believes it to be.
func FuzzEditor(f *testing.F) {
	f.Add("(define (f x)\r  x)\r", uint8(20), uint8(5))
	f.Add("\x1b[200~abc\ndef\x1b[201~\x12a\x07\x1b<\t\t\x19", uint8(8), uint8(2))
	f.Add("日本語\x02\x7f\x1b[A\x1b[B\x0c\x14", uint8(5), uint8(3))
	f.Add("e\u0301\u200d👩\u200d👩\u200d👧\x02\x02x", uint8(4), uint8(3))
	f.Fuzz(func(t *testing.T, keys string, columns, rows uint8) {
		chunks := make([]string, 0, len(keys))
		for i := range len(keys) {
			chunks = append(chunks, keys[i:i+1])
		}
		if len(chunks) > 300 {
			chunks = chunks[:300]
		}
		o := Options{
			Accept: balanced, Indent: true, Color: true,
			History: &History{entries: []string{"(one)", "(two\nlines)", strings.Repeat("long ", 30)}},
			Complete: func(text []rune, cursor int) Completions {
				return Completions{Start: Symbol(text[:cursor]), Items: []Item{{Text: "alpha"}, {Text: "alpine"}, {Text: "日本"}}}
			},
		}
		// The harness measures clusters alone as the editor does; characters
		// whose width depends on their neighbours are beyond it.
		for _, r := range keys {
			if r >= 0x300 && !(r >= 0x4e00 && r < 0x9fff) {
				run2(t, o, columns, rows, chunks)
				return
			}
		}
		run(t, o, 4+int(columns%60), 2+int(rows%10), chunks...)
	})
}

// run2 types without looking at the screen.
func run2(_ *testing.T, o Options, columns, rows uint8, chunks []string) {
	s := &script{vt: newVT(4+int(columns%60), 2+int(rows%10)), chunks: chunks}
	newEditor(s, o).Read(context.Background(), "> ", ". ")
}
