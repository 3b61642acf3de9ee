// Package progress shows builds, downloads and other things that take a while, as
// they go on: on a terminal, elsewhere, or for programs.
//
// On a terminal the last lines of the screen are live: one for each build, download
// or task under way, and one that sums up, redrawn a few times a second. Elsewhere
// every event is a line of its own, so that a log file reads well. For programs each
// event is a line that holds a JSON object; see record.
//
// Who is told of events does not wait for who reads. While a terminal takes nothing only
// the lines that stay are kept for it; what builders print then is kept up to a bound. For
// programs and log files every event is kept, on the disk when there are many, up to a
// bound too, beyond which builds wait.
package progress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
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
	// JSON writes events as JSON, one a line; TTY, Color and Verbosity, unless it is
	// 0, mean nothing then.
	JSON bool
	// Quiet shows nothing at all.
	Quiet bool
	// Verbosity is that of Guix's commands: 0 for nothing, 1 for what is built and
	// fetched, 2 for addresses and phases as well, 3 for the output of builders, too.
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
	o Options

	mu     sync.Mutex
	out    outlet
	begun  time.Time
	jobs   map[string]*job // under way, by derivation, object or number of a task
	order  []*job
	counts counts
	tasks  int
	screen screen
	hidden bool // the live lines are
	closed bool
	stop   chan struct{}
	ended  sync.WaitGroup
}

// counts is what has been done so far.
type counts struct {
	planned, built, elsewhere, failed, stopped int
	offered, fetched, unfetched                int
	bytes                                      int64 // fetched
}

// left is how many builds that were planned have neither ended nor begun; running is
// how many are under way.
func (c *counts) left(running int) int {
	return max(0, c.planned-c.built-c.elsewhere-c.failed-c.stopped-running)
}

// job is a build, download or task under way.
type job struct {
	id, name string
	kind     kind
	verb     string // of a task
	started  time.Time
	machine  string // where it is; "" is this machine
	waiting  string // who is waited for
	queued   bool   // it waits for its turn
	phase    string
	last     string // the last line of its output
	meter    *meter // of a download or another step; nil when there is none
	steps    int    // how many have begun
}

// kind is what a job is.
type kind uint8

const (
	building kind = iota
	fetching
	working // a task
)

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
	if o.JSON {
		o.TTY = false
	}
	r := &Reporter{o: o, begun: o.Now(), jobs: map[string]*job{}, stop: make(chan struct{})}
	r.out = outlet{w: w, changed: sync.NewCond(&r.mu)}
	if o.TTY {
		r.out.more = r.overdue
	}
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

// Close removes the live lines, sums up, and waits until all is written. Events after it
// are ignored.
func (r *Reporter) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	r.order = nil
	if !r.mute() {
		r.sumUp()
	}
	r.out.settle()
	r.out.close()
	r.mu.Unlock()
	close(r.stop)
	r.ended.Wait()
	return nil
}

// settle waits until all that is to be seen is written.
func (r *Reporter) settle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.settle()
}

// Event implements builder.Progress.
func (r *Reporter) Event(ev builder.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.mute() {
		return
	}
	if r.o.JSON {
		r.record(ev)
	}
	switch e := ev.(type) {
	case builder.Planned:
		r.counts.planned += len(e.Drvs)
		if n := len(e.Drvs); n > 1 {
			r.say("%d derivations to build", n)
		}
	case builder.Offered:
		r.counts.offered += e.Objects
		r.say("%s to fetch, %s", count(e.Objects, "object"), bytesText(e.Bytes))
	case builder.Fetched:
		r.fetched(e)
	case builder.Started:
		r.start(e)
	case builder.Moved:
		r.drop(e.Drv)
		r.say("%s %s%s: %v", r.paint(red, "to be built elsewhere:"), e.Drv, on(e.Machine), cause(e.Err))
	case builder.Waiting:
		r.wait(r.job(building, e.Drv, ""), e)
	case builder.Queued:
		r.queue(r.job(building, e.Drv, e.Name), e)
	case builder.Phase:
		j := r.job(building, e.Drv, e.Name)
		j.phase, j.last, j.meter = clean(e.Phase), "", nil
		if r.o.Verbosity >= 2 && !r.o.TTY {
			r.say("%s: %s", e.Name, j.phase)
		}
	case builder.Line:
		j := r.job(building, e.Drv, e.Name)
		j.last, j.meter = clean(e.Text), nil
		if r.o.Verbosity >= 3 && !r.flooded() {
			r.say("%s %s", r.paint(dim, e.Name+">"), j.last)
		}
	case builder.Step:
		r.step(r.job(building, e.Drv, e.Name), e)
	case builder.Fetching:
		r.fetch(e)
	case builder.Finished:
		r.finish(e)
	}
	r.refresh()
}

