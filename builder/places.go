package builder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"fruix/builder/plan"
	"fruix/store/drv"
)

// Machine is a place elsewhere that carries out builds. It may serve several
// builders.
type Machine interface {
	// Name is what people call it.
	Name() string
	// Unfit says why it could not carry out a build for a platform that asks for
	// features; nil when it could. builtin says that the builder is part of Fruix, for
	// which any platform will do.
	Unfit(platform string, builtin bool, features []string) error
	// Load says how much it has to do for its size: less is better.
	Load() float64
	// Visit makes somebody known who may want builds carried out. It calls changed,
	// from any goroutine, whenever Unfit, or Take of the visitor, may answer otherwise
	// than before; changed must not wait for anything.
	Visit(changed func()) plan.Visitor
}

// NowhereError is a build for which no place can be had.
type NowhereError struct {
	// Here says why it cannot be built on this machine.
	Here error
	// Others says why not on the other machines, of which there are some.
	Others []error
}

func (e *NowhereError) Error() string {
	var text strings.Builder
	text.WriteString(e.Here.Error())
	const most = 5
	for i, o := range e.Others {
		if i == most && len(e.Others) > most+1 {
			fmt.Fprintf(&text, "\nand %d other machines", len(e.Others)-most)
			break
		}
		text.WriteString("\n" + o.Error())
	}
	return text.String()
}

// Unwrap returns all reasons.
func (e *NowhereError) Unwrap() []error { return append([]error{e.Here}, e.Others...) }

// ErrNotHere is why nothing is built on a machine of which that was asked.
var ErrNotHere = errors.New("nothing is to be built on this machine (--max-jobs=0)")

// needs is what a derivation needs of the place where it is built.
type needs struct {
	platform    string
	builtin     bool
	features    []string
	preferLocal bool
	onlyLocal   bool // its builder runs in this process
}

func (b *Builder) needsOf(d *drv.Derivation) needs {
	n := needs{platform: d.Platform}
	n.features, n.preferLocal = plan.Wishes(d)
	var name string
	name, n.builtin = strings.CutPrefix(d.Builder, "builtin:")
	n.onlyLocal = n.builtin && b.o.Builtins[name].InProcess
	return n
}

// kind names all that counts for the choice of a place.
func (n *needs) kind() string {
	return fmt.Sprint(n.platform, n.builtin, n.features, n.preferLocal, n.onlyLocal)
}

// unable says why a derivation with such needs cannot be built on this machine; nil
// when it can.
func (b *Builder) unable(n *needs) error {
	if !n.builtin && !slices.Contains(b.o.Systems, n.platform) {
		return &PlatformError{n.platform, b.o.Systems}
	}
	if lack := plan.Missing(n.features, b.o.Features); len(lack) > 0 {
		return &FeatureError{lack, b.o.Features}
	}
	if b.o.MaxJobs < 0 && !n.onlyLocal {
		return ErrNotHere
	}
	return nil
}

// place is where a job was let in.
type place struct {
	exec    plan.Executor
	machine string // "" is this one
	err     error  // why there is none
	leave   func()
}

// maxTries bounds how often a derivation is tried on a machine to which the
// connection is lost.
const maxTries = 2

// places is the gate between the jobs that are ready and the places where they can
// be done: this machine and others. What could go to several goes to the one that has least
// to do for its size; what is not worth the way stays here.
type places struct {
	b        *Builder
	machines []*visited
	changed  chan struct{}

	mu    sync.Mutex
	local int               // jobs here
	given map[string]*place // by derivation
	tried map[string]map[string]*attempts
}

// visited is a machine, and this run's visit there.
type visited struct {
	Machine
	visitor plan.Visitor
	refused bool // a job that is ready, and waits for a turn
}

// attempts are those at building one derivation on one machine.
type attempts struct {
	n   int
	err *plan.UnavailableError // the last
}

func (a *attempts) enough() bool { return a != nil && (a.n >= maxTries || !a.err.Lost) }

