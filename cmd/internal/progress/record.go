package progress

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"fruix/builder"
)

// record is an event for programs. What it is stands in Event; each kind has a few of
// the other members. README.md lists them ("Events for programs"); names and meanings
// do not change, new members and new kinds may come.
type record struct {
	Event string `json:"event"`
	Time  string `json:"time"` // RFC 3339, UTC

	Derivation  string   `json:"derivation,omitempty"`
	Derivations []string `json:"derivations,omitempty"`
	Path        string   `json:"path,omitempty"`
	Task        string   `json:"task,omitempty"`
	Name        string   `json:"name,omitempty"`
	Machine     string   `json:"machine,omitempty"`
	Log         string   `json:"log,omitempty"`
	Phase       string   `json:"phase,omitempty"`
	Text        string   `json:"text,omitempty"`
	Line        *string  `json:"line,omitempty"`
	From        string   `json:"from,omitempty"`
	Holder      string   `json:"holder,omitempty"`
	Status      string   `json:"status,omitempty"`
	Error       string   `json:"error,omitempty"`
	Elsewhere   bool     `json:"elsewhere,omitempty"`
	Objects     int      `json:"objects,omitempty"`
	Bytes       int64    `json:"bytes,omitempty"`
	Done        *int64   `json:"done,omitempty"`
	Total       *int64   `json:"total,omitempty"`
	Seconds     *float64 `json:"seconds,omitempty"`

	*totals
}

// totals are those of the last event, "summary".
type totals struct {
	Built        int   `json:"built"`
	Fetched      int   `json:"fetched"`
	FetchedBytes int64 `json:"fetched_bytes"`
	Failed       int   `json:"failed"`
	Stopped      int   `json:"stopped"`
	NotBuilt     int   `json:"not_built"`
}

// write writes an event.
func (r *Reporter) write(e record) {
	e.Time = Time(r.o.Now())
	b, err := json.Marshal(e)
	if err != nil {
		return // nothing in a record cannot be marshalled
	}
	r.out.put(append(b, '\n'))
}

// Time writes a time as events have it.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// record tells programs of an event. It is called before the state changes.
func (r *Reporter) record(ev builder.Event) {
	switch e := ev.(type) {
	case builder.Planned:
		r.write(record{Event: "planned", Derivations: e.Drvs})
	case builder.Offered:
		r.write(record{Event: "offered", Objects: e.Objects, Bytes: e.Bytes})
	case builder.Fetched:
		r.recordFetched(e)
	case builder.Started:
		r.write(record{Event: "build-started", Derivation: e.Drv, Name: e.Name, Machine: e.Machine, Log: e.LogPath})
	case builder.Moved:
		r.write(record{Event: "build-moved", Derivation: e.Drv, Name: e.Name, Machine: e.Machine, Error: cause(e.Err).Error()})
	case builder.Waiting:
		r.write(record{Event: "build-waiting", Derivation: e.Drv, Path: e.Path, Holder: e.Holder})
	case builder.Queued:
		r.write(record{Event: "build-queued", Derivation: e.Drv, Name: e.Name})
	case builder.Phase:
		r.write(record{Event: "build-phase", Derivation: e.Drv, Name: e.Name, Phase: e.Phase})
	case builder.Line:
		r.write(record{Event: "build-log", Derivation: e.Drv, Name: e.Name, Line: &e.Text})
	case builder.Step:
		if r.due(e.Drv, e.What, e.Done, e.Total) {
			r.write(record{Event: "build-progress", Derivation: e.Drv, Name: e.Name, Text: e.What, Done: &e.Done, Total: known(e.Total)})
		}
	case builder.Fetching:
		if r.due(e.Drv, e.Location, e.Done, e.Total) {
			r.write(record{Event: "fetch-progress", Path: e.Drv, Name: e.Name, From: e.Location, Done: &e.Done, Total: known(e.Total)})
		}
	case builder.Finished:
		r.recordFinished(e)
	}
}

// due says whether programs are to be told how far a step of a job is.
func (r *Reporter) due(id, what string, done, total int64) bool {
	j := r.jobs[id]
	if j == nil || j.meter == nil || j.meter.what != what {
		return true // its begin
	}
	m := *j.meter
	m.done, m.total = done, total
	due := m.due(r.o.Now())
	j.meter.told = m.told
	return due
}

func (r *Reporter) recordFetched(e builder.Fetched) {
	rec := record{Event: "fetched", Path: e.Path, Name: baseName(e.Path), From: e.From, Seconds: seconds(e.Duration)}
	if e.Err != nil {
		rec.Event, rec.Error = "fetch-failed", e.Err.Error()
	}
	r.write(rec)
}

func (r *Reporter) recordFinished(e builder.Finished) {
	rec := record{Event: "build-finished", Derivation: e.Drv, Name: e.Name, Elsewhere: e.Elsewhere, Seconds: seconds(e.Duration)}
	var be *builder.BuildError
	switch {
	case errors.Is(e.Err, context.Canceled):
		rec.Event = "build-stopped"
	case errors.As(e.Err, &be):
		rec.Event, rec.Status, rec.Log, rec.Error = "build-failed", be.Status, be.LogPath, be.Err.Error()
	case e.Err != nil:
		rec.Event, rec.Status, rec.Error = "build-failed", "error", e.Err.Error()
	}
	r.write(rec)
}

func (r *Reporter) summary(took time.Duration) {
	c := &r.counts
	r.write(record{Event: "summary", Seconds: seconds(took), totals: &totals{
		Built: c.built + c.elsewhere, Fetched: c.fetched, FetchedBytes: c.bytes,
		Failed: c.failed, Stopped: c.stopped, NotBuilt: c.left(0),
	}})
}

// known is a total, nil when it is not known.
func known(total int64) *int64 {
	if total < 0 {
		return nil
	}
	return &total
}

// seconds is a duration, to the millisecond.
func seconds(d time.Duration) *float64 {
	s := math.Round(d.Seconds()*1000) / 1000
	return &s
}
