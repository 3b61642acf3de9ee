//go:build linux

package linux

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"fruix/jail"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// examplePlan has something of everything that a plan can have.
func examplePlan(t *testing.T, root bool) *plan {
	spec, err := jail.Spec{
		Argv: []string{"/self", "build"}, Env: []string{"A=1"}, Dir: "/tmp/build", Self: "/self",
		Mounts: []jail.Mount{{Source: "/s/a", Target: "/store/a", ReadOnly: true}, {Source: "/out", Target: "/store/out"}},
		Tmpfs:  []jail.Tmpfs{{Target: "/tmp", Mode: 0o1777, Size: 4096}},
		Files:  []jail.File{{Path: "/etc/passwd", Content: []byte("x")}},
		Dirs:   []string{"/var/empty"}, BuildUser: &jail.HostUser{UID: 35001, GID: 35000},
		Limits: jail.Limits{Processes: 100, OpenFiles: 64},
	}.Normalize()
	if err != nil {
		t.Fatal(err)
	}
	return &plan{
		Spec: spec, BuildUser: root, Cgroups: true, Base: "/tmp", TreesFD: root, SelfPath: "/bin/fruix", SelfSize: 10,
		Trees: []tree{{Path: "/s", ReadOnly: true, Dir: true}, {Path: "/out"}},
		Binds: []bind{{Tree: 0, Name: "a", Target: "/store/a", Kind: kindDir}, {Tree: 1, Target: "/store/out", Kind: kindFile}, {Target: "/store/l", Kind: kindSymlink, Link: "a"}},
	}
}

// TestSteps shows every change of what is done with privileges, and its order.
func TestSteps(t *testing.T) {
	for _, who := range []string{"root", "user"} {
		c, err := compile(examplePlan(t, who == "root"), func(int) (uint64, error) { return 50, nil })
		if err != nil {
			t.Fatal(err)
		}
		if len(c.steps) != c.Len() {
			t.Fatalf("%d steps of %d records", len(c.steps), c.Len())
		}
		var b strings.Builder
		last, times := step{}, 0
		line := func() {
			if times > 0 {
				fmt.Fprintln(&b, strings.TrimSpace(fmt.Sprintf("%d  %s %s", times, last.name, last.path)))
			}
		}
		for _, s := range c.steps {
			if s != last {
				line()
				last, times = s, 0
			}
			times++
		}
		line()
		golden := "testdata/steps-" + who + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("the steps of %s have changed (-update rewrites %s):\n%s", who, golden, b.String())
		}
	}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		step  step
		errno syscall.Errno
		want  string
	}{
		{step{"mkdir", "/store/a"}, syscall.ENOSPC, "cannot set up the jail: mkdir /store/a: no space left on device"},
		{step{stepOverLink, "/l"}, 0, "cannot set up the jail: mount over a symbolic link /l: too many levels of symbolic links"},
		{step{"write", "/etc/passwd"}, 0, "cannot set up the jail: write /etc/passwd: not all of it could be done"},
		{step{"mount_setattr", "/"}, syscall.ENOSYS, "cannot set up the jail: mount_setattr /: function not implemented: Linux 5.12 or newer is needed"},
	} {
		if got := explain(c.step, c.errno).Error(); got != c.want {
			t.Errorf("%v %v: %s", c.step, c.errno, got)
		}
	}
}
