;;; Starting a dialogue from a program.
;;;
;;; Commentary:
;;;
;;; 'start-repl' talks with who is behind the current input and output ports,
;;; with error levels, value history and commands, until that input ends or
;;; ',quit' is typed. It is the dialogue of 'fruix repl'; a program that embeds
;;; the engine without that dialogue raises an error.

(define-module (system repl repl)
  #:use-module (system repl common)
  #:export (start-repl run-repl call-with-sigint))

(define (dialogue)
  (let ((module (resolve-module '(fruix native repl) #f #:ensure #f)))
    (or (and module (module-variable module 'run-dialogue)
             (variable-ref (module-variable module 'run-dialogue)))
        (scm-error 'misc-error "start-repl"
                   "this program holds no dialogue; run it with `fruix repl'" '() #f))))

(define* (start-repl #:optional (language 'scheme) #:key debug)
  "Talk until the current input port ends; LANGUAGE is scheme."
  (run-repl (make-repl language debug)))

(define (run-repl repl)
  "Talk as REPL, until the current input port ends."
  ((dialogue) (current-input-port) (current-output-port) (current-error-port)))

(define (call-with-sigint thunk) (thunk))
