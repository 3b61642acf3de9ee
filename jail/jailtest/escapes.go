package jailtest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fruix/jail"
)

// escapes are ways out of a jail, or to power over the machine, that a hostile
// program may try. Package cmd/internal/defences has the pieces of the back ends
// that each of them fails for.
func (s *suite) escapes(t *testing.T) {
	type escape struct {
		name string
		run  func(*testing.T)
	}
	all := []escape{
		{"host files", s.escapeFiles}, {"host processes", s.escapeProcesses}, {"the first process", s.escapeFirst},
		{"proc and sys", s.escapeProc}, {"channels", s.escapeChannels}, {"devices", s.escapeDevices},
		{"mounts", s.escapeMounts}, {"namespaces", s.escapeNamespaces}, {"set-id files", s.escapeSetID},
		{"the kernel", s.escapeKernel}, {"fork bomb", s.forkBomb}, {"memory bomb", s.memoryBomb},
	}
	if !s.Linux {
		all = append(all, escape{"jails", s.escapeJails})
	}
	for _, tt := range all {
		if s.Only == "" || s.Only == "escapes" || s.Only == tt.name {
			t.Run(tt.name, tt.run)
		}
	}
}

// playground returns a spec with a writable folder at /scratch, where it lies on
// the host, and a read-only one at /in that holds a file f.
func (s *suite) playground(t *testing.T) (sp jail.Spec, scratch string) {
	t.Helper()
	scratch = s.scratch(t, 0)
	in := t.TempDir()
	if err := os.WriteFile(filepath.Join(in, "f"), []byte("in"), 0o666); err != nil {
		t.Fatal(err)
	}
	sp = s.spec()
	sp.Mounts = append(sp.Mounts, jail.Mount{Source: scratch, Target: "/scratch"}, jail.Mount{Source: in, Target: "/in", ReadOnly: true})
	return sp, scratch
}

func (s *suite) escapeFiles(t *testing.T) {
	sp, scratch := s.playground(t)
	s.attempts(t, sp, map[string]bool{
		"read /etc/shadow": false, "read /../etc/shadow": false, "read /proc/1/root/etc/shadow": false,
		"read /proc/1/cwd/etc/shadow": false, "stat " + scratch: false, "chroot /scratch": false,
		"open-handle /": false, "open-handle /scratch": false,
		// A name elsewhere for an input, or for what the jail is made of.
		"link /in/f /scratch/f": false, "link " + self + " /scratch/self": false, "link /scratch/none /in/x": false,
		"write /scratch/own": true,
	})
}

// canary starts a process of the host that runs as the program's own user.
func (s *suite) canary(t *testing.T) (pid int, dead <-chan struct{}) {
	t.Helper()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("a program to run beside the jail is missing: ", err)
	}
	cmd := exec.Command(sleep, "60")
	if s.BuildUser != nil {
		u := s.BuildUser(0)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(u.UID), Gid: uint32(u.GID)}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Kill(); <-done })
	return cmd.Process.Pid, done
}

// escapeProcesses looks for processes of the program's own user outside: to
// signal, trace and change them the kernel asks for no more.
func (s *suite) escapeProcesses(t *testing.T) {
	pid, dead := s.canary(t)
	sp, _ := s.playground(t)
	s.attempts(t, sp, map[string]bool{
		fmt.Sprint("kill ", pid): false, fmt.Sprint("ptrace ", pid): false, fmt.Sprint("take-descriptor ", pid): false,
		fmt.Sprint("write-memory ", pid): false, fmt.Sprint("enter ", pid): false,
		fmt.Sprintf("stat /proc/%d", pid): false,
	})
	// "kill -1" is for all processes that one may kill; the probe is spared.
	s.attempts(t, sp, map[string]bool{"kill -1": false})
	select {
	case <-dead:
		t.Error("a process outside was killed")
	case <-time.After(20 * time.Millisecond):
	}
}

// escapeFirst attacks the first process of the jail, which has the same user id
// and, on Linux, threads that hold capabilities.
func (s *suite) escapeFirst(t *testing.T) {
	if !s.Linux {
		t.Skip("this back end has no process inside")
	}
	sp, _ := s.playground(t)
	s.attempts(t, sp, map[string]bool{
		"ptrace 1": false, "write-memory 1": false, "take-descriptor 1": false, "enter 1": false,
		"open /proc/1/mem": false, "read /proc/1/environ": false, "stat /proc/1/fd/3": false, "stat /proc/1/ns/mnt/": false,
		"signal-all 1": true, // and the jail goes on
	})
}

