package shepherd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"fruix/osmodel/shepherd/target"
)

// How long things may take when everything stops.
const (
	stopAllTimeout = 90 * time.Second
	killGrace      = 5 * time.Second
)

// ShutDown stops all services in reverse order and, when this Shepherd is
// process 1, all other processes and the machine. Only the first call counts;
// all return when Shepherd is done.
func (s *Shepherd) ShutDown(p target.Power) {
	s.stopOnce.Do(func() {
		what := "stopping all services"
		if s.opts.Init {
			what = fmt.Sprintf("%s: %s", p, what)
		}
		s.say("", what)
		s.manager.Close()
		ctx, cancel := context.WithTimeout(context.Background(), stopAllTimeout)
		done := make(chan struct{})
		go func() {
			s.manager.StopAll(ctx)
			close(done)
		}()
		select {
		case <-done:
		case <-ctx.Done():
			s.say("", fmt.Sprintf("not all services stopped within %v", stopAllTimeout))
		}
		cancel()
		s.killRest(killGrace)
		s.say("", "all services have been stopped")
		s.log.CloseFiles()
		if s.opts.Finish != nil {
			if err := s.opts.Finish(p); err != nil {
				s.say("", fmt.Sprintf("%s: %v", p, err))
			}
		}
		close(s.stopped)
	})
	<-s.stopped
}

// killRest ends the processes that are left: all of the machine when this is
// process 1, otherwise those that this Shepherd started. They get SIGTERM, and
// SIGKILL after grace.
func (s *Shepherd) killRest(grace time.Duration) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if s.leftOver() == 0 {
			return
		}
		if s.opts.Init && os.Getpid() == 1 {
			_ = syscall.Kill(-1, syscall.SIGCONT)
			_ = syscall.Kill(-1, sig)
		} else {
			for _, p := range s.sup.Living() {
				_ = p.Signal(sig)
			}
		}
		for end := time.Now().Add(grace); time.Now().Before(end) && s.leftOver() > 0; time.Sleep(20 * time.Millisecond) {
			s.sup.Reap()
			if s.opts.Init {
				s.sup.ReapOrphans()
			}
		}
	}
}

// leftOver counts the processes that killRest is about.
func (s *Shepherd) leftOver() int {
	if !s.opts.Init || os.Getpid() != 1 {
		return len(s.sup.Living())
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return len(s.sup.Living())
	}
	n := 0
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid <= 1 {
			continue
		}
		if userProcess(pid) {
			n++
		}
	}
	return n
}

// userProcess reports whether a process is neither a kernel thread, which is
// or descends from kthreadd, nor dead (proc(5), /proc/pid/stat).
func userProcess(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	// The name, in parentheses, may hold anything.
	i := bytes.LastIndexByte(text, ')')
	if i < 0 {
		return false
	}
	f := bytes.Fields(text[i+1:])
	const pfKthread = 0x00200000
	if len(f) < 7 || f[0][0] == 'Z' || f[0][0] == 'X' {
		return false
	}
	flags, err := strconv.ParseUint(string(f[6]), 10, 64)
	return err == nil && flags&pfKthread == 0
}

// FinishMachine is Options.Finish of process 1: it releases swap and file
// systems and stops the machine.
func FinishMachine(p target.Power) error {
	target.Sync()
	target.SwapOffAll()
	// What cannot be unmounted was made read-only, or has been synced.
	err := target.UnmountAll()
	target.Sync()
	if e := target.Stop(p); e != nil {
		return e
	}
	return err
}
