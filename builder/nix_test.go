package builder_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/store/drv"
	"fruix/store/hash"
)

// nixPeer is real Nix with a store of its own, called /frx/store too, that
// builds the very derivations that Fruix builds.
type nixPeer struct {
	*buildtest.World
	root string
	env  []string
}

func newNix(w *buildtest.World) *nixPeer {
	w.Helper()
	if _, err := exec.LookPath("nix-store"); err != nil {
		w.Skip("nix-store is not installed (Debian: nix-bin); the comparison with real Nix is left out")
	}
	return &nixPeer{World: w, root: w.TempDir()}
}

func (n *nixPeer) command(args ...string) *exec.Cmd {
	cmd := exec.Command("nix-store", append([]string{"--store", n.root}, args...)...)
	cmd.Env = append(os.Environ(), "NIX_STORE_DIR=/frx/store", "HOME="+n.root, "NIX_CONF_DIR="+n.root,
		"NIX_CONFIG=build-users-group =\nsandbox = true\nsubstituters =\nsandbox-fallback = false", "XDG_CACHE_HOME="+n.root, "XDG_CONFIG_HOME="+n.root)
	cmd.Env = append(cmd.Env, n.env...)
	return cmd
}

// take gives derivations, with all that they need to be built, to Nix.
func (n *nixPeer) take(drvs ...string) {
	n.Helper()
	var archive bytes.Buffer
	must(n, n.Store.Export(n.Ctx, &archive, drvs, true, nil))
	cmd := n.command("--import")
	cmd.Stdin = &archive
	if out, err := cmd.CombinedOutput(); err != nil {
		n.Fatalf("nix-store --import: %v\n%s", err, out)
	}
}

