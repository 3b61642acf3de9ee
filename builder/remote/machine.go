package remote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"fruix/builder/plan"
	"fruix/builder/remote/protocol"
	"fruix/builder/turns"
)

// MachineOptions describe a machine.
type MachineOptions struct {
	LinkOptions
	Dial Dialer
	// Systems are the platforms of the builds that it is given; nil means those
	// that it says it has.
	Systems []string
	// Features are what it offers to builds that ask for it.
	Features []string
	// Mandatory are features that a build must ask for to be given to it.
	Mandatory []string
	Speed     float64 // relative to others; 0 means 1
	// Cores is how many processors one build may use; 0 means all of them.
	Cores int
	// Builders is the version of the language of built-in builders: builds by
	// these go to machines that have the same.
	Builders string
	// Keep says that folders of failed builds are to be kept, over there.
	Keep bool
	// Warn is told, in a line for people, that the machine cannot be used; may be
	// nil.
	Warn func(string)
	Now  func() time.Time
	// Turns are those of the builds that go on there, whoever has asked for them; nil
	// when only this Machine gives it any. It is told how many there are.
	Turns *turns.Client
}

// Machine is a machine that builds. It connects when a build could go there, and
// again some time after it could not be reached. It may be used by several
// goroutines.
type Machine struct {
	o MachineOptions

	mu       sync.Mutex
	link     *Link
	retired  []*Link            // given no more builds; those under way go on
	dialing  context.CancelFunc // while a connection is being made
	dials    sync.WaitGroup     // those who make one
	closed   bool
	err      error     // why it cannot be used; nil when it can, or may be tried
	retry    time.Time // when it may be tried again
	failures int       // in a row
	born     time.Time // of the link
	misfits  int       // builds in a row that it could not carry out
	pace     pace
	visitors map[*visitor]bool
}

// NewMachine returns a machine, to which no connection is made yet.
func NewMachine(o MachineOptions) *Machine {
	if o.Speed <= 0 {
		o.Speed = 1
	}
	o.Parallel = max(o.Parallel, 1)
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Turns == nil {
		o.Turns = turns.New().Client(0, o.Parallel)
	}
	return &Machine{o: o, visitors: map[*visitor]bool{}}
}

// Name is what people call the machine.
func (m *Machine) Name() string { return m.o.Name }

// Unfit says why the machine could not carry out a build for a platform that asks for
// features, nil when it could; builtin says that the builder is part of Fruix, for
// which any platform will do. Of a machine that has not been reached yet, the best is
// believed.
func (m *Machine) Unfit(platform string, builtin bool, features []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range features {
		if !slices.Contains(m.o.Features, f) && !slices.Contains(m.o.Mandatory, f) {
			return fmt.Errorf("it does not offer %s", f)
		}
	}
	for _, f := range m.o.Mandatory {
		if !slices.Contains(features, f) {
			return fmt.Errorf("it is kept for builds that ask for %s", f)
		}
	}
	var hello *protocol.Hello
	if m.link != nil {
		hello = m.link.hello
	}
	switch {
	case builtin && hello != nil && hello.Builders != m.o.Builders:
		return fmt.Errorf("it has version %.20q of the built-in builders, not %q: install the same version of fruix on both machines", hello.Builders, m.o.Builders)
	case builtin:
		return nil
	case m.o.Systems != nil && !slices.Contains(m.o.Systems, platform):
		return fmt.Errorf("it is said to build for %s", strings.Join(m.o.Systems, " and "))
	case hello != nil && !slices.Contains(hello.Systems, platform):
		return fmt.Errorf("it is %.100s", strings.Join(hello.Systems, " or "))
	}
	return nil
}

// Load says how much the machine has to do already: machines with less are asked
// first.
func (m *Machine) Load() float64 {
	return m.o.Turns.Load() / m.o.Speed
}

// Visit makes somebody known who may want builds carried out; see builder.Machine.
func (m *Machine) Visit(changed func()) plan.Visitor {
	v := &visitor{m: m, line: m.o.Turns.Line(changed), changed: changed}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.visitors[v] = true
	return v
}

