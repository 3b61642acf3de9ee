// Package progress shows builds and downloads while they go on.
//
// On a terminal the last lines of the screen are live: one for each build or
// download under way, redrawn a few times a second. Elsewhere every event is a
// line of its own, so that a log file reads well.
package progress

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"fruix/builder"
	"fruix/builder/plan"
)

// Options configure a Reporter.
type Options struct {
	// TTY says that the writer is a terminal that takes ANSI sequences.
	TTY bool
	// Quiet shows nothing at all.
	Quiet bool
	// Verbosity is 0 for nothing, 1 for what is built and fetched, 2 for the
	// output of builders as well.
	Verbosity int
	Color     bool

	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Size gives the columns and rows of the terminal; nil asks the writer,
	// if it is a file, and takes 80 by 24 otherwise.
	Size func() (columns, rows int)
	// Interval is how often live lines are redrawn; 0 means ten times a
	// second, less than 0 only when something happens.
	Interval time.Duration
}

// Reporter implements builder.Progress. It may be used by several goroutines.
type Reporter struct {
	w io.Writer
	o Options

	mu     sync.Mutex
	jobs   map[string]*job // under way, by derivation
	order  []*job
	done   int
	total  int
	live   int // lines of the screen that are live now
	drawn  time.Time
	closed bool
	stop   chan struct{}
	ended  sync.WaitGroup
}

// job is a build or download under way.
type job struct {
	drv, name string
	started   time.Time
	machine   string // where it is; "" is this machine
	waiting   string // who is waited for
	location  string // of the download
	announced bool
	rate      rate
	bytes     int64
	size      int64
	last      string // the last line of its output
}

var _ builder.Progress = (*Reporter)(nil)

// New returns a reporter that writes to w. It must be closed.
func New(w io.Writer, o Options) *Reporter {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Size == nil {
		o.Size = sizeOf(w)
	}
	if o.Interval == 0 {
		o.Interval = 100 * time.Millisecond
	}
	r := &Reporter{w: w, o: o, jobs: map[string]*job{}, stop: make(chan struct{})}
	if o.TTY && !r.mute() && o.Interval > 0 {
		r.ended.Add(1)
		go r.tick()
	}
	return r
}

func sizeOf(w io.Writer) func() (int, int) {
	f, ok := w.(*os.File)
	return func() (int, int) {
		if ok {
			if columns, rows, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 && rows > 0 {
				return columns, rows
			}
		}
		return 80, 24
	}
}

func (r *Reporter) mute() bool { return r.o.Quiet || r.o.Verbosity <= 0 }

// tick redraws the live lines, so that times and rates move on.
func (r *Reporter) tick() {
	defer r.ended.Done()
	t := time.NewTicker(r.o.Interval)
	defer t.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-t.C:
			r.mu.Lock()
			if !r.closed && len(r.order) > 0 {
				r.draw("")
			}
			r.mu.Unlock()
		}
	}
}

// Close removes the live lines. Events after it are ignored.
func (r *Reporter) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	r.order = nil
	if r.live > 0 {
		r.draw("")
	}
	r.mu.Unlock()
	close(r.stop)
	r.ended.Wait()
	return nil
}

