package edit

import (
	"io"
	"slices"
	"strings"
	"unicode"
)

// bindings are the commands by the keys that call them.
func bindings() map[string]func(*Editor) {
	return map[string]func(*Editor){
		"Enter":       (*Editor).enter,
		"M-Enter":     (*Editor).newLine,
		"C-o":         (*Editor).newLine,
		"Tab":         (*Editor).complete,
		"C-c":         func(e *Editor) { e.finish(ErrInterrupted) },
		"C-d":         (*Editor).deleteOrLeave,
		"C-z":         (*Editor).suspend,
		"C-l":         func(e *Editor) { e.scr.clear() },
		"C-g":         func(*Editor) {},
		"C-r":         func(e *Editor) { e.startSearch() },
		"C-_":         func(e *Editor) { e.buf.undoLast() },
		"C-a":         (*Editor).lineStart,
		"Home":        (*Editor).lineStart,
		"C-e":         (*Editor).lineEnd,
		"End":         (*Editor).lineEnd,
		"C-b":         func(e *Editor) { e.buf.cursor = e.buf.left(e.buf.cursor) },
		"Left":        func(e *Editor) { e.buf.cursor = e.buf.left(e.buf.cursor) },
		"C-f":         func(e *Editor) { e.buf.cursor = e.buf.right(e.buf.cursor) },
		"Right":       func(e *Editor) { e.buf.cursor = e.buf.right(e.buf.cursor) },
		"M-b":         func(e *Editor) { e.buf.cursor = e.buf.wordLeft(e.buf.cursor) },
		"M-f":         func(e *Editor) { e.buf.cursor = e.buf.wordRight(e.buf.cursor) },
		"C-Left":      func(e *Editor) { e.buf.cursor = e.buf.wordLeft(e.buf.cursor) },
		"C-Right":     func(e *Editor) { e.buf.cursor = e.buf.wordRight(e.buf.cursor) },
		"M-Left":      func(e *Editor) { e.buf.cursor = e.buf.wordLeft(e.buf.cursor) },
		"M-Right":     func(e *Editor) { e.buf.cursor = e.buf.wordRight(e.buf.cursor) },
		"C-M-f":       func(e *Editor) { e.buf.cursor = forwardSexp(e.buf.text, e.buf.cursor) },
		"C-M-b":       func(e *Editor) { e.buf.cursor = backwardSexp(e.buf.text, e.buf.cursor) },
		"C-M-k":       func(e *Editor) { e.killTo(forwardSexp(e.buf.text, e.buf.cursor)) },
		"M-<":         func(e *Editor) { e.recall(0) },
		"M->":         func(e *Editor) { e.recall(len(e.edited) - 1) },
		"Up":          (*Editor).up,
		"C-p":         (*Editor).up,
		"Down":        (*Editor).down,
		"C-n":         (*Editor).down,
		"M-p":         func(e *Editor) { e.prefixSearch(-1) },
		"M-n":         func(e *Editor) { e.prefixSearch(+1) },
		"PageUp":      func(e *Editor) { e.prefixSearch(-1) },
		"PageDown":    func(e *Editor) { e.prefixSearch(+1) },
		"Backspace":   func(e *Editor) { e.buf.remove(e.buf.left(e.buf.cursor), e.buf.cursor) },
		"Delete":      func(e *Editor) { e.buf.remove(e.buf.cursor, e.buf.right(e.buf.cursor)) },
		"C-k":         (*Editor).killLine,
		"C-u":         func(e *Editor) { e.killTo(lineStart(e.buf.text, e.buf.cursor)) },
		"C-w":         func(e *Editor) { e.killTo(e.buf.blankLeft(e.buf.cursor)) },
		"M-Backspace": func(e *Editor) { e.killTo(e.buf.wordLeft(e.buf.cursor)) },
		"M-d":         func(e *Editor) { e.killTo(e.buf.wordRight(e.buf.cursor)) },
		"C-Delete":    func(e *Editor) { e.killTo(e.buf.wordRight(e.buf.cursor)) },
		"C-y":         func(e *Editor) { e.buf.yank() },
		"M-y":         (*Editor).yankPop,
		"C-t":         func(e *Editor) { e.buf.transpose() },
		"M-u":         func(e *Editor) { e.buf.mapWord(func(r rune, _ bool) rune { return unicode.ToUpper(r) }) },
		"M-l":         func(e *Editor) { e.buf.mapWord(func(r rune, _ bool) rune { return unicode.ToLower(r) }) },
		"M-c":         func(e *Editor) { e.buf.mapWord(capital) },
	}
}

func capital(r rune, first bool) rune {
	if first {
		return unicode.ToUpper(r)
	}
	return unicode.ToLower(r)
}

func (e *Editor) enter() {
	if e.o.Accept == nil || e.o.Accept(string(e.buf.text)) {
		e.finish(nil)
		return
	}
	e.newLine()
}

// newLine starts another line, indented.
func (e *Editor) newLine() {
	line := []rune{'\n'}
	if e.o.Indent {
		if n := Indent(e.buf.text[:e.buf.cursor]); n > 0 {
			line = append(line, []rune(strings.Repeat(" ", n))...)
		}
		// Blanks before and behind the new line's end would add up.
		start, end := e.buf.cursor, e.buf.cursor
		if len(line) > 1 {
			for start > 0 && e.buf.text[start-1] == ' ' {
				start--
			}
			for end < len(e.buf.text) && e.buf.text[end] == ' ' {
				end++
			}
		}
		e.buf.replace(start, end, line)
		return
	}
	e.buf.insert(line, false)
}

