;;; Pattern matching.
;;;
;;; Commentary:
;;; (match value (pattern body …) …) tries each pattern in turn and evaluates
;;; the body of the first that fits, with the pattern's variables bound:
;;;
;;;   _  x  "literal"  'datum  `(quasi ,p)  (p …)  (p . q)  (p ...)  (p ..1)
;;;   #(p …)  ($ <record> p …)  (@ <record> (field p) …)  (= f p)  (? pred p …)
;;;   (and p …)  (or p …)  (not p)  (get! g)  (set! s)
;;;
;;; The forms themselves belong to the expander; this module gives them their
;;; names.
;;; Code:

(define-module (ice-9 match)
  #:export (match match-lambda match-lambda*
            match-let match-let* match-letrec))

(define-syntax match %match)
(define-syntax match-lambda %match-lambda)
(define-syntax match-lambda* %match-lambda*)
(define-syntax match-let %match-let)
(define-syntax match-let* %match-let*)
(define-syntax match-letrec %match-letrec)
