package builder_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/builder/plan"
	"fruix/store/drv"
)

// machine is another machine, played by an executor without jails.
type machine struct {
	fake
	name     string
	systems  []string
	features []string
	parallel int
	// err is what every build there ends with; takeErr keeps builds from it.
	err, takeErr error
	// connecting is how often Take has nothing to give before it has.
	connecting int

	state    sync.Mutex
	inflight int
	visitors []*visitor
	// wants is how many visitors have been refused a turn and not forgone it.
	wants int
}

func (m *machine) Name() string { return m.name }

func (m *machine) Unfit(platform string, builtin bool, features []string) error {
	if (builtin || slices.Contains(m.systems, platform)) && len(plan.Missing(features, m.features)) == 0 {
		return nil
	}
	return errors.New("it cannot")
}

func (m *machine) Load() float64 {
	m.state.Lock()
	defer m.state.Unlock()
	return float64(m.inflight+1) / float64(m.parallel)
}

func (m *machine) Visit(f func()) plan.Visitor {
	v := &visitor{machine: m, changed: f}
	m.visitors = append(m.visitors, v)
	return v
}

type visitor struct {
	*machine
	changed func()
	wants   bool
}

func (v *visitor) Take() (plan.Turn, error) {
	m := v.machine
	m.state.Lock()
	defer m.state.Unlock()
	v.want(false)
	switch {
	case m.connecting > 0:
		m.connecting--
		time.AfterFunc(time.Millisecond, func() {
			for _, v := range m.visitors {
				v.changed()
			}
		})
		return nil, nil
	case m.takeErr != nil:
		return nil, &plan.UnavailableError{Place: m.name, Err: m.takeErr}
	case m.inflight >= m.parallel:
		v.want(true)
		return nil, nil
	}
	m.inflight++
	return &turn{m}, nil
}

func (v *visitor) want(yes bool) {
	if v.wants != yes {
		v.wants = yes
		v.machine.wants += map[bool]int{true: 1, false: -1}[yes]
	}
}

func (v *visitor) Forgo() {
	v.state.Lock()
	defer v.state.Unlock()
	v.want(false)
}

func (v *visitor) Leave() { v.Forgo() }

type turn struct{ *machine }

func (t *turn) Release() {
	t.state.Lock()
	defer t.state.Unlock()
	t.inflight--
}

func (t *turn) Execute(ctx context.Context, r *plan.Request, io plan.IO) (*plan.Result, error) {
	res, err := t.fake.Execute(ctx, r, io)
	if t.err != nil {
		return nil, t.err
	}
	return res, err
}

