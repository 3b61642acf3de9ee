package interp

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/interp/datum"
)

// natives calls f for each native that a program of e can reach.
func natives(e *Engine, f func(where string, p *datum.Primitive)) {
	for _, m := range e.modules.Modules() {
		for _, sym := range m.Names() {
			if v, err := m.Local(sym); err == nil && v != nil && v.Value.Is(datum.KPrimitive) {
				f(m.Key, v.Value.Primitive())
			}
		}
	}
}

// TestEffects wants every native in effects.txt: who adds a native says there
// what it can do to the world outside of a program.
func TestEffects(t *testing.T) {
	effects := Effects()
	e := newEngine(t, Options{})
	natives(e, func(where string, p *datum.Primitive) {
		switch effects[p.Name] {
		case Plain, OwnData, Console, Clock, Files, Process, Host, Network, Threads, Wait, Memory:
		default:
			t.Errorf("%s of %s is in no class of effects.txt: say there what it can do to the world outside of a program", p.Name, where)
		}
	})
}

func sandbox(t testing.TB) *Engine {
	t.Helper()
	return newEngine(t, Options{Stdlib: os.DirFS("../stdlib"), Sandbox: true, MaxSteps: 4_000_000, MaxMemory: 160 << 20, MaxDepthBytes: 64 << 20,
		Environ: []string{"SECRET=x"}})
}

