package process

import (
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// children are the programs that one engine has started. A goroutine waits for
// each, so that an engine reaps none that is not its own.
type children struct {
	mu    sync.Mutex
	all   map[int]*child
	event chan struct{} // something happened to one of them
	// private makes descriptors that the process was started with no business
	// of programs.
	private sync.Once
}

type child struct {
	pid     int
	changed bool // status is news
	ended   bool
	status  unix.WaitStatus
}

func newChildren() *children {
	return &children{all: map[int]*child{}, event: make(chan struct{}, 1)}
}

func (cs *children) notify() {
	select {
	case cs.event <- struct{}{}:
	default:
	}
}

// launch says how to start a program.
type launch struct {
	file    string
	argv    []string
	environ []string
	search  bool
	files   [3]int // descriptors for the standard streams
}

// start starts a program in the engine's working directory.
func (cs *children) start(s *state.State, l launch) (*child, error) {
	file := l.file
	var err error
	if l.search {
		if file, err = lookPath(s, l.file); err != nil {
			return nil, err
		}
	} else {
		file = s.Path(file)
	}
	dir, err := s.Getwd()
	if err != nil {
		return nil, err
	}
	if s.OwnsProcess {
		cs.private.Do(closeOnExec)
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	pid, _, err := syscall.StartProcess(file, l.argv, &syscall.ProcAttr{Dir: dir, Env: l.environ,
		Files: []uintptr{uintptr(l.files[0]), uintptr(l.files[1]), uintptr(l.files[2])}})
	if err != nil {
		return nil, err
	}
	ch := &child{pid: pid}
	cs.all[pid] = ch
	go cs.watch(ch)
	return ch, nil
}

// watch waits for what happens to a program.
func (cs *children) watch(ch *child) {
	for {
		var ws unix.WaitStatus
		n, err := unix.Wait4(ch.pid, &ws, unix.WUNTRACED|unix.WCONTINUED, nil)
		if err == unix.EINTR {
			continue
		}
		cs.mu.Lock()
		if err == nil && n == ch.pid {
			ch.status, ch.changed = ws, true
		}
		ch.ended = err != nil || ws.Exited() || ws.Signaled()
		ended := ch.ended
		cs.mu.Unlock()
		cs.notify()
		if ended {
			return
		}
	}
}

// look takes the news of a program, or with pid -1 of any. found is false when
// there is no such program.
func (cs *children) look(pid int, stopped bool) (got int, status unix.WaitStatus, found bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, ch := range cs.all {
		if pid > 0 && ch.pid != pid {
			continue
		}
		found = true
		switch {
		case ch.ended:
			delete(cs.all, ch.pid)
			return ch.pid, ch.status, true
		case ch.changed && stopped && ch.status.Stopped():
			ch.changed = false
			return ch.pid, ch.status, true
		}
	}
	return 0, 0, found
}

// await waits for news.
func (cs *children) await(c datum.Caller) error {
	if err := datum.Interrupted(c); err != nil {
		return err
	}
	ctx := c.Context()
	datum.Block(c, func(wake <-chan struct{}) {
		// Several threads may wait; each looks again after a while.
		t := time.NewTimer(state.WaitSlice)
		defer t.Stop()
		select {
		case <-cs.event:
		case <-t.C:
		case <-wake:
		case <-ctx.Done():
		}
	})
	return nil
}

// waitpid is (waitpid pid [options]): the pair of a process and its status.
func (cs *children) waitpid(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "waitpid"
	s := state.Of(c)
	if err := s.CheckProcesses(who); err != nil {
		return datum.Unset, err
	}
	pid, err := arg.Int(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	flags := 0
	if v, ok := arg.Given(args, 1); ok {
		if flags, err = arg.Int(who, 2, v); err != nil {
			return datum.Unset, err
		}
	}
	for {
		got, status, found := cs.look(pid, flags&unix.WUNTRACED != 0)
		if got == 0 && s.OwnsProcess && (!found || pid <= 0) {
			// The process may have got children from elsewhere.
			var known bool
			got, status, known, err = cs.foreign(pid, flags)
			if err == nil && (got != 0 || known) {
				found = true
			}
		}
		if got != 0 || found && flags&unix.WNOHANG != 0 {
			return datum.Cons(datum.Fix(int64(got)), datum.Fix(int64(status))), nil
		}
		if !found {
			return datum.Unset, fault(who, unix.ECHILD)
		}
		if err := cs.await(c); err != nil {
			return datum.Unset, err
		}
	}
}

// foreign looks for news of a process that the engine has not started. known is
// true when there is such a process.
func (cs *children) foreign(pid, flags int) (got int, status unix.WaitStatus, known bool, err error) {
	got, err = unix.Wait4(pid, &status, flags&unix.WUNTRACED|unix.WNOHANG, nil)
	if err != nil {
		return 0, 0, false, err
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.all, got)
	return got, status, true, nil
}

// lookPath searches the engine's own PATH.
func lookPath(s *state.State, name string) (string, error) {
	if strings.Contains(name, "/") {
		return s.Path(name), nil
	}
	path, _ := s.Getenv("PATH")
	for _, dir := range strings.Split(path, ":") {
		if dir == "" {
			dir = "."
		}
		p := s.Path(dir + "/" + name)
		if st, err := os.Stat(p); err == nil && !st.IsDir() && unix.Access(p, unix.X_OK) == nil {
			return p, nil
		}
	}
	return "", unix.ENOENT
}

// streamOf is the descriptor of the file under a port, or a descriptor itself.
func streamOf(v datum.Value) (int, *port.Port, bool) {
	if v.IsFix() {
		return int(v.Fix()), nil, true
	}
	if !v.Is(datum.KPort) {
		return -1, nil, false
	}
	p := port.Of(v)
	if p.File == nil || p.Closed() {
		return -1, p, false
	}
	return p.File.Fd(), p, true
}
