package edit

// search is an incremental search backwards through the history.
type search struct {
	text   []rune
	at     int // the entry found
	failed bool
	before snapshot // what C-g goes back to
	place  int
}

func (s *search) prompt() string {
	word := "reverse-i-search"
	if s.failed {
		word = "failed " + word
	}
	return "(" + word + ")`" + string(s.text) + "': "
}

func (e *Editor) startSearch() {
	e.edited[e.place] = string(e.buf.text)
	e.search = &search{
		at: len(e.o.History.entries), place: e.place,
		before: snapshot{append([]rune(nil), e.buf.text...), e.buf.cursor},
	}
}

// searchKey takes a key while searching. It reports false for keys that end
// the search and then do what they always do.
func (e *Editor) searchKey(k key) bool {
	s := e.search
	switch {
	case k.name == "":
		s.text = append(s.text, k.char)
		e.find(s.at + 1)
	case k.name == "Backspace":
		if len(s.text) > 0 {
			s.text = s.text[:len(s.text)-1]
		}
		e.find(len(e.o.History.entries))
	case k.name == "C-r":
		if len(s.text) > 0 {
			e.find(s.at)
		}
	case k.name == "C-g" || k.name == "C-c":
		e.buf.reset(string(s.before.text))
		e.buf.cursor, e.place = s.before.cursor, s.place
		e.search = nil
	default:
		e.search = nil
		return false
	}
	return true
}

// find goes to the newest entry before an index that contains the text.
func (e *Editor) find(before int) {
	s := e.search
	if len(s.text) == 0 {
		s.failed = false
		return
	}
	i := e.o.History.search(string(s.text), before)
	if s.failed = i < 0; s.failed {
		return
	}
	s.at, e.place = i, i
	e.buf.reset(e.o.History.entries[i])
	e.buf.cursor = indexRunes(e.buf.text, s.text)
}

// indexRunes is where part begins in text, which contains it.
func indexRunes(text, part []rune) int {
	for i := range text {
		if len(text)-i >= len(part) && string(text[i:i+len(part)]) == string(part) {
			return i
		}
	}
	return len(text)
}
