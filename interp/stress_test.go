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
