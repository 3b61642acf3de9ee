package shepherd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/osmodel/shepherd/manager"
	"fruix/osmodel/shepherd/supervise"
	"fruix/osmodel/shepherd/target"
)

// natives are the procedures of (fruix native shepherd), on which
// stdlib/shepherd/service.scm stands. Services are named by strings or
// symbols; options are alists with symbols as keys.
func (s *Shepherd) natives() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F2("%register-service", s.register),
		s.named("%unregister-service", s.manager.Unregister),
		s.named("%enable-service", s.manager.Enable),
		s.named("%disable-service", s.manager.Disable),
		// The service object that was registered, or #f.
		arg.F1("%lookup-service", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			name, err := target.Name("%lookup-service", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			data, _, err := s.manager.Lookup(name)
			if err != nil {
				return datum.False, nil
			}
			return data.(datum.Value), nil
		}),
		arg.F0("%services", func(datum.Caller) (datum.Value, error) {
			var out []datum.Value
			for _, i := range s.manager.All() {
				out = append(out, i.Data.(datum.Value))
			}
			return datum.List(out...), nil
		}),
		arg.F1("%service-info", s.info),
		// (%start-service NAME ARGUMENTS) gives the running value, or #f.
		arg.F2("%start-service", func(c datum.Caller, n, args datum.Value) (datum.Value, error) {
			name, err := target.Name("%start-service", 1, n)
			if err != nil {
				return datum.Unset, err
			}
			list, err := target.Texts("%start-service", 2, args)
			if err != nil {
				return datum.Unset, err
			}
			if s.wait(c, func(ctx context.Context) error { return s.manager.Start(ctx, name, list) }) != nil {
				return datum.False, nil
			}
			_, r, err := s.manager.Lookup(name)
			if v, ok := r.Value.(datum.Value); ok && err == nil {
				return v, nil
			}
			return datum.True, nil
		}),
		// (%stop-service NAME ARGUMENTS) gives the names of what stopped.
		arg.F2("%stop-service", func(c datum.Caller, n, args datum.Value) (datum.Value, error) {
			name, err := target.Name("%stop-service", 1, n)
			if err != nil {
				return datum.Unset, err
			}
			list, err := target.Texts("%stop-service", 2, args)
			if err != nil {
				return datum.Unset, err
			}
			var stopped []string
			err = s.wait(c, func(ctx context.Context) (err error) {
				stopped, err = s.manager.Stop(ctx, name, list)
				return err
			})
			if err != nil && stopped == nil {
				return datum.Unset, datum.AsError("stop-service", err)
			}
			return target.Strings(stopped), nil
		}),
		arg.F1("%start-in-the-background", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			names, err := target.Texts("%start-in-the-background", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			for _, n := range names {
				go func() {
					err := s.manager.Start(context.Background(), n, nil)
					if _, e := s.manager.Info(n); err != nil && e != nil {
						s.say("", err.Error())
					}
				}()
			}
			return datum.Unspecified, nil
		}),
		arg.F1("%spawn", s.spawn),
		arg.F3("%terminate", s.terminate),
		arg.FN("%announce", 4, 4, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			names, err := target.Texts("%announce", 1, a[0])
			if err != nil {
				return datum.Unset, err
			}
			t, err := target.Texts("%announce", 2, datum.List(a[1:]...))
			if err != nil {
				return datum.Unset, err
			}
			go s.announce(announcement{names, t[0], t[1], t[2]})
			return datum.Unspecified, nil
		}),
		arg.F1("%say", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			text, err := arg.Text("%say", 1, v)
			if err == nil {
				s.say("", text)
			}
			return datum.Unspecified, err
		}),
		arg.F1("%kill-processes", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			grace, err := target.Seconds("%kill-processes", 1, v)
			if err == nil {
				s.killRest(grace)
			}
			return datum.Unspecified, err
		}),
		arg.F0("%close-logs", func(datum.Caller) (datum.Value, error) {
			s.log.CloseFiles()
			return datum.Unspecified, nil
		}),
		arg.F0("%process-1?", func(datum.Caller) (datum.Value, error) { return datum.Bool(s.opts.Init), nil }),
		arg.F1("%shut-down", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			name, err := target.Name("%shut-down", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			p, ok := powerNamed(name)
			if !ok {
				return datum.Unset, datum.WrongTypeExpecting("%shut-down", 1, v, "power-off, reboot or halt")
			}
			go s.ShutDown(p)
			return datum.Unspecified, nil
		}),
	}
}

