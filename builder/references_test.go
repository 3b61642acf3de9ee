package builder_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/builder/local"
	"fruix/builder/plan"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/hash"
)

// Messages name what is referred to, the file that does so, and who needs it.
func TestForbiddenReferences(t *testing.T) {
	w := buildtest.New(t)
	lib := w.Drv("lib", "write out library", nil)
	app := w.Drv("app", "mkdir out ; add out run uses @lib", map[string]string{"lib": lib})
	inputs := map[string]string{"lib": lib, "app": app}
	build(w, builder.Options{}, app)
	L, A := w.Out(lib), w.Out(app)
	for _, c := range []struct {
		name, script string
		env          []string
		more         func(*drv.Derivation)
		want         string // OUT and DEV stand for the outputs
	}{
		{name: "direct", script: "mkdir out ; add out a x ; add out b @lib", env: []string{"disallowedReferences", L},
			want: "OUT refers to what disallowedReferences forbids:\n  " + L + " (mentioned in OUT/b)"},
		{name: "whole", script: "write out @lib", env: []string{"allowedReferences", ""},
			want: "OUT refers to what allowedReferences does not list:\n  " + L + " (mentioned in OUT)"},
		{name: "self", script: "refer out out", env: []string{"allowedReferences", ""},
			want: "OUT refers to what allowedReferences does not list:\n  OUT (mentioned in OUT)"},
		{name: "deep", script: "write out @app", env: []string{"disallowedRequisites", L},
			want: "OUT needs what disallowedRequisites forbids:\n  " + L + " (mentioned in " + A + "/run, which is needed by OUT)"},
		{name: "sibling", script: "refer out dev ; write dev @lib", env: []string{"allowedRequisites", "dev"}, more: outputs("out", "dev"),
			want: "DEV needs what allowedRequisites does not list:\n  " + L + " (mentioned in DEV)"},
		{name: "word", script: "write out x", env: []string{"allowedReferences", "lib"},
			want: `allowedReferences: "lib" is neither a store path nor one of the outputs out`},
	} {
		t.Run(c.name, func(t *testing.T) {
			change := []func(*drv.Derivation){setenv(c.env...)}
			if c.more != nil {
				change = append([]func(*drv.Derivation){c.more}, change...)
			}
			d := w.Drv(c.name, c.script, inputs, change...)
			_, err := w.Builder(builder.Options{}).Build(w.Ctx, builder.Target{Drv: d})
			var be *builder.BuildError
			if !errors.As(err, &be) {
				t.Fatal(err)
			}
			parsed, err := w.Store.ReadDerivation(w.Ctx, d)
			must(t, err)
			want := strings.NewReplacer("OUT", parsed.Outputs["out"].Path, "DEV", parsed.Outputs["dev"].Path).Replace(c.want)
			if got := be.Err.Error(); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if valid, _ := w.Store.IsValid(w.Ctx, parsed.Outputs["out"].Path); valid {
				t.Error("the output is valid nevertheless")
			}
		})
	}
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
}

// watched is this machine's executor; it remembers the requests.
type watched struct {
	*local.Executor
	mu       sync.Mutex
	requests []*plan.Request
}

func watch(w *buildtest.World) *watched {
	var users *local.Users
	if os.Geteuid() == 0 {
		users = local.NewUsers(w.Store.StatePath("userpool"), local.FirstBuildUser, local.BuildUsers, local.BuildGroup)
	}
	return &watched{Executor: local.New(local.Options{Jail: w.Jail, Users: users})}
}

func (e *watched) Execute(ctx context.Context, r *plan.Request, io plan.IO) (*plan.Result, error) {
	e.mu.Lock()
	e.requests = append(e.requests, r)
	e.mu.Unlock()
	return e.Executor.Execute(ctx, r, io)
}

// Outputs that refer to themselves and to each other are made at their own names,
// valid or not, so that building them again gives the same and nothing has to be
// rewritten.
func TestSelfReferences(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("d", "mkdir out ; add out f x ; refer dev out ; refer lib lib", nil, outputs("out", "dev", "lib"))
	self := w.Drv("self", "refer out out", nil)
	e := watch(w)
	b := w.Builder(builder.Options{Executor: e, Rounds: 2})
	_, err := b.Build(w.Ctx, builder.Target{Drv: d}, builder.Target{Drv: self})
	must(t, err)
	must(t, b.Check(w.Ctx, d, self))
	must(t, b.Repair(w.Ctx, self, w.Out(self)))
	// One output has gone: the others are made again with it, and given up.
	parsed, err := w.Store.ReadDerivation(w.Ctx, d)
	must(t, err)
	dev, lib := parsed.Outputs["dev"].Path, parsed.Outputs["lib"].Path
	must(t, w.Store.Close())
	w.Store, err = store.Open(w.Ctx, store.Config{Root: w.Store.Root(), Relaxed: true})
	must(t, err)
	defer w.Store.Close()
	_, err = w.Store.Delete(w.Ctx, []string{dev}, store.CollectOptions{})
	must(t, err)
	_, err = w.Builder(builder.Options{Executor: e}).Build(w.Ctx, builder.Target{Drv: d})
	must(t, err)
	for p, want := range map[string][]string{dev: {w.Out(d)}, lib: {lib}, w.Out(self): {w.Out(self)}} {
		refs, err := w.Store.References(w.Ctx, p)
		must(t, err)
		if fmt.Sprint(refs) != fmt.Sprint(want) {
			t.Errorf("%s refers to %v", p, refs)
		}
		if problem, err := w.Store.VerifyPath(w.Ctx, p); problem != nil || err != nil {
			t.Errorf("%v %v", problem, err)
		}
	}
	known := map[string]bool{dev: true, lib: true, w.Out(d): true, w.Out(self): true}
	for _, r := range e.requests {
		for _, o := range r.Outputs {
			if !known[o.Path] {
				t.Errorf("%s was made as %s", r.Name, o.Path)
			}
		}
	}
	if len(e.requests) != 11 {
		t.Errorf("%d builds", len(e.requests))
	}
}

