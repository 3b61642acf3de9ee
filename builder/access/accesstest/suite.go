// Package accesstest is what every access.Store must keep: one suite, run against
// each implementation.
package accesstest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/access"
	"fruix/builder/buildtest"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/hash"
	"fruix/store/nar"
)

// Run runs the suite. open returns an access.Store for the store of a world; those
// that it returns at the same time share that store.
func Run(t *testing.T, open func(w *buildtest.World) access.Store) {
	for _, c := range []struct {
		name string
		test func(*suite)
	}{
		{"names", names}, {"texts", texts}, {"derivations", derivations}, {"files", files}, {"graph", graph},
		{"build", build}, {"failures", failures}, {"again", again}, {"cancel", cancel}, {"roots", roots}, {"profiles", profiles},
		{"garbage", garbage}, {"damage", damage}, {"exchange", exchange}, {"together", together},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := buildtest.New(t)
			s := &suite{World: w, open: func() access.Store { return open(w) }}
			s.Access = s.open()
			t.Cleanup(func() { s.Access.Close() })
			c.test(s)
		})
	}
}

// suite is one run.
type suite struct {
	*buildtest.World
	Access access.Store
	open   func() access.Store
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// all are the valid objects.
func (s *suite) all() []string {
	s.Helper()
	list, err := s.Access.All(s.Ctx)
	s.must(err)
	return list
}

// text adds a text.
func (s *suite) text(name, content string, refs ...string) string {
	s.Helper()
	b := store.NewBatch(s.Access)
	p, err := b.AddText(name, []byte(content), refs)
	s.must(err)
	s.must(b.Flush(s.Ctx))
	return p
}

// drv adds a derivation of the helper program.
func (s *suite) drv(name, script string, inputs map[string]string, change ...func(*drv.Derivation)) string {
	s.Helper()
	d := s.derivation(name, script, inputs)
	for _, c := range change {
		c(d)
	}
	b := store.NewBatch(s.Access)
	p, err := b.AddDerivation(s.Ctx, name, d)
	s.must(err)
	s.must(b.Flush(s.Ctx))
	return p
}

func (s *suite) derivation(name, script string, inputs map[string]string) *drv.Derivation {
	d := &drv.Derivation{
		Outputs: map[string]drv.Output{"out": {}}, InputDrvs: map[string][]string{}, InputSrcs: []string{s.Program},
		Platform: buildtest.System(), Builder: s.Program, Env: map[string]string{"out": "", "name": name},
	}
	for in, p := range inputs {
		dep, err := s.Access.ReadDerivation(s.Ctx, p)
		s.must(err)
		d.InputDrvs[p] = []string{"out"}
		script = strings.ReplaceAll(script, "@"+in, dep.Outputs["out"].Path)
	}
	d.Args = strings.Fields(script)
	return d
}

func (s *suite) out(drvPath string) string {
	d, err := s.Access.ReadDerivation(s.Ctx, drvPath)
	s.must(err)
	return d.Outputs["out"].Path
}

func (s *suite) read(p string) string {
	s.Helper()
	b, err := os.ReadFile(s.Access.Physical(p))
	s.must(err)
	return string(b)
}

func (s *suite) valid(p string) bool {
	s.Helper()
	valid, err := s.Access.IsValid(s.Ctx, p)
	s.must(err)
	return valid
}

// absent is a path that nothing has.
func (s *suite) absent(name string) string {
	return s.Access.Dir() + "/" + strings.Repeat("0", 32) + "-" + name
}

func (s *suite) equal(what string, got, want []string) {
	s.Helper()
	if !slices.Equal(got, want) {
		s.Errorf("%s: %q, want %q", what, got, want)
	}
}

// notValid says whether err is a *store.NotValidError.
func notValid(err error) bool {
	var e *store.NotValidError
	return errors.As(err, &e)
}

func names(s *suite) {
	if s.Access.Dir() != s.Store.Dir() || s.Access.Root() != s.Store.Root() || s.Access.Physical(s.Program) != s.Store.Physical(s.Program) {
		s.Errorf("%s under %s", s.Access.Dir(), s.Access.Root())
	}
	if free, err := s.Access.Free(); err != nil || free <= 0 {
		s.Errorf("free: %d, %v", free, err)
	}
	if object, inside, err := s.Access.Find(s.Access.Physical(s.Program) + "/x"); err != nil || object != s.Program || inside != "/x" {
		s.Errorf("found %q %q, %v", object, inside, err)
	}
	if _, err := s.Access.IsValid(s.Ctx, "/etc/passwd"); err == nil {
		s.Error("/etc/passwd is a store path")
	}
}

func texts(s *suite) {
	a := s.text("a", "hello")
	b := store.NewBatch(s.Access)
	first, err := b.AddText("first", []byte("see "+a), []string{a})
	s.must(err)
	second, err := b.AddText("second", []byte("see "+first), []string{first, a})
	s.must(err)
	if s.valid(first) {
		s.Error("a text is valid before its batch is flushed")
	}
	s.must(b.Flush(s.Ctx))
	s.must(b.Flush(s.Ctx))
	if got := s.read(second); got != "see "+first {
		s.Errorf("content %q", got)
	}
	refs, err := s.Access.References(s.Ctx, second)
	s.must(err)
	s.equal("references", refs, slices.Sorted(slices.Values([]string{a, first})))
	want, err := s.Store.Info(s.Ctx, second)
	s.must(err)
	got, err := s.Access.Info(s.Ctx, second)
	s.must(err)
	objects, err := s.Store.All(s.Ctx)
	s.must(err)
	s.equal("all", s.all(), objects)
	if got.NarSize != want.NarSize || !bytes.Equal(got.NarHash, want.NarHash) || !got.RegisteredAt.Equal(want.RegisteredAt) || got.Path != second {
		s.Errorf("info %+v, want %+v", got, want)
	}
	// Texts of which one refers to what is not there.
	b = store.NewBatch(s.Access)
	if _, err = b.AddText("bad", nil, []string{s.absent("x")}); err == nil {
		err = b.Flush(s.Ctx)
	}
	if err == nil {
		s.Error("a text that refers to what is not there was added")
	}
	// The connection is still of use.
	if !s.valid(a) || s.valid(s.absent("x")) {
		s.Error("validity after an error")
	}
	// Many, and large ones.
	b = store.NewBatch(s.Access)
	var all []string
	for i := range 700 {
		p, err := b.AddText("many", bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 1+i*i/20), nil)
		s.must(err)
		all = append(all, p)
	}
	s.must(b.Flush(s.Ctx))
	valid, err := s.Access.ValidMany(s.Ctx, append(all, s.absent("y")))
	s.must(err)
	for i, p := range all {
		if !valid[p] {
			s.Fatalf("text %d is not valid", i)
		}
	}
	if known, asked := valid[s.absent("y")]; known || !asked {
		s.Error("what is not there is valid, or was not answered")
	}
}

