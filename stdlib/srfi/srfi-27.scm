;;; SRFI 27: sources of random bits.

(define-module (srfi srfi-27)
  #:export (random-integer random-real default-random-source make-random-source
            random-source? random-source-state-ref random-source-state-set!
            random-source-randomize! random-source-pseudo-randomize!
            random-source-make-integers random-source-make-reals))

(define %source-type (make-record-type 'random-source '(state)))
(define %make-source (record-constructor %source-type))
(define %state (record-accessor %source-type 'state))
(define %set-state! (record-modifier %source-type 'state))

(define (random-source? x)
  "Return true if X is a source of random bits."
  ((record-predicate %source-type) x))

(define (make-random-source)
  "Return a new source of random bits; all are alike when they are new."
  (%make-source (seed->random-state 0)))

(define (random-source-state-ref source)
  "Return the state of SOURCE as a datum that can be written and read."
  (random-state->datum (%state source)))

(define (random-source-state-set! source state)
  "Put SOURCE into a STATE that random-source-state-ref gave."
  (%set-state! source (datum->random-state state)))

(define (random-source-randomize! source)
  "Put SOURCE into a state that nobody can foresee."
  (%set-state! source (random-state-from-platform)))

(define (random-source-pseudo-randomize! source i j)
  "Put SOURCE into the state number I, J: a different one for each pair of
exact integers that are not negative."
  (for-each (lambda (n)
              (unless (and (exact-integer? n) (>= n 0))
                (error "random-source-pseudo-randomize!: expected an index, got" n)))
            (list i j))
  ;; Cantor's numbering of pairs.
  (%set-state! source
               (seed->random-state
                (+ 1 j (quotient (* (+ i j) (+ i j 1)) 2)))))

(define (random-source-make-integers source)
  "Return a procedure of N that gives random integers of 0 up to N, from SOURCE."
  (lambda (n)
    (unless (and (exact-integer? n) (> n 0))
      (error "random-integer: expected a positive exact integer, got" n))
    (random n (%state source))))

(define* (random-source-make-reals source #:optional unit)
  "Return a procedure of no arguments that gives random reals between 0 and 1,
both excluded, from SOURCE; with UNIT, multiples of about that number."
  (cond ((not unit)
         (lambda ()
           (let loop ()
             (let ((x (random:uniform (%state source))))
               (if (< 0 x 1) x (loop))))))
        ((and (real? unit) (< 0 unit 1))
         (let ((m (- (inexact->exact (floor (/ 1 unit))) 1)))
           (lambda ()
             (* unit (+ 1 (random m (%state source)))))))
        (else (error "random-source-make-reals: expected a unit between 0 and 1, got" unit))))

(define default-random-source (make-random-source))

(define (random-integer n)
  "Return a random integer of 0 up to N, N excluded."
  ((random-source-make-integers default-random-source) n))

(define (random-real)
  "Return a random real between 0 and 1, both excluded."
  ((random-source-make-reals default-random-source)))
