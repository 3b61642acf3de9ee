;;; Input ports that ask a procedure for text.

(define-module (ice-9 buffered-input)
  #:export (make-buffered-input-port make-line-buffered-input-port
            set-buffered-input-continuation?!))

;; Whether what is read next belongs to what was read before.
(define continuation? (make-object-property))

(define (set-buffered-input-continuation?! port value)
  "Set what the reader of PORT is told next: whether it continues an input."
  (set! (continuation? port) value))

(define (make-buffered-input-port reader)
  "Return a port of the strings that READER gives until the end-of-file object.
READER is called with #t when some input was read since
set-buffered-input-continuation?! set that to #f."
  (let ((text "") (at 0) (port #f))
    (define (next-char)
      (if (< at (string-length text))
          (let ((c (string-ref text at)))
            (set! at (+ at 1))
            (unless (char-whitespace? c)
              (set! (continuation? port) #t))
            c)
          (let ((new (reader (continuation? port))))
            (if (eof-object? new)
                new
                (begin
                  (set! text new)
                  (set! at 0)
                  (next-char))))))
    (set! port (make-soft-port (vector #f #f #f next-char #f
                                       (lambda () (- (string-length text) at)))
                               "r"))
    (set! (continuation? port) #f)
    port))

(define (make-line-buffered-input-port reader)
  "As make-buffered-input-port, with a newline behind each string."
  (make-buffered-input-port
   (lambda (continuation?)
     (let ((line (reader continuation?)))
       (if (eof-object? line) line (string-append line "\n"))))))
