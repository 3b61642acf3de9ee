package process

import (
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// running lists the natives that start programs and deal with them.
func (cs *children) running() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F1("%start-program", cs.startProgram),
		arg.F1("%finish-program", cs.finishProgram),
		arg.FN("spawn", 2, -1, cs.spawn),
		arg.FN("%piped-process", 4, 4, cs.pipedProcess),
		arg.FN("waitpid", 1, 2, cs.waitpid),
		arg.F2("kill", cs.kill),
		statusPart("status:exit-val", func(w unix.WaitStatus) (int, bool) { return w.ExitStatus(), w.Exited() }),
		statusPart("status:term-sig", func(w unix.WaitStatus) (int, bool) { return int(w.Signal()), w.Signaled() }),
		statusPart("status:stop-sig", func(w unix.WaitStatus) (int, bool) { return int(w.StopSignal()), w.Stopped() }),
		arg.FN("pipe", 0, 1, makePipe),
	}
}

// makePipe is (pipe [flags]).
func makePipe(c datum.Caller, args []datum.Value) (datum.Value, error) {
	s := state.Of(c)
	if err := s.CheckProcesses("pipe"); err != nil {
		return datum.Unset, err
	}
	flags := 0
	if v, ok := arg.Given(args, 0); ok {
		var err error
		if flags, err = arg.Int("pipe", 1, v); err != nil {
			return datum.Unset, err
		}
	}
	r, w, err := newPipe(flags)
	if err != nil {
		return datum.Unset, fault("pipe", err)
	}
	in, out := s.OpenPort(c, port.NewFD(r), "", true, false), s.OpenPort(c, port.NewFD(w), "", false, true)
	in.Label, out.Label = "read pipe", "write pipe"
	return datum.Cons(in.Value(), out.Value()), nil
}

func newPipe(flags int) (r, w int, err error) {
	var p [2]int
	err = unix.Pipe2(p[:], flags|unix.O_CLOEXEC)
	return p[0], p[1], err
}

// kill is (kill pid signal). A program that has ended and was not waited for
// can be sent signals, as everywhere.
func (cs *children) kill(c datum.Caller, p, s datum.Value) (datum.Value, error) {
	if err := state.Of(c).CheckProcesses("kill"); err != nil {
		return datum.Unset, err
	}
	pid, err := arg.Int("kill", 1, p)
	if err != nil {
		return datum.Unset, err
	}
	sig, err := arg.Int("kill", 2, s)
	if err != nil {
		return datum.Unset, err
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if ch := cs.all[pid]; ch != nil && ch.ended {
		return datum.Unspecified, nil
	}
	return datum.Unspecified, fault("kill", unix.Kill(pid, syscall.Signal(sig)))
}

func statusPart(who string, f func(unix.WaitStatus) (int, bool)) *datum.Primitive {
	return arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		n, err := arg.Int(who, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		if x, ok := f(unix.WaitStatus(n)); ok {
			return datum.Fix(int64(x)), nil
		}
		return datum.False, nil
	})
}

// program is one that system or system* runs.
type program struct {
	*child
	failed bool // it could not be started
	pumps  []*pump
}

// pump carries output from a program to a port that has no descriptor.
type pump struct {
	to   *port.Port
	mu   sync.Mutex
	got  []byte
	done bool
}

// startProgram is (%start-program (PROGRAM ARGUMENT ...)): its standard streams
// are the current ports.
func (cs *children) startProgram(c datum.Caller, v datum.Value) (datum.Value, error) {
	const who = "system*"
	s := state.Of(c)
	if err := s.CheckProcesses(who); err != nil {
		return datum.Unset, err
	}
	items, err := arg.List(who, 1, v)
	if err != nil {
		return datum.Unset, err
	}
	argv, err := texts(who, items, 1)
	if err != nil {
		return datum.Unset, err
	}
	p := &program{}
	files, release, err := cs.streams(c, p)
	if err != nil {
		return datum.Unset, err
	}
	p.child, err = cs.start(s, launch{file: argv[0], argv: argv, environ: s.Environ(), search: true, files: files})
	release()
	p.failed = err != nil
	return datum.NewOpaque("program", p), nil
}

