package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"path"
	"strconv"
	"strings"

	"fruix/builder"
)

// Reader turns text into events. It is an io.Writer that takes text in pieces, as
// it comes, and never fails: what it does not understand is passed on as it is.
type Reader struct {
	progress builder.Progress
	plain    func(line string)
	failure  *builder.Failure

	pending []byte // a line, or a builder's output, that is not complete
	id      int    // of the build that output belongs to
	left    int    // bytes of output that are to come
	builds  map[int]*building
	names   map[string]int // id by derivation
}

// building is a build that goes on.
type building struct {
	drv, name string
	line      []byte // not complete
}

// NewReader returns a Reader that tells p of events and plain of all other lines,
// without their ends. Both may be nil.
func NewReader(p builder.Progress, plain func(line string)) *Reader {
	return &Reader{progress: p, plain: plain, builds: map[int]*building{}, names: map[string]int{}}
}

// Failure is what went wrong, as far as that was told; nil when nothing was.
func (r *Reader) Failure() *builder.Failure { return r.failure }

// maxPending bounds a line that does not end.
const maxPending = 1 << 20

// Write takes a piece of text.
func (r *Reader) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		if r.left > 0 {
			m := min(r.left, len(b))
			r.output(b[:m])
			b, r.left = b[m:], r.left-m
			continue
		}
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			r.pending = append(r.pending, b[:min(len(b), maxPending-len(r.pending))]...)
			break
		}
		line := string(append(r.pending, b[:i]...))
		r.pending, b = r.pending[:0], b[i+1:]
		r.line(line)
	}
	return n, nil
}

// Close passes on what is left.
func (r *Reader) Close() {
	if len(r.pending) > 0 && r.plain != nil {
		r.plain(string(r.pending))
	}
	r.pending = nil
}

func (r *Reader) event(e builder.Event) {
	if r.progress != nil {
		r.progress.Event(e)
	}
}

// output passes on what a builder prints, by lines.
func (r *Reader) output(b []byte) {
	build := r.builds[r.id]
	if build == nil {
		return
	}
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			build.line = append(build.line, b[:min(len(b), maxPending-len(build.line))]...)
			return
		}
		build.line = append(build.line, b[:i]...)
		r.event(builder.Line{Drv: build.drv, Name: build.name, Text: string(build.line)})
		build.line, b = build.line[:0], b[i+1:]
	}
}

func (r *Reader) line(line string) {
	rest, ok := strings.CutPrefix(line, "@ ")
	if ok && r.traced(rest) {
		return
	}
	if r.plain != nil {
		r.plain(line)
	}
}

// traced reads a line of the trace; false when it is none.
func (r *Reader) traced(line string) bool {
	if own, ok := strings.CutPrefix(line, ownPrefix[2:]); ok {
		name, data, _ := strings.Cut(own, " ")
		return r.own(name, []byte(data))
	}
	words := strings.Split(line, " ")
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	number := func(i int, otherwise int64) int64 {
		n, err := strconv.ParseInt(word(i), 10, 64)
		if err != nil || n < 0 {
			return otherwise
		}
		return n
	}
	switch words[0] {
	case "build-log":
		r.id, r.left = int(number(1, 0)), int(min(number(2, 0), 1<<30))
	case "build-started":
		r.started(started{Drv: word(1), Platform: word(3), LogPath: word(4), ID: int(number(5, 0))})
	case "build-succeeded":
		r.finished(word(1), nil, false)
	case "build-failed":
		why := strings.Join(words[min(4, len(words)):], " ")
		if word(3) == "timeout" {
			why = "it took too long"
		}
		r.finished(word(1), errors.New(why), false)
	case "hash-mismatch", "substituter-started":
	case "substituter-succeeded":
		r.event(builder.Fetched{Path: word(1)})
	case "substituter-failed":
		r.event(builder.Fetched{Path: word(1), Err: errors.New(strings.Join(words[min(3, len(words)):], " "))})
	case "download-started", "download-succeeded":
	case "download-progress":
		r.event(builder.Fetching{Drv: word(1), Name: nameOf(word(1)), Location: word(2), Total: number(3, -1), Done: number(4, 0)})
	default:
		return false
	}
	return true
}

// maxBuilds bounds how many builds are remembered.
const maxBuilds = 1 << 16

func (r *Reader) started(x started) {
	name := nameOf(x.Drv)
	if len(r.builds) < maxBuilds {
		r.builds[x.ID] = &building{drv: x.Drv, name: name}
		r.names[x.Drv] = x.ID
	}
	r.event(builder.Started{Drv: x.Drv, Name: name, LogPath: x.LogPath, Machine: x.Machine, Platform: x.Platform})
}

func (r *Reader) finished(drv string, err error, elsewhere bool) {
	if id, ok := r.names[drv]; ok {
		delete(r.names, drv)
		delete(r.builds, id)
	}
	r.event(builder.Finished{Drv: drv, Name: nameOf(drv), Err: err, Elsewhere: elsewhere})
}

// nameOf is the readable part of an object's path, that of a derivation without
// its end.
func nameOf(p string) string {
	_, name, ok := strings.Cut(path.Base(p), "-")
	if !ok {
		return p
	}
	return strings.TrimSuffix(name, ".drv")
}

// own reads a line of Fruix's own.
func (r *Reader) own(name string, data []byte) bool {
	read := func(to any) bool { return json.Unmarshal(data, to) == nil }
	switch name {
	case "planned":
		var e builder.Planned
		if read(&e) {
			r.event(e)
		}
	case "offered":
		var e builder.Offered
		if read(&e) {
			r.event(e)
		}
	case "waiting":
		var e builder.Waiting
		if read(&e) {
			r.event(e)
		}
	case "queued":
		var e builder.Queued
		if read(&e) {
			r.event(e)
		}
	case "started":
		var x started
		if read(&x) {
			r.started(x)
		}
	case "phase":
		var e builder.Phase
		if read(&e) {
			r.event(e)
		}
	case "step":
		var e builder.Step
		if read(&e) {
			r.event(e)
		}
	case "moved":
		var x moved
		if read(&x) {
			r.event(builder.Moved{Drv: x.Drv, Name: nameOf(x.Drv), Machine: x.Machine, Err: errors.New(x.Message)})
		}
	case "elsewhere":
		var drv string
		if read(&drv) {
			r.finished(drv, nil, true)
		}
	case "fetched":
		var e fetched
		if read(&e) {
			r.event(builder.Fetched{Path: e.Path, From: e.From, Duration: e.Duration})
		}
	case "failure":
		var f failure
		if read(&f) {
			r.failure = f.error()
		}
	}
	return true
}

// remote is an error of which the text has come from elsewhere; cause may be nil.
type remote struct {
	text  string
	cause error
}

func (e *remote) Error() string { return e.text }

func (e *remote) Unwrap() error { return e.cause }

func (f *failure) error() *builder.Failure {
	out := &builder.Failure{Blocked: f.Blocked, Left: f.Left}
	for _, x := range f.Failed {
		e := &builder.BuildError{
			Drv: x.Drv, Machine: x.Machine, Name: x.Name, Status: x.Status, LogTail: x.LogTail, LogPath: x.LogPath, KeptDir: x.KeptDir,
			Err: &remote{x.Message, x.cause.error()},
		}
		out.Failed = append(out.Failed, e)
	}
	return out
}