// visitor is one of those who want builds carried out by a machine.
type visitor struct {
	m       *Machine
	line    *turns.Line
	changed func()
}

// Take implements plan.Visitor. The error, a *plan.UnavailableError, says that the
// machine cannot be reached.
func (v *visitor) Take() (plan.Turn, error) {
	m := v.m
	link, err := m.reach()
	if link == nil {
		v.line.Forgo()
		return nil, err
	}
	release := v.line.Take()
	if release == nil {
		return nil, nil
	}
	return &turn{m: m, link: link, began: m.o.Now(), release: release}, nil
}

// Forgo implements plan.Visitor.
func (v *visitor) Forgo() { v.line.Forgo() }

// Leave implements plan.Visitor.
func (v *visitor) Leave() {
	v.m.mu.Lock()
	delete(v.m.visitors, v)
	v.m.mu.Unlock()
	v.line.Forgo()
}

// reach returns the connection. When there is none it is made, unless that is known
// to be in vain.
func (m *Machine) reach() (*Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		return nil, &plan.UnavailableError{Place: m.o.Name, Err: errClosed, Lost: true}
	case m.link != nil:
		return m.link, nil
	case m.dialing != nil:
		return nil, nil
	case m.err != nil && m.o.Now().Before(m.retry):
		return nil, m.err
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.dialing = cancel
	m.dials.Add(1)
	go m.connect(ctx)
	return nil, nil
}

// changed tells the visitors.
func (m *Machine) changed() {
	m.mu.Lock()
	all := slices.Collect(maps.Keys(m.visitors))
	m.mu.Unlock()
	for _, v := range all {
		v.changed()
	}
}

// greetTimeout is for how long a machine may keep this side waiting for its greeting.
const greetTimeout = 45 * time.Second

// connect makes a connection.
func (m *Machine) connect(ctx context.Context) {
	ctx, cancel := context.WithTimeoutCause(ctx, greetTimeout, fmt.Errorf("it did not answer within %v", greetTimeout))
	defer cancel()
	link, err := Connect(ctx, m.o.Dial, m.o.LinkOptions)
	m.mu.Lock()
	m.dialing = nil
	closed := m.closed
	if err == nil && !closed {
		m.link, m.err, m.born = link, nil, m.o.Now()
		m.bound()
		go m.mourn(link)
	} else if !closed {
		m.down(err, false)
	}
	m.mu.Unlock()
	switch {
	case closed && link != nil:
		link.Close()
	case err != nil && !closed:
		m.o.Warn(fmt.Sprintf("the machine %s cannot be used: %v", m.o.Name, err))
	}
	m.dials.Done()
	m.changed()
}

// longLife is how long a connection must have lasted for its end not to count as a
// sign that the next one would not last either.
const longLife = time.Minute

// down notes that the machine cannot be used for a while; m.mu is held.
func (m *Machine) down(err error, lost bool) {
	m.failures++
	m.err = &plan.UnavailableError{Place: m.o.Name, Err: err, Lost: lost}
	wait := 5 * time.Second << min(m.failures-1, 6)
	if lost && m.failures == 1 {
		wait = 0 // worth another attempt at once
	}
	m.retry = m.o.Now().Add(wait)
}

// mourn waits for the end of a connection.
func (m *Machine) mourn(link *Link) {
	<-link.Dead()
	m.mu.Lock()
	closed := m.closed
	if m.link == link {
		m.link = nil
		if m.o.Now().Sub(m.born) >= longLife {
			m.failures = 0
		}
		if !closed {
			m.down(link.Err(), true)
		}
	}
	m.mu.Unlock()
	if !closed {
		m.o.Warn(fmt.Sprintf("the machine %s is lost: %v", m.o.Name, link.Err()))
	}
	m.changed()
}

// unfit takes the machine out of use after it could not carry out several builds in a
// row, for reasons of its own.
func (m *Machine) unfit(link *Link, err error) {
	m.mu.Lock()
	if m.link != link {
		m.mu.Unlock()
		return
	}
	m.link = nil
	m.retired = append(m.retired, link)
	m.down(err, false)
	m.mu.Unlock()
	m.o.Warn(fmt.Sprintf("the machine %s fails again and again, and is given no more: %v", m.o.Name, err))
	m.changed()
}

