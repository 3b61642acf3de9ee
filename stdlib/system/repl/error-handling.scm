;;; What happens to errors in the dialogue.
;;;
;;; Commentary:
;;;
;;; 'call-with-error-handling' runs a thunk; what it does about an error is said
;;; by #:on-error:
;;;
;;;   debug      let the dialogue show it and open a level for it
;;;   backtrace  print it with its backtrace, and return nothing
;;;   report     print it, and return nothing
;;;   pass       leave it to the handlers outside
;;;
;;; or by a procedure, which is called with the key and the arguments.
;;;
;;; See "Debugging Infrastructure" in Guile's manual.

(define-module (system repl error-handling)
  #:export (call-with-error-handling with-error-handling))

(define (report key args backtrace?)
  (let ((port (current-error-port)))
    (when backtrace?
      (backtrace port))
    (print-exception port #f key args)
    (force-output port)))

(define* (call-with-error-handling thunk #:key
                                   (on-error 'debug) (post-error 'catch)
                                   (pass-keys '(quit)) (report-keys '(stack-overflow out-of-memory))
                                   (trap-handler 'debug))
  "Call THUNK. ON-ERROR tells what an error leads to: debug, backtrace, report,
pass, or a procedure of key and arguments. Errors whose keys are in PASS-KEYS
are left alone. POST-ERROR is 'catch, or a procedure that gives the value after
an error was shown."
  (define (after key args)
    (if (procedure? post-error)
        (apply post-error key args)
        *unspecified*))
  (define (passing? key) (memq key pass-keys))
  (case on-error
    ((debug pass) (thunk))
    ((report backtrace)
     (catch #t
       thunk
       (lambda (key . args)
         (if (passing? key) (apply throw key args) (after key args)))
       (lambda (key . args)
         (unless (passing? key)
           (report key args (eq? on-error 'backtrace))))))
    (else
     (if (procedure? on-error)
         (catch #t
           thunk
           (lambda (key . args)
             (if (passing? key) (apply throw key args) (after key args)))
           (lambda (key . args)
             (unless (passing? key) (apply on-error key args))))
         (scm-error 'misc-error "call-with-error-handling"
                    "unknown way to treat errors: ~S; there are debug, backtrace, report, pass" (list on-error) #f)))))

(define-syntax-rule (with-error-handling body0 body ...)
  (call-with-error-handling (lambda () body0 body ...)))
