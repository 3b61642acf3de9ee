;;; Names of libraries that a static binary cannot have.
;;;
;;; Commentary:
;;;
;;; Modules of Guix import bindings of C libraries for some of the things that
;;; they can do.  They have to load all the same: here names are defined whose
;;; use, and only that, is an error which says what is missing and what to do
;;; instead.
;;;
;;; Code:

(define-module (fruix unavailable)
  #:export (define-unavailable
            define-constants))

(define (unavailable name library instead)
  "Return the procedure that stands for NAME of LIBRARY; INSTEAD is advice."
  (lambda arguments
    (scm-error 'misc-error (symbol->string name)
               "this needs ~A, a C library that a static binary does not have; ~A"
               (list library instead) #f)))

(define-syntax define-unavailable
  ;; Define and export NAME ... as procedures that cannot be called.
  (syntax-rules ()
    ((_ library instead name ...)
     (begin
       (define name (unavailable 'name library instead)) ...
       (export name ...)))))

(define-syntax define-constants
  ;; Define and export names that only need to be told from each other.
  (syntax-rules ()
    ((_ name ...)
     (begin
       (define name 'name) ...
       (export name ...)))))
