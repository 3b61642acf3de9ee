;;; How the dialogue shows frames.
;;;
;;; Commentary:
;;;
;;; Errors and their frames belong to the dialogue: its commands ,backtrace,
;;; ,frame and ,locals look at them. Programs can ask and set how wide it takes
;;; the terminal to be.
;;;
;;; See the section "Debug Commands" in Guile's manual.
;;;
;;; Code:

(define-module (system repl debug)
  #:export (terminal-width))

(define width 72)

(define terminal-width
  (case-lambda
    "Return, or set, the number of columns of the terminal."
    (() width)
    ((columns)
     (if (and (exact-integer? columns) (positive? columns))
         (set! width columns)
         (scm-error 'wrong-type-arg "terminal-width" "not a number of columns: ~S"
                    (list columns) (list columns))))))