// TestSandboxRefuses tries to get out.
func TestSandboxRefuses(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.scm")
	if err := os.WriteFile(secret, []byte(`(define-module (secret)) "the secret"`), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{
		`(open-input-file "FILE")`, `(call-with-input-file "FILE" read)`, `(with-input-from-file "FILE" read)`, `(open-file "FILE" "r")`,
		`(open "FILE" 0)`, `(load "FILE")`, `(primitive-load "FILE")`, `(include "FILE")`, `(include-from-path "FILE")`,
		`(load-from-path "FILE")`, `(primitive-load-path "FILE")`,
		`(begin (set! %load-path '("DIR")) (load-from-path "secret"))`,
		`(begin (set! %load-path '("DIR")) (use-modules (secret)))`,
		`(begin (set! %load-path (list "DIR")) (resolve-interface '(secret)))`,
		`(begin (set! (@ (guile) %load-path) (list "DIR")) (load-from-path "secret.scm"))`,
		`(use-modules (.. .. .. .. .. .. etc secret))`, `(load-from-path "../../../../etc/passwd")`,
		`(include "../../../../../../../../etc/passwd")`, `(load-from-path "/etc/passwd")`,
		`((@@ (guile) open-file) "FILE" "r")`, `((module-ref (resolve-module '(guile)) 'open-file) "FILE" "r")`,
		`((variable-ref (module-variable (resolve-module '(guile)) 'open-file)) "FILE" "r")`,
		`(eval '(open-file "FILE" "r") (resolve-module '(guile)))`, `(eval '(open-file "FILE" "r") (interaction-environment))`,
		`(begin (use-modules (ice-9 eval-string)) (eval-string "(open-file \"FILE\" \"r\")"))`,
		`(opendir "DIR")`, `(scandir "DIR")`, `((@ (ice-9 ftw) scandir) "DIR")`, `(stat "FILE")`, `(file-exists? "FILE")`,
		`(delete-file "FILE")`, `(rename-file "FILE" "FILE2")`, `(mkdir "DIR/new")`, `(mkstemp! (string-copy "DIR/XXXXXX"))`,
		`(chdir "DIR")`, `(getcwd)`, `(system "true")`, `(system* "true")`, `(open-pipe "true" "r")`, `((@ (ice-9 popen) open-input-pipe) "true")`,
		`(execlp "true")`, `(spawn "true" '("true"))`, `(kill 1 0)`, `(getpid)`, `(primitive-_exit 3)`,
		`(getpwuid 0)`, `(gethostname)`, `(sleep 1000)`, `(usleep 100000000)`, `(dup 1)`, `(fdopen 1 "w")`, `(fileno (current-output-port))`,
		`(truncate-file (current-output-port) 0)`, `((@ (system foreign) pointer->bytevector) ((@ (system foreign) make-pointer) 4096) 8)`,
		`((@ (system foreign) dereference-pointer) ((@ (system foreign) make-pointer) 4096))`,
		`((@ (system foreign) pointer->string) ((@ (system foreign) make-pointer) 4096))`,
		`((@@ (fruix native memory) address->bytevector) 4096 8)`, `((@@ (fruix native memory) system-call) 1 2 3)`,
		`(dynamic-link "libc")`, `(begin (use-modules (ice-9 threads)) (call-with-new-thread (lambda () 1)))`,
		`(sigaction 2)`, `(setitimer 0 0 0 0 0)`, `(object-address 'a)`,
		`(use-modules (fruix native store))`, `(begin (read-hash-extend #\! (lambda (c p) (open-file "FILE" "r"))) (call-with-input-string "#!x" read))`,
		`(compile-file "FILE")`, `((@ (system base compile) compile-file) "FILE")`, `((@ (system vm loader) load-thunk-from-file) "FILE")`,
		`((@ (ice-9 documentation) file-commentary) "FILE")`, `(with-output-to-file "FILE2" (lambda () 1))`,
		`((@ (rnrs files) delete-file) "FILE")`, `((@ (rnrs io ports) open-file-input-port) "FILE")`, `((@ (scheme file) open-input-file) "FILE")`,
		`((@ (scheme load) load) "FILE")`, `(start-repl)`, `((@ (system repl server) spawn-server))`,
	} {
		text := strings.NewReplacer("FILE2", filepath.Join(dir, "made"), "FILE", secret, "DIR", dir).Replace(c)
		e := sandbox(t)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		v, err := e.Eval(ctx, text, "test")
		cancel()
		if err == nil {
			t.Errorf("%s yields %s", c, e.Write(v))
		}
		if err != nil && strings.Contains(err.Error(), "the secret") {
			t.Errorf("%s tells the secret: %v", c, err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v, %v", files, err)
	}
}

// TestSandboxWorks runs what must work.
func TestSandboxWorks(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`(+ 1 2)`, "3"},
		{`(use-modules (srfi srfi-1) (ice-9 match) (ice-9 regex)) (fold + 0 '(1 2 3))`, "6"},
		{`(call-with-output-string (lambda (p) (write '(a "b") p)))`, `"(a \"b\")"`},
		{`(use-modules (ice-9 format)) (format #f "~5,2f" 3.14159)`, `" 3.14"`},
		{`(catch #t (lambda () (open-input-file "/etc/passwd")) (lambda (key . args) key))`, "misc-error"},
		{`(getenv "SECRET")`, "#f"},
		{`(eval '(* 6 7) (interaction-environment))`, "42"},
		{`(string-length (string-append (make-string 100000 #\a) "b"))`, "100001"},
		{`(modulo (expt 3 10000) 1000)`, "1"},
		{`(use-modules (oop goops)) (class-name <integer>)`, "<integer>"},
		{`(vector-length (make-vector 1000 0))`, "1000"},
		{`(string? (with-output-to-string (lambda () (display "x"))))`, "#t"},
	} {
		e := sandbox(t)
		v, err := e.Eval(context.Background(), c.text, "test")
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if got := e.Write(v); got != c.want {
			t.Errorf("%s yields %s, want %s", c.text, got, c.want)
		}
	}
}

// TestSandboxLimits runs what takes too much.
func TestSandboxLimits(t *testing.T) {
	for _, c := range []struct{ text, keys string }{
		{`(let loop () (loop))`, "step-limit"},
		{`(let loop ((l '())) (loop (cons 1 l)))`, "memory-limit step-limit"},
		{`(let loop ((s "ab")) (loop (string-append s s)))`, "memory-limit"},
		{`(let loop ((l '(1 2))) (loop (append l l)))`, "memory-limit"},
		{`(let loop ((v (vector 1 2))) (loop (vector-append v v)))`, "memory-limit"},
		{`(let loop ((x 3)) (loop (* x x)))`, "memory-limit"},
		{`(let loop ((x 1/3)) (loop (* x x)))`, "memory-limit"},
		{`(let loop ((x 1/3) (y 1/7)) (loop (+ x y) (* x y)))`, "memory-limit"},
		{`(expt 2 (expt 2 40))`, "memory-limit"}, {`(ash 1 (expt 2 40))`, "memory-limit"},
		{`(expt 10 10000000000000)`, "memory-limit"},
		{`(make-vector (expt 10 12) 0)`, "memory-limit"}, {`(make-string (expt 10 11) #\a)`, "memory-limit"},
		{`(make-list 100000000000 1)`, "memory-limit"}, {`(iota 100000000000)`, "memory-limit"},
		{`(make-bytevector 1000000000000)`, "memory-limit"}, {`(make-array 0 1000000 1000000)`, "memory-limit"},
		{`(make-u64vector 100000000000)`, "memory-limit"}, {`(string-pad "a" 100000000000)`, "memory-limit"},
		{`(let ((p (open-output-string)) (s (make-string 1000000 #\a))) (let loop () (display s p) (loop)))`, "memory-limit"},
		{`(call-with-output-string (lambda (p) (let loop () (write 'x p) (loop))))`, "memory-limit step-limit"},
		{`(define (f x) (+ 1 (f x))) (f 1)`, "stack-overflow"},
		{`(define l (list 1 2)) (set-cdr! (cdr l) l) (list-copy l)`, "memory-limit wrong-type-arg"},
		{`(define l (list 1 2)) (set-cdr! (cdr l) l) (append l '(1))`, "memory-limit wrong-type-arg"},
		{`(define l (list "a" "b")) (set-cdr! (cdr l) l) (apply string-append l)`, "memory-limit wrong-type-arg"},
		{`(define l (list 1 2)) (set-cdr! (cdr l) l) (apply + l)`, "memory-limit wrong-type-arg"},
	} {
		e := sandbox(t)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		v, err := e.Eval(ctx, c.text, "test")
		cancel()
		var failed *Error
		if !errors.As(err, &failed) || !strings.Contains(c.keys, failed.Key) {
			t.Errorf("%s: %v (%v)", c.text, err, v.Kind())
		}
	}
}