// streams are the descriptors of the current ports, pipes to pumps where these
// have none. release closes what only the program needs.
func (cs *children) streams(c datum.Caller, p *program) (files [3]int, release func(), err error) {
	s := state.Of(c)
	var ours []int
	release = func() {
		for _, fd := range ours {
			unix.Close(fd)
		}
	}
	null := func(flags int) (int, error) {
		fd, err := unix.Open("/dev/null", flags|unix.O_CLOEXEC, 0)
		if err == nil {
			ours = append(ours, fd)
		}
		return fd, err
	}
	for i, f := range []*datum.Fluid{s.In, s.Out, s.Err} {
		fd, q, ok := streamOf(c.FluidRef(f))
		if i > 0 && q != nil && !q.Closed() {
			if err := q.Flush(); err != nil {
				release()
				if detour, ok := state.Paused(err, true, datum.Unset); ok {
					return files, release, detour
				}
				return files, release, fault("system*", err)
			}
		}
		switch {
		case ok:
		case i == 0 || q == nil || q.Closed() || q.Label == "void":
			fd, err = null([3]int{unix.O_RDONLY, unix.O_WRONLY, unix.O_WRONLY}[i])
		default:
			var r int
			if r, fd, err = newPipe(0); err == nil {
				ours = append(ours, fd)
				p.pumps = append(p.pumps, cs.pump(r, q))
			}
		}
		if err != nil {
			release()
			return files, release, fault("system*", err)
		}
		files[i] = fd
	}
	return files, release, nil
}

func (cs *children) pump(fd int, to *port.Port) *pump {
	p := &pump{to: to}
	go func() {
		f := os.NewFile(uintptr(fd), "pipe")
		defer f.Close()
		b := make([]byte, 4096)
		for {
			n, err := f.Read(b)
			p.mu.Lock()
			p.got = append(p.got, b[:n]...)
			p.done = err != nil
			p.mu.Unlock()
			cs.notify()
			if err != nil {
				return
			}
		}
	}()
	return p
}

// empty hands on what has arrived; done is true after the last of it.
func (p *pump) empty() (done bool, err error) {
	p.mu.Lock()
	b, done := p.got, p.done
	p.got = nil
	p.mu.Unlock()
	if len(b) > 0 && !p.to.Closed() {
		_, err = p.to.Write(b)
	}
	if err == io.ErrClosedPipe {
		err = nil
	}
	return done, err
}

// notFound is the status of a program that could not be started, as the shell
// has it.
const notFound = 127 << 8

// finishProgram waits for what startProgram has started, and is its status. An
// evaluation that is cancelled takes the program with it.
func (cs *children) finishProgram(c datum.Caller, v datum.Value) (datum.Value, error) {
	p, ok := v.Opaque().Go.(*program)
	if !ok {
		return datum.Unset, datum.WrongType("system*", 1, v)
	}
	if p.failed {
		return datum.Fix(notFound), nil
	}
	for {
		more := false
		for _, x := range p.pumps {
			done, err := x.empty()
			if err != nil {
				if detour, ok := state.Paused(err, true, datum.Unset); ok {
					return datum.Unset, detour
				}
				return datum.Unset, fault("system*", err)
			}
			more = more || !done
		}
		if !more {
			if got, status, found := cs.look(p.pid, false); got != 0 {
				return datum.Fix(int64(status)), nil
			} else if !found {
				return datum.Unset, fault("system*", unix.ECHILD)
			}
		}
		err := cs.await(c)
		if err == nil {
			continue
		}
		if _, ok := err.(*datum.Detour); !ok {
			// The process may have ended in the meantime.
			_ = unix.Kill(p.pid, unix.SIGKILL)
		}
		return datum.Unset, err
	}
}

