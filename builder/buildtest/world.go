package buildtest

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"fruix/builder"
	"fruix/builder/plan"
	"fruix/jail"
	"fruix/jail/jailtest"
	"fruix/jail/native"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/tree"
)

// World is a store with a helper program in it.
type World struct {
	testing.TB
	Ctx     context.Context
	Store   *store.Store
	Program string // store path of the helper program
	Jail    jail.Jail
}

// New makes a world in a temporary folder. It skips the test when this machine
// makes no jails.
func New(t testing.TB) *World {
	t.Helper()
	j := native.New(native.Options{EUID: os.Geteuid(), WorkDir: t.TempDir()})
	if err := j.Available(); err != nil {
		t.Skip("no jails here: ", err)
	}
	return In(t, t.TempDir(), j)
}

// In makes a world with its store below root.
func In(t testing.TB, root string, j jail.Jail) *World {
	t.Helper()
	w := &World{TB: t, Ctx: t.Context(), Jail: j}
	s, err := store.Open(w.Ctx, store.Config{Root: root, Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		// An ordinary user's os.RemoveAll stops at read-only directories.
		if err := tree.Remove(filepath.Join(root, "frx")); err != nil {
			t.Error(err)
		}
	})
	w.Store = s
	exe := jailtest.Helper()
	if exe == "" {
		if exe, err = os.Executable(); err != nil {
			t.Fatal(err)
		}
	}
	if w.Program, err = s.AddPath(w.Ctx, HelperName, exe, store.AddOptions{Recursive: true}); err != nil {
		t.Fatal(err)
	}
	return w
}

// Builder makes a builder for the world.
func (w *World) Builder(o builder.Options) *builder.Builder {
	if o.Jail == nil {
		o.Jail = w.Jail
	}
	o.EUID = os.Geteuid()
	return builder.New(w.Store, o)
}

// System is the platform of this machine.
func System() string { return builder.HostSystems(runtime.GOOS, runtime.GOARCH)[0] }

// Drv adds a derivation of the helper with the output "out". script holds the
// helper's commands; "@NAME" words stand for the first output of inputs[NAME],
// a derivation.
func (w *World) Drv(name, script string, inputs map[string]string, change ...func(*drv.Derivation)) string {
	d := &drv.Derivation{
		Outputs:   map[string]drv.Output{"out": {}},
		InputDrvs: map[string][]string{},
		InputSrcs: []string{w.Program},
		Platform:  System(),
		Builder:   w.Program,
		Env:       map[string]string{"out": "", "name": name},
	}
	for in, p := range inputs {
		dep, err := w.Store.ReadDerivation(w.Ctx, p)
		if err != nil {
			w.Fatal(err)
		}
		d.InputDrvs[p] = []string{"out"}
		script = strings.ReplaceAll(script, "@"+in, dep.Outputs["out"].Path)
	}
	d.Args = strings.Fields(script)
	for _, c := range change {
		c(d)
	}
	p, err := w.Store.AddDerivation(w.Ctx, name, d)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// Out returns the path of a derivation's output "out".
func (w *World) Out(drvPath string) string {
	d, err := w.Store.ReadDerivation(w.Ctx, drvPath)
	if err != nil {
		w.Fatal(err)
	}
	return d.Outputs["out"].Path
}

// Read returns the content of a file in the store.
func (w *World) Read(logical string) string {
	b, err := os.ReadFile(w.Store.Physical(logical))
	if err != nil {
		w.Fatal(err)
	}
	return string(b)
}

// Litter returns what lies in the store folder beside valid objects: nothing,
// if all went well.
func (w *World) Litter() []string {
	entries, err := os.ReadDir(w.Store.Physical(w.Store.Dir()))
	if err != nil {
		w.Fatal(err)
	}
	var litter []string
	for _, e := range entries {
		p := w.Store.Dir() + "/" + e.Name()
		if e.Name() == ".fruix-id" || e.Name() == ".fruix-journal" || e.Name() == ".links" { // whose store it is, and what is in it
			continue
		}
		if e.Name() == ".tmp" {
			sessions, _ := os.ReadDir(w.Store.Physical(p))
			for _, s := range sessions {
				if s.IsDir() {
					places, _ := os.ReadDir(w.Store.Physical(p + "/" + s.Name()))
					for _, pl := range places {
						litter = append(litter, p+"/"+s.Name()+"/"+pl.Name())
					}
				}
			}
			continue
		}
		if ok, err := w.Store.IsValid(w.Ctx, p); err != nil || !ok {
			litter = append(litter, p)
		}
	}
	return litter
}

// Local makes the executor of this machine.
func (w *World) Local() plan.Executor {
	return builder.NewLocal(w.Store, builder.Options{Jail: w.Jail, EUID: os.Geteuid()})
}
