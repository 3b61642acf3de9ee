package interp

import (
	"fmt"
	"testing"
)

// TestContinuationsAcrossStackGrowth mixes captures, escapes and re-entries at
// many depths, so that stacks grow, are saved and come back at each of them.
func TestContinuationsAcrossStackGrowth(t *testing.T) {
	for _, depth := range []int{1, 50, 60, 70, 250, 1000, 5000} {
		checkAll(t, []struct{ in, want string }{
			{fmt.Sprintf(`(define (deep n thunk) (if (= n 0) (thunk) (+ 1 (deep (- n 1) thunk))))
			  (define k #f) (define count 0)
			  (define r (deep %d (lambda () (call/cc (lambda (c) (set! k c) 0)))))
			  (set! count (+ count 1))
			  (if (< count 3) (k count))
			  (define again (deep %d (lambda () (call/cc (lambda (c) (deep %d (lambda () (c 5))))))))
			  (list r count again)`, depth, depth, depth), fmt.Sprintf("(%d 1 %d)", depth+1, depth+5)},
			{fmt.Sprintf(`(define t (make-prompt-tag))
			  (define (deep n thunk) (if (= n 0) (thunk) (+ 1 (deep (- n 1) thunk))))
			  (define k (call-with-prompt t (lambda () (deep %d (lambda () (abort-to-prompt t)))) (lambda (k) k)))
			  (list (k 0) (deep %d (lambda () (k 1))) (deep 3 (lambda () (k (k 0)))))`, depth, depth),
				fmt.Sprintf("(%d %d %d)", depth, 2*depth+1, 2*depth+3)},
			{fmt.Sprintf(`(define (deep n thunk) (if (= n 0) (thunk) (+ 1 (deep (- n 1) thunk))))
			  (define (gen n) (let loop ((i 0) (sum 0)) (if (= i n) sum (loop (+ i 1) (+ sum (catch 'x (lambda () (deep %d (lambda () (throw 'x i)))) (lambda (key v) v)))))))
			  (gen 50)`, depth), "1225"},
		})
	}
}

// TestManyArguments passes argument lists that are longer than a fresh stack.
func TestManyArguments(t *testing.T) {
	checkAll(t, []struct{ in, want string }{
		{"(define (upto n) (let loop ((i n) (l '())) (if (= i 0) l (loop (- i 1) (cons i l))))) (list (apply + (upto 10000)) (length (apply list (upto 100000))) (apply (lambda (a . r) (length r)) (upto 5000)) (call-with-values (lambda () (apply values (upto 3000))) (lambda l (length l))))", "(50005000 100000 4999 3000)"},
	})
}

// TestGeneratorsNested resumes continuations that were captured while others
// were being resumed, from tail position and not, and enters old ones again.
func TestGeneratorsNested(t *testing.T) {
	const prelude = `(define tag (make-prompt-tag))
	  (define (tree n) (if (= n 0) 1 (cons (tree (- n 1)) (tree (- n 1)))))
	  (define (walk t) (if (pair? t) (+ (walk (car t)) (walk (cdr t))) (abort-to-prompt tag t)))
	  (define (resume thunk) (call-with-prompt tag thunk (lambda (k v) k)))`
	checkAll(t, []struct{ in, want string }{
		{prelude + `(define (run n) (let loop ((k (resume (lambda () (walk (tree n))))) (i 0))
		    (if (procedure? k) (loop (resume (lambda () (k 1))) (+ i 1)) (list i k))))
		  (list (run 1) (run 5) (run 11))`, "((2 2) (32 32) (2048 2048))"},
		{prelude + `(define (run n) (let loop ((k (resume (lambda () (walk (tree n))))) (i 0))
		    (if (procedure? k) (loop (resume (lambda () (+ 1 (k 1)))) (+ i 1)) (list i k))))
		  (list (run 1) (run 5) (run 11))`, "((2 4) (32 64) (2048 4096))"},
		{prelude + `(define ks (let loop ((k (resume (lambda () (walk (tree 5))))) (all '()))
		    (if (procedure? k) (loop (resume (lambda () (+ 1 (k 1)))) (cons k all)) all)))
		  (define (finish k) (let loop ((k k) (i 0)) (if (procedure? k) (loop (resume (lambda () (k 2))) (+ i 1)) (list i k))))
		  (let map1 ((l ks)) (if (null? l) l (let ((x (finish (car l)))) (cons x (map1 (cdr l))))))`,
			"((1 64) (2 64) (3 64) (4 64) (5 64) (6 64) (7 64) (8 64) (9 64) (10 64) (11 64) (12 64) (13 64) (14 64) (15 64) (16 64) " +
				"(17 64) (18 64) (19 64) (20 64) (21 64) (22 64) (23 64) (24 64) (25 64) (26 64) (27 64) (28 64) (29 64) (30 64) (31 64) (32 64))"},
		// The frames of a spliced continuation that holds prompts of its own.
		{prelude + `(define (inner) (+ (call-with-prompt 'in (lambda () (+ 1 (abort-to-prompt tag 0) (abort-to-prompt 'in 5))) (lambda (k v) (+ v (k 10)))) 100))
		  (define k (resume (lambda () (* 2 (inner)))))
		  (list (resume (lambda () (k 1))) (resume (lambda () (+ 1 (k 3)))))`, "(234 239)"},
	})
}
