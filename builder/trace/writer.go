package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"fruix/builder"
	"fruix/builder/plan"
	"fruix/store"
)

// Options say what a reader of lines wants.
type Options struct {
	// Trace sends "@" lines; otherwise there is text for people.
	Trace bool
	// Multiplexed marks what builders print with the build that it comes from.
	Multiplexed bool
	// Extended tells of downloads.
	Extended bool
	// Own sends lines that only Fruix knows.
	Own bool
	// Quiet leaves out what builders print.
	Quiet bool
	Now   func() time.Time
}

// Writer turns events into text. It is a builder.Progress.
type Writer struct {
	o    Options
	send func(text string, spare bool)

	mu   sync.Mutex
	ids  map[string]int // of builds that go on
	last int
	told map[string]*download // of those that go on
}

// download is one that goes on.
type download struct {
	drv, where string
	at         time.Time // when it was last told how far it is
}

// NewWriter returns a Writer that calls send with each piece of text: one line or
// more, or the beginning of what is marked as a builder's output with all of that.
// spare says that it may be left out when there is no room for it.
func NewWriter(o Options, send func(text string, spare bool)) *Writer {
	return &Writer{o: o, send: send, ids: map[string]int{}, told: map[string]*download{}}
}

// progressInterval is how often at most it is told how far a download is, as in
// Guix's progress reports.
const progressInterval = time.Second / 5

// Event implements builder.Progress.
func (w *Writer) Event(e builder.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := e.(type) {
	case builder.Planned:
		w.own("planned", e)
	case builder.Offered:
		w.own("offered", e)
	case builder.Waiting:
		w.own("waiting", e)
	case builder.Queued:
		w.queued(e)
	case builder.Phase:
		w.own("phase", e)
	case builder.Step:
		w.ownSpare("step", e, e.Done < e.Total)
	case builder.Moved:
		w.own("moved", moved{e.Drv, e.Machine, errorText(e.Err)})
	case builder.Started:
		w.last++
		w.ids[e.Drv] = w.last
		if w.o.Own {
			w.own("started", started{e.Drv, e.LogPath, e.Machine, e.Platform, w.last})
			return
		}
		w.line(fmt.Sprintf("@ build-started %s - %s %s %d", e.Drv, word(e.Platform), word(e.LogPath), w.last), "building "+e.Drv+"...")
	case builder.Line:
		w.output(e)
	case builder.Finished:
		w.finished(e)
	case builder.Fetching:
		w.fetching(e)
	case builder.Fetched:
		w.fetched(e)
	}
}

// queued tells that a build waits for its turn; who reads the trace of Guix, which has
// no word for it, is not told.
func (w *Writer) queued(e builder.Queued) {
	if w.o.Own {
		w.own("queued", e)
	} else if !w.o.Trace {
		w.send(e.Name+" waits for its turn\n", false)
	}
}

// line sends a line of the trace, or one for people.
func (w *Writer) line(traced, plain string) {
	switch {
	case w.o.Trace:
		w.send(traced+"\n", false)
	case plain != "":
		w.send(plain+"\n", false)
	}
}

// own sends a line of Fruix's own, with x as JSON.
func (w *Writer) own(name string, x any) { w.ownSpare(name, x, false) }

func (w *Writer) ownSpare(name string, x any, spare bool) {
	if !w.o.Own {
		return
	}
	if b, err := json.Marshal(x); err == nil {
		w.send(ownPrefix+name+" "+string(b)+"\n", spare)
	}
}

// started, moved and fetched are what is told in lines of Fruix's own.
type started struct {
	Drv, LogPath, Machine, Platform string
	ID                              int
}

type moved struct{ Drv, Machine, Message string }

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

const ownPrefix = "@ fruix-"

// word makes something one word of a line.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' {
			return '_'
		}
		return r
	}, s)
}

// oneLine makes a message fit into a line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (w *Writer) output(e builder.Line) {
	if w.o.Quiet {
		return
	}
	text := e.Text + "\n"
	if id, ok := w.ids[e.Drv]; ok && w.o.Multiplexed && w.o.Trace {
		text = fmt.Sprintf("@ build-log %d %d\n%s", id, len(text), text)
	}
	w.send(text, true)
}