func derivations(s *suite) {
	a := s.drv("a", "echo", nil)
	b := s.drv("b", "echo", map[string]string{"a": a})
	d, err := s.Access.ReadDerivation(s.Ctx, b)
	s.must(err)
	if len(d.InputDrvs[a]) != 1 || d.Outputs["out"].Path == "" {
		s.Errorf("read %+v", d)
	}
	// Somebody else computes the same.
	other := s.open()
	defer other.Close()
	again, err := other.ReadDerivation(s.Ctx, b)
	s.must(err)
	if string(again.Marshal()) != string(d.Marshal()) {
		s.Error("it is read back as another one")
	}
	derivers, err := s.Access.Derivers(s.Ctx, d.Outputs["out"].Path)
	s.must(err)
	s.equal("derivers", derivers, []string{b})
	if _, err := s.Access.ReadDerivation(s.Ctx, s.absent("x.drv")); !notValid(err) {
		s.Errorf("a derivation that is not there: %v", err)
	}
	// One with the output of another.
	thief := s.derivation("thief", "echo", nil)
	thief.Outputs["out"] = drv.Output{Path: s.out(a)}
	batch := store.NewBatch(s.Access)
	if _, err = batch.AddDerivation(s.Ctx, "thief", thief); err == nil {
		err = batch.Flush(s.Ctx)
	}
	if err == nil {
		s.Error("a derivation with the output of another was added")
	}
}