// job returns the job with an id, a new one when there is none.
func (r *Reporter) job(k kind, id, name string) *job {
	j := r.jobs[id]
	if j == nil {
		if name == "" {
			name = baseName(id)
		}
		j = &job{id: id, name: oneLine(name), kind: k, started: r.o.Now()}
		r.jobs[id] = j
		r.order = append(r.order, j)
	}
	return j
}

func (r *Reporter) start(e builder.Started) {
	j := r.job(building, e.Drv, e.Name)
	j.waiting, j.queued, j.phase, j.last, j.meter = "", false, "", "", nil
	j.started, j.machine = r.o.Now(), oneLine(e.Machine)
	if !r.o.TTY {
		r.say("building %s%s...", e.Drv, on(e.Machine))
	}
}

func (r *Reporter) wait(j *job, e builder.Waiting) {
	j.waiting = oneLine(e.Holder)
	if j.waiting == "" {
		j.waiting = "another process"
	}
	if !r.o.TTY {
		r.say("waiting for %s, which %s is building", e.Path, j.waiting)
	}
}

func (r *Reporter) queue(j *job, e builder.Queued) {
	j.queued = true
	if !r.o.TTY {
		r.say("%s waits for its turn; %s under way", j.name, count(e.Running, "build"))
	}
}

// fetch shows a download: of an object, or as a build.
func (r *Reporter) fetch(e builder.Fetching) {
	j := r.job(fetching, e.Drv, e.Name)
	if j.meter == nil || j.meter.what != e.Location {
		j.meter = &meter{what: e.Location, fetching: true}
	}
	if !r.o.TTY && !j.meter.said && (e.Done > 0 || e.Total >= 0) {
		j.meter.said = true
		from, size := "", ""
		if r.o.Verbosity >= 2 {
			from = " from " + e.Location
		}
		if e.Total > 0 {
			size = " (" + bytesText(e.Total) + ")"
		}
		r.say("fetching %s%s%s...", e.Name, from, size)
	}
	r.counts.bytes += e.Done - j.meter.done
	j.meter.set(r.o.Now(), e.Done, e.Total)
}

// maxSteps is how many steps of a build are told of, unless all that it prints is: any
// builder can tell of steps.
const maxSteps = 20

// step shows a step of a build.
func (r *Reporter) step(j *job, e builder.Step) {
	what := clean(e.What)
	if j.meter == nil || j.meter.what != what {
		j.meter = &meter{what: what}
		if j.steps++; !r.o.TTY && (j.steps <= maxSteps || r.o.Verbosity >= 3) {
			r.say("%s: %s (%s)...", j.name, what, bytesText(e.Total))
		}
	}
	j.meter.set(r.o.Now(), e.Done, e.Total)
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

// drop forgets a job.
func (r *Reporter) drop(id string) {
	j := r.jobs[id]
	delete(r.jobs, id)
	if i := slices.Index(r.order, j); i >= 0 {
		r.order = slices.Delete(r.order, i, i+1)
	}
}

// running is how many builds are under way.
func (r *Reporter) running() int {
	n := 0
	for _, j := range r.order {
		if j.kind == building && !j.queued {
			n++
		}
	}
	return n
}

func (r *Reporter) fetched(e builder.Fetched) {
	r.drop(e.Path)
	switch {
	case errors.Is(e.Err, context.Canceled):
	case e.Err != nil:
		r.counts.unfetched++
		r.say("%s %s from %s: %v; it will be built", r.paint(red, "not fetched:"), e.Path, e.From, e.Err)
	default:
		r.counts.fetched++
		r.done("fetched", e.Path, baseName(e.Path), e.Duration)
	}
}

func (r *Reporter) finish(e builder.Finished) {
	name := e.Name
	if name == "" {
		name = baseName(e.Drv)
	}
	r.drop(e.Drv)
	switch {
	case errors.Is(e.Err, context.Canceled):
		r.counts.stopped++
		if !r.o.TTY {
			r.say("stopped %s", e.Drv)
		}
	case e.Err != nil:
		// What went wrong is told at the end, once.
		r.counts.failed++
		r.say("%s %s", r.paint(red, "failed"), e.Drv)
	case e.Elsewhere:
		r.counts.elsewhere++
		r.say("%s was built by another process", e.Drv)
	default:
		r.counts.built++
		r.done("built", e.Drv, name, e.Duration)
	}
}

// done says that something is done, by its name on a terminal.
func (r *Reporter) done(verb, path, name string, took time.Duration) {
	if r.o.TTY && r.o.Verbosity < 2 {
		path = name
	}
	r.say("%s %s %s", r.paint(green, verb), path, r.paint(dim, "("+durationText(took)+")"))
}

// Note shows a line that has nothing to do with builds.
func (r *Reporter) Note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.mute() {
		return
	}
	if r.o.JSON {
		r.write(record{Event: "note", Text: text})
	}
	r.say("%s", lines(text))
}

