;;; Leaving the program, and the default prompt.

(define default-prompt-tag (make-parameter (make-prompt-tag "prompt")))

;; exit unwinds before the program ends, as Guile's does.
(define (exit . args) (apply throw 'quit args))

