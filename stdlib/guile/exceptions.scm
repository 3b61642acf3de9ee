;;; Exceptions: what special forms expand to, and older names.  The procedures
;;; themselves belong to the machine.

(define (lazy-catch key thunk handler) (with-throw-handler key thunk handler))

(define (misc-error who message . args)
  (scm-error 'misc-error who message args #f))

(define (%assertion-failed form)
  (scm-error 'assertion-failed #f "Assertion failed: ~S" (list form) #f))

(define (%false-if-exception thunk)
  (catch #t thunk (lambda (key . args) #f)))

;; The clauses run in the dynamic environment of the guard; reraise goes back
;; into that of the raise.
(define (%guard thunk handler)
  (let ((tag (make-prompt-tag "guard")))
    (call-with-prompt tag
      (lambda ()
        (%with-exception-handler
         (lambda (exn) ((abort-to-prompt tag exn)))
         thunk))
      (lambda (k exn)
        (handler exn
                 (lambda ()
                   (if (%resumable? k)
                       (k (lambda () (raise-exception exn #:continuable? #t)))
                       (raise-exception exn #:continuable? #t))))))))

(define (quit . args) (apply exit args))