// spawn is (spawn program arguments #:environment #:input #:output #:error
// #:search-path?); it returns the process id.
func (cs *children) spawn(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "spawn"
	s := state.Of(c)
	if err := s.CheckProcesses(who); err != nil {
		return datum.Unset, err
	}
	l := launch{environ: s.Environ(), search: true}
	var err error
	if l.file, err = arg.Text(who, 1, args[0]); err != nil {
		return datum.Unset, err
	}
	items, err := arg.List(who, 2, args[1])
	if err != nil {
		return datum.Unset, err
	}
	if l.argv, err = texts(who, items, 2); err != nil {
		return datum.Unset, err
	}
	given := [3]datum.Value{datum.Unset, datum.Unset, datum.Unset}
	for rest := args[2:]; len(rest) > 0; rest = rest[2:] {
		if len(rest) < 2 || !rest[0].Is(datum.KKeyword) {
			return datum.Unset, keywordError(who, "Invalid keyword", rest[0])
		}
		switch rest[0].Keyword().Name.Name {
		case "environment":
			items, err := arg.List(who, 3, rest[1])
			if err != nil {
				return datum.Unset, err
			}
			if l.environ, err = texts(who, items, 3); err != nil {
				return datum.Unset, err
			}
		case "input":
			given[0] = rest[1]
		case "output":
			given[1] = rest[1]
		case "error":
			given[2] = rest[1]
		case "search-path?":
			l.search = rest[1].Truthy()
		default:
			return datum.Unset, keywordError(who, "Unrecognized keyword", rest[0])
		}
	}
	release, err := standardStreams(c, who, given, &l)
	if err != nil {
		return datum.Unset, err
	}
	ch, err := cs.start(s, l)
	release()
	if err != nil {
		return datum.Unset, state.SystemError(who, err, l.file)
	}
	return datum.Fix(int64(ch.pid)), nil
}

func keywordError(who, what string, v datum.Value) error {
	return &datum.Error{Key: "keyword-argument-error", Who: who, Message: what, Rest: datum.List(v), Payload: datum.Unset}
}

// standardStreams finds the descriptors of the ports that were given, else of
// the current ones; a current port without a descriptor counts as /dev/null.
func standardStreams(c datum.Caller, who string, given [3]datum.Value, l *launch) (release func(), err error) {
	s := state.Of(c)
	null := -1
	release = func() {
		if null >= 0 {
			unix.Close(null)
		}
	}
	for i, f := range []*datum.Fluid{s.In, s.Out, s.Err} {
		v := given[i]
		if v == datum.Unset {
			v = c.FluidRef(f)
		}
		fd, p, ok := streamOf(v)
		if !ok && given[i] != datum.Unset {
			release()
			return release, datum.WrongTypeExpecting(who, i+3, v, "open file port")
		}
		if !ok {
			if null < 0 {
				if null, err = unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
					return release, fault(who, err)
				}
			}
			fd = null
		}
		if p != nil && p.Output() && !p.Closed() {
			if err := p.Flush(); err != nil {
				release()
				if detour, ok := state.Paused(err, true, datum.Unset); ok {
					return release, detour
				}
				return release, fault(who, err)
			}
		}
		l.files[i] = fd
	}
	return release, nil
}

// pipedProcess is (%piped-process PROGRAM ARGUMENTS FROM TO): a program whose
// output goes into the pipe FROM and whose input comes from the pipe TO, pairs
// of descriptors, or #f for the current ports. It closes the program's ends.
func (cs *children) pipedProcess(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "piped-process"
	s := state.Of(c)
	if err := s.CheckProcesses(who); err != nil {
		return datum.Unset, err
	}
	l := launch{environ: s.Environ(), search: true}
	var err error
	if l.file, err = arg.Text(who, 1, args[0]); err != nil {
		return datum.Unset, err
	}
	items, err := arg.List(who, 2, args[1])
	if err != nil {
		return datum.Unset, err
	}
	if l.argv, err = texts(who, append([]datum.Value{args[0]}, items...), 2); err != nil {
		return datum.Unset, err
	}
	given := [3]datum.Value{datum.Unset, datum.Unset, datum.Unset}
	if args[3].IsPair() {
		given[0] = args[3].Pair().Car
	}
	if args[2].IsPair() {
		given[1] = args[2].Pair().Cdr
	}
	release, err := standardStreams(c, who, given, &l)
	if err != nil {
		return datum.Unset, err
	}
	ch, err := cs.start(s, l)
	release()
	if err != nil {
		return datum.Unset, state.SystemError(who, err, l.file)
	}
	return datum.Fix(int64(ch.pid)), nil
}
