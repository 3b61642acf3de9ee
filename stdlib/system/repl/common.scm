;;; What the parts of the dialogue share.
;;;
;;; Commentary:
;;;
;;; The dialogue itself is not written in Scheme: reading, printing, error
;;; levels and commands belong to the program that embeds the engine. This
;;; module offers programs the names under which Guile's dialogue is known:
;;; an object that stands for the dialogue, its options, and how to evaluate and
;;; print in it.
;;;
;;; See the section "Using Guile Interactively" in Guile's manual.

(define-module (system repl common)
  #:use-module (srfi srfi-9)
  #:use-module (ice-9 control)
  #:export (<repl> make-repl repl? repl-language repl-options repl-tm-stats repl-gc-stats repl-debug
            repl-welcome repl-prompt repl-read repl-parse repl-expand repl-optimize repl-compile
            repl-prepare-eval-thunk repl-eval repl-print
            repl-option-ref repl-option-set! repl-default-option-set! repl-default-prompt-set!
            puts ->string user-error flush-all-input
            *version*))

(define *version*
  (string-append "Fruix, Scheme of Guile " (version) "."))

(define-record-type <repl>
  (%make-repl language options tm-stats gc-stats debug)
  repl?
  (language repl-language)
  (options repl-options)
  (tm-stats repl-tm-stats)
  (gc-stats repl-gc-stats)
  (debug repl-debug))

;; Options of dialogues to come, as lists (name value converter).
(define default-options
  (let ((as-is (lambda (x) x)))
    (list (list 'compile-options '() as-is)
          (list 'trace #f ->bool)
          (list 'interp #f ->bool)
          (list 'value-history #t ->bool)
          (list 'prompt #f
                (lambda (prompt)
                  (cond ((or (not prompt) (string? prompt) (procedure? prompt)) prompt)
                        (else (user-error "a prompt is a string or a procedure: ~S" prompt)))))
          (list 'print #f as-is)
          (list 'on-error 'debug as-is)
          (list 'optimization-level 2 as-is)
          (list 'warning-level 1 as-is))))

(define* (make-repl #:optional (language 'scheme) (debug #f))
  "Return an object that stands for a dialogue in LANGUAGE, of which there is
one, scheme."
  (unless (memq (if (symbol? language) language 'scheme) '(scheme))
    (user-error "unknown language: ~S; there is scheme" language))
  (%make-repl 'scheme (map list-copy default-options) (get-internal-run-time) '() debug))

(define (option repl key)
  (or (assq key (repl-options repl))
      (user-error "unknown option of a dialogue: ~S; there are ~A" key
                  (map car (repl-options repl)))))

(define (repl-option-ref repl key)
  "Return the value of REPL's option KEY, a symbol."
  (cadr (option repl key)))

(define (repl-option-set! repl key value)
  "Give REPL's option KEY the value VALUE."
  (let ((entry (option repl key)))
    (set-car! (cdr entry) ((caddr entry) value))))

(define (repl-default-option-set! key value)
  "Give the option KEY of dialogues to come the value VALUE."
  (let ((entry (or (assq key default-options)
                   (user-error "unknown option of a dialogue: ~S" key))))
    (set-car! (cdr entry) ((caddr entry) value))))

(define (repl-default-prompt-set! prompt)
  "Let dialogues to come show PROMPT: a string, a procedure that takes the
dialogue and returns one, or #f for the usual prompt."
  (repl-default-option-set! 'prompt prompt))

(define (repl-welcome repl)
  "Print what a dialogue says first."
  (display *version*) (newline) (newline)
  (display "Enter `,help' for help.") (newline))

(define (repl-prompt repl)
  "Return REPL's prompt."
  (let ((prompt (repl-option-ref repl 'prompt)))
    (cond ((string? prompt) prompt)
          ((procedure? prompt) (prompt repl))
          (else (string-append "scheme@" (object->string (module-name (current-module))) "> ")))))

(define (repl-read repl)
  "Read a datum from the current input port."
  (read))

(define (repl-parse repl form) "Return FORM." form)
(define (repl-expand repl form) "Return FORM with its macros expanded." (macroexpand form))
(define (repl-optimize repl form) "Return FORM with its macros expanded." (macroexpand form))
(define (repl-compile repl form) "Return a thunk that evaluates FORM." (repl-prepare-eval-thunk repl form))

(define (repl-prepare-eval-thunk repl form)
  "Return a thunk that evaluates FORM in the current module."
  (let ((module (current-module)))
    (lambda () (eval form module))))

(define (repl-eval repl form)
  "Evaluate FORM in the current module."
  (% (eval form (current-module))))

(define (repl-print repl value)
  "Print VALUE as the dialogue prints values."
  (unless (eq? value *unspecified*)
    (let ((print (repl-option-ref repl 'print)))
      (if print
          (print repl value)
          (begin (write value) (newline))))))

(define (puts x) (display x) (newline))
(define (->string x) (object->string x display))
(define (user-error message . args)
  (throw 'user-error #f message args #f))

(define (flush-all-input)
  "Take what waits in the current input port."
  (let loop ()
    (when (and (char-ready?) (not (eof-object? (peek-char))))
      (read-char)
      (loop))))