func files(s *suite) {
	dir := s.TempDir()
	s.must(os.MkdirAll(filepath.Join(dir, "sub", "skip"), 0o755))
	s.must(os.WriteFile(filepath.Join(dir, "f"), []byte("content"), 0o644))
	s.must(os.WriteFile(filepath.Join(dir, "sub", "x"), bytes.Repeat([]byte("x"), 3<<20), 0o755))
	s.must(os.Symlink("f", filepath.Join(dir, "l")))
	for name, o := range map[string]store.AddOptions{
		"tree": {Recursive: true}, "sha512": {Recursive: true, Algo: hash.SHA512},
		"filtered": {Recursive: true, Filter: func(rel string) bool { return !strings.HasSuffix(rel, "skip") }},
	} {
		p, err := s.Access.AddPath(s.Ctx, name, dir, o)
		s.must(err)
		again, err := s.Access.AddPath(s.Ctx, name, dir, o)
		s.must(err)
		want, err := store.PathOf(s.Ctx, s.Store.Dir(), name, dir, o)
		s.must(err)
		if p != want || again != want || !s.valid(p) {
			s.Errorf("%s: %s and %s, want %s", name, p, again, want)
		}
		_, err = os.Lstat(s.Access.Physical(p) + "/sub/skip")
		if there := err == nil; there == (name == "filtered") {
			s.Errorf("%s: what was to be skipped is there: %v", name, there)
		}
	}
	flat, err := s.Access.AddPath(s.Ctx, "flat", filepath.Join(dir, "sub", "x"), store.AddOptions{})
	s.must(err)
	if st, err := os.Stat(s.Access.Physical(flat)); err != nil || st.Mode().Perm() != 0o444 || st.Size() != 3<<20 {
		s.Errorf("flat: %v, %v", st, err)
	}
	var b bytes.Buffer
	n := nar.NewWriter(&b)
	s.must(n.WriteHeader(nar.Header{Type: nar.Symlink, Target: "x"}))
	s.must(n.Close())
	p, err := s.Access.AddNAR(s.Ctx, "link", bytes.NewReader(b.Bytes()), hash.SHA256, nil)
	s.must(err)
	if to, err := os.Readlink(s.Access.Physical(p)); err != nil || to != "x" {
		s.Errorf("link to %q, %v", to, err)
	}
	// What cannot be added.
	for name, f := range map[string]func() (string, error){
		"half an archive": func() (string, error) {
			return s.Access.AddNAR(s.Ctx, "half", bytes.NewReader(b.Bytes()[:b.Len()-20]), hash.SHA256, nil)
		},
		"a bad name": func() (string, error) { return s.Access.AddPath(s.Ctx, "a/b", dir, store.AddOptions{Recursive: true}) },
		"what is missing": func() (string, error) {
			return s.Access.AddPath(s.Ctx, "x", dir+"/missing", store.AddOptions{Recursive: true})
		},
		"a folder, flat": func() (string, error) { return s.Access.AddPath(s.Ctx, "x", dir, store.AddOptions{}) },
	} {
		if p, err := f(); err == nil {
			s.Errorf("%s was added as %s", name, p)
		}
	}
	if !s.valid(flat) {
		s.Error("what was added is gone")
	}
}

func graph(s *suite) {
	a := s.text("a", "a")
	b := s.text("b", "b", a)
	c := s.text("c", "c", b, a)
	referrers, err := s.Access.Referrers(s.Ctx, a)
	s.must(err)
	s.equal("referrers", referrers, slices.Sorted(slices.Values([]string{b, c})))
	closure, err := s.Access.Closure(s.Ctx, c)
	s.must(err)
	s.equal("closure", closure, slices.Sorted(slices.Values([]string{a, b, c})))
	chain, err := s.Access.Why(s.Ctx, c, a)
	s.must(err)
	s.equal("why", chain, []string{c, a})
	chain, err = s.Access.Why(s.Ctx, a, c)
	s.must(err)
	s.equal("why not", chain, nil)
	for what, f := range map[string]func(p string) error{
		"info":       func(p string) error { _, err := s.Access.Info(s.Ctx, p); return err },
		"references": func(p string) error { _, err := s.Access.References(s.Ctx, p); return err },
		"closure":    func(p string) error { _, err := s.Access.Closure(s.Ctx, p); return err },
		"why":        func(p string) error { _, err := s.Access.Why(s.Ctx, p, a); return err },
		"export":     func(p string) error { return s.Access.Export(s.Ctx, io.Discard, []string{p}, false, true) },
		"root":       func(p string) error { return s.Access.AddRoot(s.Ctx, filepath.Join(s.TempDir(), "r"), p) },
	} {
		if err := f(s.absent("x")); !notValid(err) {
			s.Errorf("%s of what is not there: %v", what, err)
		}
		if err := f("/tmp/x"); err == nil {
			s.Errorf("%s of what is not in the store", what)
		}
	}
}

