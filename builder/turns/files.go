package turns

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// pause is after how long other processes' turns are looked at again.
const pause = 200 * time.Millisecond

// files count the turns of a place over processes. A turn that a process has is a file
// that it holds a lock on: NAME-0, NAME-1 and so on. The lock ends with the process.
//
// Who takes one holds the lock on NAME-queue meanwhile, and keeps it for as long as
// none is free, so that the next one that comes free is its own, whatever a process
// with many turns goes on to want. After that it leaves the others time to come first.
//
// Files are used under the mutex of their turns.
type files struct {
	name  string
	pause time.Duration
	warn  func(error)

	slots  map[int]*os.File
	queue  *os.File
	after  time.Time // when more may be taken
	broken bool
}

func newFiles(name string, warn func(error)) *files {
	return &files{name: name, pause: pause, warn: warn, slots: map[int]*os.File{}}
}

// take sees to it that this process has n turns of the first size, if it can.
func (f *files) take(n, size int) bool {
	if len(f.slots) >= n || f.broken {
		return true
	}
	if time.Now().Before(f.after) {
		return false
	}
	waited := f.queue != nil
	if !waited {
		if f.queue = f.lock("queue", unix.LOCK_EX); f.queue == nil {
			return f.broken
		}
	}
	for i := 0; i < size && len(f.slots) < n; i++ {
		if f.slots[i] == nil {
			if slot := f.lock(strconv.Itoa(i), unix.LOCK_EX); slot != nil {
				f.slots[i] = slot
			}
		}
	}
	if len(f.slots) < n && !f.broken {
		return false
	}
	f.quit()
	if waited {
		f.after = time.Now().Add(2 * f.pause)
	}
	return true
}

// keep gives all turns back but n.
func (f *files) keep(n int) {
	for i, slot := range f.slots {
		if len(f.slots) <= n {
			return
		}
		unlock(slot)
		delete(f.slots, i)
	}
}

// alone says whether this process has all turns and no other waits for one.
func (f *files) alone(size int) bool {
	if f.broken {
		return true
	}
	if len(f.slots) < size {
		return false
	}
	if f.queue == nil {
		look := f.lock("queue", unix.LOCK_SH)
		if look == nil {
			return f.broken
		}
		unlock(look)
	}
	return true
}

// quit leaves the queue.
func (f *files) quit() {
	if f.queue != nil {
		unlock(f.queue)
		f.queue = nil
	}
}

// lock locks a file; the result is nil when another process has it. When it cannot be
// done at all that is told once, and only this process counts from then on.
func (f *files) lock(what string, how int) *os.File {
	file, err := os.OpenFile(f.name+"-"+what, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		// Nobody but its owner looks in: who can open a file can lock it.
		if err = os.MkdirAll(filepath.Dir(f.name), 0o700); err == nil {
			file, err = os.OpenFile(f.name+"-"+what, os.O_RDWR|os.O_CREATE, 0o600)
		}
	}
	if err == nil {
		if err = flock(file, how|unix.LOCK_NB); err == nil {
			return file
		}
		file.Close()
	}
	if !errors.Is(err, unix.EWOULDBLOCK) && !f.broken {
		f.broken = true
		f.warn(err)
	}
	return nil
}

// unlock ends a lock, also where a process that is just being started has the file
// open as well.
func unlock(file *os.File) {
	_ = flock(file, unix.LOCK_UN) // so does closing it
	file.Close()
}

// flock is flock(2), begun again after signals.
func flock(file *os.File, how int) error {
	for {
		switch err := unix.Flock(int(file.Fd()), how); err {
		case nil:
			return nil
		case unix.EINTR:
		default:
			return &os.PathError{Op: "lock", Path: file.Name(), Err: err}
		}
	}
}
