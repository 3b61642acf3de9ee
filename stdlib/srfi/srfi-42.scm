;;; SRFI 42: eager comprehensions.
;;;
;;; Commentary:
;;; A generator is a macro (generator continuation variable argument ...) that
;;; expands into :do, in the end into (:do continuation (let (outer ...) command
;;; ...) (loop ...) more? (let (inner ...) command ...) again? (step ...)).
;;; With that the continuation, a list of a macro and its first arguments, is
;;; expanded; so programs can add generators, and generators can be composed.
;;; Code:

(define-module (srfi srfi-42)
  #:export (do-ec list-ec append-ec string-ec string-append-ec vector-ec
            vector-of-length-ec sum-ec product-ec min-ec max-ec any?-ec every?-ec
            first-ec last-ec fold-ec fold3-ec
            : :list :string :vector :integers :range :real-range :char-range
            :port :dispatched :do :let :parallel :while :until
            :-dispatch-ref :-dispatch-set! make-initial-:-dispatch
            dispatch-union :generator-proc))

;;; Running through qualifiers.

(define-syntax do-ec
  (syntax-rules (nested if not and or begin)
    "Evaluate the last form for all that the qualifiers before it run through."
    ((_ command) command)
    ((_ (nested q ...) more ... command) (do-ec q ... more ... command))
    ((_ (if test) more ... command)
     (if test (do-ec more ... command)))
    ((_ (not test) more ... command)
     (if (not test) (do-ec more ... command)))
    ((_ (and test ...) more ... command)
     (if (and test ...) (do-ec more ... command)))
    ((_ (or test ...) more ... command)
     (if (or test ...) (do-ec more ... command)))
    ((_ (begin form ...) more ... command)
     (begin form ... (do-ec more ... command)))
    ((_ (generator arg ...) more ... command)
     (generator (%loop (do-ec more ... command)) arg ...))))

(define-syntax %loop
  (syntax-rules (:do let)
    ((_ command
        (:do (let (outer ...) oc ...) ((var init) ...) more?
             (let (inner ...) ic ...) again? (step ...)))
     (let (outer ...)
       oc ...
       (let loop ((var init) ...)
         (if more?
             (let (inner ...)
               ic ...
               command
               (if again? (loop step ...)))))))))