// events keeps what is told of builds.
type events struct {
	mu   sync.Mutex
	list []builder.Event
}

func (e *events) Event(x builder.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, x)
}

// text is what was told, in short.
func (e *events) text() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var words []string
	for _, x := range e.list {
		switch x := x.(type) {
		case builder.Planned:
			words = append(words, "planned")
		case builder.Started:
			words = append(words, "started "+x.Name)
		case builder.Line:
			words = append(words, x.Name+": "+x.Text)
		case builder.Finished:
			if x.Err != nil {
				words = append(words, "failed "+x.Name)
			} else {
				words = append(words, "finished "+x.Name)
			}
		}
	}
	return strings.Join(words, "; ")
}

func build(s *suite) {
	a := s.drv("a", "echo making a ; write out from a", nil)
	b := s.drv("b", "echo and b ; write out see @a", map[string]string{"a": a})
	foreseen := func() []string {
		f, err := s.Access.Foresee(s.Ctx, builder.Target{Drv: b})
		s.must(err)
		return append(f.Build, make([]string, len(f.Fetch))...)
	}
	s.equal("foreseen", foreseen(), []string{a, b})
	var e events
	res, err := s.Access.Build(s.Ctx, &e, builder.Target{Drv: b})
	s.must(err)
	s.equal("built", res.Built, []string{a, b})
	if p := res.Outputs[b]["out"]; p != s.out(b) {
		s.Errorf("output %s", p)
	}
	if got := strings.TrimSpace(s.read(s.out(b))); got != "see "+s.out(a) {
		s.Errorf("content %q", got)
	}
	if got, want := e.text(), "planned; started a; a: making a; finished a; started b; b: and b; finished b"; got != want {
		s.Errorf("told: %s\nwant: %s", got, want)
	}
	i, err := s.Access.Info(s.Ctx, s.out(b))
	s.must(err)
	if i.Deriver != b {
		s.Errorf("deriver %q", i.Deriver)
	}
	r, err := s.Access.ReadLog(b)
	s.must(err)
	log, err := io.ReadAll(r)
	s.must(errors.Join(err, r.Close()))
	if string(log) != "and b\n" {
		s.Errorf("log %q", log)
	}
	if _, err := os.Stat(s.Access.LogFile(b)); err != nil {
		s.Errorf("log: %v", err)
	}
	s.equal("foreseen", foreseen(), nil)
	// A second time there is nothing to do, for nobody.
	e = events{}
	other := s.open()
	defer other.Close()
	res, err = other.Build(s.Ctx, &e, builder.Target{Drv: b, Outputs: []string{"out"}})
	s.must(err)
	if len(res.Built) != 0 || len(e.list) != 0 {
		s.Errorf("built %v, told %s", res.Built, e.text())
	}
	var output *builder.OutputError
	if _, err := s.Access.Build(s.Ctx, nil, builder.Target{Drv: b, Outputs: []string{"lib"}}); !errors.As(err, &output) {
		s.Errorf("an output that is not there: %v", err)
	}
	if _, err := s.Access.Build(s.Ctx, nil, builder.Target{Drv: s.absent("x.drv")}); !notValid(err) {
		s.Errorf("a derivation that is not there: %v", err)
	}
	if _, err := s.Access.ReadLog(s.absent("x.drv")); !errors.Is(err, fs.ErrNotExist) {
		s.Errorf("the log of what was never built: %v", err)
	}
}

