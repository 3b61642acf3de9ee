package edit

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
)

// ErrInterrupted is returned by Read when the user gave the text up (C-c).
var ErrInterrupted = errors.New("interrupted")

// Options configure an Editor. Functions may be nil.
type Options struct {
	// Complete lists completions of what stands before the cursor, which is
	// an index into text.
	Complete func(text []rune, cursor int) Completions
	// Accept reports whether Enter ends the input; nil ends it always.
	Accept func(text string) bool
	// Indent turns on the indentation of further lines.
	Indent bool
	// History may be nil.
	History *History
	// Color turns on the colours of tokens and the marking of matching
	// parentheses.
	Color bool
	// IsSyntax tells the names of special forms and macros, which are shown
	// in a colour of their own at the head of a form.
	IsSyntax func(name string) bool
}

// Editor reads texts from a terminal. It serves one goroutine.
type Editor struct {
	o    Options
	term terminal
	dec  *decoder
	scr  *screen
	keys map[string]func(*Editor)
	buf  buffer

	// Of the Read under way:
	prompt, next string
	place        int      // in the history; its length for the text being typed
	edited       []string // texts of the history as they were left, by place
	menu         []row
	listing      Completions // what menu shows a part of
	listed       int         // the item to go on with
	goal         int         // column that Up and Down aim at, -1 for none
	last         string      // the command before
	search       *search
	blank        bool // the completion before ended in a blank, which typing one shall not double
	result       error
	finished     bool
}

// New makes an editor for a terminal: in and out must be the same one.
func New(in *os.File, out io.Writer, o Options) *Editor { return newEditor(openTTY(in, out), o) }

func newEditor(t terminal, o Options) *Editor {
	if o.History == nil {
		o.History = &History{}
	}
	e := &Editor{o: o, term: t, keys: bindings()}
	e.scr = &screen{write: func(s string) { io.WriteString(t, s) }}
	return e
}

// Read lets the user edit a text and returns it, without a line end. It fails
// with io.EOF when the terminal is gone or C-d was typed on an empty text, with
// ErrInterrupted, and with the context's error. prompt stands before the first
// line, next before the others.
func (e *Editor) Read(ctx context.Context, prompt, next string) (text string, err error) {
	if err := e.term.Raw(); err != nil {
		return "", err
	}
	defer e.term.Restore()
	if e.dec == nil {
		e.dec = &decoder{}
	}
	e.dec.read = func(p []byte) (int, error) { return e.input(ctx, p) }
	e.begin(prompt, next)
	const pasteOn, pasteOff = "\x1b[?2004h", "\x1b[?2004l"
	columns, rows := e.term.Size()
	e.scr.start(columns, rows)
	e.scr.write(pasteOn)
	defer func() {
		e.menu, e.search = nil, nil
		e.buf.cursor = len(e.buf.text)
		e.show()
		e.scr.finish()
		e.scr.write(pasteOff)
	}()
	for !e.finished {
		if !e.dec.pending() {
			e.show()
		}
		k, err := e.dec.key()
		if err != nil {
			return "", err
		}
		e.handle(k)
	}
	if e.result != nil {
		return "", e.result
	}
	return string(e.buf.text), nil
}

func (e *Editor) begin(prompt, next string) {
	e.buf.reset("")
	e.prompt, e.next = prompt, next
	e.place = len(e.o.History.entries)
	e.edited = make([]string, 0)
	e.edited = append(append(e.edited, e.o.History.entries...), "")
	e.menu, e.search, e.goal, e.last = nil, nil, -1, ""
	e.result, e.finished = nil, false
}

// input reads bytes, and redraws when the size changes meanwhile.
func (e *Editor) input(ctx context.Context, p []byte) (int, error) {
	for {
		n, err := e.term.Read(ctx, p)
		if !errors.Is(err, errResized) {
			return n, err
		}
		e.menu = nil
		e.scr.resize(e.term.Size())
		e.show()
	}
}

// show brings the screen up to date.
func (e *Editor) show() {
	prompt, next := e.prompt, e.next
	if e.search != nil {
		prompt = e.search.prompt()
		next = strings.Repeat(" ", min(len(prompt), e.scr.columns/2))
	}
	if len(next) > e.scr.columns/3 {
		next = strings.TrimLeft(next, " ")
	}
	p := layout(prompt, next, e.buf.text, e.buf.cursor, e.scr.columns, e.marks())
	p.rows = append(p.rows, e.menu...)
	e.scr.draw(p)
}

// marks gives the text its colours and shows the partner of the parenthesis
// before the cursor, or below it.
func (e *Editor) marks() marks {
	if !e.o.Color {
		return nil
	}
	m := paint(e.buf.text, e.o.IsSyntax)
	if !e.finished {
		e.markParentheses(m)
	}
	return m
}

func (e *Editor) markParentheses(styles marks) {
	t, i := e.buf.text, e.buf.cursor
	for _, k := range []int{i - 1, i} {
		if k < 0 || k >= len(t) || !strings.ContainsRune("()[]", t[k]) || k == i && strings.ContainsRune(")]", t[k]) {
			continue
		}
		if m := match(t, k); m >= 0 {
			styles[m], styles[k] = "1;32", "1;32"
			return
		} else if k == i-1 && strings.ContainsRune(")]", t[k]) {
			styles[k] = "1;31"
			return
		}
	}
}

func (e *Editor) finish(err error) { e.result, e.finished = err, true }

// handle carries a key out.
func (e *Editor) handle(k key) {
	if e.search != nil && e.searchKey(k) {
		return
	}
	name := k.name
	blank := e.blank
	e.blank = false
	switch name {
	case "":
		e.menu = nil
		if blank && k.char == ' ' {
			return
		}
		e.buf.insert([]rune{k.char}, true)
		e.goal, e.last = -1, ""
		return
	case "Paste":
		e.menu = nil
		text := k.text
		if e.buf.cursor == len(e.buf.text) {
			text = strings.TrimSuffix(text, "\n") // Enter is for the user to type
		}
		e.buf.insert([]rune(text), false)
		e.goal, e.last = -1, ""
		return
	}
	run, ok := e.keys[name]
	if !ok {
		return
	}
	if name != "Tab" {
		e.menu = nil
	}
	if !vertical(name) {
		e.goal = -1
	}
	if name != "Backspace" {
		e.buf.typing = false
	}
	run(e)
	e.last = name
}

func vertical(name string) bool {
	return name == "Up" || name == "Down" || name == "C-p" || name == "C-n"
}
