package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fruix/store/journal"
)

// servedStore is a store of root's that a daemon serves, and an ordinary user.
type servedStore struct {
	root, socket string
	daemon       *exec.Cmd
	ending       bool
	said         *bytes.Buffer
	own          run // as who runs the test
	other        run // as a user who may not write the store
}

// serveStore starts a daemon.
func serveStore(t *testing.T, options ...string) *servedStore {
	t.Helper()
	s := newServedStore(t)
	s.start(t, options...)
	return s
}

// newServedStore is a store whose daemon is not started yet.
func newServedStore(t *testing.T) *servedStore {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to be another user as well")
	}
	dir := newDir(t)
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, ordinaryID, ordinaryID); err != nil {
		t.Fatal(err)
	}
	s := &servedStore{root: filepath.Join(dir, "root"), said: &bytes.Buffer{}}
	env := []string{"FRUIX_ROOT=" + s.root, "FRUIX_ARCHIVES=none", "XDG_CACHE_HOME=" + filepath.Join(dir, "cache")}
	s.own = run{dir: dir, env: append(env, "HOME="+dir)}
	s.other = run{
		dir: home, env: append(env[:2:2], "HOME="+home),
		user: &syscall.Credential{Uid: ordinaryID, Gid: ordinaryID},
	}
	return s
}

func (s *servedStore) start(t *testing.T, options ...string) {
	t.Helper()
	s.ending = false
	s.daemon = exec.Command(binary(t), append([]string{"daemon"}, options...)...)
	s.daemon.Env = append([]string{"PATH=" + os.Getenv("PATH")}, s.own.env...)
	s.daemon.Stderr = s.said
	out, err := s.daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(t) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the daemon does not listen: %v", err)
	}
	s.socket = strings.TrimSpace(line)
}

// end tells the daemon to end, once.
func (s *servedStore) end() {
	if !s.ending {
		s.ending = true
		s.daemon.Process.Signal(syscall.SIGTERM)
	}
}

// stop ends the daemon as an administrator does, and returns what it said.
func (s *servedStore) stop(t *testing.T) string {
	t.Helper()
	if s.daemon.ProcessState == nil {
		s.end()
		if err := s.daemon.Wait(); err != nil {
			t.Errorf("the daemon ends with %v\n%s", err, s.said)
		}
		if _, err := os.Lstat(s.socket); err == nil {
			t.Error("the socket is left")
		}
	}
	return s.said.String()
}

// ok is a run that works; it returns its results.
func (r run) ok(t *testing.T, args ...string) string {
	t.Helper()
	out, messages, code := r.fruix(t, args...)
	if code != 0 {
		t.Fatalf("fruix %q: exit %d\n%s", args, code, messages)
	}
	return strings.TrimSpace(out)
}

// refused is a run that fails with words among its messages.
func (r run) refused(t *testing.T, words string, args ...string) {
	t.Helper()
	out, messages, code := r.fruix(t, args...)
	if code == 0 || !strings.Contains(messages, words) {
		t.Errorf("fruix %q: exit %d, %q is not said\n%s%s", args, code, words, out, messages)
	}
}

// begun is a run that goes on.
type begun struct {
	*exec.Cmd
	lines chan string // what it says
	said  strings.Builder
}

// begin starts a run.
func (r run) begin(t *testing.T, args ...string) *begun {
	t.Helper()
	b := &begun{Cmd: exec.Command(binary(t), args...), lines: make(chan string)}
	b.Dir, b.Env = r.dir, append([]string{"PATH=" + os.Getenv("PATH")}, r.env...)
	if r.user != nil {
		b.SysProcAttr = &syscall.SysProcAttr{Credential: r.user}
	}
	said, err := b.StderrPipe()
	if err == nil {
		b.Stdout = b.Stderr
		err = b.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if b.ProcessState == nil {
			b.Process.Kill()
			_ = b.end() // it was killed
		}
	})
	go func() {
		defer close(b.lines)
		// The longest lines are those that tell of a failed build, with its log.
		lines := bufio.NewScanner(said)
		for lines.Buffer(nil, 16<<20); lines.Scan(); {
			b.lines <- lines.Text()
		}
		// Nobody who writes may have to wait for ever.
		_, _ = io.Copy(io.Discard, said)
	}()
	return b
}

