package vm

import (
	"context"
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// Options limit a machine. Zero values mean no limit, except for MaxStack.
type Options struct {
	// MaxStack is the most bytes that the stack may take, saved segments not
	// counted; 0 means 1 GiB.
	MaxStack int64
	// MaxSteps is the most calls and backward jumps between two calls of
	// ResetBudget.
	MaxSteps int64
	// MaxMemory is how many bytes the process's heap may hold while a Run is
	// under way. It is looked at from time to time, so that it can be
	// overshot.
	MaxMemory int64
}

// Hooks connect the machine with packages that it must not import.
type Hooks struct {
	// Raise turns a native's failure into the object that handlers get.
	Raise func(*datum.Error) datum.Value
	// Matches reports whether an exception is of a type: #t, a key of throw or
	// an exception type.
	Matches func(exception, typ datum.Value) bool
	// Extension answers datum.Caller.Extension.
	Extension func(key string) any
	// Suspend puts away what the engine keeps for the thread that runs, because
	// another is about to; the result brings it back. Fork does so for a new
	// thread. Busy reports whether this is a bad moment for other threads.
	Suspend func() (resume func())
	Fork    func(child *Machine) (resume func())
	Busy    func() bool
	// Settle is asked for the variable to use when one is found unset; nil
	// means that the name is unbound.
	Settle func(*datum.Variable) (*datum.Variable, error)
	// Generic returns the generic function that extends the native of a name
	// to other types of arguments, if there is one.
	Generic func(name string) (datum.Value, bool)
}

// Machine runs code for one goroutine at a time.
type Machine struct {
	stack []datum.Value
	limit uintptr // frames must end below this address
	under view
	dyn   *dyn
	level *level

	ctx   context.Context
	opts  Options
	hooks Hooks
	fuel  int
	// interval is how many steps lie between polls.
	interval int
	probe    *Probe
	spare    [][]datum.Value
	// native is the failure behind nativeObject, the last exception that an
	// instruction or a native raised.
	native       *datum.Error
	nativeObject datum.Value
	args         []datum.Value // of a call that an intrinsic asks for
	overrun      bool          // the stack's reserve is in use
	// The program's own limits; see limit.go. soft is where the innermost lies,
	// 0 when there is none, offset the depth of what is around this run.
	soft, offset int
	limited      bool // there was such a limit

	world  *world
	thread *Thread
	// locals are the values of fluids outside of any binding, nil in the first
	// thread, whose values the fluids hold themselves.
	locals fluidCells
	runs   int // nested runs
}

// level is one activation of run; natives that call back make nested ones.
type level struct {
	outer *level
	m     *Machine
	done  bool
}

// slot is a stack slot seen as the return information of a frame.
type slot struct {
	p unsafe.Pointer // *code.Closure of the caller
	n uint64         // code offset in bytes << 32 | frame distance in bytes
}

const (
	valueSize  = int(unsafe.Sizeof(datum.Value{}))
	wordSize   = int(unsafe.Sizeof(code.Word(0)))
	firstStack = 256
	// margin is how many slots beyond a frame may be used by the machine.
	margin = 32
	// reserve is what a handler of a stack overflow may use.
	reserve = 64 * 1024
	// pollInterval is the number of steps between looks at the context.
	pollInterval = 8192
	defaultStack = 1 << 30
	// maxRuns bounds runs within runs, which take space on Go's stack: 10000
	// of them stay well below its limit.
	maxRuns = 10000
)

// New makes a machine.
func New(opts Options, hooks Hooks) *Machine {
	if opts.MaxStack == 0 {
		opts.MaxStack = defaultStack
	}
	m := newMachine(opts, hooks)
	m.world = &world{}
	m.thread = newThread(m)
	m.world.main, m.world.threads = m.thread, []*Thread{m.thread}
	return m
}

func newMachine(opts Options, hooks Hooks) *Machine {
	m := &Machine{opts: opts, hooks: hooks, ctx: context.Background(), interval: pollInterval}
	m.setStack(make([]datum.Value, firstStack))
	return m
}

func (m *Machine) setStack(s []datum.Value) {
	m.stack = s
	m.setLimit()
}

// base is the frame pointer of an empty stack.
func (m *Machine) base() unsafe.Pointer { return unsafe.Pointer(&m.stack[1]) }

// Run calls proc and returns its value, which is a KValues object when there
// are several. Errors are *Uncaught for an exception that nobody handled,
// *Stopped for a cancelled context or a spent budget.
func (m *Machine) Run(ctx context.Context, proc datum.Value, args ...datum.Value) (datum.Value, error) {
	if m.level == nil {
		m.ctx, m.overrun = ctx, false
		if err := ctx.Err(); err != nil {
			return datum.Value{}, &Stopped{Cause: err}
		}
	} else if ctx != m.ctx {
		saved := m.ctx
		m.ctx = ctx
		defer func() { m.ctx = saved }()
	}
	return m.nested(proc, args)
}

// ResetBudget starts the count of steps anew; several runs may share one
// budget.
func (m *Machine) ResetBudget() {
	m.world.steps, m.world.stop, m.fuel = 0, nil, m.interval
}

// nested runs proc on a stack of its own.
func (m *Machine) nested(proc datum.Value, args []datum.Value) (v datum.Value, err error) {
	stack, under, dyn, limit, soft := m.stack, m.under, m.dyn, m.limit, m.soft
	outer := m.level
	// Short runs made by natives count, too.
	if m.fuel -= 16; m.fuel < 0 {
		m.fuel = m.interval
		if err := m.poll(); err != nil {
			return datum.Value{}, err
		}
	}
	if m.runs >= maxRuns {
		return datum.Value{}, &datum.Error{Key: "stack-overflow", Message: "Stack overflow: native procedures and programs call each other too deeply",
			Rest: datum.False, Payload: datum.Unset}
	}
	m.runs++
	m.under = view{}
	if outer != nil {
		if k := len(m.spare); k > 0 {
			m.setStack(m.spare[k-1])
			m.spare = m.spare[:k-1]
		} else {
			m.setStack(make([]datum.Value, firstStack))
		}
	}
	m.level = &level{outer: outer, m: m}
	ok := false
	defer func() {
		m.runs--
		m.level.done = true
		m.level = outer
		m.under, m.dyn, m.soft = under, dyn, soft
		if outer != nil {
			if len(m.stack) <= 4*firstStack && len(m.spare) < 8 {
				m.spare = append(m.spare, m.stack)
			}
			m.stack, m.limit = stack, limit
		} else if len(m.stack) > 1<<20 || !ok {
			// A very large stack is not kept.
			m.setStack(make([]datum.Value, firstStack))
		}
	}()
	v, err = m.run(proc, args)
	ok = true
	return v, err
}

// Apply implements datum.Caller.
func (m *Machine) Apply(proc datum.Value, args ...datum.Value) (datum.Value, error) {
	v, err := m.nested(proc, args)
	if err == nil && v.Is(datum.KValues) {
		v = firstValue(v)
	}
	return v, err
}

// ApplyValues is Apply that may return a KValues object.
func (m *Machine) ApplyValues(proc datum.Value, args ...datum.Value) (datum.Value, error) {
	return m.nested(proc, args)
}

// Context implements datum.Caller.
func (m *Machine) Context() context.Context { return m.ctx }

// Extension implements datum.Caller.
func (m *Machine) Extension(key string) any {
	if m.hooks.Extension == nil {
		return nil
	}
	return m.hooks.Extension(key)
}

func firstValue(v datum.Value) datum.Value {
	if items := v.Values().Items; len(items) > 0 {
		return items[0]
	}
	return datum.Unspecified
}
