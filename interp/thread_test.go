package interp

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"fruix/interp/vm"
)

// TestThreadsBetweenEvaluations has a thread that counts: it stands still while
// nothing is evaluated, runs in Idle, and ends with Close.
func TestThreadsBetweenEvaluations(t *testing.T) {
	e := newEngine(t, Options{Stdlib: os.DirFS("../stdlib")})
	value := func(text string) string {
		t.Helper()
		v, err := e.Eval(context.Background(), text, "test")
		if err != nil {
			t.Fatal(err)
		}
		return e.Write(v)
	}
	value(`(use-modules (ice-9 threads))
	       (define n 0)
	       (define counter (begin-thread (let loop () (set! n (+ n 1)) (loop))))
	       (let wait () (if (= n 0) (begin (yield) (wait))))`)
	before := value("n")
	time.Sleep(5 * time.Millisecond)
	e.Idle(func(func(func())) { time.Sleep(20 * time.Millisecond) })
	if after := value("n"); after == before {
		t.Errorf("the thread did not run while the engine was idle: n is %s", after)
	}
	e.Close()
	if got := value("(thread-exited? counter)"); got != "#t" {
		t.Errorf("thread-exited? after Close is %s", got)
	}
}

// TestStoppingWhileWaiting cancels evaluations that wait for threads, or whose
// threads use up their budget.
func TestStoppingWhileWaiting(t *testing.T) {
	for _, text := range []string{
		"(join-thread (begin-thread (let loop () (loop))))",
		"(let ((m (make-mutex))) (join-thread (begin-thread (lock-mutex m))) (lock-mutex m))",
		"(let ((m (make-mutex))) (lock-mutex m) (wait-condition-variable (make-condition-variable) m))",
		"(sleep 1000)",
		"(begin-thread (let loop () (loop))) (let loop () (loop))",
	} {
		e := newEngine(t, Options{Stdlib: os.DirFS("../stdlib")})
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		_, err := e.Eval(ctx, "(use-modules (ice-9 threads))"+text, "test")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", text, err)
		}
		cancel()
		e.Close()
	}
	e := newEngine(t, Options{Stdlib: os.DirFS("../stdlib"), MaxSteps: 3_000_000})
	_, err := e.Eval(context.Background(), "(use-modules (ice-9 threads)) (join-thread (begin-thread (let loop () (loop))))", "test")
	if !errors.Is(err, vm.ErrSteps) {
		t.Errorf("a thread without end: %v", err)
	}
	e.Close()
}

// TestLimitsOfNesting has natives and programs call each other without end, and
// programs recur without end through prompts.
func TestLimitsOfNesting(t *testing.T) {
	e := newEngine(t, Options{Stdlib: os.DirFS("../stdlib"), MaxDepthBytes: 8 << 20})
	for _, text := range []string{
		"(define (f n) (+ 1 (f (+ n 1)))) (f 0)",
		"(define (f n) (+ 1 (catch 'nothing (lambda () (f (+ n 1))) list))) (f 0)",
		"(define (f n) (+ 1 (call/cc (lambda (k) (f (+ n 1)))))) (f 0)",
		"(define (f n) (+ 1 (dynamic-wind (lambda () #f) (lambda () (f (+ n 1))) (lambda () #f)))) (f 0)",
		`(use-modules (srfi srfi-9) (srfi srfi-9 gnu))
		 (define-record-type r (mr x) r? (x rx))
		 (set-record-type-printer! r (lambda (r port) (write r port)))
		 (write (mr 1))`,
	} {
		v, err := e.Eval(context.Background(), "(catch 'stack-overflow (lambda () "+
			"(eval '(begin "+text+") (current-module))) (lambda (key . args) key))", "test")
		if err != nil || e.Write(v) != "stack-overflow" {
			t.Errorf("%s: %v", text, err)
		}
	}
}
