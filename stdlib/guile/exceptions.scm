;;; Exceptions: Guile 3's with-exception-handler, and catch and throw on top.

(define* (with-exception-handler handler thunk #:key (unwind? #f) (unwind-for-type #t))
  (cond
   ((not (procedure? handler)) (%wrong-type "with-exception-handler" 1 handler))
   ((not unwind?) (%with-exception-handler handler thunk))
   (else
    (let ((tag (make-prompt-tag "exception handler")))
      (call-with-prompt tag
        (lambda ()
          (%with-exception-handler
           (if (eq? unwind-for-type #t)
               (lambda (exn) (abort-to-prompt tag exn))
               (lambda (exn)
                 (if (%exception-matches? exn unwind-for-type)
                     (abort-to-prompt tag exn)
                     (raise-exception exn #:continuable? #t))))
           thunk))
        (lambda (k exn) (handler exn)))))))

(define (%exception-matches? exn type)
  (cond ((eq? type #t) #t)
        ((symbol? type) (eq? type (exception-kind exn)))
        (else (let ((type? (exception-predicate type))) (type? exn)))))

(define (raise obj) (raise-exception obj))

(define (raise-continuable obj) (raise-exception obj #:continuable? #t))

(define (throw key . args)
  (raise-exception (make-exception-from-throw key args)))

(define* (catch key thunk handler #:optional pre-unwind-handler)
  (let ((tag (make-prompt-tag "catch")))
    (call-with-prompt tag
      (lambda ()
        (%with-exception-handler
         (lambda (exn)
           (if (or (eq? key #t) (eq? key (exception-kind exn)))
               (begin
                 (if pre-unwind-handler
                     (apply pre-unwind-handler (exception-kind exn) (exception-args exn)))
                 (abort-to-prompt tag exn))
               (raise-exception exn #:continuable? #t)))
         thunk))
      (lambda (k exn)
        (apply handler (exception-kind exn) (exception-args exn))))))

(define (with-throw-handler key thunk pre-unwind-handler)
  (%with-exception-handler
   (lambda (exn)
     (if (or (eq? key #t) (eq? key (exception-kind exn)))
         (apply pre-unwind-handler (exception-kind exn) (exception-args exn)))
     (raise-exception exn #:continuable? #t))
   thunk))

(define (lazy-catch key thunk handler) (with-throw-handler key thunk handler))

(define (scm-error key who message args data)
  (throw key who message args data))

;; The first argument is the message when it is a string; otherwise Guile shows
;; all arguments, the first as it is displayed.
(define (error message . args)
  (if (string? message)
      (scm-error 'misc-error #f (%error-format message args) args #f)
      (scm-error 'misc-error #f
                 (string-join (cons "~A" (map (lambda (x) "~S") args)))
                 (cons message args) #f)))

(define (%error-format message args)
  ;; The message is not a format string; tildes stand for themselves.
  (string-append (%escape-tildes message)
                 (let loop ((args args))
                   (if (null? args) "" (string-append " ~S" (loop (cdr args)))))))

(define (%escape-tildes s)
  (if (string-index s #\~)
      (string-concatenate
       (map (lambda (c) (if (eqv? c #\~) "~~" (string c))) (string->list s)))
      s))

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
        (handler exn (lambda () (k (lambda () (raise-exception exn #:continuable? #t)))))))))

(define (quit . args) (apply exit args))