// A fixed output that is among the inputs of its own derivation, as when a source
// is fetched by a program that was made of it, is made under another name.
func TestOutputAmongInputs(t *testing.T) {
	w := buildtest.New(t)
	fixed := func(text string) func(*drv.Derivation) {
		return func(d *drv.Derivation) {
			d.Outputs = map[string]drv.Output{"out": {HashAlgo: "sha256", Hash: hash.Sum(hash.SHA256, []byte(text)).Hex()}}
		}
	}
	first := w.Drv("source", "write out text", nil, fixed("text"))
	fetcher := w.Drv("fetcher", "mkdir out ; add out from @source", map[string]string{"source": first})
	script := "exists @fetcher/from ; append " + w.Out(first) + " text"
	second := w.Drv("source", script, map[string]string{"fetcher": fetcher}, fixed("text"))
	if w.Out(first) != w.Out(second) || first == second {
		t.Fatal("the derivations should be two, the output one")
	}
	e := watch(w)
	build(w, builder.Options{Executor: e}, fetcher, second)
	if len(e.requests) != 2 {
		t.Errorf("%d builds", len(e.requests))
	}
	must(t, w.Builder(builder.Options{Executor: e}).Check(w.Ctx, second))
	r := e.requests[len(e.requests)-1]
	scratch := r.Outputs[0].Path
	if scratch == w.Out(second) || r.Env["out"] != scratch || !strings.Contains(strings.Join(r.Args, " "), scratch) {
		t.Errorf("made as %s: %v", scratch, r.Args)
	}
	other := w.Drv("source", "exists @fetcher ; write out changed", map[string]string{"fetcher": fetcher}, fixed("text"))
	err := w.Builder(builder.Options{Executor: e}).Check(w.Ctx, other)
	var differ *builder.DifferError
	if !errors.As(err, &differ) || differ.Path != w.Out(second) {
		t.Errorf("error %v", err)
	}
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
}

// Fixed outputs get what impureEnvVars names from the caller; others do not.
func TestImpureVariables(t *testing.T) {
	w := buildtest.New(t)
	o := builder.Options{Getenv: func(name string) string {
		return map[string]string{"http_proxy": "proxy:1", "TERM": "vt100"}[name]
	}}
	ask := setenv("impureEnvVars", "http_proxy  no_proxy TERM", "no_proxy", "of the derivation")
	const want = "proxy:1,,xterm-256color"
	d := w.Drv("fixed", "values out http_proxy no_proxy TERM", nil, ask, func(d *drv.Derivation) {
		d.Outputs = map[string]drv.Output{"out": {HashAlgo: "sha256", Hash: hash.Sum(hash.SHA256, []byte(want)).Hex()}}
	})
	plain := w.Drv("plain", "values out http_proxy no_proxy TERM", nil, ask)
	build(w, o, d, plain)
	if got := w.Read(w.Out(plain)); got != ",of the derivation,xterm-256color" {
		t.Errorf("plain: %q", got)
	}
}

// Rounds show nothing of a fixed output that its hash does not, and would fetch it again
// each time.
func TestRoundsOfFixed(t *testing.T) {
	w := buildtest.New(t)
	fixed := w.Drv("fixed", "write out text", nil, func(d *drv.Derivation) {
		d.Outputs = map[string]drv.Output{"out": {HashAlgo: "sha256", Hash: hash.Sum(hash.SHA256, []byte("text")).Hex()}}
	})
	plain := w.Drv("plain", "write out text", nil)
	e := watch(w)
	build(w, builder.Options{Executor: e, Rounds: 3}, fixed, plain)
	times := map[string]int{}
	for _, r := range e.requests {
		times[r.Name]++
	}
	if times["fixed"] != 1 || times["plain"] != 3 {
		t.Errorf("built %v", times)
	}
}

// What is checked of several outputs are those that are there.
func TestCheckSomeOutputs(t *testing.T) {
	w := buildtest.New(t)
	d := w.Drv("d", "write out x ; chance dev", nil, outputs("out", "dev"))
	b := w.Builder(builder.Options{})
	_, err := b.Build(w.Ctx, builder.Target{Drv: d})
	must(t, err)
	parsed, err := w.Store.ReadDerivation(w.Ctx, d)
	must(t, err)
	dev := parsed.Outputs["dev"].Path
	var differ *builder.DifferError
	if err := b.Check(w.Ctx, d); !errors.As(err, &differ) || differ.Path != dev {
		t.Errorf("all: %v", err)
	}
	forget := func(p string) {
		must(t, w.Store.Close())
		w.Store, err = store.Open(w.Ctx, store.Config{Root: w.Store.Root(), Relaxed: true})
		must(t, err)
		t.Cleanup(func() { w.Store.Close() })
		_, err = w.Store.Delete(w.Ctx, []string{p}, store.CollectOptions{})
		must(t, err)
		b = w.Builder(builder.Options{})
	}
	forget(dev)
	if err := b.Check(w.Ctx, d); err != nil {
		t.Errorf("some: %v", err)
	}
	forget(w.Out(d))
	if err := b.Check(w.Ctx, d); err == nil || !strings.Contains(err.Error(), "nothing to compare with") {
		t.Errorf("none: %v", err)
	}
}
