;;; Streams as promises of pairs.
;;;
;;; Commentary:
;;; A stream is a promise of a pair of an element and a stream, or of anything
;;; else at its end.  Streams with a richer set of procedures are in
;;; (srfi srfi-41).
;;; Code:

(define-module (ice-9 streams)
  #:export (make-stream stream-car stream-cdr stream-null? list->stream
            vector->stream port->stream stream->list stream->reversed-list
            stream->list&length stream->reversed-list&length stream->vector
            stream-fold stream-for-each stream-map))

(define (make-stream next state)
  "Return the stream of the cars of what NEXT gives for the state, each time a
pair of an element and the next state, or anything else at the end."
  (let loop ((state state))
    (delay (let ((step (next state)))
             (if (pair? step)
                 (cons (car step) (loop (cdr step)))
                 '())))))

(define (stream-car stream)
  "Return the first element of STREAM."
  (car (force stream)))

(define (stream-cdr stream)
  "Return STREAM without its first element."
  (cdr (force stream)))

(define (stream-null? stream)
  "Tell whether STREAM is empty."
  (not (pair? (force stream))))

(define (list->stream lst)
  "Return the stream of the elements of LST."
  (make-stream (lambda (l) l) lst))

(define (vector->stream vec)
  "Return the stream of the elements of VEC."
  (make-stream (lambda (i)
                 (and (< i (vector-length vec))
                      (cons (vector-ref vec i) (+ i 1))))
               0))

(define (port->stream port read-proc)
  "Return the stream of what READ-PROC reads from PORT."
  (make-stream (lambda (port)
                 (let ((x (read-proc port)))
                   (and (not (eof-object? x)) (cons x port))))
               port))

(define (stream-fold proc init stream . rest)
  "Return the last value of PROC, called with the elements of the streams and
its value so far, INIT first."
  (let loop ((streams (cons stream rest)) (acc init))
    (if (or-map stream-null? streams)
        acc
        (loop (map stream-cdr streams)
              (apply proc (append (map stream-car streams) (list acc)))))))

(define (stream->reversed-list stream)
  "Return the list of the elements of STREAM, the last first."
  (stream-fold cons '() stream))

(define (stream->list stream)
  "Return the list of the elements of STREAM."
  (reverse! (stream->reversed-list stream)))

(define (stream->reversed-list&length stream)
  "Return the list of the elements of STREAM, the last first, and its length."
  (let ((l (stream->reversed-list stream)))
    (values l (length l))))

(define (stream->list&length stream)
  "Return the list of the elements of STREAM and its length."
  (let ((l (stream->list stream)))
    (values l (length l))))

(define (stream->vector stream)
  "Return the vector of the elements of STREAM."
  (list->vector (stream->list stream)))

(define (stream-for-each proc stream . rest)
  "Call PROC with the elements of the streams, up to the end of the shortest."
  (let loop ((streams (cons stream rest)))
    (unless (or-map stream-null? streams)
      (apply proc (map stream-car streams))
      (loop (map stream-cdr streams)))))

(define (stream-map proc stream . rest)
  "Return the stream of what PROC gives for the elements of the streams."
  (make-stream (lambda (streams)
                 (and (not (or-map stream-null? streams))
                      (cons (apply proc (map stream-car streams))
                            (map stream-cdr streams))))
               (cons stream rest)))