func (s *suite) escapeProc(t *testing.T) {
	sp, _ := s.playground(t)
	s.attempts(t, sp, map[string]bool{
		"stat /sys/kernel": false, "write /proc/sys/kernel/core_pattern": false, "write /proc/sys/kernel/modprobe": false,
		"write /proc/sys/kernel/hostname": false, "write /proc/sys/fs/suid_dumpable": false, "write /proc/sys/vm/overcommit_memory": false,
		"write /proc/sys/net/ipv4/ip_forward": false, "write /proc/sys/user/max_user_namespaces": false,
		"write /proc/sysrq-trigger": false, "open /proc/kcore": false, "open /proc/kmsg": false, "open /proc/kallsyms": false,
		"write /proc/self/uid_map": false, "write /proc/self/gid_map": false, "write /proc/self/setgroups": false,
		"write /proc/self/oom_score_adj": false, // from 0 to "x"; lowering takes a capability as well
		"mount-proc /scratch":            false,
	})
	if !s.Linux {
		return
	}
	sp.Argv = []string{ProbeName, "cat", "/proc/self/oom_score_adj"}
	sp.Program = self
	var score int
	s.run(t, sp, &score)
	equal(t, "how soon it is ended when memory runs out", score, 1000)
	sp.Argv = []string{ProbeName, "cat", "/proc/self/cgroup", "/proc/self/limits"}
	var out bytes.Buffer
	sp.Stdout = &out
	if res, err := s.Jail.Run(t.Context(), sp); err != nil || !res.OK() {
		t.Fatal(res, err)
	}
	core := false
	for line := range strings.Lines(out.String()) {
		if parts := strings.SplitN(strings.TrimSpace(line), ":", 3); len(parts) == 3 && parts[2] != "/" {
			t.Errorf("control groups of the host are in sight: %s", line)
		}
		if strings.HasPrefix(line, "Max core file size") {
			core = true
			if f := strings.Fields(line); f[4] != "1" || f[5] != "1" {
				t.Errorf("a crash may reach a program of the host: %s", line)
			}
		}
	}
	if !core {
		t.Errorf("no limit of core dumps in %s", out.String())
	}
}

// escapeChannels are ways by which two programs, or one and a helper outside,
// could meet: CVE-2024-27297 went through a name of an abstract socket.
func (s *suite) escapeChannels(t *testing.T) {
	sp, _ := s.playground(t)
	want := map[string]bool{"dial tcp 127.0.0.1:1": false, "socket 40": false, "socket 38": false}
	if s.Linux {
		want["socket 17"] = false // AF_PACKET; AF_ROUTE of FreeBSD's, which jails may read
		stop := hostChannels(t, want)
		defer stop()
	}
	s.attempts(t, sp, want)
}

// escapeDevices tries to make and to open devices, one included that the host has
// put into the program's own folder.
func (s *suite) escapeDevices(t *testing.T) {
	sp, scratch := s.playground(t)
	want := map[string]bool{
		"mknod /scratch/sda": false, "mknod-memory /scratch/mem": false, "mknod /dev/sda": false,
		"open /dev/mem": false, "open /dev/kmsg": false, "open /dev/sda": false, "open /dev/vda": false,
		"open /dev/tty": false, "open /dev/kvm": false, "open /dev/fuse": false,
		"remove /dev/null": false, "write /dev/null": true,
	}
	if s.BuildUser != nil && syscall.Mknod(filepath.Join(scratch, "zero"), syscall.S_IFCHR|0o666, deviceOf(t, "/dev/zero")) == nil {
		if err := os.Chmod(filepath.Join(scratch, "zero"), 0o666); err != nil {
			t.Fatal(err)
		}
		want["open /scratch/zero"] = false
	}
	s.attempts(t, sp, want)
}

func (s *suite) escapeMounts(t *testing.T) {
	sp, scratch := s.playground(t)
	s.attempts(t, sp, map[string]bool{
		"mount-tmpfs /scratch": false, "mount-proc /scratch": false, "remount-rw /in": false, "remount-rw /": false,
		"remount-rw /dev": false, "umount /in": false, "umount /scratch": false, "umount /proc": false, "umount /dev": false,
		"detach-tree /in": false, "detach-tree /": false, "new-file-system": false, "unshare-mount": false,
		"write /in/f": false, "write /new": false, "stat /old": false, "stat /stage": false,
	})
	if entries, err := os.ReadDir(scratch); err != nil || len(entries) > 0 {
		t.Errorf("in the folder: %v %v", entries, err)
	}
	if !s.Linux {
		return
	}
	// What the mounts are, the host's old root not among them.
	sp.Program, sp.Argv = self, []string{ProbeName, "cat", "/proc/self/mountinfo"}
	var out bytes.Buffer
	sp.Stdout = &out
	if res, err := s.Jail.Run(t.Context(), sp); err != nil || !res.OK() {
		t.Fatal(res, err)
	}
	var points []string
	for line := range strings.Lines(out.String()) {
		if p := strings.Fields(line)[4]; !strings.HasPrefix(p, "/dev/") {
			points = append(points, p)
		}
	}
	slices.Sort(points)
	equal(t, "mount points", points, []string{"/", self, "/dev", "/in", "/proc", "/scratch"})
}

