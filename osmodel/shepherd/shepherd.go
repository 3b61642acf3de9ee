// Package shepherd is the service manager of Fruix systems: process 1 on
// Linux, a daemon on FreeBSD. It loads a configuration in Scheme, in the style
// of GNU Shepherd, starts the services it declares, supervises them, answers
// herd, and stops the machine.
//
// The parts: graph orders services; manager is their state machine; supervise
// runs and reaps processes; control is the protocol of herd and its
// description; logs writes; target asks the kernel; device, kmod and initrd
// bring a Linux machine to where its root file system is. This package joins
// them with the engine: the modules (shepherd service) and (shepherd system)
// stand on the natives that it registers.
//
// The engine runs on one goroutine, so that start and stop procedures never
// run at the same time. What may take long (processes, PID files, graces)
// happens outside of it.
package shepherd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"fruix/interp"
	"fruix/osmodel/shepherd/control"
	"fruix/osmodel/shepherd/logs"
	"fruix/osmodel/shepherd/manager"
	"fruix/osmodel/shepherd/supervise"
	"fruix/osmodel/shepherd/target"
)

// Options configure a Shepherd.
type Options struct {
	Config  string // the configuration's file
	Socket  string // "" is control.DefaultSocket
	LogFile string // "" is none
	PIDFile string // "" is none; written once the configuration is loaded
	// Console gets what Shepherd says of itself; nil is nowhere.
	Console io.Writer
	// Init says that this is process 1: it inherits all orphans, and stopping
	// it stops the machine.
	Init bool
	// Trampoline is the command that runs supervise.Trampoline with one more
	// argument.
	Trampoline []string
	// Engine holds what the engine is made with: library, environment.
	Engine interp.Options
	// Finish ends the machine's life once all services and processes have
	// ended. It may return; then Run does as well.
	Finish func(p target.Power) error
	// Machine asks whatever is process 1 to stop the machine, when this is not;
	// nil makes such requests stop this Shepherd alone.
	Machine func(p target.Power) error
	// Now is the clock; nil is the system's.
	Now func() time.Time
}

// Shepherd is a running service manager.
type Shepherd struct {
	opts    Options
	log     *logs.Log
	sup     *supervise.Supervisor
	manager *manager.Manager
	engine  *interp.Engine
	worker  *worker
	// current is the service whose start procedure runs; it belongs to the
	// engine's goroutine.
	current string

	mu sync.Mutex
	// spawned are processes that Scheme started and no service has claimed.
	spawned map[int]*supervise.Process
	// watchers get what is said while a request of herd is under way.
	watchers map[int]func(string)
	nextID   int

	stopOnce sync.Once
	stopped  chan struct{} // closed when the machine may go
}

// New prepares a Shepherd; nothing runs yet.
func New(opts Options) (*Shepherd, error) {
	if opts.Socket == "" {
		opts.Socket = control.DefaultSocket
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Shepherd{
		opts: opts, log: logs.New(opts.LogFile, opts.Console, opts.Now), sup: supervise.New(supervise.Options{Trampoline: opts.Trampoline}),
		spawned: map[int]*supervise.Process{}, watchers: map[int]func(string){}, stopped: make(chan struct{}),
	}
	s.manager = manager.New(manager.Options{Now: opts.Now, Log: s.say})
	// Children of Scheme's own making are waited for by the engine while it
	// runs: orphans are looked for only while it does not.
	s.worker = newWorker(func() { s.sup.ReapOrphans() })
	engine, err := interp.New(opts.Engine)
	if err != nil {
		return nil, err
	}
	s.engine = engine
	engine.Register("(fruix native shepherd)", s.natives()...)
	engine.Register("(fruix native system)", target.Natives()...)
	return s, nil
}

// say notes what happened to a service, "" being Shepherd itself.
func (s *Shepherd) say(service, text string) {
	s.log.Say(service, text)
	line := text
	if service != "" {
		line = "service " + service + ": " + text
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.watchers {
		w(line)
	}
}

// watch calls f with all that is said until the returned function is called.
func (s *Shepherd) watch(f func(string)) (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.nextID
	s.nextID++
	s.watchers[id] = f
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, id)
	}
}

// Run loads the configuration and serves until Shepherd is told to stop. It
// returns when everything has been stopped.
func (s *Shepherd) Run() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !s.opts.Init {
		if err := supervise.BecomeReaper(); err != nil {
			s.say("", "cannot inherit orphans: "+err.Error())
		}
	}
	go s.sup.Watch(ctx.Done(), s.worker.nudge)
	go s.worker.run(ctx)
	signals := make(chan os.Signal, 4)
	s.catch(signals)
	go s.signals(ctx, signals)
	listener, err := control.Listen(s.opts.Socket)
	if err != nil {
		if !s.opts.Init {
			return fmt.Errorf("cannot listen for herd: %w", err)
		}
		s.say("", "cannot listen for herd: "+err.Error())
	} else {
		defer os.Remove(s.opts.Socket)
		defer listener.Close()
		go control.Serve(ctx, listener, s.handle)
	}
	if err := s.configure(ctx); err != nil {
		if !s.opts.Init {
			return err
		}
		// Process 1 must not end. What was registered before the error runs.
		s.say("", err.Error())
		s.announceBroken()
	}
	if s.opts.PIDFile != "" {
		if err := os.WriteFile(s.opts.PIDFile, fmt.Appendln(nil, os.Getpid()), 0o644); err != nil {
			s.say("", "cannot write the PID file: "+err.Error())
		} else {
			defer os.Remove(s.opts.PIDFile)
		}
	}
	<-s.stopped
	return nil
}

// configure loads the configuration.
func (s *Shepherd) configure(ctx context.Context) error {
	_, err := s.eval(ctx, func() (any, error) { return s.engine.Load(ctx, s.opts.Config) })
	if err != nil {
		return fmt.Errorf("the configuration %s failed:\n%s", s.opts.Config, report(err))
	}
	for _, err := range s.manager.Check() {
		s.say("", "warning: "+err.Error())
	}
	return nil
}

// eval runs f on the engine's goroutine.
func (s *Shepherd) eval(ctx context.Context, f func() (any, error)) (any, error) {
	var v any
	err := errors.New("interrupted")
	if e := s.worker.do(ctx, func() { v, err = f() }); e != nil && err == nil {
		err = e
	}
	return v, err
}

// report renders an error of the engine for the log.
func report(err error) string {
	var e *interp.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	var b strings.Builder
	if e.Report(&b) != nil {
		return err.Error()
	}
	return strings.TrimRight(b.String(), "\n")
}

// catch asks for the signals that mean something to Shepherd.
func (s *Shepherd) catch(ch chan os.Signal) {
	// Signals that are caught, rather than ignored, are reset in children.
	unused := make(chan os.Signal, 1)
	signal.Notify(unused, syscall.SIGPIPE)
	if !s.opts.Init {
		signal.Notify(ch, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
		return
	}
	signal.Notify(unused, syscall.SIGHUP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGTSTP)
	for sig := range target.PowerSignals() {
		signal.Notify(ch, sig)
	}
	if err := target.KeepCtrlAltDel(); err != nil {
		s.say("", "ctrl-alt-del reboots at once: "+err.Error())
	}
}

func (s *Shepherd) signals(ctx context.Context, ch chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case sig := <-ch:
			p := target.PowerOff
			if n, ok := sig.(syscall.Signal); ok && s.opts.Init {
				p = target.PowerSignals()[n]
			}
			s.say("", fmt.Sprintf("got signal %q", sig))
			go s.ShutDown(p)
		}
	}
}
