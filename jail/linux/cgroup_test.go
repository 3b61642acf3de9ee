//go:build linux

package linux

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlaces looks for a place for groups on made-up machines. In the trees a
// directory's cgroup.subtree_control is what is written after the name; "busy" is
// one that holds processes, so that nothing can be switched on.
func TestPlaces(t *testing.T) {
	const v2 = "30 24 0:27 / @ rw shared:9 - cgroup2 cgroup2 rw\n"
	for _, tt := range []struct {
		name, mounts, self string
		groups             map[string]string // below the mount point
		want               string            // "" when there is none
	}{
		{"the root of all groups", v2, "0::/\n", map[string]string{"": ""}, ""},
		{"delegated, with a child for this process", v2, "0::/system.slice/fruix.service/supervisor\n", map[string]string{
			"": "memory pids", "system.slice": "memory pids", "system.slice/fruix.service": "", "system.slice/fruix.service/supervisor": "busy",
		}, "system.slice/fruix.service"},
		{"in a user's slice", v2, "0::/user.slice/app.slice/term.scope\n", map[string]string{
			"": "memory pids", "user.slice": "memory pids", "user.slice/app.slice": "cpu memory pids", "user.slice/app.slice/term.scope": "busy",
		}, "user.slice/app.slice"},
		{"in a container", v2, "0::/\n", map[string]string{"": "busy"}, "none"},
		{"in a limited scope", v2, "0::/user.slice/small.scope\n", map[string]string{
			"": "memory pids", "user.slice": "memory pids", "user.slice/small.scope": "busy limited",
		}, "none"},
		{"version 1", "31 24 0:28 / @ rw - cgroup cgroup rw,memory\n32 24 0:29 / @/p\\040ids rw - cgroup cgroup rw,pids\n",
			"4:memory:/jobs/1\n3:pids:/\n0::/\n", map[string]string{"jobs/1": "", "p ids": ""}, "jobs/1"},
		{"a mount of a part", "30 24 0:27 /outer @ rw - cgroup2 cgroup2 rw\n", "0::/outer/inner\n",
			map[string]string{"": "memory pids", "inner": ""}, "inner"},
		{"a group that is not in sight", "30 24 0:27 /outer @ rw - cgroup2 cgroup2 rw\n", "0::/other\n", map[string]string{"": ""}, "none"},
		{"nothing", "", "", nil, "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := t.TempDir()
			write := func(name, text string) {
				t.Helper()
				if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write("cgroup.controllers", "cpu memory pids\n")
			for g, control := range tt.groups {
				if err := os.MkdirAll(filepath.Join(top, g), 0o755); err != nil {
					t.Fatal(err)
				}
				write(filepath.Join(g, "memory.max"), "max\n")
				if strings.Contains(control, "limited") {
					write(filepath.Join(g, "memory.max"), "1000\n")
				}
				if !strings.Contains(control, "busy") {
					write(filepath.Join(g, "cgroup.subtree_control"), control)
				} else if err := os.Mkdir(filepath.Join(top, g, "cgroup.subtree_control"), 0o755); err != nil {
					t.Fatal(err) // writing to a directory fails as well
				}
			}
			p, err := findPlace(cgroupFiles{strings.ReplaceAll(tt.mounts, "@", top), tt.self})
			switch {
			case tt.want == "none":
				if err == nil {
					t.Errorf("found %+v", p)
				}
				t.Log(err)
			case err != nil || p.dir != filepath.Join(top, tt.want):
				t.Errorf("found %+v, error %v, want %s", p, err, tt.want)
			case p.v2:
				if b, _ := os.ReadFile(filepath.Join(p.dir, "cgroup.subtree_control")); !strings.Contains(string(b), "memory") {
					t.Errorf("memory is not switched on: %q", b)
				}
			case p.pids != filepath.Join(top, "p ids"):
				t.Errorf("processes are counted in %q", p.pids)
			}
		})
	}
}
