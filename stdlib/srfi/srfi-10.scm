;;; SRFI 10: #,(name argument ...), data that procedures make while a program
;;; is read.
;;;
;;; Commentary:
;;; #, followed by anything but a list whose first element was given to
;;; define-reader-ctor is unsyntax, as everywhere.
;;; Code:

(define-module (srfi srfi-10)
  #:export (define-reader-ctor))

(define %constructors (make-hash-table))

(define (define-reader-ctor name proc)
  "Have PROC called with the arguments of every #,(NAME argument ...) that is
read, and its value stand for the whole."
  (hashq-set! %constructors name proc))

(define (%read-comma char port)
  (if (eqv? (peek-char port) #\@)
      (begin (read-char port)
             (list 'unsyntax-splicing (read port)))
      (let* ((form (read port))
             (proc (and (pair? form) (list? form)
                        (hashq-ref %constructors (car form)))))
        (if proc
            (apply proc (cdr form))
            (list 'unsyntax form)))))

(read-hash-extend #\, %read-comma)
