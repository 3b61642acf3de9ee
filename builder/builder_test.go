package builder_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/builder/builtin"
	"fruix/builder/plan"
	"fruix/jail/jailtest"
	"fruix/jail/native"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/hash"
	"fruix/store/journal"
)

// table is what the test binary runs as builtin:NAME, in jails and here.
var table = builtin.Table{
	"upper": {Run: func(_ context.Context, c *builtin.Call) error {
		fmt.Fprintln(c.Log, "in upper case:", c.Request.Args[0])
		b, err := os.ReadFile(c.Input(c.Request.Args[0]))
		if err != nil {
			return err
		}
		return os.WriteFile(c.Output("out"), bytes.ToUpper(b), 0o644)
	}},
	"here": {InProcess: true, Run: func(_ context.Context, c *builtin.Call) error {
		return os.WriteFile(c.Output("out"), []byte(c.Request.Env["text"]), 0o644)
	}},
}

func TestMain(m *testing.M) {
	native.ChildMain(os.Args)
	buildtest.HelperMain(os.Args)
	builtin.Main(os.Args, table)
	builtin.ApartMain(os.Args, apartTable)
	done, err := jailtest.Prepare("fruix/builder/buildtest/helper")
	if err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	done()
	os.Exit(code)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// build builds one derivation that must succeed.
func build(w *buildtest.World, o builder.Options, drvs ...string) *builder.Result {
	w.Helper()
	var ts []builder.Target
	for _, d := range drvs {
		ts = append(ts, builder.Target{Drv: d})
	}
	res, err := w.Builder(o).Build(w.Ctx, ts...)
	must(w, err)
	return res
}

func TestChain(t *testing.T) {
	w := buildtest.New(t)
	a := w.Drv("a", "echo making a ; write out from a", nil)
	b := w.Drv("b", "err to the log ; mkdir out ; add out f refers to @a ; echo done", map[string]string{"a": a})
	c := w.Drv("c", "cat @b/f out ; append /dev/null x", map[string]string{"b": b})
	res := build(w, builder.Options{}, c)
	if got := w.Read(w.Out(c)); got != "refers to "+w.Out(a) {
		t.Errorf("content %q", got)
	}
	if fmt.Sprint(res.Built) != fmt.Sprint([]string{a, b, c}) {
		t.Errorf("built %v", res.Built)
	}
	if res.Outputs[c]["out"] != w.Out(c) {
		t.Errorf("outputs %v", res.Outputs)
	}
	// c's text mentions a, but of c's inputs a is there only through b.
	for p, want := range map[string][]string{w.Out(a): nil, w.Out(b): {w.Out(a)}, w.Out(c): {w.Out(a)}} {
		info, err := w.Store.Info(w.Ctx, p)
		must(t, err)
		if fmt.Sprint(info.References) != fmt.Sprint(want) {
			t.Errorf("references of %s: %v", p, info.References)
		}
	}
	fi, err := os.Lstat(w.Store.Physical(w.Out(b) + "/f"))
	must(t, err)
	if fi.Mode() != 0o444 || fi.ModTime().Unix() != 1 {
		t.Errorf("not canonical: %v %v", fi.Mode(), fi.ModTime())
	}
	r, err := w.Builder(builder.Options{}).ReadLog(b)
	must(t, err)
	text, err := io.ReadAll(r)
	must(t, err)
	if string(text) != "to the log\ndone\n" {
		t.Errorf("log %q", text)
	}
	if res := build(w, builder.Options{}, c, b); len(res.Built) != 0 {
		t.Errorf("built again: %v", res.Built)
	}
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
}

func TestEnvironment(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("environment-1.0", "env out", nil, func(d *drv.Derivation) {
		d.Env["VERSION"] = "1.0"
		d.Env["PATH"] = "/some/where"
		d.Env["TMPDIR"] = "/not/this"
	})
	build(w, builder.Options{Cores: 3}, d)
	var got map[string]string
	must(t, json.Unmarshal([]byte(w.Read(w.Out(d))), &got))
	dir := "/tmp/fruix-build-environment-1.0-0"
	want := map[string]string{
		"out": w.Out(d), "name": "environment-1.0", "VERSION": "1.0", "PATH": "/some/where", "HOME": "/homeless-shelter",
		"NIX_BUILD_TOP": dir, "TMPDIR": dir, "TEMPDIR": dir, "TMP": dir, "TEMP": dir, "PWD": dir, "getwd": dir,
		"NIX_STORE": "/frx/store", "NIX_BUILD_CORES": "3", "NIX_LOG_FD": "2", "TERM": "xterm-256color",
		"uid": "30001:30000",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestIsolation(t *testing.T) {
	w := buildtest.New(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	other := w.Drv("other", "write out x", nil)
	in := w.Drv("in", "write out x", nil)
	build(w, builder.Options{}, other)
	d := w.Drv("d", "exists @in ; absent "+w.Out(other)+" ; absent /etc/shadow ; absent /root ; absent /home ; absent "+
		w.Store.Physical(w.Out(other))+" ; list /frx/store out", map[string]string{"in": in})
	build(w, builder.Options{}, d)
	names := strings.Split(w.Read(w.Out(d)), "\n")
	if len(names) != 2 { // in and the helper; the output was not there yet
		t.Errorf("in sight: %v", names)
	}
	for name, script := range map[string]string{
		"changes an input": "append @in x", "replaces an input": "write in x", "connects": "dial " + l.Addr().String(),
	} {
		d := w.Drv("bad", script+" ; write out x", map[string]string{"in": in}, func(d *drv.Derivation) { d.Env["in"] = w.Out(in) })
		if _, err := w.Builder(builder.Options{}).Build(w.Ctx, builder.Target{Drv: d}); err == nil {
			t.Errorf("a build that %s succeeds", name)
		}
	}
	if got := w.Read(w.Out(in)); got != "x" {
		t.Errorf("the input is now %q", got)
	}
}

func TestConcurrentBuildsApart(t *testing.T) {
	w := buildtest.New(t)
	// Each leaves a file where the other would see it, if it could, and then
	// takes its time.
	a := w.Drv("a", "append /tmp/mark a ; sleep 200 ; cat /tmp/mark out", nil)
	b := w.Drv("b", "append /tmp/mark b ; sleep 200 ; cat /tmp/mark out", nil)
	start := time.Now()
	build(w, builder.Options{MaxJobs: 2}, a, b)
	if got := w.Read(w.Out(a)) + w.Read(w.Out(b)); got != "ab" {
		t.Errorf("got %q", got)
	}
	t.Log(time.Since(start))
}

func TestBuiltins(t *testing.T) {
	w := buildtest.New(t)
	src, err := w.Store.AddText(w.Ctx, "text", []byte("quiet"), nil)
	must(t, err)
	sum := hash.Sum(hash.SHA256, []byte("known"))
	fixed := func(h string) func(*drv.Derivation) {
		return func(d *drv.Derivation) {
			d.Builder, d.InputSrcs, d.Args = "builtin:here", nil, nil
			d.Outputs = map[string]drv.Output{"out": {HashAlgo: "sha256", Hash: h}}
			d.Env["text"] = "known"
		}
	}
	here := w.Drv("here", "", nil, fixed(sum.Hex()))
	build(w, builder.Options{Builtins: table}, here)
	if got := w.Read(w.Out(here)); got != "known" {
		t.Errorf("got %q", got)
	}
	wrong := w.Drv("wrong", "", nil, fixed(strings.Repeat("0", 64)))
	_, err = w.Builder(builder.Options{Builtins: table}).Build(w.Ctx, builder.Target{Drv: wrong})
	var mismatch *store.HashMismatchError
	if !errors.As(err, &mismatch) || !mismatch.Got.Equal(sum) {
		t.Errorf("error %v", err)
	}
	loose := w.Drv("loose", "", nil, func(d *drv.Derivation) { d.Builder = "builtin:here" })
	_, err = w.Builder(builder.Options{Builtins: table}).Build(w.Ctx, builder.Target{Drv: loose})
	if err == nil || !strings.Contains(err.Error(), "builtin:here makes fixed outputs only") {
		t.Errorf("error %v", err)
	}
	none := w.Drv("none", "", nil, func(d *drv.Derivation) { d.Builder = "builtin:nothing" })
	_, err = w.Builder(builder.Options{Builtins: table}).Build(w.Ctx, builder.Target{Drv: none})
	if err == nil || !strings.Contains(err.Error(), "there is no builder builtin:nothing (there are: builtin:here, builtin:upper)") {
		t.Errorf("error %v", err)
	}
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
	if jailtest.Helper() == "" { // else the test binary itself cannot run in a jail
		upper := w.Drv("upper", "", nil, func(d *drv.Derivation) {
			d.Builder, d.InputSrcs, d.Args = "builtin:upper", []string{src}, []string{src}
			d.Platform = "pdp11-unix" // what is Fruix's own runs anywhere
		})
		build(w, builder.Options{Builtins: table}, upper)
		if got := w.Read(w.Out(upper)); got != "QUIET" {
			t.Errorf("got %q", got)
		}
	}
}

func TestFailures(t *testing.T) {
	w := buildtest.New(t)
	for _, tt := range []struct {
		name, script string
		change       func(*drv.Derivation)
		status, text string
		tail         string
		o            builder.Options
	}{
		{name: "exit", script: "echo one ; err two ; exit 3", status: "exit code 3", text: "builder failed with exit code 3", tail: "one two"},
		{name: "nothing", script: "echo idle", status: "missing output", text: "the builder did not make the output /frx/store/", tail: "idle"},
		{name: "tail", script: "echo 1 ; echo 2 ; echo 3 ; exit 1", status: "exit code 1", tail: "2 3", o: builder.Options{LogLines: 2}},
		{name: "fixed", script: "write out wrong", change: func(d *drv.Derivation) {
			d.Outputs = map[string]drv.Output{"out": {HashAlgo: "sha256", Hash: hash.Sum(hash.SHA256, []byte("right")).Hex()}}
		}, status: "hash mismatch", text: hash.Sum(hash.SHA256, []byte("wrong")).SRI()},
		{name: "fixed-directory", script: "mkdir out", change: func(d *drv.Derivation) {
			d.Outputs = map[string]drv.Output{"out": {HashAlgo: "sha256", Hash: strings.Repeat("1", 64)}}
		}, status: "bad output", text: "must be a regular file"},
		{name: "no-builder", change: func(d *drv.Derivation) { d.Builder = "/bin/sh" }, status: "not started",
			text: "cannot run the builder /bin/sh: no such file or directory (the file, its script interpreter or its dynamic linker is not among the derivation's inputs)"},
		{name: "platform", change: func(d *drv.Derivation) { d.Platform = "pdp11-unix" }, status: "not started",
			text: "it must be built on pdp11-unix, but this machine is " + buildtest.System()},
		{name: "timeout", script: "sleep 20000", status: "killed", text: "the builder was killed: it took longer than the time limit",
			o: builder.Options{Timeout: 300 * time.Millisecond}},
		{name: "silent", script: "echo last words ; sleep 20000", status: "killed", tail: "last words",
			text: "the builder was killed: it was silent for longer than the limit", o: builder.Options{MaxSilent: 300 * time.Millisecond}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change == nil {
				tt.change = func(*drv.Derivation) {}
			}
			d := w.Drv(tt.name, tt.script, nil, tt.change)
			_, err := w.Builder(tt.o).Build(w.Ctx, builder.Target{Drv: d})
			var be *builder.BuildError
			if !errors.As(err, &be) {
				t.Fatalf("error %v", err)
			}
			if be.Status != tt.status || be.Drv != d {
				t.Errorf("status %q of %s", be.Status, be.Drv)
			}
			if !strings.Contains(be.Error(), tt.text) {
				t.Errorf("message %q lacks %q", be.Error(), tt.text)
			}
			if tt.tail != "" && strings.Join(be.LogTail, " ") != tt.tail {
				t.Errorf("tail %q", be.LogTail)
			}
			if ok, err := w.Store.IsValid(w.Ctx, w.Out(d)); ok || err != nil {
				t.Errorf("the output is valid: %v", err)
			}
			if l := w.Litter(); len(l) > 0 {
				t.Errorf("litter: %v", l)
			}
		})
	}
}

func TestKeepGoing(t *testing.T) {
	w := buildtest.New(t)
	bad := w.Drv("bad", "exit 1", nil)
	after := w.Drv("after", "cat @bad out", map[string]string{"bad": bad})
	good := w.Drv("good", "sleep 50 ; write out x", nil)
	top := w.Drv("top", "cat @good out", map[string]string{"good": good, "after": after})
	_, err := w.Builder(builder.Options{KeepGoing: true}).Build(w.Ctx, builder.Target{Drv: top}, builder.Target{Drv: good})
	var f *builder.Failure
	if !errors.As(err, &f) {
		t.Fatal(err)
	}
	if len(f.Failed) != 1 || f.Failed[0].Drv != bad || f.Blocked[after] != bad || f.Blocked[top] != bad || len(f.Left) != 0 {
		t.Errorf("%+v", f)
	}
	if !strings.Contains(err.Error(), "not built because "+bad+" failed: ") {
		t.Errorf("message %q", err)
	}
	if ok, _ := w.Store.IsValid(w.Ctx, w.Out(good)); !ok {
		t.Error("what could be built was not")
	}
}

func TestKeepFailed(t *testing.T) {
	w := buildtest.New(t)
	dir := t.TempDir()
	d := w.Drv("d", "append left-over text ; exit 1", nil)
	for i := range 2 {
		_, err := w.Builder(builder.Options{KeepFailed: dir}).Build(w.Ctx, builder.Target{Drv: d})
		var be *builder.BuildError
		if !errors.As(err, &be) || be.Status != "exit code 1" {
			t.Fatal(err)
		}
		if want := filepath.Join(dir, fmt.Sprintf("fruix-build-d-%d", i)); be.KeptDir != want {
			t.Errorf("kept in %s", be.KeptDir)
		}
		if b, err := os.ReadFile(filepath.Join(be.KeptDir, "left-over")); err != nil || string(b) != "text" {
			t.Errorf("%q %v", b, err)
		}
	}
}

func TestInterrupt(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("d", "echo ready ; write out x ; sleep 20000", nil)
	e := w.Drv("e", "cat @d out", map[string]string{"d": d})
	ctx, cancel := context.WithCancel(w.Ctx)
	defer cancel()
	var at time.Time
	watch := progressFunc(func(ev builder.Event) {
		if l, ok := ev.(builder.Line); ok && l.Text == "ready" {
			at = time.Now()
			cancel()
		}
	})
	_, err := w.Builder(builder.Options{Progress: watch}).Build(ctx, builder.Target{Drv: e})
	if !errors.Is(err, builder.ErrInterrupted) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(at); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
	// The lock is free again.
	lock, err := w.Store.LockOutputs(w.Ctx, []string{w.Out(d)})
	must(t, err)
	must(t, lock.Release())
}

type progressFunc func(builder.Event)

func (f progressFunc) Event(e builder.Event) { f(e) }

func TestReferenceGraph(t *testing.T) {
	w := buildtest.New(t)
	a := w.Drv("a", "write out a", nil)
	b := w.Drv("b", "write out @a", map[string]string{"a": a})
	d := w.Drv("d", "cat graph out", map[string]string{"b": b}, func(d *drv.Derivation) {
		d.Env["exportReferencesGraph"] = "graph " + w.Out(b) + "\nagain " + w.Out(b) + "/bin"
	})
	build(w, builder.Options{}, d)
	x, y := w.Out(a)+"\n\n0\n", w.Out(b)+"\n\n1\n"+w.Out(a)+"\n"
	if w.Out(a) > w.Out(b) {
		x, y = y, x
	}
	if got := w.Read(w.Out(d)); got != x+y {
		t.Errorf("graph %q", got)
	}
}

// TestRegistrations: a build that asks for it gets what the store knows of a closure,
// as the journal of a store on another machine: nothing in it tells where it was made.
func TestRegistrations(t *testing.T) {
	w := buildtest.New(t)
	text, err := w.Store.AddText(w.Ctx, "text", []byte("1"), nil)
	must(t, err)
	a := w.Drv("a", "write out "+text, nil, func(d *drv.Derivation) { d.InputSrcs = append(d.InputSrcs, text) })
	b := w.Drv("b", "write out @a", map[string]string{"a": a})
	d := w.Drv("d", "cat known out", map[string]string{"b": b}, func(d *drv.Derivation) {
		d.Env["exportRegistrations"] = "known " + w.Out(b) + "/bin"
	})
	build(w, builder.Options{}, d)
	var got []journal.Record
	must(t, journal.Lines(strings.NewReader(w.Read(w.Out(d))), func(line []byte) error {
		r, err := journal.Parse(line)
		got = append(got, r)
		return err
	}))
	var want []journal.Record
	for _, p := range slices.Sorted(slices.Values([]string{text, w.Out(a), w.Out(b)})) {
		i, err := w.Store.Info(w.Ctx, p)
		must(t, err)
		r := journal.Record{Path: filepath.Base(p), NarHash: i.NarHash, NarSize: i.NarSize, Registered: 1}
		for _, ref := range i.References {
			r.References = append(r.References, filepath.Base(ref))
		}
		want = append(want, r)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if len(want[0].References)+len(want[1].References)+len(want[2].References) != 2 {
		t.Errorf("references %+v", want)
	}
	for value, problem := range map[string]string{
		"one":                 "exportRegistrations is not a list",
		"a/b " + w.Out(b):     "exportRegistrations: ",
		"known " + w.Out(d):   "is not among the inputs",
		"known /elsewhere/xx": "exportRegistrations: ",
	} {
		bad := w.Drv("bad", "write out x", map[string]string{"b": b}, func(d *drv.Derivation) { d.Env["exportRegistrations"] = value })
		if _, err := w.Builder(builder.Options{}).Build(w.Ctx, builder.Target{Drv: bad}); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestOutputs(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("two", "write out x ; mkdir doc ; add doc f @nothing", nil, func(d *drv.Derivation) {
		d.Outputs["doc"] = drv.Output{}
		d.Env["doc"] = ""
	})
	res, err := w.Builder(builder.Options{}).Build(w.Ctx, builder.Target{Drv: d, Outputs: []string{"doc"}})
	must(t, err)
	if len(res.Outputs[d]) != 1 || !strings.HasSuffix(res.Outputs[d]["doc"], "-two-doc") {
		t.Errorf("outputs %v", res.Outputs)
	}
	_, err = w.Builder(builder.Options{}).Build(w.Ctx, builder.Target{Drv: d, Outputs: []string{"lib"}})
	if err == nil || !strings.HasSuffix(err.Error(), `has no output "lib"; it has: doc, out`) {
		t.Errorf("error %v", err)
	}
	_, err = w.Builder(builder.Options{}).Build(w.Ctx, builder.Target{Drv: "/frx/store/" + strings.Repeat("0", 32) + "-x.drv"})
	var nv *store.NotValidError
	if !errors.As(err, &nv) {
		t.Errorf("error %v", err)
	}
}

// TestSameBuildTwice has two builders, as two processes would, build the same.
func TestSameBuildTwice(t *testing.T) {
	w := buildtest.New(t)
	s2, err := store.Open(w.Ctx, store.Config{Root: w.Store.Root(), Relaxed: true})
	must(t, err)
	defer s2.Close()
	d := w.Drv("d", "sleep 150 ; write out x", nil)
	var mu sync.Mutex
	events := map[string]int{}
	watch := progressFunc(func(e builder.Event) {
		mu.Lock()
		defer mu.Unlock()
		if f, ok := e.(builder.Finished); ok && f.Elsewhere {
			events["elsewhere"]++
		}
		events[fmt.Sprintf("%T", e)]++
	})
	var wg sync.WaitGroup
	for _, s := range []*store.Store{w.Store, s2} {
		wg.Go(func() {
			b := builder.New(s, builder.Options{Jail: w.Jail, EUID: os.Geteuid(), Progress: watch})
			if _, err := b.Build(w.Ctx, builder.Target{Drv: d}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if events["builder.Started"] != 1 || events["builder.Waiting"] != 1 || events["elsewhere"] != 1 {
		t.Errorf("events %v", events)
	}
}

// fake is an executor without jails: it makes each output a file that names
// the inputs.
type fake struct {
	mu      sync.Mutex
	running int
	most    int
	order   []string
	delay   time.Duration
	crowd   int             // how many must have run at a time before one ends that is not alone
	alone   string          // the name of one that others wait for
	fail    map[string]bool // by name
}

func (f *fake) Execute(ctx context.Context, r *plan.Request, io plan.IO) (*plan.Result, error) {
	f.mu.Lock()
	f.running++
	f.most = max(f.most, f.running)
	f.order = append(f.order, r.Name)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.running--
		f.mu.Unlock()
	}()
	if r.Name != f.alone {
		f.gather(ctx)
	}
	select {
	case <-time.After(f.delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if f.fail[r.Name] {
		return nil, &plan.FailedError{Status: "exit code 1"}
	}
	res := &plan.Result{Outputs: map[string]string{}}
	for _, o := range r.Outputs {
		res.Outputs[o.Name] = filepath.Join(io.Scratch, o.Name)
		if err := os.WriteFile(res.Outputs[o.Name], []byte(strings.Join(r.Inputs, " ")), 0o644); err != nil {
			return nil, err
		}
	}
	return res, nil
}

// gather waits until a crowd has run at a time, for a minute at most.
func (f *fake) gather(ctx context.Context) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		together := f.most >= f.crowd
		f.mu.Unlock()
		if together {
			return
		}
	}
}

func TestFakeGraph(t *testing.T) {
	w := buildtest.New(t)
	base := w.Drv("base", "", nil)
	var tops []builder.Target
	for i := range 8 {
		tops = append(tops, builder.Target{Drv: w.Drv(fmt.Sprint("d", i), "", map[string]string{"base": base})})
	}
	f := &fake{delay: 20 * time.Millisecond, crowd: 3, alone: "base"}
	b := w.Builder(builder.Options{Executor: f, MaxJobs: 3})
	if _, err := b.Build(w.Ctx, tops...); err != nil {
		t.Fatal(err)
	}
	if f.order[0] != "base" || len(f.order) != 9 || f.most != 3 {
		t.Errorf("order %v, at most %d", f.order, f.most)
	}
}

// A build whose outputs are no good leaves its folder, too, with its environment; one
// that gives something else leaves that beside what is registered.
func TestKeepMore(t *testing.T) {
	w := buildtest.New(t)
	dir := t.TempDir()
	lib := w.Drv("lib", "write out library", nil)
	d := w.Drv("d", "append left-over text ; write out @lib", map[string]string{"lib": lib},
		setenv("allowedReferences", "", "QUOTED", "it's $x\n2", "not a name", "x"))
	_, err := w.Builder(builder.Options{KeepFailed: dir}).Build(w.Ctx, builder.Target{Drv: d})
	var be *builder.BuildError
	if !errors.As(err, &be) || be.Status != "forbidden reference" || be.KeptDir != filepath.Join(dir, "fruix-build-d-0") {
		t.Fatalf("%v\n%+v", err, be)
	}
	if b, err := os.ReadFile(filepath.Join(be.KeptDir, "left-over")); err != nil || string(b) != "text" {
		t.Errorf("%q %v", b, err)
	}
	out, err := exec.Command("sh", "-c", `. "$1/environment-variables" && printf %s "$QUOTED $name $NIX_BUILD_TOP"`, "sh", be.KeptDir).Output()
	if err != nil || string(out) != "it's $x\n2 d /tmp/fruix-build-d-0" {
		t.Errorf("environment %q %v", out, err)
	}

	// The output is other than what is registered.
	e := w.Drv("e", "values out seed", nil, setenv("seed", "1"))
	build(w, builder.Options{}, e)
	must(t, os.Chmod(w.Store.Physical(w.Out(e)), 0o644))
	must(t, os.WriteFile(w.Store.Physical(w.Out(e)), []byte("2"), 0o644))
	for range 2 {
		err = w.Builder(builder.Options{KeepFailed: dir}).Check(w.Ctx, e)
		var differ *builder.DifferError
		if !errors.As(err, &differ) || differ.Kept != w.Store.Physical(w.Out(e))+"-check" {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(differ.Kept); err != nil || string(b) != "1" {
			t.Errorf("kept %q %v", b, err)
		}
	}

	// Of rounds none is registered.
	r := w.Drv("r", "chance out", nil)
	_, err = w.Builder(builder.Options{KeepFailed: dir, Rounds: 2}).Build(w.Ctx, builder.Target{Drv: r})
	var differ *builder.DifferError
	if !errors.As(err, &differ) || differ.Kept != w.Store.Physical(w.Out(r))+"-check" || differ.First != w.Store.Physical(w.Out(r))+"-first" {
		t.Fatal(err)
	}
	one, err := os.ReadFile(differ.First)
	must(t, err)
	two, err := os.ReadFile(differ.Kept)
	if err != nil || len(one) == 0 || bytes.Equal(one, two) {
		t.Errorf("kept %q, %q %v", one, two, err)
	}

	kept, err := filepath.Glob(dir + "/*")
	must(t, err)
	if len(kept) != 1 {
		t.Errorf("kept %v", kept)
	}
}

// TestCheckAll builds several again that do not come out the same: all of them are told
// when the builder keeps going, with all outputs that differ.
func TestCheckAll(t *testing.T) {
	w := buildtest.New(t)
	two := func(d *drv.Derivation) { d.Outputs["lib"], d.Env["lib"] = drv.Output{}, "" }
	a, same := w.Drv("a", "chance out", nil), w.Drv("same", "write out x", nil)
	b := w.Drv("b", "chance out ; chance lib", nil, two)
	build(w, builder.Options{}, a, same, b)
	check := func(keepGoing bool) *builder.Failure {
		t.Helper()
		err := w.Builder(builder.Options{KeepGoing: keepGoing, MaxJobs: 1}).Check(w.Ctx, a, same, b, a)
		var f *builder.Failure
		if !errors.As(err, &f) {
			t.Fatalf("error %v", err)
		}
		return f
	}
	if f := check(false); len(f.Failed) != 1 || len(f.Left) == 0 {
		t.Errorf("without: %v", f)
	}
	paths := map[string]bool{}
	f := check(true)
	for _, be := range f.Failed {
		var d *builder.DifferError
		if !errors.As(be, &d) {
			t.Fatal(be)
		}
		paths[d.Path] = true
		for _, e := range d.Also {
			paths[e.Path] = true
		}
		for p := range paths {
			if strings.HasPrefix(p, d.Path) && !strings.Contains(f.Error(), p) {
				t.Errorf("%s is not told of in %v", p, f)
			}
		}
	}
	if len(f.Failed) != 2 || len(paths) != 3 {
		t.Errorf("with: %v", f)
	}
}