// TestPlaces asks where derivations are built, and what is said when that is nowhere.
func TestPlaces(t *testing.T) {
	here := buildtest.System()
	lost := &plan.UnavailableError{Place: "far", Err: errors.New("the line is cut"), Lost: true}
	for name, c := range map[string]struct {
		platform, features string
		local              bool
		builder            string
		jobs               int // of this machine; -1: none
		machines           []*machine
		want               string // such as "far 2, here 1", or the error
		tries              int    // that did not succeed
	}{
		"alone":               {want: "here 4"},
		"shared":              {jobs: 2, machines: []*machine{{name: "far", systems: []string{here}, parallel: 2}}, want: "far 2, here 2"},
		"a large one":         {jobs: 1, machines: []*machine{{name: "far", systems: []string{here}, parallel: 100}}, want: "far 4"},
		"stays":               {local: true, jobs: 1, machines: []*machine{{name: "far", systems: []string{here}, parallel: 100}}, want: "here 4"},
		"cannot stay":         {local: true, platform: "pdp11-unix", machines: []*machine{{name: "far", systems: []string{"pdp11-unix"}, parallel: 1}}, want: "far 4"},
		"another system":      {platform: "x86_64-freebsd", machines: []*machine{{name: "linux", systems: []string{here}, parallel: 100}, {name: "bsd", systems: []string{"x86_64-freebsd"}, parallel: 1}}, want: "bsd 4"},
		"features":            {features: "kvm", machines: []*machine{{name: "far", systems: []string{here}, parallel: 100}, {name: "kvm", systems: []string{here}, features: []string{"kvm"}, parallel: 1}}, want: "kvm 4"},
		"ours, builtin":       {builder: "builtin:upper", platform: "pdp11-unix", jobs: 1, machines: []*machine{{name: "far", parallel: 100}}, want: "far 4"},
		"in this process":     {builder: "builtin:here", jobs: 1, machines: []*machine{{name: "far", parallel: 100}}, want: "here 4"},
		"not here":            {jobs: -1, machines: []*machine{{name: "far", systems: []string{here}, parallel: 1}}, want: "far 4"},
		"connecting":          {jobs: -1, machines: []*machine{{name: "far", systems: []string{here}, parallel: 1, connecting: 2}}, want: "far 4"},
		"meanwhile":           {jobs: 4, machines: []*machine{{name: "far", systems: []string{here}, parallel: 100, connecting: 9}}, want: "here 4"},
		"down":                {machines: []*machine{{name: "far", systems: []string{here}, parallel: 9, takeErr: errors.New("down")}}, want: "here 4"},
		"lost":                {jobs: 1, machines: []*machine{{name: "far", systems: []string{here}, parallel: 100, err: lost}}, want: "here 4", tries: 8},
		"refused":             {jobs: 1, machines: []*machine{{name: "far", systems: []string{here}, parallel: 100, err: &plan.UnavailableError{Place: "far", Err: errors.New("no")}}}, want: "here 4", tries: 4},
		"the other way round": {jobs: -1, machines: []*machine{{name: "bad", systems: []string{here}, parallel: 100, err: lost}, {name: "good", systems: []string{here}, parallel: 1}}, want: "good 4", tries: 8},

		"nowhere":           {platform: "pdp11-unix", want: "it must be built on pdp11-unix, but this machine is " + strings.Join(builder.HostSystems("linux", "amd64"), " or ")},
		"nowhere of two":    {platform: "pdp11-unix", machines: []*machine{{name: "far", systems: []string{here}, parallel: 1}}, want: "it must be built on pdp11-unix, but this machine is " + strings.Join(builder.HostSystems("linux", "amd64"), " or ") + "\nfar: it cannot"},
		"nowhere, for lack": {features: "gold", machines: []*machine{{name: "a", parallel: 1}, {name: "b", parallel: 1}}, want: "it must be built on a machine that offers gold, but this machine offers benchmark, big-parallel, nixos-test\na: it cannot\nb: it cannot"},
		"nowhere, for down": {platform: "pdp11-unix", machines: []*machine{{name: "far", systems: []string{"pdp11-unix"}, parallel: 1, takeErr: errors.New("no route"), connecting: 1}}, want: "it must be built on pdp11-unix, but this machine is " + strings.Join(builder.HostSystems("linux", "amd64"), " or ") + "\nfar: no route"},
		"nowhere, for lost": {jobs: -1, machines: []*machine{{name: "far", systems: []string{here}, parallel: 1, err: lost}}, want: "nothing is to be built on this machine (--max-jobs=0)\nfar: the line is cut", tries: 8},
	} {
		t.Run(name, func(t *testing.T) {
			w := buildtest.New(t)
			local := &fake{}
			var ts []builder.Target
			for i := range 4 {
				ts = append(ts, builder.Target{Drv: w.Drv(fmt.Sprint("d", i), "", nil, func(d *drv.Derivation) {
					if c.platform != "" {
						d.Platform = c.platform
					}
					if c.builder != "" {
						d.Builder = c.builder
					}
					if c.local {
						d.Env["preferLocalBuild"] = "1"
					}
					d.Env["requiredSystemFeatures"] = c.features
				})})
			}
			// Builds that go on at the same time are as many as there are places.
			local.delay = 100 * time.Millisecond
			var mu sync.Mutex
			moved := 0
			o := builder.Options{
				Executor: local, MaxJobs: c.jobs, KeepGoing: true, Builtins: table, Systems: builder.HostSystems("linux", "amd64"),
				Progress: progressFunc(func(e builder.Event) {
					mu.Lock()
					defer mu.Unlock()
					if _, ok := e.(builder.Moved); ok {
						moved++
					}
				}),
			}
			if c.machines != nil {
				o.Machines = func(context.Context) ([]builder.Machine, error) {
					var all []builder.Machine
					for _, m := range c.machines {
						m.delay = local.delay
						all = append(all, m)
					}
					return all, nil
				}
			}
			_, err := w.Builder(o).Build(w.Ctx, ts...)
			got := map[string]int{}
			got["here"] = len(local.order)
			for _, m := range c.machines {
				if m.err == nil {
					got[m.name] = len(m.order)
				}
				if m.inflight != 0 || m.wants != 0 || m.most > m.parallel {
					t.Errorf("%s: %d turns are left, %d are wanted, %d of %d builds at a time", m.name, m.inflight, m.wants, m.most, m.parallel)
				}
			}
			var text []string
			for _, k := range slices.Sorted(maps.Keys(got)) {
				if got[k] > 0 {
					text = append(text, fmt.Sprint(k, " ", got[k]))
				}
			}
			said := strings.Join(text, ", ")
			var f *builder.Failure
			if errors.As(err, &f) {
				said = f.Failed[0].Err.Error()
				if f.Failed[0].Machine != "" || len(f.Failed) != 4 {
					t.Errorf("%+v", f.Failed[0])
				}
			} else if err != nil {
				t.Error(err)
			}
			if said != c.want {
				t.Errorf("got  %s\nwant %s", said, c.want)
			}
			if moved != c.tries {
				t.Errorf("moved %d times, want %d", moved, c.tries)
			}
			if l := w.Litter(); len(l) > 0 {
				t.Errorf("litter: %v", l)
			}
		})
	}
}