// build builds derivations and says for each whether all its outputs are valid
// then, and what Nix had to say.
func (n *nixPeer) build(drvs ...string) (valid map[string]bool, messages string) {
	n.Helper()
	cmd := n.command(append([]string{"--realise", "--keep-going"}, drvs...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	_ = cmd.Run() // what could not be built is looked for below
	check := []string{"--check-validity", "--print-invalid"}
	valid = map[string]bool{}
	of := map[string]string{}
	for _, p := range drvs {
		d, err := n.Store.ReadDerivation(n.Ctx, p)
		must(n, err)
		valid[p] = true
		for _, o := range d.Outputs {
			of[o.Path] = p
			check = append(check, o.Path)
		}
	}
	invalid, err := n.command(check...).Output()
	must(n, err)
	for line := range strings.Lines(string(invalid)) {
		valid[of[strings.TrimSpace(line)]] = false
	}
	return valid, errs.String()
}

// file is where an object of Nix's store lies.
func (n *nixPeer) file(p string) string {
	return filepath.Join(n.root, "nix", strings.TrimPrefix(p, "/frx"))
}

// outputs sets the outputs of a derivation, whose builder finds their paths in
// variables of the same names.
func outputs(names ...string) func(*drv.Derivation) {
	return func(d *drv.Derivation) {
		d.Outputs = map[string]drv.Output{}
		delete(d.Env, "out")
		for _, n := range names {
			d.Outputs[n] = drv.Output{}
			d.Env[n] = ""
		}
	}
}

func setenv(pairs ...string) func(*drv.Derivation) {
	return func(d *drv.Derivation) {
		for i := 0; i < len(pairs); i += 2 {
			d.Env[pairs[i]] = pairs[i+1]
		}
	}
}

// Derivations that bound their references are judged as Nix judges them.
func TestRulesAsNix(t *testing.T) {
	w := buildtest.New(t)
	n := newNix(w)
	lib := w.Drv("lib", "write out library", nil)
	app := w.Drv("app", "write out uses @lib", map[string]string{"lib": lib})
	L, A := w.Out(lib), w.Out(app)
	inputs := map[string]string{"lib": lib, "app": app}
	two := outputs("out", "dev")
	self, direct, deep := "refer out out", "write out @lib", "write out @app"
	var drvs []string
	var names []string
	for _, c := range []struct {
		script string
		env    []string
		more   func(*drv.Derivation)
	}{
		{direct, []string{"allowedReferences", L}, nil},
		{direct, []string{"allowedReferences", ""}, nil},
		{direct, []string{"allowedReferences", A + " out"}, nil},
		{direct, []string{"disallowedReferences", L}, nil},
		{direct, []string{"disallowedReferences", ""}, nil},
		{direct, []string{"allowedReferences", L, "disallowedReferences", L}, nil},
		{direct, []string{"allowedReferences", "nonsense"}, nil},
		{direct, []string{"allowedReferences", "/frx/store/short"}, nil},
		{direct, []string{"allowedReferences", L + "/x"}, nil},
		{self, []string{"allowedReferences", ""}, nil},
		{self, []string{"allowedReferences", "out"}, nil},
		{self, []string{"disallowedReferences", "out"}, nil},
		{self, []string{"allowedRequisites", ""}, nil},
		{self, []string{"disallowedRequisites", "out"}, nil},
		{deep, []string{"allowedReferences", A}, nil},
		{deep, []string{"disallowedReferences", L}, nil},
		{deep, []string{"allowedRequisites", A}, nil},
		{deep, []string{"allowedRequisites", A + "\n\t" + L}, nil},
		{deep, []string{"disallowedRequisites", L}, nil},
		{deep, []string{"disallowedRequisites", A}, nil},
		{"write out nothing", []string{"allowedReferences", "", "allowedRequisites", ""}, nil},
		{"refer out dev ; write dev x", []string{"allowedReferences", ""}, two},
		{"refer out dev ; write dev x", []string{"allowedReferences", "dev"}, two},
		{"refer out dev ; write dev @lib", []string{"allowedReferences", "dev " + L}, two},
		{"refer out dev ; write dev @lib", []string{"allowedRequisites", "dev " + L}, two},
		{"refer out dev ; write dev @lib", []string{"disallowedRequisites", L}, two},
		{"refer out dev ; write dev x", []string{"disallowedRequisites", "dev"}, two},
		{"refer out dev ; write dev x", []string{"disallowedReferences", "out"}, two},
	} {
		change := []func(*drv.Derivation){setenv(c.env...)}
		if c.more != nil {
			change = append([]func(*drv.Derivation){c.more}, change...)
		}
		drvs = append(drvs, w.Drv("rules", c.script, inputs, change...))
		names = append(names, c.script+" with "+strings.Join(c.env, "="))
	}
	build(w, builder.Options{}, app)
	n.take(drvs...)
	theirs, messages := n.build(drvs...)
	b := w.Builder(builder.Options{})
	for i, d := range drvs {
		_, err := b.Build(w.Ctx, builder.Target{Drv: d})
		if theirs[d] != (err == nil) {
			t.Errorf("%s\nhere: %v\nNix:  %v\n%s", names[i], err, theirs[d], messages)
		}
	}
}

// What fixed outputs take from the caller's environment, and what derivations are
// told of graphs, derivations in them included, is what Nix's builders get.
func TestSurroundingsAsNix(t *testing.T) {
	w := buildtest.New(t)
	n := newNix(w)
	n.env = []string{"http_proxy=proxy:1", "TERM=vt100"}
	getenv := func(name string) string { return map[string]string{"http_proxy": "proxy:1", "TERM": "vt100"}[name] }
	leak := w.Drv("leak", "values out http_proxy no_proxy TERM", nil,
		setenv("impureEnvVars", "http_proxy no_proxy TERM", "no_proxy", "x"), func(d *drv.Derivation) {
			d.Outputs = map[string]drv.Output{"out": {HashAlgo: "sha256", Hash: hash.Sum(hash.SHA256, []byte("proxy:1,,xterm-256color")).Hex()}}
		})
	a := w.Drv("a", "refer out out", nil)
	b := w.Drv("b", "mkdir out ; add out f @a", map[string]string{"a": a})
	c := w.Drv("c", "refer out dev ; write dev x", nil, outputs("out", "dev"))
	graphs := w.Drv("graphs", "cat one out ; cat two dev", map[string]string{"b": b, "c": c}, outputs("out", "dev"), func(d *drv.Derivation) {
		d.InputSrcs = append(d.InputSrcs, c)
		d.InputDrvs[c] = []string{"out", "dev"}
		d.Env["exportReferencesGraph"] = "one " + w.Out(b) + "/f\n two " + c
	})
	drvs := []string{leak, graphs}
	n.take(drvs...)
	valid, messages := n.build(drvs...)
	build(w, builder.Options{Getenv: getenv}, drvs...)
	for _, p := range drvs {
		if !valid[p] {
			t.Errorf("Nix does not build %s:\n%s", p, messages)
			continue
		}
		d, err := w.Store.ReadDerivation(w.Ctx, p)
		must(t, err)
		for _, o := range d.Outputs {
			theirs, err := os.ReadFile(n.file(o.Path))
			must(t, err)
			if ours := w.Read(o.Path); ours != string(theirs) {
				t.Errorf("%s:\n%s\nNix:\n%s", o.Path, ours, theirs)
			}
		}
	}
}
