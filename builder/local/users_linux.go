package local

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// processes knows which users run processes on the host.
type processes struct {
	mu    sync.Mutex
	seen  time.Time
	users map[int]bool
}

// staleness is how old a look at all processes may be: one serves the builds that start
// soon after each other. Nobody can keep a stranger from coming after the look, anyway.
const staleness = time.Second

// have says whether any process runs as the user uid, under any of its ids; with fresh,
// at this moment. What started as the user, and can unlock what was to keep the user for
// it, is seen at any time: it has no other real user id.
func (p *processes) have(uid int, fresh bool) bool {
	if _, err := unix.Getpriority(unix.PRIO_USER, uid); err == nil {
		return true // getpriority(2) finds a process by its real user id
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if fresh || time.Since(p.seen) > staleness {
		p.seen, p.users = time.Now(), lookForUsers()
	}
	return p.users[uid]
}

// lookForUsers lists the users of all processes: proc(5), /proc/PID/status.
func lookForUsers() map[int]bool {
	users := make(map[int]bool)
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return users
	}
	begin := make([]byte, 1024) // what is looked for stands in the first lines
	for _, e := range entries {
		if c := e.Name()[0]; c < '0' || c > '9' {
			continue
		}
		f, err := os.Open(filepath.Join("/proc", e.Name(), "status"))
		if err != nil {
			continue // it has ended
		}
		n, _ := f.Read(begin)
		f.Close()
		for _, id := range userIDs(begin[:n]) {
			users[id] = true
		}
	}
	return users
}

// userIDs returns the real, effective, saved and file system ids in a status file.
func userIDs(status []byte) (ids []int) {
	_, rest, _ := bytes.Cut(status, []byte("\nUid:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	for f := range bytes.FieldsSeq(line) {
		if id, err := strconv.Atoi(string(f)); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