func failures(s *suite) {
	bad := s.drv("bad", "echo one ; echo two ; exit 3", nil)
	user := s.drv("user", "write out x", map[string]string{"bad": bad})
	var e events
	_, err := s.Access.Build(s.Ctx, &e, builder.Target{Drv: user})
	var f *builder.Failure
	if !errors.As(err, &f) || len(f.Failed) != 1 {
		s.Fatalf("%v", err)
	}
	x := f.Failed[0]
	if x.Drv != bad || x.Name != "bad" || x.Status != "exit code 3" || !slices.Equal(x.LogTail, []string{"one", "two"}) || x.LogPath == "" {
		s.Errorf("%+v", x)
	}
	if f.Blocked[user] != bad {
		s.Errorf("blocked %v", f.Blocked)
	}
	if !strings.HasSuffix(e.text(), "failed bad") {
		s.Errorf("told: %s", e.text())
	}
	lie := s.drv("lie", "write out other", nil, func(d *drv.Derivation) {
		d.Outputs["out"] = drv.Output{HashAlgo: "sha256", Hash: hash.Sum(hash.SHA256, []byte("expected")).Hex()}
	})
	_, err = s.Access.Build(s.Ctx, nil, builder.Target{Drv: lie})
	var mismatch *store.HashMismatchError
	if !errors.As(err, &mismatch) || mismatch.Path != s.out(lie) {
		s.Errorf("a wrong hash: %v", err)
	}
	// What failed is not there, and something else can be built.
	if s.valid(s.out(bad)) {
		s.Error("what failed is valid")
	}
	good := s.drv("good", "write out x", nil)
	_, err = s.Access.Build(s.Ctx, nil, builder.Target{Drv: good})
	s.must(err)
}

func again(s *suite) {
	same := s.drv("same", "write out x", nil)
	chance := s.drv("chance", "chance out", nil)
	_, err := s.Access.Build(s.Ctx, nil, builder.Target{Drv: same}, builder.Target{Drv: chance})
	s.must(err)
	s.must(s.Access.Check(s.Ctx, nil, same))
	err = s.Access.Check(s.Ctx, nil, chance)
	if differ := new(builder.DifferError); err != nil && !errors.As(err, &differ) {
		s.Errorf("what is not the same again gives no DifferError but %#v", err)
	}
	if err == nil {
		s.Error("what comes out different is said to be the same")
	}
}

func cancel(s *suite) {
	slow := s.drv("slow", "echo begun ; sleep 60000", nil)
	ctx, stop := context.WithCancel(s.Ctx)
	var e events
	go func() {
		for !strings.Contains(e.text(), "begun") && s.Ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		stop()
	}()
	begun := time.Now()
	_, err := s.Access.Build(ctx, &e, builder.Target{Drv: slow})
	if !errors.Is(err, builder.ErrInterrupted) || time.Since(begun) > 30*time.Second {
		s.Errorf("after %v: %v", time.Since(begun), err)
	}
	if _, err := s.Access.IsValid(ctx, slow); !errors.Is(err, context.Canceled) {
		s.Errorf("a question with a context that is over: %v", err)
	}
	// It can be used again, and nothing is locked.
	quick := s.drv("quick", "write out x", nil)
	_, err = s.Access.Build(s.Ctx, nil, builder.Target{Drv: quick})
	s.must(err)
}

func roots(s *suite) {
	p := s.text("p", "p")
	dir := s.TempDir()
	link := filepath.Join(dir, "link")
	s.must(s.Access.AddRoot(s.Ctx, link, p))
	s.must(s.Access.AddRoot(s.Ctx, link, p))
	if to, err := os.Readlink(link); err != nil || to != s.Access.Physical(p) {
		s.Errorf("the link leads to %q, %v", to, err)
	}
	list, err := s.Access.Roots(s.Ctx)
	s.must(err)
	if len(list) != 1 || list[0].Name != link || list[0].Target != p {
		s.Errorf("roots %v", list)
	}
	used, err := s.Access.Used(s.Ctx)
	s.must(err)
	for _, r := range used {
		if !strings.HasPrefix(r.Name, "{") {
			s.Errorf("%v is no link, and is called like one", r)
		}
	}
	file := filepath.Join(dir, "file")
	s.must(os.WriteFile(file, nil, 0o644))
	if err := s.Access.AddRoot(s.Ctx, file, p); err == nil {
		s.Error("a file was made a root")
	}
}