func (w *Writer) finished(e builder.Finished) {
	delete(w.ids, e.Drv)
	w.allDownloaded(e.Drv)
	if e.Elsewhere {
		w.own("elsewhere", e.Drv)
		return
	}
	if e.Err == nil {
		w.line("@ build-succeeded "+e.Drv+" -", "")
		return
	}
	var mismatch *store.HashMismatchError
	if errors.As(e.Err, &mismatch) {
		w.line(fmt.Sprintf("@ hash-mismatch %s %s %s %s", mismatch.Path, mismatch.Want.Algo, mismatch.Want.Base32(), mismatch.Got.Base32()), "")
	}
	what := "1 " + oneLine(e.Err.Error())
	if errors.Is(e.Err, plan.ErrTimeout) || errors.Is(e.Err, plan.ErrSilent) {
		what = "timeout"
	}
	w.line("@ build-failed "+e.Drv+" - "+what, "build of "+e.Drv+" failed")
}

func (w *Writer) fetching(e builder.Fetching) {
	if !w.o.Trace || !w.o.Extended {
		return
	}
	size := "-"
	if e.Total >= 0 {
		size = fmt.Sprint(e.Total)
	}
	now := w.o.Now()
	key := e.Drv + " " + e.Location
	d := w.told[key]
	begun := d != nil
	if !begun {
		d = &download{drv: e.Drv}
		w.told[key] = d
	}
	d.where = word(e.Drv) + " " + word(e.Location) + " " + size
	if !begun {
		w.send("@ download-started "+d.where+"\n", false)
	}
	end := e.Total >= 0 && e.Done >= e.Total
	if end || now.Sub(d.at) >= progressInterval {
		d.at = now
		w.send(fmt.Sprintf("@ download-progress %s %d\n", d.where, e.Done), true)
	}
	if end {
		w.downloaded(key)
	}
}

// downloaded tells that a download is over.
func (w *Writer) downloaded(key string) {
	w.send("@ download-succeeded "+w.told[key].where+"\n", false)
	delete(w.told, key)
}

// allDownloaded tells that all downloads for something are over.
func (w *Writer) allDownloaded(drv string) {
	for _, key := range slices.Sorted(maps.Keys(w.told)) {
		if w.told[key].drv == drv {
			w.downloaded(key)
		}
	}
}

func (w *Writer) fetched(e builder.Fetched) {
	w.allDownloaded(e.Path)
	if e.Err != nil {
		w.line(fmt.Sprintf("@ substituter-failed %s 1 %s", e.Path, oneLine(e.Err.Error())), "fetching "+e.Path+" failed")
		return
	}
	if w.o.Own {
		w.own("fetched", fetched{e.Path, e.From, e.Duration})
		return
	}
	w.line(fmt.Sprintf("@ substituter-started %s substitute\n@ substituter-succeeded %s", e.Path, e.Path), "fetched "+e.Path)
}

type fetched struct {
	Path, From string
	Duration   time.Duration
}

// Failure sends what went wrong in a run, for a Reader to make an error of.
func (w *Writer) Failure(f *builder.Failure) {
	out := failure{Blocked: f.Blocked, Left: f.Left}
	for _, e := range f.Failed {
		x := failed{Drv: e.Drv, Machine: e.Machine, Name: e.Name, Status: e.Status, LogTail: e.LogTail, LogPath: e.LogPath, KeptDir: e.KeptDir}
		if e.Err != nil {
			x.Message = e.Err.Error()
		}
		x.cause = causeOf(e.Err)
		out.Failed = append(out.Failed, x)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.own("failure", out)
}

type failure struct {
	Failed  []failed          `json:"failed"`
	Blocked map[string]string `json:"blocked,omitempty"`
	Left    []string          `json:"left,omitempty"`
}

type failed struct {
	Drv     string   `json:"drv"`
	Machine string   `json:"machine,omitempty"`
	Name    string   `json:"name"`
	Status  string   `json:"status"`
	Message string   `json:"message"`
	LogTail []string `json:"logTail,omitempty"`
	LogPath string   `json:"logPath,omitempty"`
	KeptDir string   `json:"keptDir,omitempty"`
	cause
}
