;;; Helpers for configurations of Shepherd.
;;;
;;; Commentary:
;;;
;;; What configurations written for GNU Shepherd use besides services.
;;;
;;; Code:

(define-module (shepherd support)
  #:use-module (fruix native shepherd)
  #:export (local-output
            caught-error))

(define (local-output format-string . arguments)
  "Write a message to Shepherd's log and to whoever runs herd."
  (%say (apply format #f format-string arguments)))

(define (caught-error key arguments)
  "Log an error that was caught with KEY and ARGUMENTS."
  (%say (format #f "error: ~a ~s" key arguments)))