(define-syntax :do
  (syntax-rules (let)
    "The generator that all others expand into."
    ((_ (cc ...) (let outer oc ...) loop more? (let inner ic ...) again? steps)
     (cc ... (:do (let outer oc ...) loop more? (let inner ic ...) again? steps)))
    ((_ cc loop more? steps)
     (:do cc (let ()) loop more? (let ()) #t steps))))

;; Generators whose qualifiers stop as soon as STOP is true.
(define-syntax %do-until
  (syntax-rules (nested if not and or begin)
    ((_ stop () (done ...) command) (do-ec done ... command))
    ((_ stop ((nested q ...) more ...) done command)
     (%do-until stop (q ... more ...) done command))
    ((_ stop ((if x ...) more ...) (done ...) command)
     (%do-until stop (more ...) (done ... (if x ...)) command))
    ((_ stop ((not x ...) more ...) (done ...) command)
     (%do-until stop (more ...) (done ... (not x ...)) command))
    ((_ stop ((and x ...) more ...) (done ...) command)
     (%do-until stop (more ...) (done ... (and x ...)) command))
    ((_ stop ((or x ...) more ...) (done ...) command)
     (%do-until stop (more ...) (done ... (or x ...)) command))
    ((_ stop ((begin x ...) more ...) (done ...) command)
     (%do-until stop (more ...) (done ... (begin x ...)) command))
    ((_ stop (generator more ...) (done ...) command)
     (%do-until stop (more ...) (done ... (:until generator stop)) command))))

;;; Generators.

;; A generator with an index runs in parallel with the integers.
(define-syntax :let
  (syntax-rules (index)
    "Bind a variable: (:let var [(index i)] expression)."
    ((_ cc var (index i) expr)
     (:do cc (let ((var expr) (i 0))) () #t (let ()) #f ()))
    ((_ cc var expr)
     (:do cc (let ((var expr))) () #t (let ()) #f ()))))

(define-syntax :integers
  (syntax-rules (index)
    "Run through 0, 1, 2, ... without end."
    ((_ cc var (index i))
     (:do cc ((var 0) (i 0)) #t ((+ var 1) (+ i 1))))
    ((_ cc var)
     (:do cc ((var 0)) #t ((+ var 1))))))

(define-syntax :list
  (syntax-rules (index)
    "Run through the elements of lists."
    ((_ cc var (index i) arg ...)
     (:parallel cc (:list var arg ...) (:integers i)))
    ((_ cc var arg)
     (:do cc (let ()) ((l arg)) (not (null? l)) (let ((var (car l)))) #t ((cdr l))))
    ((_ cc var arg0 arg ...)
     (:list cc var (append arg0 arg ...)))))

(define-syntax :string
  (syntax-rules (index)
    "Run through the characters of strings."
    ((_ cc var (index i) arg)
     (:do cc (let ((s arg))) ((i 0)) (< i (string-length s))
          (let ((var (string-ref s i)))) #t ((+ i 1))))
    ((_ cc var (index i) arg ...)
     (:string cc var (index i) (string-append arg ...)))
    ((_ cc var arg ...)
     (:string cc var (index i) arg ...))))

(define-syntax :vector
  (syntax-rules (index)
    "Run through the elements of vectors."
    ((_ cc var (index i) arg)
     (:do cc (let ((v arg))) ((i 0)) (< i (vector-length v))
          (let ((var (vector-ref v i)))) #t ((+ i 1))))
    ((_ cc var (index i) arg ...)
     (:vector cc var (index i) (%append-vectors (list arg ...))))
    ((_ cc var arg ...)
     (:vector cc var (index i) arg ...))))

(define (%append-vectors vectors)
  (list->vector (apply append (map vector->list vectors))))

(define-syntax :range
  (syntax-rules (index)
    "Run through exact integers: (:range var [(index i)] [start] end [step])."
    ((_ cc var (index i) arg ...)
     (:parallel cc (:range var arg ...) (:integers i)))
    ((_ cc var end)
     (:do cc (let ((e (%exact end)))) ((var 0)) (< var e) (let ()) #t ((+ var 1))))
    ((_ cc var start end)
     (:do cc (let ((e (%exact end))) ) ((var (%exact start))) (< var e) (let ()) #t
          ((+ var 1))))
    ((_ cc var start end step)
     (:do cc (let ((e (%exact end)) (s (%step (%exact step)))))
          ((var (%exact start))) (if (> s 0) (< var e) (> var e)) (let ()) #t
          ((+ var s))))))

(define (%exact n)
  (unless (exact-integer? n)
    (error ":range: expected an exact integer (or use :real-range), got" n))
  n)

(define (%step s)
  (when (zero? s) (error ":range: the step is zero"))
  s)

(define-syntax :real-range
  (syntax-rules (index)
    "Run through real numbers: (:real-range var [(index i)] [start] end [step])."
    ((_ cc var (index i) end) (:real-range cc var (index i) 0 end 1))
    ((_ cc var (index i) start end) (:real-range cc var (index i) start end 1))
    ((_ cc var (index i) start end step)
     (:do cc (let ((a start) (b end) (s step) (n 0))
               (set! n (%real-count a b s))
               (if (or (inexact? a) (inexact? b) (inexact? s))
                   (set! a (exact->inexact a))))
          ((i 0)) (< i n) (let ((var (+ a (* i s))))) #t ((+ i 1))))
    ((_ cc var arg ...)
     (:real-range cc var (index i) arg ...))))

(define (%real-count a b s)
  (unless (and (real? a) (real? b) (real? s))
    (error ":real-range: expected real numbers, got" a b s))
  (when (zero? s) (error ":real-range: the step is zero"))
  (max 0 (inexact->exact (ceiling (/ (- b a) s)))))

(define-syntax :char-range
  (syntax-rules (index)
    "Run through the characters from one to another, both included."
    ((_ cc var (index i) from to)
     (:parallel cc (:char-range var from to) (:integers i)))
    ((_ cc var from to)
     (:do cc (let ((last (char->integer to)))) ((n (char->integer from))) (<= n last)
          (let ((var (integer->char n)))) #t ((%next-char n))))))

;; Code points of surrogates are no characters.
(define (%next-char n)
  (if (= n #xD7FF) #xE000 (+ n 1)))

(define-syntax :port
  (syntax-rules (index)
    "Run through what is read from a port, by read or another procedure."
    ((_ cc var (index i) arg ...)
     (:parallel cc (:port var arg ...) (:integers i)))
    ((_ cc var port) (:port cc var port read))
    ((_ cc var port reader)
     (:do cc (let ((p port) (r reader))) ((var (r p))) (not (eof-object? var))
          (let ()) #t ((r p))))))

;;; Generators made of generators.

(define-syntax :parallel
  (syntax-rules (:do let)
    "Run several generators in step, up to the end of the shortest."
    ((_ cc) cc)
    ((_ cc (generator arg ...) more ...)
     (generator (%parallel cc (more ...)) arg ...))))

(define-syntax %parallel
  (syntax-rules (:do let)
    ((_ (cc ...) () result) (cc ... result))
    ((_ cc ((generator arg ...) more ...) result)
     (generator (%both cc (more ...) result) arg ...))))

(define-syntax %both
  (syntax-rules (:do let)
    ((_ cc more
        (:do (let (o1 ...) oc1 ...) (l1 ...) m1 (let (i1 ...) ic1 ...) a1 (s1 ...))
        (:do (let (o2 ...) oc2 ...) (l2 ...) m2 (let (i2 ...) ic2 ...) a2 (s2 ...)))
     (%parallel cc more
                (:do (let (o1 ... o2 ...) oc1 ... oc2 ...) (l1 ... l2 ...)
                     (and m1 m2)
                     (let (i1 ... i2 ...) ic1 ... ic2 ...)
                     (and a1 a2) (s1 ... s2 ...))))))

(define-syntax :while
  (syntax-rules ()
    "Run a generator as long as a test holds before the step."
    ((_ cc (generator arg ...) test)
     (generator (%while cc test) arg ...))))

;; The test may use what the inner bindings bind, so these are made before it
;; and handed on.
(define-syntax %while
  (syntax-rules (:do let)
    ((_ (cc ...) test
        (:do (let (outer ...) oc ...) loop more?
             (let ((var val) ...) ic ...) again? steps))
     (%while-held (cc ...) test () ((var val) ...)
                  (outer ...) (oc ...) loop more? (ic ...) again? steps))))

(define-syntax %while-held
  (syntax-rules (:do let)
    ((_ (cc ...) test ((var val held) ...) ()
        (outer ...) (oc ...) loop more? (ic ...) again? steps)
     (cc ... (:do (let (outer ... (held #f) ...) oc ...) loop
                  (and more?
                       (let ((var val) ...)
                         ic ...
                         (set! held var) ...
                         test))
                  (let ((var held) ...))
                  again? steps)))
    ((_ cc test (done ...) ((var val) more ...) . rest)
     (%while-held cc test (done ... (var val held)) (more ...) . rest))))

(define-syntax :until
  (syntax-rules ()
    "Run a generator until a test holds after the step."
    ((_ cc (generator arg ...) test)
     (generator (%until cc test) arg ...))))

(define-syntax %until
  (syntax-rules (:do let)
    ((_ (cc ...) test
        (:do outer loop more? inner again? steps))
     (cc ... (:do outer loop more? inner (and again? (not test)) steps)))))

;;; Generators chosen by the values of their arguments.

(define-syntax :dispatched
  (syntax-rules (index)
    "Run through what the procedure that a dispatcher chooses for the arguments
gives: (:dispatched var [(index i)] dispatcher argument ...)."
    ((_ cc var (index i) dispatch arg ...)
     (:parallel cc (:dispatched var dispatch arg ...) (:integers i)))
    ((_ cc var dispatch arg ...)
     (:do cc (let ((next (%dispatch dispatch (list arg ...))) (end (list 'end))))
          ((var (next end))) (not (eq? var end)) (let ()) #t ((next end))))))

(define (%dispatch dispatch args)
  (let ((next (dispatch args)))
    (unless (procedure? next)
      (error "unrecognized arguments in dispatching:" args (dispatch '())))
    next))

(define-syntax :generator-proc
  (syntax-rules ()
    "Return a procedure of an end marker that gives what a generator, written
without a variable, runs through, one element for each call."
    ((_ (generator arg ...))
     (generator (%generator-proc var) var arg ...))))

(define-syntax %generator-proc
  (lambda (x)
    (syntax-case x ()
      ((_ var (_do (_let (outer ...) oc ...) ((lv li) ...) more?
                   (_let2 (inner ...) ic ...) again? (step ...)))
       (with-syntax (((temp ...) (generate-temporaries #'(lv ...))))
         #'(let (outer ...)
             oc ...
             (let ((lv li) ... (live? #t))
               (lambda (end)
                 (if (and live? more?)
                     (let (inner ...)
                       ic ...
                       (let ((value var))
                         (if again?
                             (let ((temp step) ...)
                               (set! lv temp) ...
                               value)
                             (begin (set! live? #f) value))))
                     (begin (set! live? #f) end))))))))))

(define (dispatch-union d1 d2)
  "Return a dispatcher that knows what the dispatchers D1 and D2 know."
  (define (as-list x) (if (list? x) x (list x)))
  (lambda (args)
    (let ((g1 (d1 args)) (g2 (d2 args)))
      (cond ((not g1) g2)
            ((not g2) g1)
            ((null? args) (append (as-list g1) (as-list g2)))
            (else (error "dispatching conflict:" args (d1 '()) (d2 '())))))))

(define (make-initial-:-dispatch)
  "Return the dispatcher of the generators that SRFI 42 defines."
  (define (all? ok? args) (and-map ok? args))
  (lambda (args)
    (cond
     ((null? args) 'SRFI42)
     ((all? list? args)
      (:generator-proc (:list (apply append args))))
     ((all? string? args)
      (:generator-proc (:string (apply string-append args))))
     ((all? vector? args)
      (:generator-proc (:vector (%append-vectors args))))
     ((and (all? real? args) (<= (length args) 3))
      (let* ((n (length args))
             (start (if (= n 1) 0 (car args)))
             (end (if (= n 1) (car args) (cadr args)))
             (step (if (= n 3) (caddr args) 1)))
        (if (all? exact-integer? args)
            (:generator-proc (:range start end step))
            (:generator-proc (:real-range start end step)))))
     ((and (all? char? args) (= (length args) 2))
      (:generator-proc (:char-range (car args) (cadr args))))
     ((and (input-port? (car args)) (null? (cdr args)))
      (:generator-proc (:port (car args))))
     ((and (= (length args) 2) (input-port? (car args)) (procedure? (cadr args)))
      (:generator-proc (:port (car args) (cadr args))))
     (else #f))))

(define %dispatcher (make-initial-:-dispatch))

(define (:-dispatch-ref)
  "Return the dispatcher of the generator `:'."
  %dispatcher)

(define (:-dispatch-set! dispatch)
  "Make DISPATCH the dispatcher of the generator `:'."
  (unless (procedure? dispatch)
    (error ":-dispatch-set!: expected a procedure, got" dispatch))
  (set! %dispatcher dispatch))

(define-syntax :
  (syntax-rules (index)
    "Run through what the arguments' types suggest."
    ((_ cc var (index i) arg ...)
     (:dispatched cc var (index i) (:-dispatch-ref) arg ...))
    ((_ cc var arg ...)
     (:dispatched cc var (:-dispatch-ref) arg ...))))

;;; Comprehensions.

(define-syntax fold3-ec
  (syntax-rules ()
    "Fold: the first value by F1, others by F2 with the result so far; X0 when
there is none."
    ((_ x0 q ... expr f1 f2)
     (let ((result #f) (empty #t))
       (do-ec q ...
              (let ((value expr))
                (if empty
                    (begin (set! result (f1 value)) (set! empty #f))
                    (set! result (f2 value result)))))
       (if empty x0 result)))))

(define-syntax fold-ec
  (syntax-rules ()
    "Fold the values by F2 of a value and the result so far, from X0."
    ((_ x0 q ... expr f2)
     (let ((result x0))
       (do-ec q ... (set! result (f2 expr result)))
       result))))

(define-syntax list-ec
  (syntax-rules ()
    "Return the list of the values."
    ((_ q ... expr)
     (let ((result '()))
       (do-ec q ... (set! result (cons expr result)))
       (reverse! result)))))

(define-syntax append-ec
  (syntax-rules ()
    "Return the lists that are the values as one."
    ((_ q ... expr) (apply append (list-ec q ... expr)))))

(define-syntax string-ec
  (syntax-rules ()
    "Return the string of the characters that are the values."
    ((_ q ... expr) (list->string (list-ec q ... expr)))))

(define-syntax string-append-ec
  (syntax-rules ()
    "Return the strings that are the values as one."
    ((_ q ... expr) (apply string-append (list-ec q ... expr)))))

(define-syntax vector-ec
  (syntax-rules ()
    "Return the vector of the values."
    ((_ q ... expr) (list->vector (list-ec q ... expr)))))

(define-syntax vector-of-length-ec
  (syntax-rules ()
    "Return the vector of the values, of which there must be as many as given."
    ((_ length q ... expr)
     (let* ((n length) (vec (make-vector n)) (i 0))
       (do-ec q ...
              (begin
                (if (>= i n) (error "vector-of-length-ec: the vector is too short:" n))
                (vector-set! vec i expr)
                (set! i (+ i 1))))
       (if (< i n) (error "vector-of-length-ec: the vector is too long:" n))
       vec))))

(define-syntax sum-ec
  (syntax-rules ()
    "Return the sum of the values."
    ((_ q ... expr) (fold-ec 0 q ... expr +))))

(define-syntax product-ec
  (syntax-rules ()
    "Return the product of the values."
    ((_ q ... expr) (fold-ec 1 q ... expr *))))

(define-syntax min-ec
  (syntax-rules ()
    "Return the least of the values."
    ((_ q ... expr) (fold3-ec (min) q ... expr min min))))

(define-syntax max-ec
  (syntax-rules ()
    "Return the greatest of the values."
    ((_ q ... expr) (fold3-ec (max) q ... expr max max))))

(define-syntax first-ec
  (syntax-rules ()
    "Return the first value, or DEFAULT; no more is computed."
    ((_ default q ... expr)
     (let ((result default) (stop #f))
       (%do-until stop (q ...) () (begin (set! result expr) (set! stop #t)))
       result))))

(define-syntax last-ec
  (syntax-rules ()
    "Return the last value, or DEFAULT."
    ((_ default q ... expr)
     (let ((result default))
       (do-ec q ... (set! result expr))
       result))))

(define-syntax any?-ec
  (syntax-rules (nested)
    "Return true if a value is true; no more is computed then."
    ((_ q ... test) (first-ec #f q ... (if test) #t))))

(define-syntax every?-ec
  (syntax-rules (nested)
    "Return true if all values are true; no more is computed after a false one."
    ((_ q ... test) (first-ec #t q ... (if (not test)) #f))))
