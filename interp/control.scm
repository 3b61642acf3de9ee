;;; Exceptions, escapes and parameters on top of the machine's prompts and
;;; fluids. As every boot file this one holds definitions only, each of which
;;; is compiled when its name is first used.

(define (raise-exception obj . options)
  (%raise obj (and (pair? options) (pair? (cdr options)) (cadr options))))

(define (raise obj) (%raise obj #f))

(define (raise-continuable obj) (%raise obj #t))

(define (throw key . args) (%raise (%make-throw key args) #f))

(define (scm-error key who message irritants rest)
  (%raise (%make-throw key (list who message irritants rest)) #f))

(define* (with-exception-handler handler thunk #:key (unwind? #f) (unwind-for-type #t))
  (if unwind?
      (let ((tag (make-prompt-tag "exception handler")))
        (call-with-prompt tag
          (lambda ()
            (%with-exception-handler
             (lambda (exn)
               (if (%exception-of-type? exn unwind-for-type)
                   (abort-to-prompt tag exn)
                   (%raise exn #t)))
             thunk))
          (lambda (k exn) (handler exn))))
      (%with-exception-handler handler thunk)))

(define* (catch key thunk handler #:optional (pre-unwind #f))
  (let ((tag (make-prompt-tag "catch")))
    (call-with-prompt tag
      (lambda ()
        (%with-exception-handler
         (lambda (exn)
           (if (%exception-of-type? exn key)
               (let ((kind (exception-kind exn))
                     (args (exception-args exn)))
                 (if pre-unwind (apply pre-unwind kind args))
                 (abort-to-prompt tag kind args))
               (%raise exn #t)))
         thunk))
      (lambda (k kind args) (apply handler kind args)))))

(define (with-throw-handler key thunk pre-unwind)
  (%with-exception-handler
   (lambda (exn)
     (if (%exception-of-type? exn key)
         (apply pre-unwind (exception-kind exn) (exception-args exn)))
     (%raise exn #t))
   thunk))

(define (call/ec proc)
  (let ((tag (make-prompt-tag "escape")))
    (call-with-prompt tag
      (lambda () (proc (lambda args (abort-to-prompt* tag args))))
      (lambda (k . args) (apply values args)))))

(define (call-with-escape-continuation proc) (call/ec proc))

(define* (make-parameter value #:optional (converter #f))
  (%make-parameter (make-fluid (if converter (converter value) value)) converter))

(define (%parameterize parameters values thunk)
  (let loop ((ps parameters) (vs values) (fluids '()) (new '()))
    (if (null? ps)
        (with-fluids* fluids new thunk)
        (let* ((p (car ps))
               (convert (and (not (fluid? p)) (parameter-converter p))))
          (loop (cdr ps) (cdr vs)
                (cons (if (fluid? p) p (parameter-fluid p)) fluids)
                (cons (if convert (convert (car vs)) (car vs)) new))))))

(define (with-fluid fluid value thunk) (with-fluid* fluid value thunk))
