package turns

import (
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
)

// Book holds the turns of places that have names. What processes take of one is counted
// together by files in a folder.
type Book struct {
	dir  string
	warn func(string)

	mu     sync.Mutex
	places map[string]*Turns
}

// NewBook returns a book whose files lie in dir, which is made when needed; in none if
// that is "". warn is told, in a line for people, what other processes cannot be
// counted for.
func NewBook(dir string, warn func(string)) *Book {
	return &Book{dir: dir, warn: warn, places: map[string]*Turns{}}
}

// At returns the turns of a place, the same ones each time.
func (b *Book) At(name string) *Turns {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.places[name]
	if t == nil {
		t = New()
		if b.dir != "" {
			t.files = newFiles(filepath.Join(b.dir, url.PathEscape(name)), func(err error) {
				b.warn(fmt.Sprintf("what other processes have built on %s at the same time is not counted: %v", name, err))
			})
		}
		b.places[name] = t
	}
	return t
}
