//go:build linux

package linux_test

import (
	"math"
	"os"
	"os/exec"
	"testing"
	"time"

	"fruix/jail"
)

// BenchmarkAgainstBwrap sets up and tears down a jail for a program that does
// nothing, here and with bubblewrap told to make the same of it: the same
// namespaces, mounts, devices and an empty /tmp. Each is measured at its best, which
// is what other work on the machine disturbs least.
func BenchmarkAgainstBwrap(b *testing.B) {
	bwrap, err := exec.LookPath("bwrap")
	if err != nil {
		b.Skip("bwrap is not installed (package bubblewrap)")
	}
	c := config(b)
	sp := jail.Spec{Program: "/usr/bin/true", Argv: []string{"true"}, Tmpfs: []jail.Tmpfs{{Target: "/tmp", Mode: 0o1777}}}
	args := []string{"--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
		"--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"}
	for _, dir := range []string{"/usr", "/lib", "/lib64"} {
		fi, err := os.Lstat(dir)
		if err != nil {
			continue
		}
		sp.Mounts = append(sp.Mounts, jail.Mount{Source: dir, Target: dir, ReadOnly: true})
		if fi.Mode()&os.ModeSymlink != 0 {
			link, err := os.Readlink(dir)
			if err != nil {
				b.Fatal(err)
			}
			args = append(args, "--symlink", link, dir)
		} else {
			args = append(args, "--ro-bind", dir, dir)
		}
	}
	if c.BuildUser != nil {
		sp.BuildUser = c.BuildUser(0)
	}
	args = append(args, "/usr/bin/true")
	ours, theirs := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	round := func() {
		start := time.Now()
		if res, err := c.Jail.Run(b.Context(), sp); err != nil || !res.OK() {
			b.Fatal(res, err)
		}
		ours = min(ours, time.Since(start))
		start = time.Now()
		if out, err := exec.Command(bwrap, args...).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		theirs = min(theirs, time.Since(start))
	}
	for range 200 {
		round()
	}
	for b.Loop() {
		round()
	}
	b.ReportMetric(float64(theirs)/float64(ours), "x-vs-bwrap")
	b.ReportMetric(float64(ours.Microseconds())/1000, "ms")
}
