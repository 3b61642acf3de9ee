package interp_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fruix/interp"
	"fruix/stdlib"
)

// sharing makes an engine that shares its process with others.
func sharing(t *testing.T, o interp.Options) *interp.Engine {
	t.Helper()
	o.Stdlib = stdlib.FS
	e, err := interp.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func eval(t *testing.T, e *interp.Engine, text string) string {
	t.Helper()
	v, err := e.Eval(context.Background(), text, "test")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e.Write(v)
}

// TestEnginesApart has two engines of one process change what programs take for
// the process's: neither the other nor the process notices.
func TestEnginesApart(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	path := "PATH=" + os.Getenv("PATH")
	a := sharing(t, interp.Options{Dir: one, Environ: []string{path, "X=a"}})
	b := sharing(t, interp.Options{Dir: two, Environ: []string{path, "X=b"}})
	eval(t, a, `(begin (mkdir "sub") (chdir "sub") (setenv "X" "changed") (umask #o77)
	             (call-with-output-file "file" (lambda (p) (display "here" p))))`)
	eval(t, b, `(call-with-output-file "file" (lambda (p) (display "there" p)))`)
	for _, c := range []struct {
		e          *interp.Engine
		text, want string
	}{
		{a, `(list (getcwd) (getenv "X"))`, `("` + one + `/sub" "changed")`},
		{b, `(list (getcwd) (getenv "X"))`, `("` + two + `" "b")`},
		{a, `(stat:perms (stat "file"))`, "384"},
		{b, `(= (umask) (stat:perms (stat "file")))`, "#f"},
		{a, `(let* ((p ((@ (ice-9 popen) open-input-pipe) "cat file; echo $X; pwd")) (s ((@ (ice-9 textual-ports) get-string-all) p))) s)`,
			`"herechanged\n` + one + `/sub\n"`},
		{b, `(let* ((p ((@ (ice-9 popen) open-input-pipe) "cat file; echo $X")) (s ((@ (ice-9 textual-ports) get-string-all) p))) s)`, `"thereb\n"`},
	} {
		if got := eval(t, c.e, c.text); got != c.want {
			t.Errorf("%s gives %s, want %s", c.text, got, c.want)
		}
	}
	// One cannot reap a program of the other.
	pid := eval(t, a, `(spawn "true" '("true"))`)
	if got := eval(t, b, `(catch 'system-error (lambda () (waitpid `+pid+`)) (lambda args (= ECHILD (system-error-errno args))))`); got != "#t" {
		t.Errorf("waiting for another engine's program: %s", got)
	}
	if got := eval(t, a, `(cdr (waitpid `+pid+`))`); got != "0" {
		t.Errorf("waiting for the engine's own: %s", got)
	}
	if now, err := os.Getwd(); err != nil || now != home || os.Getenv("X") == "changed" {
		t.Errorf("the process is in %s, %v", now, err)
	}
	for _, text := range []string{`(setuid 0)`, `(setsid)`, `(nice 1)`, `(setrlimit 'core 0 0)`, `(chroot "/")`, `(sethostname "x")`} {
		_, err := a.Eval(context.Background(), text, "test")
		if err == nil || !strings.Contains(err.Error(), "whole process") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestForbidden tries what an engine may not do.
func TestForbidden(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	for _, c := range []struct {
		opts  interp.Options
		texts []string
	}{
		{interp.Options{NoFiles: true}, []string{
			`(open-file "` + file + `" "w")`, `(open-fdes "/dev/null" 0)`, `(fdopen 0 "r")`, `(dup->fdes 1)`, `(close-fdes 99)`,
			`(select '(0) '() '() 0)`, `(stat "/")`, `(fcntl 0 F_GETFD)`, `(mkdtemp "x-XXXXXX")`, `(getpwuid 0)`}},
		{interp.Options{NoProcesses: true}, []string{
			`(system* "true")`, `(system "true")`, `(spawn "true" '("true"))`, `(pipe)`, `(kill (getpid) 0)`, `(waitpid 1)`, `(umask 0)`,
			`((@ (ice-9 popen) open-input-pipe) "true")`, `(setuid 0)`, `(execl "/bin/true")`}},
		{interp.Options{NoNetwork: true}, []string{
			`(socket PF_INET SOCK_STREAM 0)`, `(socketpair AF_UNIX SOCK_STREAM 0)`, `(getaddrinfo "localhost")`, `(gethostbyname "localhost")`,
			`((@ (web client) http-get) "http://localhost:1/")`}},
	} {
		e := sharing(t, c.opts)
		for _, text := range c.texts {
			_, err := e.Eval(context.Background(), text, "test")
			if err == nil || !strings.Contains(err.Error(), "switched off") {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the file was made")
	}
}

// TestOutputOfPrograms has what programs print arrive where the engine prints.
func TestOutputOfPrograms(t *testing.T) {
	var out bytes.Buffer
	e := sharing(t, interp.Options{Stdout: &out, Stderr: &out, Environ: []string{"PATH=" + os.Getenv("PATH")}})
	eval(t, e, `(begin (display "before ") (system "echo within; echo err 1>&2") (display "after"))`)
	if got := out.String(); got != "before within\nerr\nafter" && got != "before err\nwithin\nafter" {
		t.Errorf("printed %q", got)
	}
}
