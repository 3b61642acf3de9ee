package buildtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/builder/plan"
	"fruix/store/drv"
)

// NewExecutor makes the executor under test for a world.
type NewExecutor func(w *World) plan.Executor

// Executors is the conformance suite of plan.Executor: what every place that
// carries builds out must keep, whatever lies between here and there.
func Executors(t *testing.T, make NewExecutor) {
	for name, test := range map[string]func(*run){
		"output": output, "several outputs": severalOutputs, "missing output": missingOutput, "trees": trees,
		"inputs": inputs, "files": files, "environment": environment, "log": logs, "fresh": fresh,
		"failure": failure, "not started": notStarted, "timeout": timeout, "silence": silence,
		"cancel": cancel, "cancelled before": cancelledBefore, "bad requests": badRequests, "at once": atOnce,
	} {
		t.Run(name, func(t *testing.T) {
			w := New(t)
			test(&run{T: t, World: w, exec: make(w)})
		})
	}
}

// run is one test of the suite.
type run struct {
	*testing.T
	*World
	exec plan.Executor
}

// Fatal and the like are the test's, of which the world has its own.
func (r *run) must(err error) {
	r.T.Helper()
	if err != nil {
		r.T.Fatal(err)
	}
}

// request makes the request for a derivation of the helper, as a builder does.
func (r *run) request(name, script string, change ...func(*drv.Derivation)) *plan.Request {
	r.T.Helper()
	return r.Request(r.Drv(name, script, nil, change...))
}

// Request makes the request for a derivation whose inputs are sources.
func (w *World) Request(drvPath string) *plan.Request {
	d, err := w.Store.ReadDerivation(w.Ctx, drvPath)
	if err != nil {
		w.Fatal(err)
	}
	inputs, err := w.Store.Closure(w.Ctx, d.InputSrcs...)
	if err != nil {
		w.Fatal(err)
	}
	req, err := plan.New(w.Store.Dir(), drvPath, d, inputs, plan.Constraints{Cores: 1})
	if err != nil {
		w.Fatal(err)
	}
	return req
}

// Log collects what a builder prints. It may be used by several goroutines.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
	when time.Time // of the first write
}

func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.when.IsZero() {
		l.when = time.Now()
	}
	return l.text.Write(b)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// First says when the first write was.
func (l *Log) First() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.when
}

// execute carries out a request in a fresh place.
func (r *run) execute(ctx context.Context, req *plan.Request) (*plan.Result, string, error) {
	r.T.Helper()
	res, log, err := r.World.Execute(ctx, r.exec, req)
	return res, log.String(), err
}

// Execute carries out a request in a fresh place, which goes with the world's store.
func (w *World) Execute(ctx context.Context, exec plan.Executor, req *plan.Request) (*plan.Result, *Log, error) {
	place, err := w.Store.TempOutput(req.Outputs[0].Path)
	if err != nil {
		w.Fatal(err)
	}
	log := new(Log)
	res, err := exec.Execute(ctx, req, plan.IO{Scratch: filepath.Dir(place), Physical: w.Store.Physical, Log: log})
	return res, log, err
}

// good carries out a request that must succeed.
func (r *run) good(req *plan.Request) (*plan.Result, string) {
	r.T.Helper()
	res, log, err := r.execute(r.Ctx, req)
	if err != nil {
		r.T.Fatalf("%v\nlog: %s", err, log)
	}
	return res, log
}

func (r *run) file(name string) string {
	r.T.Helper()
	b, err := os.ReadFile(name)
	r.must(err)
	return string(b)
}

func output(r *run) {
	res, _ := r.good(r.request("output", "write out hello"))
	if got := r.file(res.Outputs["out"]); got != "hello" {
		r.T.Errorf("output %q", got)
	}
	if len(res.Outputs) != 1 {
		r.T.Errorf("outputs %v", res.Outputs)
	}
}

func severalOutputs(r *run) {
	req := r.request("several", "write out one ; mkdir doc ; add doc index two", twoOutputs)
	res, _ := r.good(req)
	if got := r.file(res.Outputs["out"]) + r.file(res.Outputs["doc"]+"/index"); got != "onetwo" {
		r.T.Errorf("outputs %q", got)
	}
	for name, place := range res.Outputs {
		i := slices.IndexFunc(req.Outputs, func(o plan.Output) bool { return o.Name == name })
		if i < 0 || filepath.Base(place) != filepath.Base(req.Outputs[i].Path) {
			r.T.Errorf("output %s lies at %s", name, place)
		}
	}
}

func twoOutputs(d *drv.Derivation) {
	d.Outputs = map[string]drv.Output{"out": {}, "doc": {}}
	d.Env["doc"] = ""
}

// A builder that forgets an output has not failed: it is for the caller to see.
func missingOutput(r *run) {
	res, _ := r.good(r.request("missing", "write out one", twoOutputs))
	if got := r.file(res.Outputs["out"]); got != "one" {
		r.T.Errorf("output %q", got)
	}
	if _, err := os.Lstat(res.Outputs["doc"]); !errors.Is(err, os.ErrNotExist) {
		r.T.Errorf("the missing output: %v", err)
	}
}

