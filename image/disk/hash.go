package disk

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"os"
	"slices"
	"sync"

	"fruix/image/tree"
)

// hashStep is how much is hashed at a time, in bytes.
const hashStep = 1 << 20

// hasher computes the SHA-256 of a file while it is written. It counts on
// writes that go from front to back: what lies before the write that began
// last, and before all that are not over yet, is hashed already. If a write
// goes behind that after all, finish starts again, so the result is right for
// any order. Holes are not read.
type hasher struct {
	ctx  context.Context
	f    *os.File
	size int64
	sum  hash.Hash
	over chan struct{} // closed when follow has ended
	err  error         // of follow

	mu       sync.Mutex
	wake     sync.Cond
	last     int64   // where the last write began
	running  []int64 // where the writes that are not over began
	claimed  int64   // what is before this is hashed or being hashed
	spoiled  bool    // by a write before claimed
	complete bool    // all is written
	stopped  bool
}

// startHasher starts to hash the first size bytes of f. Finish or stop ends it.
func startHasher(ctx context.Context, f *os.File, size int64) *hasher {
	h := newHasher(ctx, f, size)
	go h.follow()
	return h
}

func newHasher(ctx context.Context, f *os.File, size int64) *hasher {
	h := &hasher{ctx: ctx, f: f, size: size, sum: sha256.New(), over: make(chan struct{})}
	h.wake.L = &h.mu
	return h
}

// Begin implements tree.Watcher.
func (h *hasher) Begin(off, _ int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = off
	h.running = append(h.running, off)
	if off < h.claimed {
		h.spoiled = true
	}
	if h.spoiled || h.limit()-h.claimed >= hashStep {
		h.wake.Signal()
	}
}

// End implements tree.Watcher.
func (h *hasher) End(off, _ int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.Index(h.running, off); i >= 0 {
		h.running = slices.Delete(h.running, i, i+1)
	}
}

// limit is how far the file is taken to be as it will stay.
func (h *hasher) limit() int64 {
	if h.complete {
		return h.size
	}
	limit := min(h.last, h.size)
	for _, off := range h.running {
		limit = min(limit, off)
	}
	return limit
}

// claim waits for the next part to hash; there is none if pos is end.
func (h *hasher) claim() (pos, end int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for !h.stopped && !h.spoiled && !h.complete && h.limit()-h.claimed < hashStep {
		h.wake.Wait()
	}
	pos = h.claimed
	if h.stopped || h.spoiled {
		return pos, pos
	}
	h.claimed = max(pos, min(h.limit(), pos+hashStep))
	return pos, h.claimed
}

// follow hashes part after part.
func (h *hasher) follow() {
	defer close(h.over)
	buf, zeros := make([]byte, hashStep), make([]byte, hashStep)
	for {
		pos, end := h.claim()
		if pos == end {
			return
		}
		if h.err = h.part(pos, end, buf, zeros); h.err != nil {
			return
		}
	}
}

// part hashes from pos to end, which is no more than the buffers hold.
func (h *hasher) part(pos, end int64, buf, zeros []byte) error {
	for pos < end {
		if err := h.ctx.Err(); err != nil {
			return err
		}
		start, stop, err := tree.NextData(h.f, pos, end)
		if err != nil {
			return err
		}
		h.sum.Write(zeros[:start-pos])
		data := buf[:stop-start]
		if _, err := h.f.ReadAt(data, start); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		h.sum.Write(data)
		pos = stop
	}
	return nil
}

// stop ends the hashing without a result.
func (h *hasher) stop() {
	h.mu.Lock()
	h.stopped = true
	h.wake.Signal()
	h.mu.Unlock()
	<-h.over
}

// finish waits for the hash of the file, which is written completely now.
func (h *hasher) finish() (sum [sha256.Size]byte, err error) {
	h.mu.Lock()
	h.complete = true
	h.wake.Signal()
	h.mu.Unlock()
	<-h.over
	if h.err == nil && h.spoiled {
		again := newHasher(h.ctx, h.f, h.size)
		again.complete = true
		again.follow()
		h.sum, h.err = again.sum, again.err
	}
	if h.err != nil {
		return sum, h.err
	}
	h.sum.Sum(sum[:0])
	return sum, nil
}