// TestFailureElsewhere: a build that fails on another machine fails as here, and is
// not tried elsewhere.
func TestFailureElsewhere(t *testing.T) {
	w := buildtest.New(t)
	m := &machine{name: "far", systems: []string{buildtest.System()}, parallel: 5}
	m.fail = map[string]bool{"bad": true}
	local := &fake{}
	bad := w.Drv("bad", "", nil)
	_, err := w.Builder(builder.Options{Executor: local, MaxJobs: 1, Machines: func(context.Context) ([]builder.Machine, error) {
		return []builder.Machine{m}, nil
	}}).Build(w.Ctx, builder.Target{Drv: bad})
	var f *builder.Failure
	if !errors.As(err, &f) || f.Failed[0].Machine != "far" || f.Failed[0].Status != "exit code 1" || f.Failed[0].LogPath == "" {
		t.Fatalf("%#v", err)
	}
	if got := f.Failed[0].Error(); got != "build of "+bad+" on far failed: builder failed with exit code 1" {
		t.Error(got)
	}
	if len(local.order) > 0 {
		t.Error("it was tried here")
	}
}

// TestForgone: a turn of a machine that was refused is not waited for when nothing is
// left that would go there, though other things go on.
func TestForgone(t *testing.T) {
	w := buildtest.New(t)
	far := &machine{name: "far", systems: []string{"pdp11-unix"}, parallel: 1}
	far.inflight = 1 // somebody else's
	local := &fake{}
	bsd := func(d *drv.Derivation) { d.Platform = "pdp11-unix" }
	there, here := w.Drv("there", "", nil, bsd), w.Drv("here", "", nil)
	ctx, cancel := context.WithCancel(w.Ctx)
	defer cancel()
	wants := func() int {
		far.state.Lock()
		defer far.state.Unlock()
		return far.wants
	}
	// The run is ended while one build waits and the other goes on.
	during := before{local, func() {
		for wants() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		for deadline := time.Now().Add(time.Minute); wants() != 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Error("a turn is wanted by a run that has ended")
				return
			}
		}
	}}
	o := builder.Options{Executor: during, MaxJobs: 1, Machines: func(context.Context) ([]builder.Machine, error) {
		return []builder.Machine{far}, nil
	}}
	_, err := w.Builder(o).Build(ctx, builder.Target{Drv: there}, builder.Target{Drv: here})
	if !errors.Is(err, builder.ErrInterrupted) {
		t.Error(err)
	}
}