func powerNamed(name string) (target.Power, bool) {
	for _, p := range []target.Power{target.PowerOff, target.Reboot, target.Halt} {
		if p.String() == name {
			return p, true
		}
	}
	return 0, false
}

func (s *Shepherd) named(who string, f func(string) error) *datum.Primitive {
	return arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		name, err := target.Name(who, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		if err := f(name); err != nil {
			return datum.Unset, datum.AsError("", err)
		}
		return datum.Unspecified, nil
	})
}

// wait runs f on another goroutine and waits for it on the engine's, which
// meanwhile does what f needs of it.
func (s *Shepherd) wait(c datum.Caller, f func(context.Context) error) error {
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = f(c.Context())
	}()
	s.worker.serve(done)
	return err
}

// register is (%register-service OBJECT OPTIONS).
func (s *Shepherd) register(_ datum.Caller, object, options datum.Value) (datum.Value, error) {
	const who = "%register-service"
	o := alist{who, 2, options, nil}
	spec := manager.Spec{
		Provides: o.names("provision"), Requires: o.names("requirement"), Documentation: o.text("documentation"),
		OneShot: o.flag("one-shot?"), Transient: o.flag("transient?"), Respawn: o.flag("respawn?"),
		RespawnLimit: supervise.Limiter{Count: o.count("respawn-count"), Window: o.seconds("respawn-window")},
		RespawnDelay: o.seconds("respawn-delay"), Data: object,
	}
	spec.Body = &body{s, strings.Join(spec.Provides[:min(1, len(spec.Provides))], ""), o.get("start"), o.get("stop")}
	if o.err != nil {
		return datum.Unset, o.err
	}
	if err := s.manager.Register(spec); err != nil {
		return datum.Unset, datum.AsError("", err)
	}
	return datum.Unspecified, nil
}

// info is (%service-info NAME), an alist.
func (s *Shepherd) info(_ datum.Caller, v datum.Value) (datum.Value, error) {
	name, err := target.Name("%service-info", 1, v)
	if err != nil {
		return datum.Unset, err
	}
	i, err := s.manager.Info(name)
	if err != nil {
		return datum.False, nil
	}
	value := datum.False
	if x, ok := i.Value.(datum.Value); ok {
		value = x
	}
	pair := func(k string, v datum.Value) datum.Value { return datum.Cons(datum.Sym(k), v) }
	return datum.List(
		pair("name", datum.Sym(i.Name)), pair("status", datum.Sym(i.State)), pair("enabled?", datum.Bool(i.Enabled)),
		pair("value", value), pair("respawns", datum.Fix(int64(i.Respawns))), pair("pid", datum.Fix(int64(i.PID))),
		pair("failure", datum.NewString(i.Failure)), pair("since", datum.Fix(i.Since.Unix())),
	), nil
}

// body starts and stops a service by procedures of Scheme.
type body struct {
	s           *Shepherd
	name        string
	start, stop datum.Value
}

// pending is the value of a start that goes on outside of the engine: until a
// PID file is there.
type pending struct {
	process *supervise.Process
	pidFile string
	user    int // of the process that was started; -1 is the supervisor's own
	timeout time.Duration
}

const pendingType = "pending-process"

// Start calls the start procedure and interprets its value: the number of a
// process that it started makes this the service's process, #f is a refusal,
// anything else is the running value.
func (b *body) Start(ctx context.Context, args []string) (manager.Result, error) {
	x, err := b.s.eval(ctx, func() (any, error) {
		defer b.s.concern(b.name)()
		return b.s.engine.Apply(ctx, b.start, values(args)...)
	})
	if err != nil {
		if ctx.Err() != nil {
			return manager.Result{}, errors.New("its start was cancelled")
		}
		return manager.Result{}, errors.New(report(err))
	}
	v := x.(datum.Value)
	switch {
	case v == datum.False:
		return manager.Result{}, manager.ErrRefused
	case v.IsFix():
		return manager.Result{Value: v, Process: b.s.claim(int(v.Fix()))}, nil
	case v.Is(datum.KOpaque) && v.Opaque().Type == pendingType:
		return b.s.await(ctx, v.Opaque().Go.(*pending))
	}
	return manager.Result{Value: v}, nil
}

