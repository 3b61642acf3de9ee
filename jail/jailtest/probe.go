package jailtest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ProbeName is the argv[0] by which a process knows that it is the probe. It is no longer
// than the program's path: otherwise Go would put that in its place on FreeBSD.
const ProbeName = "jail-probe"

// Report is what the probe finds out about its surroundings.
type Report struct {
	Args       []string
	Env        []string
	Dir        string
	UID, EUID  int
	GID, EGID  int
	Groups     []int
	Hostname   string
	Domain     string
	Umask      int
	FDs        []string          // open descriptors beside 0, 1 and 2
	Interfaces []string          // network interfaces
	Processes  []int             // what /proc shows
	Status     map[string]string // /proc/self/status
	Tree       []string          // every file outside /proc and /dev
	Devices    []string
	Owners     map[string]string // uid:gid of some of Tree
	Stdin      int               // bytes that standard input gave
}

// ProbeMain runs the probe when args (os.Args) ask for it, and then does not
// return; otherwise it returns at once. Call it in TestMain.
func ProbeMain(args []string) {
	if len(args) < 2 || args[0] != ProbeName {
		return
	}
	os.Exit(probe(args[1], args[2:]))
}

// probe carries out one command inside a jail.
func probe(cmd string, args []string) int {
	switch cmd {
	case "report":
		return show(report(args))
	case "try":
		res := make(map[string]string)
		for _, a := range args {
			res[a] = errString(attempt(a))
		}
		return show(res)
	case "print":
		fmt.Fprint(os.Stdout, args[0])
		fmt.Fprint(os.Stderr, args[1])
	case "cat":
		for _, a := range args {
			b, err := os.ReadFile(a)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			os.Stdout.Write(b)
		}
	case "write":
		if err := os.WriteFile(args[0], []byte(args[1]), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	case "exit":
		n, _ := strconv.Atoi(args[0])
		return n
	case "kill":
		n, _ := strconv.Atoi(args[0])
		syscall.Kill(os.Getpid(), syscall.Signal(n))
		time.Sleep(10 * time.Second)
	case "sleep":
		time.Sleep(time.Minute)
	case "bomb":
		return bomb(args[0])
	case "eat":
		return eat(args[0])
	case "eat-and-wait":
		eat(args[0])
		time.Sleep(500 * time.Millisecond)
	case "crowd":
		return crowd(args[0])
	case "beat":
		beat(args[0])
	case "orphan":
		return orphan(args[0])
	case "orphans":
		return orphans()
	}
	return 0
}

func show(v any) int {
	if err := json.NewEncoder(os.Stdout).Encode(v); err != nil {
		return 1
	}
	return 0
}

// beat appends to a file until killed.
func beat(name string) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		f.Write([]byte{'.'})
		time.Sleep(5 * time.Millisecond)
	}
}

// orphan leaves a background process in a session of its own behind, and ends
// once that has shown life.
func orphan(name string) int {
	c := exec.Command(selfPath())
	c.Args = []string{ProbeName, "beat", name}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for {
		if b, _ := os.ReadFile(name); len(b) > 2 {
			return 0
		}
		time.Sleep(time.Millisecond)
	}
}

// bomb starts copies of itself that do the same, without end, and beats.
func bomb(name string) int {
	for {
		c := exec.Command(selfPath())
		c.Args = []string{ProbeName, "bomb", name}
		if c.Start() != nil {
			break
		}
	}
	beat(name)
	return 0
}

// eat uses more and more memory, up to so many MiB, and says so at the end.
func eat(mebibytes string) int {
	n, _ := strconv.Atoi(mebibytes)
	var eaten [][]byte
	for range n {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		eaten = append(eaten, b)
	}
	fmt.Printf("ate %d MiB\n", len(eaten))
	return 0
}

