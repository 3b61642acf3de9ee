;;; Leaving the program, and the default prompt.

(define default-prompt-tag (make-parameter (make-prompt-tag "prompt")))

;; exit unwinds before the program ends, as Guile's does.
(define (exit . args) (apply throw 'quit args))

(define %cond-expand-features
  '(guile guile-2 guile-2.2 guile-3 fruix r5rs r7rs exact-closed ieee-float full-unicode ratios srfi-0 srfi-1 srfi-2 srfi-4 srfi-6
    srfi-8 srfi-9 srfi-11 srfi-13 srfi-14 srfi-16 srfi-23 srfi-26 srfi-30
    srfi-31 srfi-34 srfi-35 srfi-39 srfi-43 srfi-60 srfi-61 srfi-62 srfi-64
    srfi-69 srfi-71 srfi-87 srfi-98 srfi-111))