// await waits until it says words, and returns the line.
func (b *begun) await(t *testing.T, words string) string {
	t.Helper()
	late := time.After(3 * time.Minute)
	for {
		select {
		case line, ok := <-b.lines:
			b.said.WriteString(line + "\n")
			if strings.Contains(line, words) {
				return line
			}
			if !ok {
				t.Fatalf("it has ended and not said %q, but\n%s", words, &b.said)
			}
		case <-late:
			t.Fatalf("it does not say %q, but\n%s", words, &b.said)
		}
	}
}

// end waits for its end.
func (b *begun) end() error {
	for line := range b.lines {
		b.said.WriteString(line + "\n")
	}
	return b.Wait()
}

func expr(text string) string { return "-e" + "(begin (use-modules (guix gexp)) " + text + ")" }

// TestThroughDaemon is a user who may not write the store: everything works that
// harms nobody.
func TestThroughDaemon(t *testing.T) {
	s := serveStore(t)
	u := s.other
	out := u.ok(t, "build", "hello-script")
	if again := s.own.ok(t, "build", "--no-substitutes", "hello-script"); again != out {
		t.Errorf("the user has built %s, root %s", out, again)
	}
	if got := u.ok(t, "build", "-n", "hello-script"); got != "nothing to be built" {
		t.Errorf("foreseen: %s", got)
	}
	file := filepath.Join(u.dir, "file")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file, ordinaryID, ordinaryID); err != nil {
		t.Fatal(err)
	}
	added := u.ok(t, "store", "add", file)
	if info := u.ok(t, "store", "path-info", added); !strings.Contains(info, "physical: "+s.root+added) {
		t.Errorf("path-info: %s", info)
	}
	if got := u.ok(t, "store", "cat", added); got != "mine" {
		t.Errorf("content: %s", got)
	}
	// Generations of profiles, here and where the daemon has made a place for them.
	u.ok(t, "build", "-p", "mine", expr(`(plain-file "one" "1")`))
	theirs := filepath.Join(s.root, "frx/var/fruix/profiles/per-user", fmt.Sprint(ordinaryID), "fruix-profile")
	u.ok(t, "build", "-p", theirs, expr(`(plain-file "two" "2")`))
	if got := u.ok(t, "package", "-l"); !strings.HasSuffix(got, "-two\tcurrent") {
		t.Errorf("generations: %s", got)
	}
	live := u.ok(t, "gc", "--list-live")
	for _, name := range []string{"-one", "-two"} {
		if !strings.Contains(live, name) {
			t.Errorf("%s is not among %s", name, live)
		}
	}
	u.ok(t, "store", "verify")
	u.refused(t, "in use by the root", "gc", "-D", filepath.Join(u.dir, "mine"))
	u.refused(t, "-bad.drv failed: builder failed", "build", expr(`(computed-file "bad" #~(exit 3))`))
	u.ok(t, "gc")
	if got := s.own.ok(t, "store", "cat", filepath.Join(u.dir, "mine")); got != "1" {
		t.Errorf("the profile holds %s", got)
	}
}

// TestUserCompares lets a user who may not write the store serve it, and compare it with
// another.
func TestUserCompares(t *testing.T) {
	s := serveStore(t)
	s.own.ok(t, "archive", "--generate-key=test-1")
	same := talking("same", "x", `(mkdir #$output)`)
	differs := talking("differs", "x", `(call-with-output-file #$output (lambda (port) (write (gettimeofday) port)))`)
	other := s.own
	other.env = append([]string{"FRUIX_ROOT=" + filepath.Join(s.own.dir, "other")}, s.own.env[1:]...)
	out := s.other.ok(t, "build", same)
	s.other.ok(t, "build", differs)
	other.ok(t, "build", same)
	other.ok(t, "build", differs)
	for _, x := range []struct{ serves, compares run }{{s.other, other}, {other, s.other}} {
		server := x.serves.begin(t, "publish", "-p", "0")
		url := "--substitute-urls=" + server.await(t, "http://")
		if got := x.compares.ok(t, "challenge", url, out); got != "1 object compared: 1 the same, 0 different, 0 inconclusive" {
			t.Errorf("one object: %s", got)
		}
		got, messages, code := x.compares.fruix(t, "challenge", "--diff=none", url)
		if code != 2 || !strings.Contains(got, "-differs differs:\n") || !strings.Contains(got, "\n2 objects compared: 1 the same, 1 different, 0 inconclusive\n") {
			t.Errorf("all objects: exit %d\n%s%s", code, got, messages)
		}
		if strings.Contains(messages, "nothing is fetched from") {
			t.Errorf("the daemon is asked to ask a server that the command asks: %s", messages)
		}
		server.Process.Signal(syscall.SIGINT)
		if err := server.end(); err != nil {
			t.Errorf("the server ends with %v\n%s", err, &server.said)
		}
		if mine := x.serves.user != nil; mine != strings.Contains(server.said.String(), "not yours to sign with") {
			t.Errorf("who serves is told\n%s", &server.said)
		}
	}
}

