package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/store"
	"fruix/store/db"
	"fruix/store/hash"
	"fruix/store/nixbase32"
	"fruix/store/peak"
)

// bigGraph registers objects without contents, here and in Nix: n that the last
// of them needs, each referring to some before it, and as many that nothing
// needs. It returns the one that needs n.
func bigGraph(b *testing.B, s *store.Store, n *nix, count int) string {
	b.Helper()
	r := rand.New(rand.NewPCG(7, 7))
	objects := make([]db.Object, 2*count)
	var text strings.Builder
	digest := make([]byte, 32)
	for i := range objects {
		sum := hash.Sum(hash.SHA256, fmt.Append(nil, i))
		o := db.Object{Path: nixbase32.EncodeToString(hash.Compress(sum.Sum, 20)) + fmt.Sprint("-o", i), NarHash: digest, NarSize: 1000, Registered: time.Unix(1, 0)}
		first := i / count * count
		for range min(4, i-first) {
			o.References = append(o.References, objects[first+r.IntN(i-first)].Path)
		}
		if i > first {
			o.References = append(o.References, objects[i-1].Path)
		}
		objects[i] = o
		fmt.Fprintf(&text, "/frx/store/%s\n%064d\n1000\n\n%d\n", o.Path, 0, len(o.References))
		for _, ref := range o.References {
			fmt.Fprintf(&text, "/frx/store/%s\n", ref)
		}
	}
	d := must(db.Open(b.Context(), db.Options{File: s.StatePath("db", "db.sqlite"), StoreDir: s.Dir()}))(b)
	defer d.Close()
	if err := d.Register(b.Context(), objects); err != nil {
		b.Fatal(err)
	}
	cmd := n.command("nix-store", "--load-db")
	cmd.Stdin = strings.NewReader(text.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("nix-store --load-db: %v\n%s", err, out)
	}
	// Nix looks for garbage among what lies on the disk.
	for _, o := range objects {
		if err := os.WriteFile(n.file("/frx/store/"+o.Path), nil, 0o444); err != nil {
			b.Fatal(err)
		}
	}
	root := "/frx/store/" + objects[count-1].Path
	if err := os.Symlink(root, filepath.Join(n.root, "nix/var/nix/gcroots/live")); err != nil {
		b.Fatal(err)
	}
	if err := os.Symlink(root, s.StatePath("gcroots", "live")); err != nil {
		b.Fatal(err)
	}
	return root
}

// timed returns how long a command of Nix takes, and what it prints.
func timed(b *testing.B, cmd *exec.Cmd) (time.Duration, string) {
	b.Helper()
	start := time.Now()
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%v: %v", cmd.Args, err)
	}
	return time.Since(start), string(out)
}

// BenchmarkMark finds the garbage among 200,000 objects of which half are dead.
func BenchmarkMark(b *testing.B) {
	const count = 100_000
	s, n := open(b, scratch(b)), newNix(b)
	n.run("nix-store", "--verify")
	bigGraph(b, s, n, count)
	var ours, theirs time.Duration
	var memory peak.Meter
	for b.Loop() {
		var l *store.Liveness
		memory.Around(func() {
			start := time.Now()
			l = must(s.Liveness(b.Context(), store.CollectOptions{}))(b)
			ours += time.Since(start)
		})
		took, out := timed(b, n.command("nix-store", "--gc", "--print-dead"))
		theirs += took
		if dead := strings.Count(out, "/frx/store/"); len(l.Dead) != count || dead != count {
			b.Fatalf("%d dead here, %d in Nix, not %d", len(l.Dead), dead, count)
		}
	}
	b.ReportMetric(float64(theirs)/float64(ours), "x-vs-nix")
	b.ReportMetric(memory.MiB(), "MiB")
}

// BenchmarkRequisites lists what an object with 20,000 requisites needs.
func BenchmarkRequisites(b *testing.B) {
	const count = 20_000
	s, n := open(b, scratch(b)), newNix(b)
	n.run("nix-store", "--verify")
	root := bigGraph(b, s, n, count)
	var ours, theirs time.Duration
	var memory peak.Meter
	for b.Loop() {
		var all []string
		memory.Around(func() {
			start := time.Now()
			all = must(s.Closure(b.Context(), root))(b)
			ours += time.Since(start)
		})
		took, out := timed(b, n.command("nix-store", "-qR", root))
		theirs += took
		if got := strings.Count(out, "\n"); len(all) != count || got != count {
			b.Fatalf("%d requisites here, %d in Nix, not %d", len(all), got, count)
		}
	}
	b.ReportMetric(float64(theirs)/float64(ours), "x-vs-nix")
	b.ReportMetric(memory.MiB(), "MiB")
}