// newPlaces makes the gate of one run; its close must be called.
func (b *Builder) newPlaces(ctx context.Context) (*places, error) {
	p := &places{b: b, changed: make(chan struct{}, 1), given: map[string]*place{}, tried: map[string]map[string]*attempts{}}
	if b.o.Machines == nil {
		return p, nil
	}
	machines, err := b.o.Machines(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range machines {
		p.machines = append(p.machines, &visited{Machine: m, visitor: m.Visit(func() {
			select {
			case p.changed <- struct{}{}:
			default:
			}
		})})
	}
	return p, nil
}

func (p *places) close() {
	for _, m := range p.machines {
		m.visitor.Leave()
	}
}

// Changed implements sched.Gate.
func (p *places) Changed() <-chan struct{} { return p.changed }

// Kind implements sched.Gate.
func (p *places) Kind(drvPath string) string {
	n, err := p.needs(drvPath)
	if err != nil || len(p.machines) == 0 {
		return "" // who is not to be built at all is let in to be told so
	}
	kind := n.kind()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.machines {
		if p.tried[drvPath][m.Name()].enough() {
			kind += " not " + m.Name()
		}
	}
	return kind
}

func (p *places) needs(drvPath string) (needs, error) {
	d, err := p.b.store.ReadDerivation(context.Background(), drvPath)
	if err != nil {
		return needs{}, err
	}
	return p.b.needsOf(d), nil
}

// Enter implements sched.Gate.
func (p *places) Enter(drvPath string) bool {
	if p.enter(drvPath) {
		for _, m := range p.machines {
			m.refused = false // each that is still ready will be asked for again
		}
		return true
	}
	return false
}

// Settled implements sched.Gate. Turns that no job waits for are left to others.
func (p *places) Settled() {
	for _, m := range p.machines {
		if !m.refused {
			m.visitor.Forgo()
		}
		m.refused = false
	}
}

func (p *places) enter(drvPath string) bool {
	n, err := p.needs(drvPath)
	if err != nil {
		return p.give(drvPath, &place{err: err})
	}
	here := p.b.unable(&n)
	if here == nil && (n.preferLocal || n.onlyLocal || len(p.machines) == 0) {
		return p.enterHere(drvPath)
	}
	var others []error // why not there
	var choice []candidate
	waiting := here == nil
	if here == nil {
		choice = append(choice, candidate{p.load(), func() bool { return p.enterHere(drvPath) }})
	}
	for _, m := range p.suitable(drvPath, &n, &others) {
		choice = append(choice, candidate{m.Load(), func() bool {
			turn, err := m.visitor.Take()
			if err != nil {
				others = append(others, err)
				return false
			}
			m.refused = m.refused || turn == nil
			waiting = waiting || turn == nil
			return turn != nil && p.give(drvPath, &place{exec: turn, machine: m.Name(), leave: turn.Release})
		}})
	}
	// Of places with the same load this machine comes first.
	slices.SortStableFunc(choice, func(x, y candidate) int { return cmp.Compare(x.load, y.load) })
	for _, c := range choice {
		if c.enter() {
			return true
		}
	}
	switch {
	case waiting:
		return false
	case len(others) == 0:
		return p.give(drvPath, &place{err: here})
	}
	return p.give(drvPath, &place{err: &NowhereError{Here: here, Others: others}})
}

// candidate is a place that could be entered.
type candidate struct {
	load  float64
	enter func() bool
}

// suitable are the machines that a derivation may be tried on. Why it may not, or no
// more, on some is added to others.
func (p *places) suitable(drvPath string, n *needs, others *[]error) []*visited {
	if n.onlyLocal {
		return nil
	}
	var out []*visited
	for _, m := range p.machines {
		if err := m.Unfit(n.platform, n.builtin, n.features); err != nil {
			*others = append(*others, &plan.UnavailableError{Place: m.Name(), Err: err})
			continue
		}
		p.mu.Lock()
		a := p.tried[drvPath][m.Name()]
		p.mu.Unlock()
		if a.enough() {
			*others = append(*others, a.err)
			continue
		}
		out = append(out, m)
	}
	return out
}

// load is that of this machine, as Machine.Load.
func (p *places) load() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := float64(p.local+1) / float64(max(p.b.o.MaxJobs, 1))
	if p.b.o.Load == nil {
		return own
	}
	return max(own, p.b.o.Load())
}

// enterHere lets a job in on this machine, if there is room.
func (p *places) enterHere(drvPath string) bool {
	p.mu.Lock()
	if p.local >= max(p.b.o.MaxJobs, 1) {
		p.mu.Unlock()
		return false
	}
	p.local++
	p.mu.Unlock()
	return p.give(drvPath, &place{exec: p.b.exec, leave: func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.local--
	}})
}

// give notes where a job has been let in.
func (p *places) give(drvPath string, at *place) bool {
	if at.leave == nil {
		at.leave = func() {}
	}
	at.leave = sync.OnceFunc(at.leave)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.given[drvPath] = at
	return true
}

// taken returns the place of a job that runs.
func (p *places) taken(drvPath string) *place {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.given[drvPath]
	delete(p.given, drvPath)
	return at
}

// elsewhere says whether an error of a build at a place is the place's, so that the
// build is to be tried elsewhere, and notes it.
func (p *places) elsewhere(drvPath string, at *place, err error) bool {
	var u *plan.UnavailableError
	if at.machine == "" || at.err != nil || !errors.As(err, &u) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tried[drvPath] == nil {
		p.tried[drvPath] = map[string]*attempts{}
	}
	a := p.tried[drvPath][at.machine]
	if a == nil {
		a = new(attempts)
		p.tried[drvPath][at.machine] = a
	}
	a.n++
	a.err = u
	return true
}