func garbage(s *suite) {
	kept, used := s.text("kept", "1"), s.text("used", "2")
	s.must(s.Access.AddRoot(s.Ctx, filepath.Join(s.TempDir(), "link"), kept))
	other := s.open()
	b := store.NewBatch(other)
	dead, err := b.AddText("dead", []byte("3"), []string{kept})
	s.must(err)
	s.must(b.Flush(s.Ctx))
	l, err := s.Access.Liveness(s.Ctx, store.CollectOptions{})
	s.must(err)
	if !slices.Contains(l.Live, used) || !slices.Contains(l.Live, dead) {
		s.Errorf("live: %v", l.Live)
	}
	if _, err := s.Access.Delete(s.Ctx, []string{dead}, store.CollectOptions{}); err == nil {
		s.Error("what somebody uses was deleted")
	}
	s.must(other.Close())
	// Who has gone uses nothing; a daemon may take a moment to notice.
	unused := func() {
		deadline := time.Now().Add(10 * time.Second)
		for {
			if l, err = s.Access.Liveness(s.Ctx, store.CollectOptions{}); err != nil || slices.Contains(l.Dead, dead) || time.Now().After(deadline) {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		s.must(err)
	}
	unused()
	s.equal("dead", l.Dead, []string{dead})
	if l.DeadBytes <= 0 {
		s.Errorf("%d bytes", l.DeadBytes)
	}
	var alive *store.AliveError
	if _, err := s.Access.Delete(s.Ctx, []string{kept}, store.CollectOptions{}); !errors.As(err, &alive) || alive.Path != kept || !strings.Contains(alive.Root, "link") || !slices.Contains(alive.Chain, kept) {
		s.Errorf("what a root keeps was deleted: %v", err)
	}
	// What a dry run tells is still there when it goes.
	dry := store.CollectOptions{DryRun: true}
	c, err := s.Access.Collect(s.Ctx, dry)
	s.must(err)
	s.equal("would be collected", c.Paths, []string{dead})
	other = s.open() // which may note that it has asked about this object
	c, err = other.Delete(s.Ctx, []string{dead}, dry)
	s.must(err)
	s.must(other.Close())
	unused()
	s.equal("would be deleted", c.Paths, []string{dead})
	if c.Bytes <= 0 {
		s.Errorf("%d bytes would be deleted", c.Bytes)
	}
	if _, err := s.Access.Delete(s.Ctx, []string{kept}, dry); !errors.As(err, &alive) {
		s.Errorf("what a root keeps would be deleted: %v", err)
	}
	c, err = s.Access.Collect(s.Ctx, store.CollectOptions{})
	s.must(err)
	s.equal("collected", c.Paths, []string{dead})
	if c.Freed <= 0 {
		s.Errorf("%d bytes are freed", c.Freed)
	}
	for _, p := range []string{kept, used} {
		if !s.valid(p) {
			s.Errorf("%s is gone", p)
		}
	}
}

func damage(s *suite) {
	made := s.drv("made", "write out as made", nil)
	_, err := s.Access.Build(s.Ctx, nil, builder.Target{Drv: made})
	s.must(err)
	out := s.out(made)
	verify := func() (problems []string) {
		s.must(s.Access.Verify(s.Ctx, true, func(p store.Problem) {
			if p.Kind == store.Modified {
				problems = append(problems, p.Path)
			} else {
				problems = append(problems, p.String())
			}
		}, nil))
		return problems
	}
	s.equal("problems", verify(), nil)
	physical := s.Access.Physical(out)
	s.must(os.Chmod(physical, 0o644))
	s.must(os.WriteFile(physical, []byte("damaged"), 0o644))
	s.equal("problems", verify(), []string{out})
	p, err := s.Access.VerifyPath(s.Ctx, out)
	s.must(err)
	if p == nil || p.Kind != store.Modified {
		s.Errorf("problem: %v", p)
	}
	s.must(s.Access.Repair(s.Ctx, nil, made, out))
	if got := strings.TrimSpace(s.read(out)); got != "as made" {
		s.Errorf("content %q", got)
	}
	s.equal("problems after repair", verify(), nil)
	_, err = s.Access.Optimise(s.Ctx, nil)
	s.must(err)
}

func exchange(s *suite) {
	a := s.text("a", "a")
	made := s.drv("made", "write out see "+a, nil, func(d *drv.Derivation) { d.InputSrcs = append(d.InputSrcs, a) })
	_, err := s.Access.Build(s.Ctx, nil, builder.Target{Drv: made})
	s.must(err)
	out := s.out(made)
	var alone, all, want bytes.Buffer
	s.must(s.Access.Export(s.Ctx, &alone, []string{out}, false, false))
	s.must(s.Access.Export(s.Ctx, &all, []string{out, a}, true, true))
	s.must(s.Store.Export(s.Ctx, &want, []string{out}, true, nil))
	if !bytes.Equal(all.Bytes(), want.Bytes()) {
		s.Errorf("%d bytes, want %d", all.Len(), want.Len())
	}
	paths, err := s.Access.Import(s.Ctx, bytes.NewReader(all.Bytes()), true)
	s.must(err)
	if !slices.Contains(paths, out) || !slices.Contains(paths, a) {
		s.Errorf("imported %v", paths)
	}
	infos, err := s.Access.InfosInOrder(s.Ctx, []string{out, a})
	s.must(err)
	if len(infos) != 2 || infos[0].Path != a || infos[1].Path != out || !strings.HasPrefix(infos[0].ContentAddress, "text:") || infos[1].ContentAddress != "" {
		s.Errorf("in order: %+v", infos)
	}
	for _, i := range infos {
		var got, want bytes.Buffer
		s.must(s.Access.DumpNAR(s.Ctx, i.Path, &got))
		s.must(s.Store.DumpNAR(s.Ctx, i.Path, &want))
		if !bytes.Equal(got.Bytes(), want.Bytes()) || int64(got.Len()) != i.NarSize {
			s.Errorf("the archive of %s has %d bytes, want %d", i.Path, got.Len(), want.Len())
		}
	}
	if _, err := s.Access.Import(s.Ctx, bytes.NewReader(all.Bytes()[:all.Len()/2]), true); err == nil {
		s.Error("half of an export was imported")
	}
	if _, err := s.Access.Import(s.Ctx, strings.NewReader("junk"), true); err == nil {
		s.Error("junk was imported")
	}
	if !s.valid(a) {
		s.Error("what was imported is gone")
	}
	// Nobody has signed that, and an output does not prove itself.
	_, err = s.Access.Import(s.Ctx, bytes.NewReader(all.Bytes()), false)
	if err == nil || !strings.Contains(err.Error(), "is not signed") {
		s.Errorf("an export that is not signed: %v", err)
	}
	var text bytes.Buffer
	s.must(s.Access.Export(s.Ctx, &text, []string{a}, true, false))
	_, err = s.Access.Import(s.Ctx, &text, false)
	s.must(err)
}

func profiles(s *suite) {
	var objects []string
	for _, name := range []string{"one", "two"} {
		objects = append(objects, s.text(name, name))
	}
	for _, at := range []string{filepath.Join(s.TempDir(), "mine"), s.Access.UserProfile("somebody", "fruix-profile")} {
		s.must(os.MkdirAll(filepath.Dir(at), 0o755))
		for n, p := range objects {
			g, err := s.Access.SetProfile(s.Ctx, at, p)
			s.must(err)
			if g.Number != n+1 || g.Target != s.Access.Physical(p) {
				s.Errorf("generation %+v", g)
			}
		}
		p, err := s.Access.Profile(s.Ctx, at)
		s.must(err)
		_, err = p.RollBack(s.Ctx)
		s.must(err)
		if to, err := os.Readlink(at); err != nil || to != filepath.Base(at)+"-1-link" {
			s.Errorf("%s leads to %q: %v", at, to, err)
		}
		all, err := s.Access.Profiles(s.Ctx)
		s.must(err)
		if !slices.Contains(all, at) {
			s.Errorf("%s is not among %q", at, all)
		}
		if _, err := s.Access.SetProfile(s.Ctx, at, s.absent("x")); err == nil {
			s.Error("what is not there is a generation")
		}
	}
	// What generations lead to stays, whoever has told that it is there.
	s.must(s.Access.Close())
	s.Access = s.open()
	_, err := s.Access.Collect(s.Ctx, store.CollectOptions{})
	s.must(err)
	for _, p := range objects {
		if !s.valid(p) {
			s.Errorf("%s is gone", p)
		}
	}
}

// together lets several build the same.
func together(s *suite) {
	d := s.drv("d", "echo begun ; sleep 200 ; write out x", nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	built := 0
	for range 4 {
		wg.Go(func() {
			a := s.open()
			defer a.Close()
			if _, err := a.Build(s.Ctx, nil, builder.Target{Drv: d}); err != nil {
				s.Error(err)
			}
			if valid, err := a.IsValid(s.Ctx, s.Program); err != nil || !valid {
				s.Error(err)
			}
			mu.Lock()
			built++
			mu.Unlock()
		})
	}
	wg.Wait()
	if !s.valid(s.out(d)) || built != 4 {
		s.Error("it was not built")
	}
}
