;;; A dialogue in the manner of SCM.
;;;
;;; Commentary:
;;; The variables scm-repl-silent and so on say what is printed; the procedures
;;; assert-repl-silence and so on set them.
;;; Code:

(define-module (ice-9 scm-style-repl)
  #:use-module (ice-9 save-stack)
  #:export (scm-repl-silent scm-repl-print-unspecified scm-repl-verbose
            scm-repl-prompt assert-repl-silence assert-repl-print-unspecified
            assert-repl-verbosity default-pre-unwind-handler bad-throw
            error-catching-loop error-catching-repl scm-style-repl
            handle-system-error))

(define scm-repl-silent #f)
(define scm-repl-print-unspecified #f)
(define scm-repl-verbose #f)
(define scm-repl-prompt "guile> ")

(define (assert-repl-silence v)
  "Print values unless V."
  (set! scm-repl-silent v))
(define (assert-repl-print-unspecified v)
  "Print unspecified values if V."
  (set! scm-repl-print-unspecified v))
(define (assert-repl-verbosity v)
  "Print the time that evaluations take if V."
  (set! scm-repl-verbose v))

(define (default-pre-unwind-handler key . args)
  "Keep the stack of an error and throw it on."
  (save-stack)
  (apply throw key args))

(define (bad-throw key . args)
  "Say that nothing handles KEY, and throw error."
  (let ((default (symbol-property key 'throw-handler-default)))
    (or (and default (apply default key args))
        (apply error "unhandled-exception:" key args))))

(define (handle-system-error key . args)
  "Print the error KEY with ARGS."
  (print-exception (current-error-port) #f key args))

(define (error-catching-loop thunk)
  "Call THUNK again and again, printing errors, until it throws quit; return the
status of that."
  (let loop ()
    (let ((status
           (catch #t
             (lambda ()
               (let again () (thunk) (again)))
             (lambda (key . args)
               (if (eq? key 'quit)
                   (if (null? args) #t (car args))
                   (begin
                     (apply handle-system-error key args)
                     (set! stack-saved? #f)
                     loop))))))
      (if (eq? status loop) (loop) status))))

(define (error-catching-repl reader evaluator printer)
  "Read by READER, evaluate by EVALUATOR and print by PRINTER, printing errors,
until quit is thrown."
  (error-catching-loop
   (lambda ()
     (call-with-values (lambda () (evaluator (reader)))
       (lambda vals (for-each printer vals))))))

(define (scm-style-repl)
  "Hold a dialogue until its input ends."
  (error-catching-repl
   (lambda ()
     (display scm-repl-prompt)
     (force-output)
     (let ((form (read)))
       (if (eof-object? form) (throw 'quit) form)))
   (lambda (form)
     (let* ((start (get-internal-real-time))
            (value (primitive-eval form)))
       (when scm-repl-verbose
         (display ";; ")
         (display (quotient (* 1000 (- (get-internal-real-time) start))
                            internal-time-units-per-second))
         (display " ms")
         (newline))
       value))
   (lambda (value)
     (unless (or scm-repl-silent
                 (and (unspecified? value) (not scm-repl-print-unspecified)))
       (write value)
       (newline)))))