// crowd has four processes eat a quarter each.
func crowd(mebibytes string) int {
	n, _ := strconv.Atoi(mebibytes)
	var all []*exec.Cmd
	for range 4 {
		c := exec.Command(selfPath())
		c.Args = []string{ProbeName, "eat-and-wait", strconv.Itoa(n / 4)}
		if err := c.Start(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		all = append(all, c)
	}
	code := 0
	for _, c := range all {
		if c.Wait() != nil {
			code = 1
		}
	}
	return code
}

// forkMany starts so many processes that live at the same time.
func forkMany(count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	var started []*os.Process
	defer func() {
		for _, p := range started {
			p.Kill()
			p.Wait()
		}
	}()
	for range n {
		p, err := os.StartProcess(selfPath(), []string{ProbeName, "sleep"}, &os.ProcAttr{})
		if err != nil {
			return err
		}
		started = append(started, p)
	}
	return nil
}

// orphans makes many processes whose parents die first, to be reaped.
func orphans() int {
	for range 20 {
		c := exec.Command(selfPath())
		c.Args = []string{ProbeName, "orphan-parent"}
		if err := c.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 7
}

func selfPath() string {
	p, err := os.Executable()
	if err != nil {
		return "/.self/probe"
	}
	return p
}

func report(watch []string) *Report {
	r := &Report{
		Args: os.Args, Env: os.Environ(),
		UID: os.Getuid(), EUID: os.Geteuid(), GID: os.Getgid(), EGID: os.Getegid(),
		Status: make(map[string]string), Owners: make(map[string]string),
	}
	r.Dir, _ = os.Getwd()
	r.Groups, _ = os.Getgroups()
	r.Hostname, _ = os.Hostname()
	r.Domain = domainName()
	r.Umask = syscall.Umask(0)
	syscall.Umask(r.Umask)
	var buf [16]byte
	r.Stdin, _ = os.Stdin.Read(buf[:])
	ifs, _ := net.Interfaces()
	for _, i := range ifs {
		r.Interfaces = append(r.Interfaces, i.Name+" "+i.Flags.String())
	}
	r.FDs = openDescriptors()
	procs, _ := os.ReadDir("/proc")
	for _, p := range procs {
		if n, err := strconv.Atoi(p.Name()); err == nil {
			r.Processes = append(r.Processes, n)
		}
	}
	sort.Ints(r.Processes)
	status, _ := os.ReadFile("/proc/self/status")
	for _, l := range strings.Split(string(status), "\n") {
		if k, v, ok := strings.Cut(l, ":"); ok {
			r.Status[k] = strings.TrimSpace(v)
		}
	}
	filepath.WalkDir("/", func(p string, d fs.DirEntry, err error) error {
		switch p {
		case "/proc", "/dev":
			r.Tree = append(r.Tree, p)
			return fs.SkipDir
		}
		r.Tree = append(r.Tree, p)
		return nil
	})
	devs, _ := os.ReadDir("/dev")
	for _, d := range devs {
		r.Devices = append(r.Devices, d.Name())
	}
	for _, w := range watch {
		if fi, err := os.Lstat(w); err == nil {
			st := fi.Sys().(*syscall.Stat_t)
			r.Owners[w] = fmt.Sprintf("%d:%d", st.Uid, st.Gid)
		}
	}
	return r
}

func errString(err error) string {
	if err == nil {
		return "ok"
	}
	return err.Error()
}

// attempt tries what "VERB ARG…" says. Verbs that only one system has are in
// attemptSystem.
func attempt(what string) error {
	f := strings.Fields(what)
	switch f[0] {
	case "read":
		_, err := os.ReadFile(f[1])
		return err
	case "stat":
		_, err := os.Lstat(f[1])
		return err
	case "write":
		return os.WriteFile(f[1], []byte("x"), 0o644)
	case "append":
		h, err := os.OpenFile(f[1], os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			h.Close()
		}
		return err
	case "mkdir":
		return os.Mkdir(f[1], 0o755)
	case "remove":
		return os.RemoveAll(f[1])
	case "chmod":
		return os.Chmod(f[1], 0o777)
	case "chown":
		return os.Chown(f[1], 0, 0)
	case "dial":
		c, err := net.DialTimeout(f[1], f[2], 2*time.Second)
		if err == nil {
			c.Close()
		}
		return err
	case "lookup":
		_, err := net.LookupHost(f[1])
		return err
	case "chroot":
		return syscall.Chroot(f[1])
	case "setuid":
		n, _ := strconv.Atoi(f[1])
		return syscall.Setuid(n)
	case "setgid":
		n, _ := strconv.Atoi(f[1])
		return syscall.Setgid(n)
	case "kill":
		n, _ := strconv.Atoi(f[1])
		return syscall.Kill(n, syscall.SIGKILL)
	case "signal-all":
		n, _ := strconv.Atoi(f[1])
		for sig := 1; sig < 65; sig++ {
			syscall.Kill(n, syscall.Signal(sig))
		}
		time.Sleep(50 * time.Millisecond)
		return nil
	case "link":
		return os.Link(f[1], f[2])
	case "open":
		h, err := os.OpenFile(f[1], os.O_RDWR, 0)
		if err == nil {
			h.Close()
		}
		return err
	case "exec-setuid":
		// A copy of this program with the set-user-id bit must not change the
		// user.
		return execSetuid(f[1])
	}
	return attemptSystem(f)
}

// execSetuid makes name a set-user-id copy of this program, runs it, and
// returns an error that holds the ids that it saw.
func execSetuid(name string) error {
	b, err := os.ReadFile(selfPath())
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, b, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(name, 0o755|os.ModeSetuid|os.ModeSetgid); err != nil {
		return err
	}
	c := exec.Command(name)
	c.Args = []string{ProbeName, "report"}
	out, err := c.Output()
	if err != nil {
		return err
	}
	var r Report
	if err := json.Unmarshal(out, &r); err != nil {
		return err
	}
	if r.EUID == os.Getuid() && r.EGID == os.Getgid() {
		return fmt.Errorf("still %d", r.EUID)
	}
	return nil
}
