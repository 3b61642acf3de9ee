;;; SRFI 41: streams, lists that are computed when they are looked at.
;;;
;;; Commentary:
;;; A stream is a promise of stream-null or of a pair whose car and cdr are a
;;; promise of any value and a stream.  They are even streams in the sense of
;;; Wadler, Taha and MacQueen: nothing is computed before it is asked for.
;;; Code:

(define-module (srfi srfi-41)
  #:use-module (srfi srfi-9)
  #:export (stream-null stream-cons stream? stream-null? stream-pair? stream-car
            stream-cdr stream-lambda define-stream list->stream port->stream
            stream stream->list stream-append stream-concat stream-constant
            stream-drop stream-drop-while stream-filter stream-fold
            stream-for-each stream-from stream-iterate stream-length stream-let
            stream-map stream-match stream-of stream-range stream-ref
            stream-reverse stream-scan stream-take stream-take-while
            stream-unfold stream-unfolds stream-zip))

(define-record-type <stream>
  (%make-stream promise) stream? (promise %promise %set-promise!))

(define-record-type <cell>
  (%make-cell head tail) %cell? (head %head) (tail %tail))

;; A stream from an expression that gives a stream.
(define-syntax %stream-lazy
  (syntax-rules ()
    ((_ expr) (%make-stream (delay-force (%promise (%check expr)))))))

