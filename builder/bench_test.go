package builder_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/peak"
)

// BenchmarkBuild makes trivial outputs, each in a jail of its own, and
// compares with starting the same program as often without any of that.
func BenchmarkBuild(b *testing.B) {
	w := buildtest.New(b)
	bl := w.Builder(builder.Options{MaxJobs: 2})
	n := 0
	var bare time.Duration
	dir := b.TempDir()
	for b.Loop() {
		b.StopTimer()
		const batch = 20
		var ts []builder.Target
		for range batch {
			n++
			ts = append(ts, builder.Target{Drv: w.Drv(fmt.Sprint("d", n), "write out x", nil)})
		}
		b.StartTimer()
		if _, err := bl.Build(w.Ctx, ts...); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		start := time.Now()
		for i := range batch {
			cmd := exec.Command(w.Store.Physical(w.Program), "write", "out", "x")
			cmd.Env = []string{"out=" + filepath.Join(dir, fmt.Sprint(i))}
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
		}
		bare += time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "builds/s")
	b.ReportMetric(float64(b.Elapsed())/float64(bare), "x-vs-fork+exec")
}

// BenchmarkNothingToDo asks for 2000 derivations whose outputs are all there.
func BenchmarkNothingToDo(b *testing.B) {
	w := buildtest.New(b)
	var ts []builder.Target
	for i := range 2000 {
		ts = append(ts, builder.Target{Drv: w.Drv(fmt.Sprint("d", i), "write out x", nil)})
	}
	if _, err := w.Builder(builder.Options{Executor: &fake{}, MaxJobs: 2}).Build(w.Ctx, ts...); err != nil {
		b.Fatal(err)
	}
	bl := builder.New(w.Store, builder.Options{Jail: w.Jail, EUID: os.Geteuid()})
	for b.Loop() {
		if _, err := bl.Build(w.Ctx, ts...); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBuildAgainstNix makes 1,000 trivial outputs, all of one source, in jails,
// and the same with Nix in its sandbox, both waiting for the disk; and then asks both
// for them again, when there is nothing to do.
func BenchmarkBuildAgainstNix(b *testing.B) {
	nix, err := exec.LookPath("nix-store")
	if err != nil {
		b.Skip("nix-store is not installed (package nix-bin)")
	}
	w := buildtest.New(b)
	durable := func() *store.Store {
		s, err := store.Open(w.Ctx, store.Config{Root: w.Store.Root()})
		must(b, err)
		return s
	}
	const count = 1000
	dir := b.TempDir()
	tree, source := w.ShellTree(), filepath.Join(dir, "source")
	must(b, os.WriteFile(source, []byte("a source"), 0o644))
	shell := w.Shell()
	src, err := w.Store.AddPath(w.Ctx, "source", source, store.AddOptions{Recursive: true})
	must(b, err)
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	for _, v := range []string{"STORE", "STATE", "LOG", "CONF"} {
		env = append(env, "NIX_"+v+"_DIR="+filepath.Join(dir, v))
	}
	must(b, os.Mkdir(filepath.Join(dir, "CONF"), 0o755))
	runNix := func(name string, args ...string) ([]string, time.Duration) {
		cmd := exec.Command(name, args...)
		cmd.Env = env
		var errs strings.Builder
		cmd.Stderr = &errs
		start := time.Now()
		out, err := cmd.Output()
		if err != nil {
			b.Skipf("%s does not work here: %v\n%s", name, err, errs.String())
		}
		return strings.Fields(string(out)), time.Since(start)
	}
	n := 0
	var theirs, ours, theirsAgain, oursAgain time.Duration
	var memory peak.Meter
	for b.Loop() {
		n++
		expr := fmt.Sprintf(`let b = builtins.path { path = %s; name = "shell"; }; s = builtins.path { path = %s; name = "source"; };
			in builtins.genList (i: derivation { name = "d%d-${toString i}"; system = "x86_64-linux";
			builder = "${b}/bin/sh"; args = [ "-c" ": < ${s}; echo x > $out" ]; }) %d`,
			tree, source, n, count)
		drvs, _ := runNix(filepath.Join(filepath.Dir(nix), "nix-instantiate"), "-E", expr)
		realise := append([]string{"-r", "-j", "2", "--option", "sandbox", "true", "--option", "sandbox-fallback", "false",
			"--option", "build-users-group", ""}, drvs...)
		_, took := runNix(nix, realise...)
		theirs += took
		_, took = runNix(nix, realise...)
		theirsAgain += took
		var ts []builder.Target
		for i := range count {
			ts = append(ts, builder.Target{Drv: w.Drv(fmt.Sprintf("d%d-%d", n, i), "", nil, shell(": < "+src+"; echo x > $out"), func(d *drv.Derivation) {
				d.InputSrcs = append(d.InputSrcs, src)
			})})
		}
		realiseHere := func() time.Duration {
			start := time.Now()
			s := durable()
			defer s.Close()
			bl := builder.New(s, builder.Options{Jail: w.Jail, EUID: os.Geteuid(), MaxJobs: 2})
			if _, err := bl.Build(w.Ctx, ts...); err != nil {
				b.Fatal(err)
			}
			return time.Since(start)
		}
		memory.Around(func() { ours += realiseHere() })
		oursAgain += realiseHere()
	}
	b.ReportMetric(float64(n*count)/ours.Seconds(), "builds/s")
	b.ReportMetric(float64(theirs)/float64(ours), "x-vs-nix")
	b.ReportMetric(float64(theirsAgain)/float64(oursAgain), "x-vs-nix-again")
	b.ReportMetric(memory.MiB(), "MiB")
}
