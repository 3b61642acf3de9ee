;;; Commentary:
;;;
;;; Macros in applicative order (after Oleg Kiselyov's CK machine).  Macros
;;; expand from the outside in; a macro in CK style takes first an opaque stack
;;; S and then arguments that are quoted values, and ends by handing its result
;;; to `ck' with the stack: (ck S 'result).  Calls nest as procedure calls do:
;;; (ck () (c-append '(1) (c-cons '2 '()))).
;;;
;;; Code:

(define-module (system base ck)
  #:export (ck))

;; A stack frame is (macro done-argument... : pending-argument...) written as
;; ((macro done ...) pending ...).
(define-syntax ck
  (syntax-rules (quote)
    ((ck () 'value) value)
    ;; A value for the frame on top: the last argument, or one before others.
    ((ck (((macro done ...)) . stack) 'value)
     (macro stack done ... 'value))
    ((ck (((macro done ...) 'next pending ...) . stack) 'value)
     (ck (((macro done ... 'value) pending ...) . stack) 'next))
    ((ck (((macro done ...) next pending ...) . stack) 'value)
     (ck (((macro done ... 'value) pending ...) . stack) next))
    ;; A call: start with its first argument.
    ((ck stack (macro))
     (macro stack))
    ((ck stack (macro argument pending ...))
     (ck (((macro) pending ...) . stack) argument))))
