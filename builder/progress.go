package builder

import "time"

// An Event tells of something that happened while building. It is one of the
// types below.
type Event interface{ event() }

// Planned says what is going to be built, before the first build starts. It is
// sent only when there is anything to do.
type Planned struct{ Drvs []string }

// Offered says how many objects are going to be fetched in place of being built,
// and how many bytes their archives have.
type Offered struct {
	Objects int
	Bytes   int64
}

// Fetched says that one of them has come, or why not; then it is built.
type Fetched struct {
	Path, From string
	Err        error
	Duration   time.Duration
}

// Started says that a build has begun.
type Started struct {
	Drv, Name string
	LogPath   string
	Machine   string // where; "" is this machine
	Platform  string // such as "x86_64-linux"
}

// Moved says that a build could not be carried out by a machine, for reasons of the
// machine, and will be tried elsewhere.
type Moved struct {
	Drv, Name, Machine string
	Err                error
}

// Waiting says that a build waits for somebody else who builds the same.
type Waiting struct{ Drv, Path, Holder string }

// Queued says that a build waits for its turn among those of everybody on this
// machine, where Running go on, as many as may.
type Queued struct {
	Drv, Name string
	Running   int
}

// Phase says that a phase of a build has begun: one that the builder has announced,
// in the manner of Guix's or of Nix's build systems, or "registering", when its
// outputs are brought into the store, or "comparing", when they are held against
// others.
type Phase struct {
	Drv, Name string
	Phase     string
}

// Step says how far a step of a build is, such as "writing disk.img".
type Step struct {
	Drv, Name   string
	What        string
	Done, Total int64 // bytes
}

// Line is a line of a builder's output, without its end.
type Line struct {
	Drv, Name string
	Text      string
}

// Fetching says how much of a download has come.
type Fetching struct {
	Drv, Name   string
	Location    string
	Done, Total int64 // bytes; Total is -1 when unknown
}

// Finished says that a build has ended.
type Finished struct {
	Drv, Name string
	Err       error // nil when it succeeded
	// Elsewhere is set when another process had built it meanwhile.
	Elsewhere bool
	Duration  time.Duration
}

func (Planned) event()  {}
func (Offered) event()  {}
func (Fetched) event()  {}
func (Started) event()  {}
func (Moved) event()    {}
func (Waiting) event()  {}
func (Queued) event()   {}
func (Phase) event()    {}
func (Step) event()     {}
func (Line) event()     {}
func (Fetching) event() {}
func (Finished) event() {}

// Progress is told of events, from several goroutines. It must return quickly.
type Progress interface{ Event(Event) }

type silent struct{}

func (silent) Event(Event) {}
