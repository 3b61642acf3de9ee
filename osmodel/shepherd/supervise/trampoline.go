package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// setup is what the trampoline does before it becomes the program.
type setup struct {
	Program    string
	Args       []string
	Credential bool
	UID, GID   uint32
	Groups     []uint32
	Umask      int
	Limits     []Limit
}

// trampoline starts the program by way of the trampoline command, which sets
// the mask and the limits in the new process: done in this process they would
// hold for all its threads. Its errors come back through descriptor 3.
func (s *Supervisor) trampoline(program string, c Command, attr *syscall.ProcAttr) (*Process, error) {
	if len(s.opts.Trampoline) == 0 {
		return nil, errors.New("a file creation mask or resource limits cannot be set here")
	}
	plan, err := json.Marshal(setup{program, c.Args, c.Credential, c.UID, c.GID, c.Groups, c.Umask, c.Limits})
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	attr.Files = append(attr.Files, w.Fd())
	args := append(append([]string(nil), s.opts.Trampoline...), string(plan))
	p, err := s.fork(s.opts.Trampoline[0], args, attr)
	w.Close()
	if err != nil {
		return nil, err
	}
	text, _ := io.ReadAll(r)
	if len(text) > 0 {
		return nil, fmt.Errorf("cannot run %s: %s", program, text)
	}
	return p, nil
}

// Trampoline is the other end of a start that needs preparation: it is called
// in the new process with the last argument that the command was given, and
// returns only by ending the process.
func Trampoline(plan string) {
	report := os.NewFile(3, "report")
	syscall.CloseOnExec(3)
	err := prepare(plan)
	if report != nil {
		fmt.Fprint(report, err)
	}
	os.Exit(127)
}

func prepare(plan string) error {
	var p setup
	if err := json.Unmarshal([]byte(plan), &p); err != nil {
		return fmt.Errorf("bad plan: %w", err)
	}
	for _, l := range p.Limits {
		lim := rlimit(l)
		if err := syscall.Setrlimit(l.Resource, &lim); err != nil {
			return fmt.Errorf("cannot set resource limit %d to %d %d: %w", l.Resource, l.Soft, l.Hard, err)
		}
	}
	if p.Umask >= 0 {
		syscall.Umask(p.Umask)
	}
	if p.Credential {
		groups := make([]int, len(p.Groups))
		for i, g := range p.Groups {
			groups[i] = int(g)
		}
		if err := syscall.Setgroups(groups); err != nil {
			return fmt.Errorf("cannot set groups %v: %w", groups, err)
		}
		if err := syscall.Setgid(int(p.GID)); err != nil {
			return fmt.Errorf("cannot become group %d: %w", p.GID, err)
		}
		if err := syscall.Setuid(int(p.UID)); err != nil {
			return fmt.Errorf("cannot become user %d: %w", p.UID, err)
		}
	}
	return syscall.Exec(p.Program, p.Args, os.Environ())
}