// Stop calls the stop procedure, and sees to it that the process ends.
func (b *body) Stop(ctx context.Context, r manager.Result, args []string) error {
	value, ok := r.Value.(datum.Value)
	if !ok {
		value = datum.True
	}
	_, err := b.s.eval(ctx, func() (any, error) {
		return b.s.engine.Apply(ctx, b.stop, append([]datum.Value{value}, values(args)...)...)
	})
	if p := r.Process; p != nil && p.Alive() && !p.Terminating() {
		t := time.NewTimer(time.Second)
		defer t.Stop()
		select {
		case <-p.Done():
		case <-t.C:
			// Its stop procedure has left it alone.
			if e := p.Terminate(syscall.SIGTERM, killGrace); e != nil && err == nil {
				err = e
			}
		}
	}
	if err != nil {
		return errors.New(report(err))
	}
	return nil
}

// concern notes which service the engine works for, on the engine's goroutine,
// until the returned function is called.
func (s *Shepherd) concern(service string) (end func()) {
	saved := s.current
	s.current = service
	return func() { s.current = saved }
}

func values(args []string) []datum.Value {
	out := make([]datum.Value, len(args))
	for i, a := range args {
		out[i] = datum.NewString(a)
	}
	return out
}

// claim takes a process that Scheme started for a service; nil when pid is not
// such a process.
func (s *Shepherd) claim(pid int) *supervise.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.spawned[pid]
	delete(s.spawned, pid)
	return p
}

// await waits for the PID file of a daemon and supervises the process that it
// names.
func (s *Shepherd) await(ctx context.Context, p *pending) (manager.Result, error) {
	defer s.claim(p.process.PID)
	deadline := time.NewTimer(p.timeout)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	ended := p.process.Done()
	fail := func(format string, args ...any) (manager.Result, error) {
		_ = p.process.Terminate(syscall.SIGTERM, killGrace)
		return manager.Result{}, fmt.Errorf(format, args...)
	}
	for {
		switch pid, user := readPID(p.pidFile, p.user); {
		case pid <= 0:
		case pid == p.process.PID:
			return manager.Result{Value: datum.Fix(int64(pid)), Process: p.process}, nil
		case mayName(user, pid): // now, or once it has become that user
			if daemon, err := s.sup.Adopt(pid); err == nil {
				return manager.Result{Value: datum.Fix(int64(pid)), Process: daemon}, nil
			}
		}
		select {
		case <-ended:
			if st := p.process.Status(); st.Signal != 0 || st.Code != 0 {
				return fail("process %d %s before it wrote its PID file %s", p.process.PID, st, p.pidFile)
			}
			ended = nil // it went to the background
		case <-tick.C:
		case <-ctx.Done():
			return fail("its start was cancelled")
		case <-deadline.C:
			return fail("the PID file %s was not written within %v", p.pidFile, p.timeout)
		}
	}
}

// terminate is (%terminate PID SIGNAL GRACE): it returns at once, with #f when
// there is no such process any more; whoever stops the service waits.
func (s *Shepherd) terminate(_ datum.Caller, pid, sig, grace datum.Value) (datum.Value, error) {
	const who = "%terminate"
	n, err := arg.Int(who, 1, pid)
	if err != nil {
		return datum.Unset, err
	}
	number, err := arg.Index(who, 2, sig, 128)
	if err != nil {
		return datum.Unset, err
	}
	wait, err := target.Seconds(who, 3, grace)
	if err != nil {
		return datum.Unset, err
	}
	p := s.sup.Find(n)
	if p == nil {
		return datum.False, nil
	}
	if err := p.Terminate(syscall.Signal(number), wait); err != nil {
		return datum.Unset, datum.AsError(who, err)
	}
	return datum.True, nil
}
