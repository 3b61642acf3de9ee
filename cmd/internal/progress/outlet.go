package progress

import (
	"io"
	"os"
	"sync"
)

// outlet passes on what is put into it to a writer that may take its time, or nothing at
// all for a while: a terminal that is stopped, a pipe that nobody reads. Who puts in does
// not wait for that, unless very much is waiting already; nothing is lost.
//
// It is guarded by the mutex of its condition.
type outlet struct {
	w    io.Writer
	more func() []byte // what to write when nothing waits; may be nil

	changed *sync.Cond // less waits, or nothing is passed on any more
	passing bool       // a goroutine passes on
	memory  []byte     // comes first
	spare   []byte     // is being written, or free
	file    *os.File   // what comes behind that; nil when it was never needed
	first   int64      // where in the file that begins
	last    int64      // and ends
}

// Bounds of what waits, in bytes. A file without a name holds what memory is not to be
// taken for.
const (
	maxWaiting       = 1 << 20
	maxWaitingOnDisk = 256 << 20
)

// put has b written. It keeps nothing of b.
func (o *outlet) put(b []byte) {
	for !o.keep(b) {
		o.changed.Wait()
	}
	o.start()
}

// start has what waits passed on.
func (o *outlet) start() {
	if !o.passing {
		o.passing = true
		go o.pass()
	}
}

// settle waits until all has been written.
func (o *outlet) settle() {
	for o.passing {
		o.changed.Wait()
	}
}

// keep puts b behind what waits; false says that there is no room.
func (o *outlet) keep(b []byte) bool {
	n := int64(len(b))
	switch {
	case o.first == o.last && (len(o.memory) == 0 || len(o.memory)+len(b) <= maxWaiting):
		o.memory = append(o.memory, b...)
		return true
	case o.last+n > maxWaitingOnDisk:
		return false
	case o.file == nil:
		f, err := os.CreateTemp("", "fruix-events-")
		if err != nil {
			return false
		}
		_ = os.Remove(f.Name()) // it goes with this process, whatever becomes of it
		o.file = f
	}
	if _, err := o.file.WriteAt(b, o.last); err != nil {
		return false
	}
	o.last += n
	return true
}

// pass writes until there is nothing more.
func (o *outlet) pass() {
	o.changed.L.Lock()
	defer o.changed.L.Unlock()
	for {
		b := o.next()
		if len(b) == 0 && o.more != nil {
			b = o.more()
		}
		if len(b) == 0 {
			o.passing = false
			o.changed.Broadcast()
			return
		}
		o.changed.L.Unlock()
		_, _ = o.w.Write(b) // who cannot be told is not told: a display that is gone stops no build
		o.changed.L.Lock()
		o.changed.Broadcast()
	}
}

// next takes some of what waits.
func (o *outlet) next() []byte {
	if len(o.memory) > 0 {
		o.memory, o.spare = o.spare[:0], o.memory
		return o.spare
	}
	if o.first == o.last {
		return nil
	}
	b := make([]byte, min(o.last-o.first, 64<<10))
	n, err := o.file.ReadAt(b, o.first)
	o.first += int64(n)
	if err != nil {
		o.first = o.last // a disk that does not give back what it was given
	}
	if o.first == o.last {
		_ = o.file.Truncate(0)
		o.first, o.last = 0, 0
	}
	return b[:n]
}

// close frees what belongs to an outlet that has settled.
func (o *outlet) close() {
	if o.file != nil {
		o.file.Close()
		o.file = nil
	}
}