func (s *suite) escapeNamespaces(t *testing.T) {
	sp, _ := s.playground(t)
	s.attempts(t, sp, map[string]bool{
		"unshare-user": false, "clone-user": false, "clone3-user": false, "unshare-mount": false,
		"setuid 0": false, "setgid 0": false, "cap-raise": false, "sethostname": false,
	})
}

func (s *suite) escapeSetID(t *testing.T) {
	sp, scratch := s.playground(t)
	sp.Tmpfs = []jail.Tmpfs{{Target: "/tmp", Mode: 0o1777}}
	s.attempts(t, sp, map[string]bool{
		"exec-setuid /scratch/x": false, "exec-setuid /tmp/x": false, "exec-setuid /dev/shm/x": false,
	})
	if !s.Linux {
		return
	}
	s.attempts(t, sp, map[string]bool{
		"create-setid /scratch/a": false, "tmpfile-setid /scratch": false, "setid-directory /scratch/d": false,
		"create-setid /tmp/a": false,
	})
	entries, err := os.ReadDir(scratch)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if fi, err := e.Info(); err != nil || fi.Mode()&(os.ModeSetuid|os.ModeSetgid) != 0 {
			t.Errorf("%s: %v %v", e.Name(), fi.Mode(), err)
		}
	}
}

func (s *suite) escapeKernel(t *testing.T) {
	sp, _ := s.playground(t)
	s.attempts(t, sp, map[string]bool{
		"keyring": false, "add-key": false, "io-uring": false, "kernel-log": false, "set-time": false, "reboot": false,
		"load-module": false, "raise-priority": false, "raise-limit": false,
	})
}

// escapeJails tries what FreeBSD's kernel has beside what every one has: parameters that
// can be set, devices that can be shown again, rules of resources, shared memory, and
// what is told of processes.
func (s *suite) escapeJails(t *testing.T) {
	pid, _ := s.canary(t)
	sp, _ := s.playground(t)
	s.attempts(t, sp, map[string]bool{
		"set-sysctl kern.coredump": false, "set-sysctl security.bsd.see_other_uids": false, "set-kernel-environment": false,
		"show-devices": false, "add-rule": false, "system-flag /scratch/system": false, "real-time": false,
		"make-shared-memory 4711": false, "socket 2": false, "socket 28": false, // raw ones of IPv4 and IPv6
		fmt.Sprint("arguments-of ", pid): false, "processes-of 0": false,
	})
}

// forkBomb starts processes that start processes, without end.
func (s *suite) forkBomb(t *testing.T) {
	sp, scratch := s.playground(t)
	sp.Program, sp.Argv = self, []string{ProbeName, "bomb", "/scratch/beat"}
	sp.Limits.Processes = 64
	beat := filepath.Join(scratch, "beat")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var full time.Time // when no more processes could be made
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(beat); err == nil {
				time.Sleep(100 * time.Millisecond)
				full = time.Now()
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := s.Jail.Run(ctx, sp); ctx.Err() == nil {
		t.Errorf("it ended: %v", err)
	}
	if took := time.Since(full); took > 5*time.Second {
		t.Errorf("took %v to end", took)
	}
	still(t, beat)
}

// memoryBomb uses more memory than it may: one process, and several that each
// keep below the limit.
func (s *suite) memoryBomb(t *testing.T) {
	sp, _ := s.playground(t)
	sp.Program = self
	together := false
	if b, ok := s.Jail.(jail.MemoryBounder); ok {
		if err := b.BoundsMemory(); err == nil {
			together = true
		} else {
			t.Log(err)
		}
	}
	limit := 256 // MiB
	if !together && !s.Linux {
		limit = 1024 // of the address space, of which Go takes more than it uses
	}
	sp.Limits.Memory = uint64(limit) << 20
	run := func(command string, mebibytes int) jail.Result {
		t.Helper()
		sp.Argv = []string{ProbeName, command, fmt.Sprint(mebibytes)}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var out bytes.Buffer
		sp.Stdout, sp.Stderr = &out, &out
		res, err := s.Jail.Run(ctx, sp)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	if res := run("eat", 64); !res.OK() || res.OutOfMemory {
		t.Errorf("64 of %d MiB: %v", limit, res)
	}
	// Other kernels refuse memory rather than kill.
	if res := run("eat", 2*limit+88); res.OK() || res.OutOfMemory != (together && s.Linux) {
		t.Errorf("%d of %d MiB: %v, out of memory %v", 2*limit+88, limit, res, res.OutOfMemory)
	}
	if !together {
		t.Log("memory is bounded for each process only")
		return
	}
	if res := run("crowd", 600); res.OK() || res.OutOfMemory != s.Linux {
		t.Errorf("4 times 150 of %d MiB: %v, out of memory %v", limit, res, res.OutOfMemory)
	}
}
