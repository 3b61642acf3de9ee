;;; Debug information about procedures.
;;;
;;; Commentary:
;;;
;;; Guile looks debug information up by the addresses of code. Here procedures
;;; stand for their addresses: see `program-address-range' in (system vm
;;; program).
;;;
;;; Code:

(define-module (system vm debug)
  #:use-module (system vm program)
  #:export (find-program-arities find-program-arity arity-arguments-alist
            find-program-minimum-arity find-program-docstring find-program-properties
            find-program-sources find-source-for-addr
            source? source-pre-pc source-post-pc source-file source-line source-column
            source-line-for-user))

(define (find-program-arities program)
  "Return what PROGRAM's clauses take, for `arity-arguments-alist'."
  (program-arguments-alists program))

(define (find-program-arity program)
  "Return what PROGRAM's first clause takes, or #f."
  (program-arguments-alist program))

(define (arity-arguments-alist arity)
  "Return ARITY as an alist with the keys required, optional, keyword,
allow-other-keys? and rest."
  arity)

(define (find-program-minimum-arity program) (procedure-minimum-arity program))
(define (find-program-docstring program) (procedure-documentation program))
(define (find-program-properties program) (procedure-properties program))

(define (find-program-sources program)
  "Return the places that PROGRAM's code comes from."
  (program-sources program))

(define (find-source-for-addr program)
  "Return the place that PROGRAM was written at, or #f."
  (program-source program 0))

(define (source? x) (and (pair? x) (pair? (cdr x)) (pair? (cddr x)) (integer? (car x))))
(define source-pre-pc source:addr)
(define (source-post-pc source) (1+ (source:addr source)))
(define source-file source:file)
(define source-line source:line)
(define source-column source:column)
(define source-line-for-user source:line-for-user)
