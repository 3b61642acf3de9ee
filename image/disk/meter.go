package disk

import (
	"sync"

	"fruix/image/tree"
)

// watchers are several that watch the same target.
type watchers []tree.Watcher

// Begin implements tree.Watcher.
func (w watchers) Begin(off, n int64) {
	for _, x := range w {
		x.Begin(off, n)
	}
}

// End implements tree.Watcher.
func (w watchers) End(off, n int64) {
	for _, x := range w {
		x.End(off, n)
	}
}

// meter tells how far an image is that is written from front to back.
type meter struct {
	size int64
	tell func(done, total int64)

	mu   sync.Mutex
	done int64
}

// Begin implements tree.Watcher.
func (m *meter) Begin(int64, int64) {}

// End implements tree.Watcher.
func (m *meter) End(off, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if end := off + n; end > m.done {
		m.done = end
		m.tell(m.done, m.size)
	}
}