func trees(r *run) {
	res, _ := r.good(r.request("trees", "mkdir out ; add out b 2 ; add out a 1 ; add out a.b 3"))
	entries, err := os.ReadDir(res.Outputs["out"])
	r.must(err)
	text := ""
	for _, e := range entries {
		text += e.Name() + "=" + r.file(filepath.Join(res.Outputs["out"], e.Name())) + " "
	}
	if text != "a=1 a.b=3 b=2 " {
		r.T.Errorf("tree %q", text)
	}
	big, _ := r.good(r.request("big", "fill out 3"))
	st, err := os.Stat(big.Outputs["out"])
	r.must(err)
	if st.Size() != 3<<20 {
		r.T.Errorf("%d bytes", st.Size())
	}
}

// A build sees its inputs, and those alone.
func inputs(r *run) {
	text := func(name, content string, refs ...string) string {
		p, err := r.Store.AddText(r.Ctx, name, []byte(content), refs)
		r.must(err)
		return p
	}
	deep := text("deep", "deep")
	in, other := text("in", "see "+deep, deep), text("other", "x")
	res, _ := r.good(r.request("inputs", "exists "+deep+" ; absent "+other+" ; cat "+in+" out", func(d *drv.Derivation) {
		d.InputSrcs = append(d.InputSrcs, in)
	}))
	if got := r.file(res.Outputs["out"]); got != "see "+deep {
		r.T.Errorf("the input holds %q", got)
	}
	if _, _, err := r.execute(r.Ctx, r.request("changes", "append "+in+" x ; write out x", func(d *drv.Derivation) {
		d.InputSrcs = append(d.InputSrcs, in)
	})); err == nil {
		r.T.Error("a builder changes its input")
	}
	if got := r.Read(in); got != "see "+deep {
		r.T.Errorf("the input is now %q", got)
	}
}

func files(r *run) {
	req := r.request("files", "cat graph out")
	req.Files = []plan.File{{Name: "graph", Content: []byte("text\x00\n")}}
	res, _ := r.good(req)
	if got := r.file(res.Outputs["out"]); got != "text\x00\n" {
		r.T.Errorf("file %q", got)
	}
}

func environment(r *run) {
	req := r.request("environment", "env out", func(d *drv.Derivation) { d.Env["VERSION"] = "1 \n2" })
	res, _ := r.good(req)
	var got map[string]string
	r.must(json.Unmarshal([]byte(r.file(res.Outputs["out"])), &got))
	if got["getwd"] != req.BuildDir {
		r.T.Errorf("in %q", got["getwd"])
	}
	for _, k := range []string{"getwd", "uid", "NIX_BUILD_CORES"} { // where it runs decides on the last
		delete(got, k)
	}
	for k, v := range req.Env {
		if got[k] != v && k != "NIX_BUILD_CORES" {
			r.T.Errorf("%s is %q, not %q", k, got[k], v)
		}
		delete(got, k)
	}
	if len(got) > 0 {
		r.T.Errorf("too much: %q", got)
	}
	req = r.request("called", "called out")
	res, _ = r.good(req)
	if got, want := r.file(res.Outputs["out"]), filepath.Base(req.Builder); got != want {
		r.T.Errorf("the builder is called by the name %q, not %q", got, want)
	}
}

func logs(r *run) {
	start := time.Now()
	res, log, err := r.World.Execute(r.Ctx, r.exec, r.request("log", "echo first ; sleep 400 ; err second ; echo third ; write out x"))
	took := time.Since(start)
	r.must(err)
	if got := log.String(); got != "first\nsecond\nthird\n" {
		r.T.Errorf("log %q", got)
	}
	if first := log.First().Sub(start); took-first < 300*time.Millisecond {
		r.T.Errorf("the log's first line came after %v of %v", first, took)
	}
	_ = res
}

// fresh: a build that is to be compared runs, though what it makes may be known.
func fresh(r *run) {
	req := r.request("fresh", "echo at work ; write out x")
	r.good(req)
	place, err := r.Store.TempOutput(req.Outputs[0].Path)
	r.must(err)
	log := new(Log)
	res, err := r.exec.Execute(r.Ctx, req, plan.IO{Scratch: filepath.Dir(place), Physical: r.Store.Physical, Log: log, Fresh: true})
	r.must(err)
	if got := log.String() + r.file(res.Outputs["out"]); got != "at work\nx" {
		r.T.Errorf("log and output %q", got)
	}
}

func failure(r *run) {
	_, log, err := r.execute(r.Ctx, r.request("failure", "echo before ; write out half ; exit 7"))
	var failed *plan.FailedError
	if !errors.As(err, &failed) || failed.Status != "exit code 7" || failed.Err != nil {
		r.T.Errorf("%#v", err)
	}
	if log != "before\n" {
		r.T.Errorf("log %q", log)
	}
	r.good(r.request("afterwards", "write out x"))
}