// Close ends the connection and whatever goes on over it. When it returns, nothing is
// left of one that was being made, either.
func (m *Machine) Close() error {
	m.mu.Lock()
	m.closed = true
	links, dialing := m.retired, m.dialing
	if m.link != nil {
		links = append(links, m.link)
	}
	m.mu.Unlock()
	if dialing != nil {
		dialing()
	}
	m.dials.Wait()
	var errs []error
	for _, l := range links {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// parallel is how many builds it carries out at a time; m.mu is held.
func (m *Machine) parallel() int {
	n := m.o.Parallel
	if m.link != nil && m.link.hello.MaxJobs > 0 {
		n = min(n, m.link.hello.MaxJobs)
	}
	return n
}

// bound says how many builds it is given at a time: those that it carries out, and,
// while nobody else wants any there, as many more as keep it busy while others are on
// their way. m.mu is held.
func (m *Machine) bound() {
	n := m.parallel()
	m.o.Turns.Bound(n, m.pace.waiting(n))
}

// pace learns how long builds take a machine, and how long everything around
// them takes: the way there and back, and what this side does before and after.
type pace struct {
	known     bool
	took      float64 // seconds; means in which the last builds count most
	elsewhere float64
}

// weight is that of one more build in the means.
const weight = 1.0 / 8

func (p *pace) add(took, elsewhere time.Duration) {
	t, e := max(took, time.Microsecond).Seconds(), max(elsewhere, 0).Seconds()
	if !p.known {
		p.known, p.took, p.elsewhere = true, t, e
		return
	}
	p.took += weight * (t - p.took)
	p.elsewhere += weight * (e - p.elsewhere)
}

const (
	// negligible is which part of a build's time the way may take without builds
	// being sent ahead, which then wait there though another place may be free.
	negligible = 0.05
	// mostAhead bounds how many builds are sent ahead for each that goes on.
	mostAhead = 64
)

// waiting is how many builds shall wait on a machine that carries out n at a time.
func (p *pace) waiting(n int) int {
	if !p.known || p.elsewhere < negligible*p.took {
		return 0
	}
	return min(int(math.Ceil(float64(n)*p.elsewhere/p.took*1.25)), mostAhead*n, protocol.MaxStreams/2)
}

// turn is a turn of a machine.
type turn struct {
	m     *Machine
	link  *Link
	began time.Time
	once  sync.Once
	// release gives the turn back.
	release func()

	sum *protocol.Summary // of the build; nil when none went well
}

// unfitAfter is after how many builds in a row that it could not carry out a machine
// is out of use.
const unfitAfter = 5

// Execute implements plan.Executor.
func (t *turn) Execute(ctx context.Context, r *plan.Request, io plan.IO) (*plan.Result, error) {
	cores := t.m.o.Cores
	if cores <= 0 {
		cores = t.link.hello.Cores
	}
	res, sum, err := t.link.Execute(ctx, r.WithCores(cores), io, ExecuteOptions{Keep: t.m.o.Keep})
	t.sum = sum
	var unavailable *plan.UnavailableError
	var f *protocol.Failure
	switch {
	case !errors.As(err, &unavailable):
		t.m.fit()
	case errors.As(err, &f) && f.Cause == protocol.OfMachine || !unavailable.Lost && f == nil:
		if t.m.misfit() >= unfitAfter {
			t.m.unfit(t.link, unavailable.Err)
		}
	}
	return res, err
}

func (m *Machine) fit() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.misfits = 0
}

func (m *Machine) misfit() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.misfits++
	return m.misfits
}

// Release implements plan.Turn.
func (t *turn) Release() {
	t.once.Do(func() {
		m := t.m
		if t.sum != nil {
			m.mu.Lock()
			m.pace.add(t.sum.Took, m.o.Now().Sub(t.began)-t.sum.Queued-t.sum.Took)
			m.bound()
			m.mu.Unlock()
		}
		t.release()
	})
}