// deleteOrLeave is C-d: the end of the input when there is no text.
func (e *Editor) deleteOrLeave() {
	if len(e.buf.text) == 0 {
		e.finish(io.EOF)
		return
	}
	e.buf.remove(e.buf.cursor, e.buf.right(e.buf.cursor))
}

func (e *Editor) suspend() {
	e.scr.finish()
	if err := e.term.Suspend(); err != nil {
		e.finish(err)
		return
	}
	e.scr.start(e.term.Size())
}

func (e *Editor) lineStart() { e.buf.cursor = lineStart(e.buf.text, e.buf.cursor) }
func (e *Editor) lineEnd()   { e.buf.cursor = lineEnd(e.buf.text, e.buf.cursor) }

var killing = []string{"C-k", "C-u", "C-w", "M-d", "M-Backspace", "C-M-k", "C-Delete"}

// killTo kills between the cursor and i.
func (e *Editor) killTo(i int) {
	e.buf.kill(min(i, e.buf.cursor), max(i, e.buf.cursor), slices.Contains(killing, e.last))
}

// killLine kills to the end of the line, or the line's end itself.
func (e *Editor) killLine() {
	end := lineEnd(e.buf.text, e.buf.cursor)
	if end == e.buf.cursor && end < len(e.buf.text) {
		end++
	}
	e.killTo(end)
}

func (e *Editor) yankPop() {
	if len(e.buf.kills) > 0 && (e.last == "C-y" || e.last == "M-y" && e.buf.yanked.end == e.buf.cursor) {
		e.buf.yankPop()
	}
}

// up goes to the line above, from the first line to the entry before.
func (e *Editor) up() {
	start := lineStart(e.buf.text, e.buf.cursor)
	if start == 0 {
		e.recall(e.place - 1)
		return
	}
	e.toColumn(lineStart(e.buf.text, start-1))
}

func (e *Editor) down() {
	end := lineEnd(e.buf.text, e.buf.cursor)
	if end == len(e.buf.text) {
		e.recall(e.place + 1)
		return
	}
	e.toColumn(end + 1)
}

// toColumn goes to the line that starts at line, to the column aimed at.
func (e *Editor) toColumn(line int) {
	if e.goal < 0 {
		e.goal = columnOf(e.buf.text, e.buf.cursor)
	}
	e.buf.cursor = min(line+e.goal, lineEnd(e.buf.text, line))
}

// recall shows an entry of the history, as it was left in this Read.
func (e *Editor) recall(place int) {
	if place < 0 || place >= len(e.edited) || place == e.place {
		return
	}
	e.edited[e.place] = string(e.buf.text)
	e.place = place
	e.buf.reset(e.edited[place])
	e.goal = -1
}

// prefixSearch recalls the next entry that begins with what stands before the
// cursor.
func (e *Editor) prefixSearch(step int) {
	prefix := string(e.buf.text[:e.buf.cursor])
	cursor := e.buf.cursor
	for i := e.place + step; i >= 0 && i < len(e.edited); i += step {
		if strings.HasPrefix(e.edited[i], prefix) && e.edited[i] != string(e.buf.text) {
			e.recall(i)
			e.buf.cursor = cursor
			return
		}
	}
}

// complete completes what stands before the cursor, as far as it is clear, and
// lists the ways to go on when it is not. Where only blanks stand before the
// cursor it indents.
func (e *Editor) complete() {
	start := lineStart(e.buf.text, e.buf.cursor)
	if strings.TrimSpace(string(e.buf.text[start:e.buf.cursor])) == "" {
		e.indentLine(start)
		return
	}
	if e.o.Complete == nil {
		return
	}
	if e.last == "Tab" && e.menu != nil {
		e.list()
		return
	}
	c := e.o.Complete(slices.Clone(e.buf.text), e.buf.cursor)
	e.menu = nil
	if len(c.Items) == 0 || c.Start > e.buf.cursor || c.Start < 0 {
		return
	}
	typed := string(e.buf.text[c.Start:e.buf.cursor])
	text := c.common()
	if len(c.Items) == 1 {
		text += c.Items[0].After
	}
	if text != typed && (strings.HasPrefix(text, typed) || len(c.Items) == 1) {
		e.buf.replace(c.Start, e.buf.cursor, []rune(text))
		if len(c.Items) == 1 {
			e.blank = c.Items[0].After == " "
			return
		}
	}
	if len(c.Items) > 1 {
		e.listing, e.listed = c, 0
		e.list()
	}
}

// list shows the next part of the completions.
func (e *Editor) list() {
	p := layout(e.prompt, e.next, e.buf.text, e.buf.cursor, e.scr.columns, nil)
	most := max(e.scr.rows-len(p.rows), 2)
	e.menu, e.listed = menuRows(e.listing.Items, e.scr.columns, min(most, 20), e.listed)
}

func (e *Editor) indentLine(start int) {
	n := 2
	if e.o.Indent {
		n = max(Indent(e.buf.text[:start]), 0)
	}
	end := start
	for end < len(e.buf.text) && e.buf.text[end] == ' ' {
		end++
	}
	e.buf.replace(start, end, []rune(strings.Repeat(" ", n)))
}