func notStarted(r *run) {
	for builder, want := range map[string]string{
		"/frx/store/nothing": "cannot run the builder /frx/store/nothing",
		r.Program + "/x":     "cannot run the builder",
		"no-path":            "neither an absolute path",
	} {
		req := r.request("not-started", "write out x")
		req.Builder = builder
		_, _, err := r.execute(r.Ctx, req)
		var failed *plan.FailedError
		if !errors.As(err, &failed) || failed.Status != "not started" || !strings.Contains(err.Error(), want) {
			r.T.Errorf("%s: %#v", builder, err)
		}
	}
}

// ended checks that a build was ended for its constraints, soon enough, and that
// nothing of it is left.
func (r *run) ended(start time.Time, err, cause error, mark string) {
	r.T.Helper()
	var failed *plan.FailedError
	if !errors.As(err, &failed) || failed.Status != "killed" || !errors.Is(err, cause) {
		r.T.Errorf("%#v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		r.T.Errorf("after %v", took)
	}
	r.nothingRuns(mark)
}

func timeout(r *run) {
	req := r.request("timeout", "wait /never/timeout ; write out x")
	req.Constraints.Timeout = 150 * time.Millisecond
	start := time.Now()
	_, _, err := r.execute(r.Ctx, req)
	r.ended(start, err, plan.ErrTimeout, "/never/timeout")
}

// silence: a builder is ended that says nothing for too long, however long it took to say
// something now and then. On a slow machine as much as a whole build needs is not long.
func silence(r *run) {
	start := time.Now()
	r.good(r.request("ordinary", "echo a ; write out x"))
	limit := min(max(250*time.Millisecond, 4*time.Since(start)), 2*time.Second)
	pause := fmt.Sprintf("sleep %d", (2 * limit / 5).Milliseconds())
	req := r.request("silence", strings.Join([]string{"echo a", pause, "echo b", pause, "echo c", pause, "echo d", "wait /never/silence"}, " ; "))
	req.Constraints.MaxSilent = limit
	start = time.Now()
	_, log, err := r.execute(r.Ctx, req)
	r.ended(start, err, plan.ErrSilent, "/never/silence")
	if log != "a\nb\nc\nd\n" {
		r.T.Errorf("log %q", log)
	}
}

// cancel: Execute returns when nothing of the build runs any more.
func cancel(r *run) {
	ctx, stop := context.WithCancelCause(r.Ctx)
	why := errors.New("for this reason")
	time.AfterFunc(200*time.Millisecond, func() { stop(why) })
	start := time.Now()
	_, _, err := r.execute(ctx, r.request("cancel", "echo x ; wait /never/cancel ; write out x"))
	if !errors.Is(err, why) {
		r.T.Errorf("%v", err)
	}
	if took := time.Since(start); took > 3*time.Second {
		r.T.Errorf("after %v", took)
	}
	r.nothingRuns("/never/cancel")
	r.good(r.request("afterwards", "write out x"))
}

func cancelledBefore(r *run) {
	ctx, stop := context.WithCancel(r.Ctx)
	stop()
	if _, log, err := r.execute(ctx, r.request("before", "echo x ; write out x")); !errors.Is(err, context.Canceled) || log != "" {
		r.T.Errorf("%v, log %q", err, log)
	}
}

// nothingRuns fails when a process with mark among its arguments is left.
func (r *run) nothingRuns(mark string) {
	r.T.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	r.must(err)
	for _, p := range processes {
		line, _ := os.ReadFile(p)
		if words := strings.Split(string(line), "\x00"); slices.Contains(words, mark) {
			r.T.Errorf("still running: %q", words)
		}
	}
}

func badRequests(r *run) {
	for name, change := range map[string]func(*plan.Request){
		"build folder elsewhere":  func(q *plan.Request) { q.BuildDir = "/home/x" },
		"build folder above":      func(q *plan.Request) { q.BuildDir = "/tmp/.." },
		"file elsewhere":          func(q *plan.Request) { q.Files = []plan.File{{Name: "../x"}} },
		"builtin that is unknown": func(q *plan.Request) { q.Builder = "builtin:frobnicate" },
	} {
		req := r.request("bad", "write out x")
		change(req)
		_, _, err := r.execute(r.Ctx, req)
		var failed *plan.FailedError
		if err == nil || errors.As(err, &failed) {
			r.T.Errorf("%s: %v", name, err)
		}
	}
}

func atOnce(r *run) {
	var wg sync.WaitGroup
	for i := range 8 {
		// Requests are made here: a world is for one goroutine.
		req := r.request(fmt.Sprint("at-once-", i), fmt.Sprintf("echo %d ; append /tmp/mark %d ; sleep 50 ; cat /tmp/mark out", i, i))
		wg.Go(func() {
			res, log, err := r.World.Execute(r.Ctx, r.exec, req)
			if err != nil {
				r.T.Error(err)
				return
			}
			b, err := os.ReadFile(res.Outputs["out"])
			if string(b) != fmt.Sprint(i) || log.String() != fmt.Sprintln(i) || err != nil {
				r.T.Errorf("%d: output %q, log %q, %v", i, b, log, err)
			}
		})
	}
	wg.Wait()
}
