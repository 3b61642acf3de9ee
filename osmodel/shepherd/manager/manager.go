package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"fruix/osmodel/shepherd/graph"
	"fruix/osmodel/shepherd/supervise"
)

// Result is what starting a service gave.
type Result struct {
	Value   any // the running value, passed to Stop and to actions
	Process *supervise.Process
}

// Body does the work of a service.
type Body interface {
	// Start starts the service; an error means that it does not run. Work that
	// takes long ends when ctx does.
	Start(ctx context.Context, args []string) (Result, error)
	// Stop stops it. After it has returned the manager waits for a process
	// that is being terminated.
	Stop(ctx context.Context, r Result, args []string) error
}

// ErrRefused is what a Body's Start returns when it declined without a reason.
var ErrRefused = errors.New("its start procedure returned false")

// Spec describes a service.
type Spec struct {
	Provides, Requires []string
	Documentation      string
	OneShot            bool // done once started
	Transient          bool // forgotten once stopped
	Respawn            bool // started again when its process ends
	RespawnLimit       supervise.Limiter
	RespawnDelay       time.Duration
	Body               Body
	// Data belongs to whoever registered the service.
	Data any
}

// State is where a service is in its life.
type State int

// The states. A one-shot service that has done its work is Done: what requires
// it may start.
const (
	Stopped State = iota
	Starting
	Running
	Stopping
	Done
)

func (s State) String() string {
	return [...]string{"stopped", "starting", "running", "stopping", "done"}[s]
}

// attempt is a start under way; err is valid when done is closed.
type attempt struct {
	done   chan struct{}
	cancel context.CancelFunc
	err    error
}

// service is the changing part; all fields but spec are under Manager.mu.
type service struct {
	name    string
	spec    Spec
	limiter supervise.Limiter

	state    State
	disabled bool
	failure  string // why the last start failed or the service gave up
	result   Result
	start    *attempt
	stopped  chan struct{} // closed when stopping ends
	since    time.Time
	exit     *supervise.Status
	respawns int
}

// Options configure a Manager.
type Options struct {
	Now func() time.Time
	// Log gets one line for each thing that happens; service is "" for what
	// concerns none.
	Log func(service, text string)
	// StopTimeout bounds the stop of each service; 0 is 30 seconds.
	StopTimeout time.Duration
}

// Manager holds services.
type Manager struct {
	opts Options

	mu       sync.Mutex
	graph    graph.Graph
	services map[string]*service
	closing  bool
	changed  chan struct{} // closed and replaced on each change
}

// New makes a manager without services.
func New(opts Options) *Manager {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = func(string, string) {}
	}
	if opts.StopTimeout == 0 {
		opts.StopTimeout = 30 * time.Second
	}
	return &Manager{opts: opts, services: map[string]*service{}, changed: make(chan struct{})}
}

// Register adds a service. A stopped service of the same canonical name is
// replaced.
func (m *Manager) Register(spec Spec) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(spec.Provides) > 0 {
		if old := m.services[spec.Provides[0]]; old != nil {
			if old.state != Stopped && old.state != Done {
				return fmt.Errorf("service %s is %s; stop it before it is replaced", old.name, old.state)
			}
			m.remove(old)
		}
	}
	if err := m.graph.Add(graph.Node{Provides: spec.Provides, Requires: spec.Requires}); err != nil {
		return err
	}
	s := &service{name: spec.Provides[0], spec: spec, limiter: spec.RespawnLimit, since: m.opts.Now()}
	m.services[s.name] = s
	m.change()
	return nil
}

// Unregister forgets a stopped service.
func (m *Manager) Unregister(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.find(name)
	if err != nil {
		return err
	}
	if s.state != Stopped && s.state != Done {
		return fmt.Errorf("service %s is %s; stop it before it is removed", s.name, s.state)
	}
	m.remove(s)
	return nil
}

func (m *Manager) remove(s *service) {
	m.graph.Remove(s.name)
	delete(m.services, s.name)
	m.change()
}

// Check lists what keeps services from ever starting.
func (m *Manager) Check() []error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.graph.Check()
}

func (m *Manager) find(name string) (*service, error) {
	c, ok := m.graph.Resolve(name)
	if !ok {
		return nil, &graph.MissingError{Name: name}
	}
	return m.services[c], nil
}

// Lookup gives the Data and the running result of a service.
func (m *Manager) Lookup(name string) (data any, r Result, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.find(name)
	if err != nil {
		return nil, Result{}, err
	}
	return s.spec.Data, s.result, nil
}

// change wakes those who wait for something to happen; mu is held.
func (m *Manager) change() {
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *Manager) set(s *service, st State) {
	s.state = st
	s.since = m.opts.Now()
	m.change()
}

// Changed is closed at the next change of any service.
func (m *Manager) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// Enable lets a service be started, Disable keeps it from that; neither
// changes whether it runs.
func (m *Manager) Enable(name string) error  { return m.setDisabled(name, false) }
func (m *Manager) Disable(name string) error { return m.setDisabled(name, true) }

func (m *Manager) setDisabled(name string, to bool) error {
	m.mu.Lock()
	s, err := m.find(name)
	if err != nil {
		m.mu.Unlock()
		return err
	}
	s.disabled = to
	if !to {
		s.limiter.Reset()
		s.failure = ""
	}
	m.change()
	m.mu.Unlock()
	m.opts.Log(s.name, map[bool]string{true: "disabled", false: "enabled"}[to])
	return nil
}

// Close keeps any service from starting again; it is called before all are
// stopped for good.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closing = true
	m.mu.Unlock()
}

// Info is a snapshot of a service.
type Info struct {
	Name          string    `json:"name"`
	Provides      []string  `json:"provides"`
	Requires      []string  `json:"requires"`
	Documentation string    `json:"documentation"`
	State         string    `json:"state"`
	Enabled       bool      `json:"enabled"`
	OneShot       bool      `json:"one_shot"`
	Transient     bool      `json:"transient"`
	Respawn       bool      `json:"respawn"`
	Respawns      int       `json:"respawns"`
	PID           int       `json:"pid,omitempty"`
	Since         time.Time `json:"since"`
	Failure       string    `json:"failure,omitempty"`
	LastExit      string    `json:"last_exit,omitempty"`
	Value         any       `json:"-"`
	Data          any       `json:"-"`
	Status        State     `json:"-"`
}

// Info describes a service.
func (m *Manager) Info(name string) (Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.find(name)
	if err != nil {
		return Info{}, err
	}
	return s.info(), nil
}

// All describes all services in the order in which they were registered.
func (m *Manager) All() []Info {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Info
	for _, n := range m.graph.Names() {
		out = append(out, m.services[n].info())
	}
	return out
}

func (s *service) info() Info {
	i := Info{
		Name: s.name, Provides: slices.Clone(s.spec.Provides), Requires: slices.Clone(s.spec.Requires),
		Documentation: s.spec.Documentation, State: s.state.String(), Enabled: !s.disabled, OneShot: s.spec.OneShot,
		Transient: s.spec.Transient, Respawn: s.spec.Respawn, Respawns: s.respawns, Since: s.since, Failure: s.failure,
		Value: s.result.Value, Data: s.spec.Data, Status: s.state,
	}
	if i.Requires == nil {
		i.Requires = []string{}
	}
	if p := s.result.Process; p != nil && p.Alive() {
		i.PID = p.PID
	}
	if s.exit != nil {
		i.LastExit = s.exit.String()
	}
	return i
}