// Event implements builder.Progress.
func (r *Reporter) Event(ev builder.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.mute() {
		return
	}
	switch e := ev.(type) {
	case builder.Planned:
		r.total += len(e.Drvs)
		if n := len(e.Drvs); n > 1 {
			r.say("%d derivations to build", n)
		}
	case builder.Offered:
		r.total += e.Objects
		r.say("%s to fetch (%s)", map[bool]string{true: "1 object", false: fmt.Sprintf("%d objects", e.Objects)}[e.Objects == 1], bytesText(e.Bytes))
	case builder.Fetched:
		r.fetched(e)
	case builder.Started:
		j := r.job(e.Drv, e.Name)
		j.waiting = ""
		j.started = r.o.Now()
		if j.machine = e.Machine; !r.o.TTY {
			r.say("building %s%s...", e.Drv, on(e.Machine))
		}
		r.refresh()
	case builder.Moved:
		r.forget(e.Drv)
		r.say("%s %s%s: %v", r.paint(red, "to be built elsewhere:"), e.Drv, on(e.Machine), cause(e.Err))
		r.refresh()
	case builder.Waiting:
		j := r.job(e.Drv, "")
		r.wait(j, e)
	case builder.Line:
		j := r.job(e.Drv, e.Name)
		j.last = clean(e.Text)
		if r.o.Verbosity >= 2 {
			r.say("%s %s", r.paint(dim, e.Name+">"), j.last)
		}
	case builder.Fetching:
		r.fetch(r.job(e.Drv, e.Name), e)
	case builder.Finished:
		r.finish(e)
	}
}

// job returns the job of a derivation, a new one when there is none.
func (r *Reporter) job(drv, name string) *job {
	j := r.jobs[drv]
	if j == nil {
		j = &job{drv: drv, name: name, started: r.o.Now(), size: -1}
		if j.name == "" {
			j.name = baseName(drv)
		}
		r.jobs[drv] = j
		r.order = append(r.order, j)
	}
	return j
}

func (r *Reporter) wait(j *job, e builder.Waiting) {
	j.waiting = e.Holder
	if j.waiting == "" {
		j.waiting = "another process"
	}
	if !r.o.TTY {
		r.say("waiting for %s, which %s is building", e.Path, j.waiting)
	}
	r.refresh()
}

func (r *Reporter) fetch(j *job, e builder.Fetching) {
	now := r.o.Now()
	if j.location != e.Location {
		j.location, j.announced = e.Location, false
		j.rate = rate{}
	}
	j.bytes, j.size = e.Done, e.Total
	j.rate.add(now, e.Done)
	if !j.announced {
		j.announced = true
		if !r.o.TTY {
			size := ""
			if e.Total > 0 {
				size = " (" + bytesText(e.Total) + ")"
			}
			r.say("fetching %s from %s%s...", e.Name, e.Location, size)
		}
	}
	r.refresh()
}

// on says where, unless that is this machine.
func on(machine string) string {
	if machine == "" {
		return ""
	}
	return " on " + machine
}

// cause is what the machine said.
func cause(err error) error {
	var u *plan.UnavailableError
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// drop forgets a job that has ended.
func (r *Reporter) drop(id string) {
	r.forget(id)
	r.done++
}

// forget forgets a job.
func (r *Reporter) forget(id string) {
	j := r.jobs[id]
	delete(r.jobs, id)
	for i, x := range r.order {
		if x == j {
			r.order = append(r.order[:i], r.order[i+1:]...)
			break
		}
	}
}

func (r *Reporter) fetched(e builder.Fetched) {
	r.drop(e.Path)
	switch {
	case e.Err != nil:
		r.say("%s %s from %s: %v; it will be built", r.paint(red, "not fetched:"), e.Path, e.From, e.Err)
	case r.o.TTY:
		r.say("%s %s %s", r.paint(green, "fetched"), e.Path, r.paint(dim, "("+durationText(e.Duration)+")"))
	}
	r.refresh()
}

func (r *Reporter) finish(e builder.Finished) {
	r.drop(e.Drv)
	switch {
	case e.Err != nil:
		// What went wrong is told at the end, once.
		r.say("%s %s", r.paint(red, "failed:"), e.Drv)
	case e.Elsewhere:
		r.say("%s was made by another process", e.Drv)
	case r.o.TTY:
		r.say("%s %s %s", r.paint(green, "built"), e.Drv, r.paint(dim, "("+durationText(e.Duration)+")"))
	}
	r.refresh()
}

// say writes a line that stays.
func (r *Reporter) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...) + "\n"
	if r.o.TTY {
		r.draw(line)
		return
	}
	io.WriteString(r.w, line)
}
