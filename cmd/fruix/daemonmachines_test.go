package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// withMachines gives a store, whose daemon is not started yet, the administrator's list
// of machines.
func (s *servedStore) withMachines(t *testing.T, list string) {
	t.Helper()
	dir := filepath.Join(s.root, configDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, machinesFile), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
}

// standIn makes a program that takes the place of ssh: a machine is a store of this
// one, in the folder dir, except for "away".
func standIn(t *testing.T, dir string) (program string) {
	t.Helper()
	fruix, err := filepath.Abs(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(dir, "ssh")
	text := fmt.Sprintf(`#!/bin/sh
for word; do host=$command command=$word; done
case $host in
away) echo "ssh: connect to host away port 22: Connection refused" >&2; exit 255 ;;
esac
FRUIX_ROOT='%s'/$host exec '%s' serve
`, dir, fruix)
	if err := os.WriteFile(program, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return program
}

// talking is a build that says something.
func talking(name, words, then string) string {
	return expr(fmt.Sprintf(`(computed-file %q #~(begin (display "%s\n") (force-output) %s))`, name, words, then))
}

// handsBuilds is a user who may write neither the store nor that of the machine called
// place, whose root is there, and whose builds are all done there.
func (s *servedStore) handsBuilds(t *testing.T, place, there string) {
	t.Helper()
	u, far := s.other, run{dir: s.own.dir, env: []string{"FRUIX_ROOT=" + there, "HOME=" + s.own.dir}}
	one := talking("one", "words of one", `(call-with-output-file #$output (lambda (port) (display "1" port)))`)
	out, messages, code := u.fruix(t, "build", "-v3", one)
	for _, want := range []string{"-one.drv on " + place, "words of one"} {
		if code != 0 || !strings.Contains(messages, want) {
			t.Fatalf("exit code %d, want %q in\n%s", code, want, messages)
		}
	}
	out = strings.TrimSpace(out)
	for _, r := range []run{u, s.own, far} {
		if got := r.ok(t, "store", "cat", out); got != "1" {
			t.Errorf("the output is %q", got)
		}
		r.ok(t, "store", "verify")
	}
	if log := u.ok(t, "build", "--log-file", one); !strings.HasSuffix(log, ".gz") && !strings.HasSuffix(log, ".zst") {
		t.Errorf("the log lies at %q", log)
	}
	// An input that the machine has not.
	file := filepath.Join(u.dir, "file")
	if err := os.WriteFile(file, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	two := u.ok(t, "build", expr(`(computed-file "two" #~(copy-file #$(local-file "`+file+`" "mine") #$output))`))
	if got := far.ok(t, "store", "cat", two); got != "mine" {
		t.Errorf("the copy is %q", got)
	}
	_, messages, code = u.fruix(t, "build", "--check", "-v3", one)
	if code != 0 || !strings.Contains(messages, "-one.drv on "+place) {
		t.Errorf("checked: exit code %d\n%s", code, messages)
	}
	_, messages, code = u.fruix(t, "build", talking("bad", "last words", "(exit 3)"))
	for _, want := range []string{"-bad.drv on " + place + " failed: builder failed with exit code 3\n", "  | last words\n"} {
		if code != 1 || !strings.Contains(messages, want) {
			t.Errorf("a build that fails: exit code %d, want %q in\n%s", code, want, messages)
		}
	}
}

// TestDaemonHandsBuilds is a daemon that builds nothing on its own machine.
func TestDaemonHandsBuilds(t *testing.T) {
	s := newServedStore(t)
	s.withMachines(t, `(list (build-machine (name "far") (systems '()) (parallel-builds 2)))`)
	s.own.env = append(s.own.env, "FRUIX_SSH="+standIn(t, s.own.dir))
	s.start(t, "--max-jobs=0")
	s.handsBuilds(t, "far", filepath.Join(s.own.dir, "far"))
	u := s.other

	// What has to happen here happens here, whatever the number of builds.
	public := filepath.Join(s.own.dir, "public")
	if err := os.WriteFile(public, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	out := u.ok(t, "build", `-e(begin (use-modules (guix packages) (guix download) (guix base32)) (origin (method url-fetch) (uri "file://`+public+
		`") (sha256 (base32 "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"))))`)
	if !strings.HasSuffix(out, "-public") {
		t.Errorf("downloaded %q", out)
	}
	// A user names no other machines, and may wish for none.
	_, messages, code := u.fruix(t, "build", "--builders=away", talking("three", "x", `(mkdir #$output)`))
	if code != 0 || !strings.Contains(messages, "--builders means nothing here") || !strings.Contains(messages, "-three.drv on far") {
		t.Errorf("exit code %d\n%s", code, messages)
	}
	u.refused(t, "nothing is to be built on this machine", "build", "--no-offload", talking("four", "x", `(mkdir #$output)`))
	for line := range strings.Lines(s.stop(t)) {
		// On a busy machine one may have to wait for another.
		if !strings.HasPrefix(line, "fruix daemon: waiting ") {
			t.Errorf("the administrator is told %q", line)
		}
	}

	// Among several places, and with one that is away.
	s.withMachines(t, `(list (build-machine (name "away") (systems '()) (speed 100))
	                         (build-machine (name "far") (systems '()) (speed 10)))`)
	s.start(t, "--max-jobs=1")
	_, messages, code = u.fruix(t, "build", talking("five", "x", `(mkdir #$output)`))
	if code != 0 { // there or here, where nothing has to be connected to
		t.Errorf("exit code %d\n%s", code, messages)
	}
	_, messages, code = u.fruix(t, "build", "--no-offload", talking("six", "x", `(mkdir #$output)`))
	if code != 0 || strings.Contains(messages, " on ") {
		t.Errorf("exit code %d\n%s", code, messages)
	}
	_, messages, code = u.fruix(t, "build", "--max-jobs=0", talking("seven", "x", `(mkdir #$output)`))
	if code != 0 || !strings.Contains(messages, "-seven.drv on far") {
		t.Errorf("exit code %d\n%s", code, messages)
	}
	if said := s.stop(t); !strings.Contains(said, "the machine away cannot be used") {
		t.Errorf("the administrator is told %q", said)
	}
	s.withMachines(t, `(list (build-machine (name "away") (systems '())))`)
	s.start(t, "--max-jobs=0")
	u.refused(t, "  away: ", "build", talking("eight", "x", `(mkdir #$output)`))

	// Lists with faults are told to whom they concern.
	s.stop(t)
	s.withMachines(t, `(list (build-machine (nam "far")))`)
	s.start(t)
	u.refused(t, "build-machine: unknown field", "build", talking("nine", "x", `(mkdir #$output)`))
}

// TestDaemonHandsBuildsSSH is one whose machine is reached by a real ssh.
func TestDaemonHandsBuildsSSH(t *testing.T) {
	m := serveSSH(t)
	s := newServedStore(t)
	s.withMachines(t, m.machines(m.hostKey, m.key))
	s.own.env = append(s.own.env, "FRUIX_SSH=ssh -F none")
	s.start(t, "--max-jobs=0")
	s.handsBuilds(t, fmt.Sprintf("127.0.0.1:%d", m.port), m.root)
}

// TestDaemonEndsElsewhere ends a daemon, and before that a client, in the midst of a
// build on another machine.
func TestDaemonEndsElsewhere(t *testing.T) {
	s := newServedStore(t)
	s.withMachines(t, `(list (build-machine (name "far") (systems '())))`)
	s.own.env = append(s.own.env, "FRUIX_SSH="+standIn(t, s.own.dir))
	s.start(t, "--max-jobs=0")
	u, long := s.other, talking("long", "begun", "(sleep 600)")
	first := u.begin(t, "build", "-v3", long)
	first.await(t, "begun")
	first.Process.Kill()
	if first.end() == nil {
		t.Error("the client was not killed")
	}
	// With other options it is another build, which waits for the end of the first.
	second := u.begin(t, "build", "-v3", "--timeout=2h", long)
	second.await(t, "begun")
	s.end()
	if second.end() == nil {
		t.Error("the client has not failed")
	}
	s.stop(t)
	far := run{dir: s.own.dir, env: []string{"FRUIX_ROOT=" + filepath.Join(s.own.dir, "far"), "HOME=" + s.own.dir}}
	far.ok(t, "gc")
	s.own.ok(t, "gc")
	for _, r := range []run{s.own, far} {
		r.ok(t, "store", "verify")
	}
}

// TestDaemonCountsMachines has two users of a daemon, and root beside it, build on one
// machine that carries out one build at a time.
func TestDaemonCountsMachines(t *testing.T) {
	s := newServedStore(t)
	s.withMachines(t, `(list (build-machine (name "far") (systems '())))`)
	s.own.env = append(s.own.env, "FRUIX_SSH="+standIn(t, s.own.dir))
	s.start(t, "--max-jobs=0")
	through := s.own
	through.env = append(through.env[:len(through.env):len(through.env)], "FRUIX_DAEMON_SOCKET="+s.socket)
	var runs []*begun
	var outs []string
	for i, r := range []run{s.other, s.other, through, s.own} {
		var exprs []string
		for j := range 3 {
			exprs = append(exprs, expr(fmt.Sprintf(`(computed-file "timed-%d-%d" #~(let ((begun (gettimeofday)))
				(usleep 200000)
				(call-with-output-file #$output (lambda (port) (write (list begun (gettimeofday)) port)))))`, i, j)))
		}
		runs = append(runs, r.begin(t, append([]string{"build", "--max-jobs=0"}, exprs...)...))
	}
	for _, r := range runs {
		if err := r.end(); err != nil {
			t.Fatalf("%v\n%s", err, &r.said)
		}
		for line := range strings.Lines(r.said.String()) {
			if strings.HasPrefix(line, "/") {
				outs = append(outs, strings.TrimSpace(line))
			}
		}
	}
	type span struct{ begun, ended int64 }
	var spans []span
	for _, out := range outs {
		var a, b, c, d int64
		if _, err := fmt.Sscanf(s.own.ok(t, "store", "cat", out), "((%d . %d) (%d . %d))", &a, &b, &c, &d); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		spans = append(spans, span{a*1e6 + b, c*1e6 + d})
	}
	slices.SortFunc(spans, func(x, y span) int { return cmp.Compare(x.begun, y.begun) })
	for i := 1; i < len(spans); i++ {
		if spans[i].begun < spans[i-1].ended {
			t.Errorf("the builds %d and %d went on together: %v", i-1, i, spans)
		}
	}
	if len(spans) != 12 {
		t.Errorf("%d builds: %q", len(spans), outs)
	}
	if said := s.stop(t); said != "" {
		t.Errorf("the administrator is told %q", said)
	}
}
