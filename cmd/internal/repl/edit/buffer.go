package edit

import (
	"slices"
	"unicode"

	"github.com/rivo/uniseg"
)

// buffer is a text with a cursor, what can be undone, and what was killed.
type buffer struct {
	text   []rune
	cursor int

	undo   []snapshot
	typing bool // the last change inserted single characters

	kills  [][]rune // newest last
	yanked span     // where the last yank put text; valid when the last command was one
	ring   int      // which of kills was yanked
}

type snapshot struct {
	text   []rune
	cursor int
}

type span struct{ start, end int }

const (
	maxUndo  = 200
	maxKills = 30
)

// reset gives the buffer a new text that cannot be undone.
func (b *buffer) reset(text string) {
	b.text = []rune(text)
	b.cursor = len(b.text)
	b.undo = nil
	b.typing = false
}

// save remembers the text before a change. Runs of typing are one change.
func (b *buffer) save(typing bool) {
	if typing && b.typing {
		return
	}
	b.typing = typing
	if len(b.undo) >= maxUndo {
		b.undo = slices.Delete(b.undo, 0, maxUndo/2)
	}
	b.undo = append(b.undo, snapshot{slices.Clone(b.text), b.cursor})
}

func (b *buffer) undoLast() bool {
	n := len(b.undo)
	if n == 0 {
		return false
	}
	s := b.undo[n-1]
	b.undo = b.undo[:n-1]
	b.text, b.cursor, b.typing = s.text, s.cursor, false
	return true
}

// insert puts s before the cursor.
func (b *buffer) insert(s []rune, typing bool) {
	b.save(typing)
	b.text = slices.Insert(b.text, b.cursor, s...)
	b.cursor += len(s)
}

// remove deletes from start up to end.
func (b *buffer) remove(start, end int) {
	if start >= end {
		return
	}
	b.save(false)
	b.text = slices.Delete(b.text, start, end)
	switch {
	case b.cursor >= end:
		b.cursor -= end - start
	case b.cursor > start:
		b.cursor = start
	}
}

// replace puts s in the place of start up to end, and the cursor behind it.
func (b *buffer) replace(start, end int, s []rune) {
	b.save(false)
	b.text = slices.Replace(b.text, start, end, s...)
	b.cursor = start + len(s)
}

// kill deletes from start up to end and keeps it for yank. join adds it to what
// the command before killed.
func (b *buffer) kill(start, end int, join bool) {
	if start >= end {
		return
	}
	piece := slices.Clone(b.text[start:end])
	n := len(b.kills)
	switch {
	case join && n > 0 && end <= b.cursor:
		b.kills[n-1] = append(piece, b.kills[n-1]...)
	case join && n > 0:
		b.kills[n-1] = append(b.kills[n-1], piece...)
	default:
		if n >= maxKills {
			b.kills = slices.Delete(b.kills, 0, 1)
		}
		b.kills = append(b.kills, piece)
	}
	b.remove(start, end)
}

// yank inserts what was killed last.
func (b *buffer) yank() bool {
	if len(b.kills) == 0 {
		return false
	}
	b.ring = len(b.kills) - 1
	b.yankAt(b.cursor, b.cursor)
	return true
}

// yankPop replaces what yank inserted by what was killed before it.
func (b *buffer) yankPop() {
	if len(b.kills) == 0 || b.yanked.end > len(b.text) || b.yanked.start > b.yanked.end {
		return
	}
	b.ring = (b.ring + len(b.kills) - 1) % len(b.kills)
	b.yankAt(b.yanked.start, b.yanked.end)
}

func (b *buffer) yankAt(start, end int) {
	b.replace(start, end, b.kills[b.ring])
	b.yanked = span{start, b.cursor}
}

// left and right are the neighbouring places a cursor may have: between
// grapheme clusters (Unicode Standard Annex 29).
func (b *buffer) left(i int) int {
	if i <= 0 {
		return 0
	}
	if b.text[i-1] < 0x300 {
		return i - 1
	}
	k := lineStart(b.text, i)
	if k == i {
		return i - 1
	}
	for {
		next := b.right(k)
		if next >= i {
			return k
		}
		k = next
	}
}

func (b *buffer) right(i int) int {
	if i >= len(b.text) {
		return len(b.text)
	}
	if i+1 >= len(b.text) || b.text[i] < 0x300 && b.text[i+1] < 0x300 {
		return i + 1
	}
	end := min(i+32, len(b.text))
	cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(string(b.text[i:end]), -1)
	return i + max(1, len([]rune(cluster)))
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func (b *buffer) wordLeft(i int) int {
	for i > 0 && !isWord(b.text[i-1]) {
		i--
	}
	for i > 0 && isWord(b.text[i-1]) {
		i--
	}
	return i
}

func (b *buffer) wordRight(i int) int {
	for i < len(b.text) && !isWord(b.text[i]) {
		i++
	}
	for i < len(b.text) && isWord(b.text[i]) {
		i++
	}
	return i
}

// blankLeft is the start of the blank-delimited word before i.
func (b *buffer) blankLeft(i int) int {
	for i > 0 && isSpace(b.text[i-1]) {
		i--
	}
	for i > 0 && !isSpace(b.text[i-1]) {
		i--
	}
	return i
}

// transpose swaps the characters around the cursor.
func (b *buffer) transpose() {
	i := b.cursor
	if i == len(b.text) {
		i--
	}
	if i < 1 || len(b.text) < 2 {
		return
	}
	b.save(false)
	b.text[i-1], b.text[i] = b.text[i], b.text[i-1]
	b.cursor = i + 1
}

// mapWord applies f to the word behind the cursor; first is true for its first
// letter.
func (b *buffer) mapWord(f func(r rune, first bool) rune) {
	end := b.wordRight(b.cursor)
	if end == b.cursor {
		return
	}
	b.save(false)
	first := true
	for i := b.cursor; i < end; i++ {
		if isWord(b.text[i]) {
			b.text[i] = f(b.text[i], first)
			first = false
		}
	}
	b.cursor = end
}