// TestUserExchanges lets a user who may not write the store export, which the daemon
// signs, and import what a key that root trusts has signed.
func TestUserExchanges(t *testing.T) {
	s := serveStore(t)
	there := s.own
	there.env = append([]string{"FRUIX_ROOT=" + filepath.Join(s.own.dir, "there")}, s.own.env[1:]...)
	export := func(from run, name, out string) string {
		file := filepath.Join(s.own.dir, name)
		if err := os.WriteFile(file, []byte(from.ok(t, "archive", "--export", out)+"\x00"), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	begin := func(u run, input string, args ...string) (string, error) {
		f, err := os.Open(input)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c := exec.Command(binary(t), args...)
		c.Dir, c.Env, c.Stdin = u.dir, u.env, f
		if u.user != nil {
			c.SysProcAttr = &syscall.SysProcAttr{Credential: u.user}
		}
		said, err := c.CombinedOutput()
		return string(said), err
	}
	made := there.ok(t, "build", expr(`(computed-file "made" #~(call-with-output-file #$output (lambda (port) (display "there" port))))`))
	unsigned := export(there, "unsigned", made)
	key := filepath.Join(s.own.dir, "key")
	if err := os.WriteFile(key, []byte(there.ok(t, "archive", "--generate-key=there-1")), 0o644); err != nil {
		t.Fatal(err)
	}
	signed := export(there, "signed", made)
	for _, x := range []struct{ file, says string }{{unsigned, "not signed"}, {signed, "not trusted here"}, {signed, "hint: let the owner of this store make the key"}} {
		if said, err := begin(s.other, x.file, "archive", "--import"); err == nil || !strings.Contains(said, x.says) {
			t.Errorf("%s: %v %s", x.file, err, said)
		}
	}
	if said, err := begin(s.other, unsigned, "archive", "--import", "--unsigned"); err == nil || !strings.Contains(said, "not signed") || !strings.Contains(said, "hint: let the owner") {
		t.Errorf("who is not trusted vouches: %v %s", err, said)
	}
	if said, err := begin(s.own, key, "archive", "--authorize"); err != nil {
		t.Fatalf("%v %s", err, said)
	}
	if said, err := begin(s.other, signed, "archive", "--import"); err != nil || strings.TrimSpace(said) != made {
		t.Errorf("signed by whom root trusts: %v %s", err, said)
	}
	text := s.other.ok(t, "build", expr(`(plain-file "text" "text")`))
	if info := s.other.ok(t, "store", "path-info", "--json", text, made); info != s.own.ok(t, "store", "path-info", "--json", text, made) || strings.Count(info, `"ca":"text:`) != 1 {
		t.Errorf("path-info: %s", info)
	}
	if got := s.other.ok(t, "store", "cat", made); got != "there" {
		t.Errorf("the content is %q", got)
	}
	// The other way.
	if _, said, code := s.other.fruix(t, "archive", "--export", made); code != 0 || !strings.Contains(said, "this store has no key to sign with") {
		t.Errorf("an export without a key: %d %s", code, said)
	}
	if err := os.WriteFile(key, []byte(s.own.ok(t, "archive", "--generate-key=here-1")), 0o644); err != nil {
		t.Fatal(err)
	}
	back := s.other.ok(t, "build", expr(`(computed-file "back" #~(mkdir #$output))`))
	if said, err := begin(there, key, "archive", "--authorize"); err != nil {
		t.Fatalf("%v %s", err, said)
	}
	if said, err := begin(there, export(s.other, "back", back), "archive", "--import"); err != nil || strings.TrimSpace(said) != back {
		t.Errorf("signed by the daemon: %v %s", err, said)
	}
}

// TestPublishAs serves root's store, with root's key, as a user who may do nothing.
func TestPublishAs(t *testing.T) {
	s := newServedStore(t)
	key := s.own.ok(t, "archive", "--generate-key=test-1")
	// Not even the database can be read by that user.
	const user = "--user=nobody"
	s.own.refused(t, "no daemon answers", "publish", "-p", "0", user)
	s.other.refused(t, "only root may choose", "publish", user)
	s.own.refused(t, "name an account", "publish", "-p", "0", "--user=no-such-account")
	s.start(t)
	out := s.own.ok(t, "build", expr(`(plain-file "text" "served")`))
	server := s.own.begin(t, "publish", "-p", "0", user, "-C", "none")
	url := server.await(t, "http://")
	get := func(route string) string {
		res, err := http.Get(url + route)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := get("/signing-key.pub"); got != key+"\n" {
		t.Errorf("the key %q is shown as %q", key, got)
	}
	if got := get("/" + filepath.Base(out)[:32] + ".narinfo"); !strings.Contains(got, "StorePath: "+out+"\n") || !strings.Contains(got, "\nSig: test-1:") {
		t.Errorf("narinfo: %s", got)
	}
	if got := get("/nar/none/" + filepath.Base(out)); !strings.Contains(got, "served") {
		t.Errorf("archive: %q", got)
	}
	// Every thread of it is that user's, whichever of its ids is looked at.
	if runtime.GOOS == "linux" {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", server.Process.Pid))
		if err != nil || len(threads) == 0 {
			t.Fatal(threads, err)
		}
		for _, name := range threads {
			text, err := os.ReadFile(name)
			if err != nil {
				continue // it has ended
			}
			for _, line := range strings.Split(string(text), "\n") {
				key, ids, _ := strings.Cut(line, ":")
				if key != "Uid" && key != "Gid" && key != "Groups" {
					continue
				}
				for _, id := range strings.Fields(ids) {
					if id == "0" {
						t.Errorf("%s: %s", name, line)
					}
				}
			}
		}
	}
	server.Process.Signal(syscall.SIGINT)
	if err := server.end(); err != nil {
		t.Errorf("the server ends with %v\n%s", err, &server.said)
	}
}

// TestUserCopies lets users who may not write a store copy objects from it and to it,
// have builds carried out beside it, and try machines.
func TestUserCopies(t *testing.T) {
	here, there := serveStore(t), serveStore(t)
	u := here.other
	// The machine is another store of root's here, and the account that serves it an
	// ordinary user.
	ssh := filepath.Join(here.own.dir, "ssh")
	script := "#!/bin/sh\nfor word; do command=$word; done\nFRUIX_ROOT=" + there.root + " PATH=" + filepath.Dir(binary(t)) + ":$PATH exec sh -c \"$command\"\n"
	if err := os.WriteFile(ssh, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	u.env = append(u.env, "FRUIX_SSH="+ssh)
	theirs := there.other
	theirs.env = append(theirs.env, u.env[len(u.env)-1])

	// What proves itself goes without a signature.
	text := u.ok(t, "build", expr(`(plain-file "text" "proves itself")`))
	if got := u.ok(t, "copy", "--to=there", text); got != text {
		t.Errorf("copied %q", got)
	}
	if got := theirs.ok(t, "store", "cat", text); got != "proves itself" {
		t.Errorf("what came is %q", got)
	}
	// What does not is refused there, and so is what comes here.
	made := expr(`(computed-file "made" #~(call-with-output-file #$output (lambda (port) (display "made" port))))`)
	out := u.ok(t, "build", made)
	u.refused(t, "is not signed by a key that is trusted", "copy", "--to=there", out)
	// A program reads nothing but events.
	_, events, _ := u.fruix(t, "copy", "--json", "--to=there", out)
	for _, line := range strings.Split(strings.TrimSpace(events), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("among events: %s", line)
		}
	}
	if !strings.Contains(events, `"text":"copying 1 object`) {
		t.Errorf("events: %s", events)
	}
	u.refused(t, "the key of this store its owner makes", "copy", "--to=there", out)
	other := strings.Replace(made, "made", "other", 1)
	from := theirs.ok(t, "build", other)
	u.refused(t, "let the owner of this store make the key", "copy", "--from=there", from)
	u.refused(t, "only users whom the daemon trusts may add", "copy", "--from=there", "--unsigned", from)
	u.refused(t, "who may copy what is not signed", "copy", "--from=there", "--unsigned", from)
	if _, err := os.Lstat(here.root + from); err == nil {
		t.Error("an object is here that nobody vouches for")
	}
	// With the store's key the daemon signs what its users send.
	key := filepath.Join(here.own.dir, "key")
	if err := os.WriteFile(key, []byte(here.own.ok(t, "archive", "--generate-key=here-1")), 0o644); err != nil {
		t.Fatal(err)
	}
	u.refused(t, "makes a key trusted", "copy", "--to=there", out)
	authorize := exec.Command("sh", "-c", `"$0" archive --authorize < "$1"`, binary(t), key)
	authorize.Dir, authorize.Env = there.own.dir, there.own.env
	if said, err := authorize.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, said)
	}
	if got := u.ok(t, "copy", "--to=there", out); got != out {
		t.Errorf("signed by the daemon: %q", got)
	}
	if got := theirs.ok(t, "store", "cat", out); got != "made" {
		t.Errorf("what came is %q", got)
	}
	// Those who may write the store believe whom they want to.
	here.own.env = append(here.own.env, u.env[len(u.env)-1])
	if got := here.own.ok(t, "copy", "--from=there", "--unsigned", from); got != from {
		t.Errorf("root has copied %q", got)
	}

	// A build goes there, where its inputs prove themselves, and comes back as it is.
	built := u.ok(t, "offload", "test", "--builders=there")
	if !strings.Contains(built, "took an object and carried out a build in") {
		t.Errorf("offload test: %s", built)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "fruix-serve-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestMayNot is a user who tries what only root may do.
func TestMayNot(t *testing.T) {
	s := serveStore(t)
	u := s.other
	out := u.ok(t, "build", "-r", "kept", expr(`(computed-file "kept" #~(symlink "kept" #$output))`))
	u.refused(t, "in use by the root", "gc", "-D", out)
	// An export that claims something else of an object, without a signature.
	export := filepath.Join(s.own.dir, "export")
	data := s.own.ok(t, "store", "export", out)
	other := strings.ReplaceAll(data, filepath.Base(out)[:32], strings.Repeat("1", 32))
	if err := os.WriteFile(export, []byte(other+"\x00"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", "-c", `exec "$0" store import < "$1"`, binary(t), export)
	c.Dir, c.Env = u.dir, u.env
	c.SysProcAttr = &syscall.SysProcAttr{Credential: u.user}
	if said, err := c.CombinedOutput(); err == nil || !strings.Contains(string(said), "cannot import") {
		t.Errorf("import: %v %s", err, said)
	}
	u.refused(t, "belongs to the user 0", "store", "rebuild")
	u.refused(t, "hint: run it as root", "store", "rebuild")
	u.refused(t, "", "build", "-p", "/frx/var/fruix/profiles/system", expr(`(plain-file "x" "x")`))
	if err := os.WriteFile(filepath.Join(s.root, "frx/store/.planted"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"frx/store/.planted", "frx/var/fruix/db/db.sqlite", "frx/var/fruix/daemon-socket/socket.lock"} {
		c := exec.Command("sh", "-c", `echo > "$0"`, filepath.Join(s.root, name))
		c.SysProcAttr = &syscall.SysProcAttr{Credential: u.user}
		if c.Run() == nil {
			t.Errorf("%s can be written", name)
		}
	}
	// Files that the user cannot read are not fetched either.
	secret := filepath.Join(s.own.dir, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	u.refused(t, "not a plain file that every user of this machine may read", "build",
		"-e(begin (use-modules (guix packages) (guix download) (guix base32)) (origin (method url-fetch) (uri \"file://"+secret+
			"\") (sha256 (base32 \""+strings.Repeat("0", 52)+"\"))))")
}

// TestDaemonEnds ends a daemon in the midst of a build, and then there is none.
func TestDaemonEnds(t *testing.T) {
	s := serveStore(t)
	u := s.other
	c := u.begin(t, "build", "-v3", talking("long", "begun", "(sleep 600)"))
	c.await(t, "begun")
	s.end()
	if err := c.end(); err == nil || !strings.Contains(c.said.String(), "the daemon was ended") {
		t.Errorf("the client ends with %v\n%s", err, &c.said)
	}
	ended := time.AfterFunc(time.Minute, func() { s.daemon.Process.Kill() })
	s.stop(t)
	ended.Stop()
	u.refused(t, "no daemon answers", "store", "add", "/etc/passwd")
	u.refused(t, "start \"fruix daemon\"", "build", "hello-script")
	u.refused(t, "cannot speak with the daemon", "store", "add", "--daemon-socket=unix://"+s.socket, "/etc/passwd")
	s.start(t, "--listen="+filepath.Join(s.own.dir, "elsewhere"))
	u.env = append(u.env, "FRUIX_DAEMON_SOCKET=unix://"+s.socket)
	u.ok(t, "store", "add", "/etc/passwd")
}

// TestDaemonBegins starts a daemon on a store that makes it say something before it can
// listen.
func TestDaemonBegins(t *testing.T) {
	for _, c := range []struct {
		name, words string
		prepare     func(t *testing.T, root string) (goOn func())
	}{
		{"store of an image", "made the database of the store, which came with an image: 1 object", unused},
		{"database in use", "waiting until ", locked},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := newDir(t)
			root := filepath.Join(dir, "root")
			goOn := c.prepare(t, root)
			d := run{dir: dir, env: []string{"FRUIX_ROOT=" + root, "HOME=" + dir}}.begin(t, "daemon")
			d.await(t, "fruix daemon: "+c.words)
			goOn()
			d.await(t, "daemon-socket/socket")
			d.Process.Signal(syscall.SIGTERM)
			if err := d.end(); err != nil {
				t.Errorf("the daemon ends with %v\n%s", err, &d.said)
			}
		})
	}
}

// unused makes a store that came with an image, and holds one object.
func unused(t *testing.T, root string) func() {
	t.Helper()
	dir := filepath.Join(root, "frx/store")
	object := strings.Repeat("1", 32) + "-object"
	text, err := journal.Fresh([]journal.Record{{Path: object, NarHash: make([]byte, 32), NarSize: 1, Registered: journal.Time}})
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	for name, body := range map[string]string{object: "", journal.File: string(text), journal.MarkFile: journal.Mark(text)} {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(body), 0o444)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {}
}

// locked keeps the database of a new store from being used until goOn.
func locked(t *testing.T, root string) (goOn func()) {
	t.Helper()
	dir := filepath.Join(root, "frx/var/fruix/db")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return func() { lock.Close() }
}

// TestSocketActivation hands the daemon a socket, as systemd does, which the daemon
// leaves where it is.
func TestSocketActivation(t *testing.T) {
	dir := newDir(t)
	name := filepath.Join(dir, "socket")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	f, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" daemon`, binary(t))
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "FRUIX_ROOT=" + filepath.Join(dir, "root"), "HOME=" + dir}
	c.ExtraFiles = []*os.File{f}
	var said bytes.Buffer
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	// It is not yet ready, and yet it answers.
	r := run{dir: dir, env: []string{"FRUIX_ROOT=" + filepath.Join(dir, "root"), "HOME=" + dir}}
	added := r.ok(t, "store", "add", "--daemon-socket="+name, "/etc/passwd")
	if !strings.HasPrefix(added, "/frx/store/") {
		t.Errorf("added %q", added)
	}
	c.Process.Signal(syscall.SIGTERM)
	if err := c.Wait(); err != nil {
		t.Errorf("the daemon ends with %v\n%s", err, &said)
	}
	if _, err := os.Lstat(name); err != nil {
		t.Errorf("the socket: %v", err)
	}
}