// Warn shows a warning, even to those who want to see nothing else.
func (r *Reporter) Warn(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.o.JSON:
		r.write(record{Event: "warning", Text: text})
	case r.closed || r.mute():
		r.out.put([]byte("fruix: warning: " + string(lines(text)) + "\n"))
	default:
		r.say("fruix: warning: %s", lines(text))
	}
}

// Aside lets f write to the terminal, if it is one, without the live lines in its way.
func (r *Reporter) Aside(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.o.TTY && !r.mute() {
		r.hidden = true
		defer func() { r.hidden = false }()
		if len(r.screen.widths) > 0 {
			r.draw("")
		}
		r.out.settle()
	}
	f()
}

// Task is something that takes a while and is no build, such as looking for garbage.
type Task struct {
	r  *Reporter
	id string
}

// Task shows a task. verb says what is being done, such as "verifying"; things is the
// plural of what it is counted in, "bytes" for bytes.
func (r *Reporter) Task(verb, things string) *Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks++
	t := &Task{r, fmt.Sprint(r.tasks)}
	if r.closed || r.mute() {
		return t
	}
	j := r.job(working, t.id, verb)
	j.verb, j.meter = verb, &meter{what: verb, things: things}
	if r.o.JSON {
		r.write(record{Event: "task-started", Task: t.id, Text: verb})
	}
	r.refresh()
	return t
}

// Set says how much of how much is done; less than 0 is not known.
func (t *Task) Set(done, total int64) {
	r := t.r
	r.mu.Lock()
	defer r.mu.Unlock()
	j := r.jobs[t.id]
	if r.closed || j == nil {
		return
	}
	j.meter.set(r.o.Now(), done, total)
	if r.o.JSON && j.meter.due(r.o.Now()) {
		r.write(record{Event: "task-progress", Task: t.id, Text: j.verb, Done: &done, Total: known(total)})
	}
	r.refresh()
}

// End says that the task is over.
func (t *Task) End() {
	r := t.r
	r.mu.Lock()
	defer r.mu.Unlock()
	j := r.jobs[t.id]
	if r.closed || j == nil {
		return
	}
	r.drop(t.id)
	if r.o.JSON {
		r.write(record{Event: "task-finished", Task: t.id, Text: j.verb, Seconds: seconds(r.o.Now().Sub(j.started))})
	}
	r.draw("")
}

// sumUp says what was done, unless it was so little that it has been said already.
func (r *Reporter) sumUp() {
	c := &r.counts
	took := r.o.Now().Sub(r.begun)
	if r.o.JSON {
		r.summary(took)
		return
	}
	ended := c.built + c.elsewhere + c.failed + c.fetched + c.unfetched
	left := c.left(0)
	if ended+c.stopped+left < 2 {
		r.draw("")
		return
	}
	text := ""
	part := func(n int, format string, args ...any) {
		if n == 0 {
			return
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf(format, args...)
	}
	part(c.built+c.elsewhere, "%s built", count(c.built+c.elsewhere, "derivation"))
	part(c.fetched, "%s fetched", count(c.fetched, "object"))
	part(int(min(c.bytes, 1)), "%s downloaded", bytesText(c.bytes))
	part(c.failed, "%s", r.paint(red, fmt.Sprintf("%d failed", c.failed)))
	part(c.unfetched, "%d not fetched", c.unfetched)
	part(c.stopped, "%d stopped", c.stopped)
	part(left, "%d not built", left)
	r.say("%s in %s", painted(text), durationText(took))
}

// say writes a line that stays. Names, addresses and errors among args may come from
// builders and servers: they add neither lines nor sequences to it.
func (r *Reporter) say(format string, args ...any) {
	if r.o.JSON {
		return
	}
	for i, a := range args {
		switch a := a.(type) {
		case string:
			args[i] = oneLine(a)
		case error:
			args[i] = oneLine(a.Error())
		}
	}
	line := fmt.Sprintf(format, args...) + "\n"
	if r.o.TTY {
		r.draw(line)
		return
	}
	r.out.put([]byte(line))
}
