;;; Debugging options, and stacks with a name (Guile manual, "Debug Options",
;;; "Pre-Unwind Debugging"). The dialogue chooses itself what it shows of an
;;; error; the options are kept for programs that ask for them.

(define %debug-options '((show-file-name . #t) (stack . 0) (depth . 20) (width . 79) (backtrace)))

;; Options that are on or off are listed alone, others with their value.
(define* (debug-options #:optional setting)
  (apply append (map (lambda (o) (if (null? (cdr o)) (list (car o)) (list (car o) (cdr o))))
                     %debug-options)))

(define (%known-debug-option name)
  (if (not (memq name '(show-file-name stack depth width backtrace backwards frames indent
                        maxdepth procnames cheap warn-deprecated)))
      (scm-error 'misc-error "debug-options" "Unknown option name: ~S" (list name) #f)))

(define (%set-debug-option! name rest)
  (%known-debug-option name)
  (set! %debug-options
        (append (filter (lambda (o) (not (eq? (car o) name))) %debug-options)
                (list (cons name rest))))
  (debug-options))

(define (debug-enable . names)
  (for-each (lambda (name) (%set-debug-option! name '())) names)
  (debug-options))

(define (debug-disable . names)
  (for-each %known-debug-option names)
  (set! %debug-options (filter (lambda (o) (not (memq (car o) names))) %debug-options))
  (debug-options))

(define-syntax debug-set!
  (syntax-rules ()
    ((_ name value) (%set-debug-option! 'name value))))

;; Stacks end where the evaluation began; the tag is for other tools.
(define-syntax start-stack
  (syntax-rules ()
    ((_ tag expression) (%call-with-stack tag (lambda () expression)))))

(define (%call-with-stack tag thunk) (thunk))

;; Whether the definitions of modules may be taken as final when code is
;; compiled, which Fruix never does.
(define user-modules-declarative? (make-parameter #f))