// before is an executor that does something before each build.
type before struct {
	plan.Executor
	f func()
}

func (b before) Execute(ctx context.Context, r *plan.Request, io plan.IO) (*plan.Result, error) {
	b.f()
	return b.Executor.Execute(ctx, r, io)
}

// TestFailedBefore: a build that has failed is let in when there is another round, and
// gives its turn back though nothing is done.
func TestFailedBefore(t *testing.T) {
	declare := func(w *buildtest.World) (bad, x string) {
		return w.Drv("bad", "", nil, setenv("allowSubstitutes", "0")), w.Drv("x", "write out x", nil)
	}
	there, w := buildtest.New(t), buildtest.New(t)
	_, x := declare(there)
	build(there, builder.Options{}, x)
	bad, x := declare(w)
	failed := make(chan struct{})
	far := &machine{name: "far", systems: []string{buildtest.System()}, parallel: 1}
	far.fail = map[string]bool{"bad": true}
	ctx, cancel := context.WithTimeout(w.Ctx, time.Minute)
	defer cancel()
	_, err := w.Builder(builder.Options{
		MaxJobs: -1, KeepGoing: true, Substitutes: &held{other: other{w: there, wrong: "-x"}, until: failed},
		Machines: func(context.Context) ([]builder.Machine, error) { return []builder.Machine{far}, nil },
		Progress: progressFunc(func(e builder.Event) {
			if f, ok := e.(builder.Finished); ok && f.Drv == bad {
				close(failed)
			}
		}),
	}).Build(ctx, builder.Target{Drv: bad}, builder.Target{Drv: x})
	var f *builder.Failure
	if !errors.As(err, &f) || len(f.Failed) != 1 || fmt.Sprint(far.order) != "[bad x]" {
		t.Errorf("%v, %v were built", err, far.order)
	}
	if far.inflight != 0 {
		t.Errorf("%d turns are left", far.inflight)
	}
}

// TestTurnOfShared: who waits for a build that another has begun leaves the machine's turn
// to others.
func TestTurnOfShared(t *testing.T) {
	w := buildtest.New(t)
	far := &machine{name: "far", systems: []string{buildtest.System()}, parallel: 2}
	far.crowd = 2 // it ends when two go on
	x, y := w.Drv("x", "", nil), w.Drv("y", "", nil)
	o := builder.Options{
		MaxJobs: -1, Sharing: new(builder.Sharing),
		Machines: func(context.Context) ([]builder.Machine, error) { return []builder.Machine{far}, nil },
	}
	var all sync.WaitGroup
	request := func(drv string) {
		all.Go(func() {
			b := w.Builder(o)
			if _, err := b.Build(w.Ctx, builder.Target{Drv: drv}); err != nil {
				t.Error(err)
			}
			b.Wait() // the turn is given back after that
		})
	}
	await := func(what string, f func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !f(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal(what)
			}
		}
	}
	request(x)
	request(x)
	await("the two do not wait for one build with one turn", func() bool {
		far.state.Lock()
		defer far.state.Unlock()
		return o.Sharing.Waiting() == 2 && far.inflight == 1
	})
	request(y)
	all.Wait()
	if len(far.order) != 2 || far.inflight != 0 {
		t.Errorf("%v were built, %d turns are left", far.order, far.inflight)
	}
}

// TestMachinesOnlyWhenNeeded: who has nothing to build does not ask for machines; and
// when they cannot be had, nothing is built.
func TestMachinesOnlyWhenNeeded(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("d", "", nil)
	build(w, builder.Options{Executor: &fake{}}, d)
	broken := errors.New("the list of machines is no list")
	o := builder.Options{Executor: &fake{}, Machines: func(context.Context) ([]builder.Machine, error) { return nil, broken }}
	build(w, o, d)
	if _, err := w.Builder(o).Build(w.Ctx, builder.Target{Drv: w.Drv("e", "", nil)}); !errors.Is(err, broken) {
		t.Error(err)
	}
}
