;;; Continuations that are captured inside of eval, load and procedures that
;;; call procedures, and entered again after these have returned.
(use-modules (conformance) (ice-9 control) (srfi srfi-1))

;; Runs thunk, which puts a continuation into k, and enters this twice.
(define k #f)
(define-syntax-rule (twice expression)
  (let ((seen '()) (left 2))
    (let ((x expression))
      (set! seen (cons x seen))
      (if (> left 0)
          (begin (set! left (- left 1)) (k left))
          (reverse seen)))))
(define (mark x) (call/cc (lambda (c) (set! k c) x)))

(test '(6 2 1) (twice (+ 1 (eval '(mark 5) (current-module)))))
(test '((1 5) (1 1) (1 0)) (twice (list 1 (eval '(begin (define z 3) (mark 5)) (current-module)))))
(test '(6 2 1) (twice (+ 1 (primitive-eval '(mark 5)))))
(test '(6 2 1) (twice (+ 1 (eval-string "(mark 5)"))))
(test '((2 3 4) (2 1 4) (2 0 4)) (twice (map (lambda (x) (if (= x 2) (mark 3) (+ x 1))) '(1 2 3))))
(test '(6 2 1) (twice (+ 1 (apply mark '(5)))))
(test '((7) (1) (0)) (twice (filter-map mark '(7))))
(test '((5 6) (1 6) (0 6)) (twice (let ((table (make-hash-table)))
                                (hashq-set! table 'a 5)
                                (hash-fold (lambda (key value rest) (cons (mark value) rest)) '(6) table))))
(test '(6 2 1) (twice (call-with-values (lambda () (mark 5)) 1+)))
(test '(6 2 1) (twice (with-exception-handler (lambda (e) 0) (lambda () (1+ (mark 5))))))
(test '(6 2 1) (twice (catch #t (lambda () (1+ (mark 5))) (lambda args 0))))
(test '(6 2 1) (twice (with-fluids (((make-fluid) #f)) (1+ (mark 5)))))
(test '(6 2 1) (twice (with-throw-handler #t (lambda () (1+ (mark 5))) (lambda args 0))))

;; A file is read on from where it is when a continuation is entered again.
(define file (string-append (or (getenv "TMPDIR") "/tmp") "/fruix-reentry-" (number->string (getpid)) ".scm"))
(define got #f)
(define log '())
(call-with-output-file file
  (lambda (port)
    (for-each (lambda (form) (write form port))
              '((set! got (mark 5)) (set! log (cons got log)) (if (= got 5) (k 1)) (list 'end got)))))
(test '((end 1) 5) (let ((x (load file))) (cons x log)))
(test '((end 1) 5 5) (let ((x (primitive-load file))) (cons x log)))
(delete-file file)

(not-in-guile "its evaluator and promises run in C, whose frames cannot be resumed"
  (test '(6 6 6) (twice (force (delay (1+ (mark 5))))))
  (test '(30 70) (let ((k (% (* 10 (eval '(abort 'a) (current-module))) (lambda (k v) k))))
                   (list (k 3) (k 7))))
  (define tag (make-prompt-tag))
  (test #t (call-with-prompt tag
             (lambda () (eval '(suspendable-continuation? tag) (current-module)))
             (lambda (k) #f)))
  (test '(11 12) (let ((k (reset (+ 1 (eval '(shift k k) (current-module))))))
                   (list (k 10) (k 11)))))

;; The locations of a letrec are there before its initialisers run, and get
;; their values when all of these have returned.
(define (here) (call/cc (lambda (c) c)))
(test '(6 (1 2))
      (let ((again #f) (times 0))
        (letrec ((x (begin (call/cc (lambda (c) (if (not again) (set! again c)))) 1))
                 (y (let ((k (here))) (if (procedure? k) (begin (set! times (+ times 1)) (list 2 k)) (list k #f)))))
          (if (and (= times 1) (cadr y))
              (let ((back (cadr y))) (set! x 10) (back 5))
              (list (+ x (car y)) (list x (if (= (car y) 5) 2 3)))))))
(test #t (letrec ((x (call/cc (lambda (c) (list #t c)))))
           (if (car x)
               ((cadr x) (list #f (lambda () x)))
               (eq? x ((cadr x))))))
(test '(1 2 3) (letrec ((f (lambda () (list a b 3))) (a (car (map 1+ '(0)))) (b (car (map 1+ '(1))))) (f)))
(test '(changed 1) (letrec ((f (lambda () 1)) (a (apply + '(1)))) (set! f (lambda () 'changed)) (list (f) a)))
(test-error (letrec ((x (apply + (list y))) (y (apply + '(1)))) x))
