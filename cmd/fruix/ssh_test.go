package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// sshMachine is a machine that is reached through a real sshd: this one, with another
// store. The server is the test's own, with its own keys, and serves the test's user.
type sshMachine struct {
	dir       string
	user      string
	port      int
	hostKey   string // the public one
	key, weak string // private keys: of an account that may do all, of one for "fruix serve --signed"
	program   string // fruix over there, which knows its store
	root      string // of that store
	config    string // of the client
	log       string
}

// tool finds a program of a Debian package.
func tool(t *testing.T, program, debianPackage string) string {
	t.Helper()
	for _, name := range []string{program, "/usr/sbin/" + program} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	t.Skipf("needs %s (Debian package %s)", program, debianPackage)
	return ""
}

// serveSSH starts a server.
func serveSSH(t *testing.T) *sshMachine {
	t.Helper()
	fruix, err := filepath.Abs(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	tool(t, "ssh", "openssh-client")
	keygen, sshd := tool(t, "ssh-keygen", "openssh-client"), tool(t, "sshd", "openssh-server")
	if os.Geteuid() == 0 {
		// Where a server of root's keeps nothing (sshd(8), "FILES").
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Skipf("needs /run/sshd, the empty folder of sshd: %v", err)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := newDir(t)
	m := &sshMachine{
		dir: dir, user: me.Username, key: filepath.Join(dir, "key"), weak: filepath.Join(dir, "weak"),
		program: filepath.Join(dir, "fruix"), root: filepath.Join(dir, "there"),
		config: filepath.Join(dir, "ssh_config"), log: filepath.Join(dir, "sshd.log"),
	}
	public := func(name string) string {
		t.Helper()
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", name).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
		b, err := os.ReadFile(name + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	hostKey := filepath.Join(dir, "host")
	m.hostKey = public(hostKey)
	m.write(t, m.program, 0o755, "#!/bin/sh\nFRUIX_ROOT='%s' FRUIX_ARCHIVES=none exec '%s' \"$@\"\n", m.root, fruix)
	m.write(t, filepath.Join(dir, "authorized_keys"), 0o600, "%s\ncommand=\"%s serve --signed\" %s\n", public(m.key), m.program, public(m.weak))
	config := filepath.Join(dir, "sshd_config")
	m.write(t, config, 0o600, `HostKey %s
AuthorizedKeysFile %s/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
`, hostKey, dir)
	m.listen(t, sshd, config)
	m.write(t, filepath.Join(dir, "known_hosts"), 0o600, "[127.0.0.1]:%d %s\n", m.port, m.hostKey)
	m.write(t, m.config, 0o600, `UserKnownHostsFile %[1]s/known_hosts
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
IdentitiesOnly yes
IdentityFile %[1]s/key
BatchMode yes
`, dir)
	return m
}

func (m *sshMachine) write(t *testing.T, name string, mode os.FileMode, format string, args ...any) {
	t.Helper()
	if err := os.WriteFile(name, fmt.Appendf(nil, format, args...), mode); err != nil {
		t.Fatal(err)
	}
}

// listen starts a server for each connection, as inetd would (sshd(8), option -i): so
// no port is chosen that somebody else takes meanwhile.
func (m *sshMachine) listen(t *testing.T, sshd, config string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.port = l.Addr().(*net.TCPAddr).Port
	var servers sync.WaitGroup
	servers.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f, err := c.(*net.TCPConn).File()
			c.Close()
			if err != nil {
				t.Error(err)
				return
			}
			cmd := exec.Command(sshd, "-i", "-f", config, "-E", m.log)
			cmd.Stdin, cmd.Stdout = f, f
			if err := cmd.Start(); err != nil {
				t.Error(err)
			} else {
				servers.Go(func() { _ = cmd.Wait() }) // a refused client ends it with an error
			}
			f.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		servers.Wait() // each ends with its client
		if t.Failed() {
			b, _ := os.ReadFile(m.log)
			t.Logf("sshd says:\n%s", b)
		}
	})
}

// machines is a machines.scm with this machine, with more fields of build-machine.
func (m *sshMachine) machines(hostKey, privateKey string) string {
	return fmt.Sprintf(`(list (build-machine
        (name "127.0.0.1") (port %d) (user %q) (systems (list %q))
        (host-key %q) (private-key %q) (program %q)
        (parallel-builds 2) (speed 2.) (features '("kvm"))))
`, m.port, m.user, hostSystem(), hostKey, privateKey, m.program)
}

// TestSSH copies objects and has builds done through a real sshd.
func TestSSH(t *testing.T) {
	m := serveSSH(t)
	here := filepath.Join(m.dir, "here")
	env := []string{"FRUIX_ROOT=" + here, "FRUIX_ARCHIVES=none", "HOME=" + m.dir, "XDG_CACHE_HOME=" + filepath.Join(m.dir, "cache")}
	near := run{dir: m.dir, env: append(env, "FRUIX_SSH=ssh -F "+m.config)}
	url := fmt.Sprintf("ssh://%s@127.0.0.1:%d?program=%s", m.user, m.port, m.program)
	works := func(r run, want string, args ...string) {
		t.Helper()
		out, messages, code := r.fruix(t, args...)
		if code != 0 || !strings.Contains(out+messages, want) {
			t.Fatalf("fruix %q: exit code %d, want %q in\n%s%s", args, code, want, out, messages)
		}
	}
	fails := func(r run, args []string, want ...string) {
		t.Helper()
		out, messages, code := r.fruix(t, args...)
		for _, w := range want {
			if code != 1 || !strings.Contains(messages, w) {
				t.Errorf("fruix %q: exit code %d, want %q in\n%s%s", args, code, w, out, messages)
			}
		}
	}
	trust := func(from, name, to string) {
		t.Helper()
		out, messages, code := run{dir: m.dir, env: env}.fruix(t, "archive", "--root="+from, "--generate-key="+name)
		if code != 0 {
			t.Fatal(messages)
		}
		c := exec.Command(binary(t), "archive", "--root="+to, "--authorize")
		c.Stdin, c.Dir = bytes.NewBufferString(out), m.dir
		if said, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}

	// Objects go, and come, to and from an address that ssh knows.
	works(near, "-hello-script-1.0", "copy", "--to="+url, "hello-script")
	works(near, "", "store", "verify", "--root="+m.root)
	third := filepath.Join(m.dir, "third")
	fails(near, []string{"copy", "--root=" + third, "--from=" + url, "hello-script"}, "is not signed by a key that is trusted here")
	trust(m.root, "there-1", third)
	works(near, "-hello-script-1.0", "copy", "--root="+third, "--from="+url, "hello-script")

	// Builds go to the machine of a list, of which ssh knows nothing.
	list := filepath.Join(here, configDir, machinesFile)
	if err := os.MkdirAll(filepath.Dir(list), 0o755); err != nil {
		t.Fatal(err)
	}
	other := run{dir: m.dir, env: append(env[:len(env):len(env)], "FRUIX_SSH=ssh -F none")}
	place := fmt.Sprintf("127.0.0.1:%d", m.port)
	expression := func(name string) []string {
		return []string{"build", "-M", "0", "-e", `(begin (use-modules (guix gexp))
		  (computed-file "` + name + `" #~(call-with-output-file #$output (lambda (port) (display "there" port)))))`}
	}
	m.write(t, list, 0o644, "%s", m.machines(m.hostKey, m.key))
	works(other, "carried out a build in", "offload", "test")
	works(other, "round trip", "offload", "status")
	works(other, "-one.drv on "+place, expression("one")...)

	// A machine with another key than the one in the list is none of ours, and a key
	// that it does not know opens nothing.
	wrong := func(name string) string {
		t.Helper()
		file := filepath.Join(m.dir, name)
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return file
	}
	stranger := wrong("stranger")
	public, err := os.ReadFile(stranger + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, list, 0o644, "%s", m.machines(strings.TrimSpace(string(public)), m.key))
	fails(other, expression("two"), "Host key verification failed", "nothing is to be built on this machine")
	fails(other, []string{"offload", "test"}, "Host key verification failed", "hint: the machine shows another key")
	m.write(t, list, 0o644, "%s", m.machines(m.hostKey, stranger))
	fails(other, []string{"offload", "test"}, "Permission denied", "must work without a question first")

	// A key that may do nothing but start "fruix serve --signed" has only signed
	// objects taken.
	weak := run{dir: m.dir, env: append(env[:len(env):len(env)], "FRUIX_SSH=ssh -i "+m.weak+" -F "+m.config)}
	made := []string{"copy", "--to=" + url, "-e", `(begin (use-modules (guix gexp))
	  (computed-file "made" #~(call-with-output-file #$output (lambda (port) (display "here" port)))))`, "--no-offload"}
	fails(weak, made, "-made is not signed by a key that is trusted")
	trust(here, "here-1", m.root)
	works(weak, "-made", made...)
}

// TestSSHGit fetches from a repository that a real sshd leads to.
func TestSSHGit(t *testing.T) {
	m := serveSSH(t)
	tool(t, "git", "git")
	repo := filepath.Join(m.dir, "it's here", "repository")
	for _, args := range [][]string{{"init", "-q", repo}, {"-C", repo, "commit", "-q", "--allow-empty", "-m", "one"}, {"-C", repo, "tag", "v1.0"}} {
		cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+m.dir, "GIT_CONFIG_NOSYSTEM=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	env := []string{"FRUIX_ROOT=" + filepath.Join(m.dir, "here"), "HOME=" + m.dir}
	get := func(config string) (out, messages string, code int) {
		r := run{dir: m.dir, env: append(env[:len(env):len(env)], "FRUIX_SSH=ssh -F "+config)}
		return r.fruix(t, "download", "--git", "--commit=v1.0", fmt.Sprintf("ssh://%s@127.0.0.1:%d%s", m.user, m.port, strings.ReplaceAll(repo, " ", "%20")))
	}
	if out, messages, code := get(m.config); code != 0 || !strings.Contains(out, "v1.0-checkout\n") {
		t.Errorf("exit code %d\n%s%s", code, out, messages)
	}
	if out, messages, code := get("none"); code != 1 || !strings.Contains(messages, "Host key verification failed") {
		t.Errorf("who is not known: exit code %d\n%s%s", code, out, messages)
	}
}