(define (%check x)
  (if (stream? x) x (%fail 'stream-lambda "non-stream" x)))

(define (%fail who what object)
  (scm-error 'wrong-type-arg (symbol->string who)
             (string-append what ": ~S") (list object) (list object)))

(define (%stream-of value) (%make-stream (make-promise value)))

(define (%force stream) (force (%promise stream)))

(define stream-null (%stream-of '()))

(define-syntax stream-cons
  (syntax-rules ()
    "Return the stream of what the first expression gives, followed by the
stream that the second gives; both are evaluated when they are asked for."
    ((_ first rest)
     (%stream-of (%make-cell (delay first) (%stream-lazy rest))))))

(define (stream-null? x)
  "Return true if X is the empty stream."
  (and (stream? x) (null? (%force x))))

(define (stream-pair? x)
  "Return true if X is a stream with an element."
  (and (stream? x) (%cell? (%force x))))

(define (%cell-of who x)
  (unless (stream? x) (%fail who "non-stream" x))
  (let ((cell (%force x)))
    (if (%cell? cell) cell (%fail who "null stream" x))))

(define (stream-car x)
  "Return the first element of the stream X."
  (force (%head (%cell-of 'stream-car x))))

(define (stream-cdr x)
  "Return the stream X without its first element."
  (%tail (%cell-of 'stream-cdr x)))

(define-syntax stream-lambda
  (syntax-rules ()
    "Make a procedure whose body, which gives a stream, runs when the stream is
looked at."
    ((_ formals body0 body ...)
     (lambda formals (%stream-lazy (let () body0 body ...))))))

(define-syntax define-stream
  (syntax-rules ()
    "Define a procedure by stream-lambda."
    ((_ (name . formals) body0 body ...)
     (define name (stream-lambda formals body0 body ...)))))

(define-syntax stream-let
  (syntax-rules ()
    "A named let whose body gives a stream."
    ((_ name ((var init) ...) body0 body ...)
     ((letrec ((name (stream-lambda (var ...) body0 body ...))) name) init ...))))

(define-syntax stream
  (syntax-rules ()
    "Return the stream of the values of expressions, evaluated when needed."
    ((_) stream-null)
    ((_ x y ...) (stream-cons x (stream y ...)))))

;;; Checks of arguments.

(define (%need who what ok? . objects)
  (for-each (lambda (x)
              (unless (ok? x)
                (%fail who what x)))
            objects))

(define (%need-streams who streams)
  (apply %need who "non-stream argument" stream? streams))

(define (%need-count who n)
  (unless (integer? n) (%fail who "non-integer argument" n))
  (when (negative? n) (%fail who "negative argument" n)))

(define (%need-procedure who proc)
  (%need who "non-procedural argument" procedure? proc))

;;; Streams from other things, and other things from streams.

(define (list->stream objects)
  "Return the stream of the elements of the list OBJECTS."
  (%need 'list->stream "non-list argument" list? objects)
  (stream-let loop ((l objects))
    (if (null? l)
        stream-null
        (stream-cons (car l) (loop (cdr l))))))

(define* (port->stream #:optional (port (current-input-port)))
  "Return the stream of the characters that are read from PORT."
  (%need 'port->stream "non-input-port argument" input-port? port)
  (stream-let loop ()
    (let ((c (read-char port)))
      (if (eof-object? c)
          stream-null
          (stream-cons c (loop))))))

(define stream->list
  (case-lambda
    "Return the list of the elements, or of the first N elements, of a stream."
    ((strm)
     (%need 'stream->list "non-stream argument" stream? strm)
     (%collect -1 strm))
    ((n strm)
     (unless (integer? n) (%fail 'stream->list "non-integer count" n))
     (when (negative? n) (%fail 'stream->list "negative count" n))
     (%need 'stream->list "non-stream argument" stream? strm)
     (%collect n strm))))

(define (%collect n strm)
  (let loop ((n n) (strm strm) (out '()))
    (if (or (zero? n) (stream-null? strm))
        (reverse! out)
        (loop (- n 1) (stream-cdr strm) (cons (stream-car strm) out)))))

(define (stream-append . streams)
  "Return the stream of the elements of all STREAMS, one after the other."
  (for-each (lambda (s) (%need 'stream-append "non-stream argument" stream? s)) streams)
  (stream-let loop ((streams streams))
    (cond ((null? streams) stream-null)
          ((null? (cdr streams)) (car streams))
          ((stream-null? (car streams)) (loop (cdr streams)))
          (else
           (stream-cons (stream-car (car streams))
                        (loop (cons (stream-cdr (car streams)) (cdr streams))))))))

(define (stream-concat streams)
  "Return the stream of the elements of all streams in the stream STREAMS."
  (%need 'stream-concat "non-stream argument" stream? streams)
  (stream-let loop ((streams streams))
    (cond ((stream-null? streams) stream-null)
          ((not (stream? (stream-car streams)))
           (%fail 'stream-concat "non-stream object in input stream" (stream-car streams)))
          ((stream-null? (stream-car streams)) (loop (stream-cdr streams)))
          (else
           (stream-cons (stream-car (stream-car streams))
                        (loop (stream-cons (stream-cdr (stream-car streams))
                                           (stream-cdr streams))))))))

(define-stream (stream-constant . objects)
  "Return the endless stream that repeats OBJECTS."
  (cond ((null? objects) stream-null)
        ((null? (cdr objects))
         (stream-cons (car objects) (stream-constant (car objects))))
        (else
         (stream-cons (car objects)
                      (apply stream-constant
                             (append (cdr objects) (list (car objects))))))))

(define (stream-from first . step)
  "Return the endless stream of FIRST, FIRST plus STEP (default 1), ...."
  (let ((step (if (null? step) 1 (car step))))
    (%need 'stream-from "non-numeric starting number" number? first)
    (%need 'stream-from "non-numeric step size" number? step)
    (stream-let loop ((n first))
      (stream-cons n (loop (+ n step))))))

(define (stream-range first past . step)
  "Return the stream of FIRST, FIRST plus STEP and so on, up to PAST, excluded."
  (%need 'stream-range "non-numeric starting number" number? first)
  (%need 'stream-range "non-numeric ending number" number? past)
  (let ((step (cond ((pair? step) (car step)) ((< first past) 1) (else -1))))
    (%need 'stream-range "non-numeric step size" number? step)
    (let ((before? (if (< 0 step) < >)))
      (stream-let loop ((n first))
        (if (before? n past)
            (stream-cons n (loop (+ n step)))
            stream-null)))))

(define (stream-iterate proc base)
  "Return the endless stream of BASE, (PROC BASE), (PROC (PROC BASE)), ...."
  (%need-procedure 'stream-iterate proc)
  (stream-let loop ((x base))
    (stream-cons x (loop (proc x)))))

(define (stream-unfold mapper pred? generator base)
  "Return the stream of (MAPPER BASE), (MAPPER (GENERATOR BASE)), ..., while
PRED? is true of what is mapped."
  (%need 'stream-unfold "non-procedural mapper" procedure? mapper)
  (%need 'stream-unfold "non-procedural pred?" procedure? pred?)
  (%need 'stream-unfold "non-procedural generator" procedure? generator)
  (stream-let loop ((x base))
    (if (pred? x)
        (stream-cons (mapper x) (loop (generator x)))
        stream-null)))

(define (stream-unfolds generator seed)
  "Return as many streams as GENERATOR gives values beside the next seed: for
each step a value of (x ...), which are the next elements of a stream, () for its end,
or #f for nothing."
  (%need-procedure 'stream-unfolds generator)
  (let* ((steps (stream-let loop ((seed seed))
                  (call-with-values (lambda () (generator seed))
                    (lambda vs (stream-cons vs (loop (car vs)))))))
         (count (- (length (stream-car steps)) 1)))
    (define (nth i)
      (stream-let loop ((steps steps))
        (let ((result (list-ref (stream-car steps) i)))
          (cond ((pair? result)
                 (stream-append (list->stream result) (loop (stream-cdr steps))))
                ((null? result) stream-null)
                ((not result) (loop (stream-cdr steps)))
                (else (%fail 'stream-unfolds "can't happen" result))))))
    (apply values (map nth (iota count 1)))))

;;; Streams from streams.

(define (stream-map proc strm . more)
  "Return the stream of what PROC gives for the elements of STRM and MORE, up to the
end of the shortest."
  (%need-procedure 'stream-map proc)
  (%need-streams 'stream-map (cons strm more))
  (stream-let loop ((streams (cons strm more)))
    (if (or-map stream-null? streams)
        stream-null
        (stream-cons (apply proc (map stream-car streams))
                     (loop (map stream-cdr streams))))))

(define (stream-for-each proc strm . more)
  "Call PROC with the elements of STRM and MORE, up to the end of the shortest."
  (%need-procedure 'stream-for-each proc)
  (%need-streams 'stream-for-each (cons strm more))
  (let loop ((streams (cons strm more)))
    (unless (or-map stream-null? streams)
      (apply proc (map stream-car streams))
      (loop (map stream-cdr streams)))))

(define (stream-filter pred? strm)
  "Return the stream of those elements of STRM that PRED? is true of."
  (%need-procedure 'stream-filter pred?)
  (%need 'stream-filter "non-stream argument" stream? strm)
  (stream-let loop ((s strm))
    (cond ((stream-null? s) stream-null)
          ((pred? (stream-car s))
           (stream-cons (stream-car s) (loop (stream-cdr s))))
          (else (loop (stream-cdr s))))))

(define (stream-fold proc base strm)
  "Return the last of (PROC BASE first), (PROC that second), ...."
  (%need-procedure 'stream-fold proc)
  (%need 'stream-fold "non-stream argument" stream? strm)
  (let loop ((acc base) (s strm))
    (if (stream-null? s)
        acc
        (loop (proc acc (stream-car s)) (stream-cdr s)))))

(define (stream-scan proc base strm)
  "Return the stream of all that stream-fold would go through, BASE first."
  (%need-procedure 'stream-scan proc)
  (%need 'stream-scan "non-stream argument" stream? strm)
  (stream-let loop ((acc base) (s strm))
    (if (stream-null? s)
        (stream acc)
        (stream-cons acc (loop (proc acc (stream-car s)) (stream-cdr s))))))

(define (stream-take n strm)
  "Return the stream of the first N elements of STRM."
  (%need-count 'stream-take n)
  (%need 'stream-take "non-stream argument" stream? strm)
  (stream-let loop ((n n) (s strm))
    (if (or (zero? n) (stream-null? s))
        stream-null
        (stream-cons (stream-car s) (loop (- n 1) (stream-cdr s))))))

(define (stream-take-while pred? strm)
  "Return the stream of the elements of STRM before the first that PRED? is
false of."
  (%need-procedure 'stream-take-while pred?)
  (%need 'stream-take-while "non-stream argument" stream? strm)
  (stream-let loop ((s strm))
    (if (and (stream-pair? s) (pred? (stream-car s)))
        (stream-cons (stream-car s) (loop (stream-cdr s)))
        stream-null)))

(define (stream-drop n strm)
  "Return STRM without its first N elements."
  (%need-count 'stream-drop n)
  (%need 'stream-drop "non-stream argument" stream? strm)
  (if (zero? n)
      strm
      (stream-let loop ((n n) (s strm))
        (if (or (zero? n) (stream-null? s))
            s
            (loop (- n 1) (stream-cdr s))))))

(define (stream-drop-while pred? strm)
  "Return STRM without the elements before the first that PRED? is false of."
  (%need-procedure 'stream-drop-while pred?)
  (%need 'stream-drop-while "non-stream argument" stream? strm)
  (stream-let loop ((s strm))
    (if (and (stream-pair? s) (pred? (stream-car s)))
        (loop (stream-cdr s))
        s)))

(define (stream-length strm)
  "Return the number of elements of STRM."
  (%need 'stream-length "non-stream argument" stream? strm)
  (let loop ((n 0) (s strm))
    (if (stream-null? s) n (loop (+ n 1) (stream-cdr s)))))

(define (stream-ref strm n)
  "Return element N of STRM, the first being 0."
  (%need 'stream-ref "non-stream argument" stream? strm)
  (%need-count 'stream-ref n)
  (let loop ((n n) (s strm))
    (cond ((stream-null? s) (%fail 'stream-ref "beyond end of stream" strm))
          ((zero? n) (stream-car s))
          (else (loop (- n 1) (stream-cdr s))))))

(define (stream-reverse strm)
  "Return the stream of the elements of STRM in reverse order."
  (%need 'stream-reverse "non-stream argument" stream? strm)
  (stream-let loop ((s strm) (out stream-null))
    (if (stream-null? s)
        out
        (loop (stream-cdr s) (stream-cons (stream-car s) out)))))

(define (stream-zip strm . more)
  "Return the stream of lists of the elements of STRM and MORE at the same
place."
  (%need-streams 'stream-zip (cons strm more))
  (apply stream-map list strm more))

;;; Matching and comprehension.

(define-syntax stream-match
  (syntax-rules ()
    "Evaluate the clause (pattern [fender] expression) whose pattern, as of the
formals of a procedure, fits the stream."
    ((_ expr clause ...)
     (let ((strm expr))
       (if (stream? strm)
           (%match-clauses strm clause ...)
           (%fail 'stream-match "non-stream argument" strm))))))

(define-syntax %match-clauses
  (syntax-rules ()
    ((_ strm) (throw 'match-error "stream-match" "no matching pattern" strm))
    ((_ strm (pattern fender expr) clause ...)
     (let ((next (lambda () (%match-clauses strm clause ...))))
       (%match-pattern strm pattern () (if fender expr (next)) (next))))
    ((_ strm (pattern expr) clause ...)
     (%match-clauses strm (pattern #t expr) clause ...))))

(define-syntax %match-pattern
  (lambda (x)
    (syntax-case x ()
      ((_ strm () ((var val) ...) success failure)
       #'(if (stream-null? strm)
             (let ((var val) ...) success)
             failure))
      ((_ strm (first . rest) (binding ...) success failure)
       (and (identifier? #'first) (eq? (syntax->datum #'first) '_))
       #'(if (stream-pair? strm)
             (let ((more (stream-cdr strm)))
               (%match-pattern more rest (binding ...) success failure))
             failure))
      ((_ strm (first . rest) (binding ...) success failure)
       (identifier? #'first)
       #'(if (stream-pair? strm)
             (let ((head (stream-car strm)) (more (stream-cdr strm)))
               (%match-pattern more rest (binding ... (first head)) success failure))
             failure))
      ((_ strm rest ((var val) ...) success failure)
       (identifier? #'rest)
       (if (eq? (syntax->datum #'rest) '_)
           #'(let ((var val) ...) success)
           #'(let ((var val) ... (rest strm)) success))))))

(define-syntax stream-of
  (syntax-rules ()
    "Return the stream of the values of an expression for what the clauses
(x in stream), (x is expression) and predicates let through."
    ((_ expr clause ...)
     (%stream-of-clauses expr stream-null clause ...))))

(define-syntax %stream-of-clauses
  (lambda (x)
    (define (word? id name)
      (and (identifier? id) (eq? (syntax->datum id) name)))
    (syntax-case x ()
      ((_ expr base)
       #'(stream-cons expr base))
      ((_ expr base (var keyword source) clause ...)
       (word? #'keyword 'in)
       #'(stream-let loop ((s source))
           (if (stream-null? s)
               base
               (let ((var (stream-car s)))
                 (%stream-of-clauses expr (loop (stream-cdr s)) clause ...)))))
      ((_ expr base (var keyword value) clause ...)
       (word? #'keyword 'is)
       #'(let ((var value))
           (%stream-of-clauses expr base clause ...)))
      ((_ expr base test clause ...)
       #'(if test
             (%stream-of-clauses expr base clause ...)
             base)))))
