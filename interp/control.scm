;;; Exceptions, escapes and parameters on top of the machine's prompts and
;;; fluids. As every boot file this one holds definitions only, each of which
;;; is compiled when its name is first used.

(define (raise-exception obj . options)
  (%raise obj (and (pair? options) (pair? (cdr options)) (cadr options))))

(define (raise obj) (%raise obj #f))

(define (raise-continuable obj) (%raise obj #t))

(define (%bad-argument who position value)
  (scm-error 'wrong-type-arg who "Wrong type argument in position ~A: ~S"
             (list position value) (list value)))

(define (throw key . args)
  (if (not (symbol? key)) (%bad-argument "throw" 1 key))
  (%raise (%make-throw key args) #f))

(define (scm-error key who message irritants rest)
  (%raise (%make-throw key (list who message irritants rest)) #f))

(define* (with-exception-handler handler thunk #:key (unwind? #f) (unwind-for-type #t))
  (if (not (procedure? handler)) (%bad-argument "with-exception-handler" 1 handler))
  (cond ((not unwind?) (%with-exception-handler handler thunk))
        ((or (eq? unwind-for-type #t) (symbol? unwind-for-type) (%exception-type? unwind-for-type))
         (let ((tag (make-prompt-tag "exception handler")))
           (call-with-prompt tag
             (lambda () (%with-unwinding-handler tag unwind-for-type thunk))
             (lambda (k exn) (handler exn)))))
        (else
         (scm-error 'wrong-type-arg "with-exception-handler"
                    "Wrong type argument for #:unwind-for-type: ~a"
                    (list unwind-for-type) (list unwind-for-type)))))

(define (%exception-type? x)
  (and (record-type-descriptor? x)
       (let loop ((type x))
         (and type (or (eq? type &exception) (loop (record-type-parent type)))))))

(define* (catch key thunk handler #:optional (pre-unwind #f))
  (if (not (or (symbol? key) (eq? key #t))) (%bad-argument "catch" 1 key))
  (if (not (procedure? handler)) (%bad-argument "catch" 3 handler))
  (if (not (or (not pre-unwind) (procedure? pre-unwind))) (%bad-argument "catch" 4 pre-unwind))
  (let ((tag (make-prompt-tag "catch")))
    (call-with-prompt tag
      (lambda ()
        (%with-unwinding-handler tag key
          (if pre-unwind
              (lambda () (with-throw-handler key thunk pre-unwind))
              thunk)))
      (lambda (k exn) (apply handler (exception-kind exn) (exception-args exn))))))

;; A handler of throws is not called while it runs, and what it throws is seen
;; by all other handlers, those inside of it too.
(define (with-throw-handler key thunk pre-unwind)
  (if (not (or (symbol? key) (eq? key #t))) (%bad-argument "with-throw-handler" 1 key))
  (let ((running? (make-fluid #f)))
    (%with-exception-handler
     (lambda (exn)
       (if (and (or (eq? key #t) (eq? key (exception-kind exn)))
                (not (fluid-ref running?)))
           (with-fluid* running? #t
             (lambda ()
               (%with-new-epoch
                (lambda ()
                  (apply pre-unwind (exception-kind exn) (exception-args exn)))))))
       (%raise exn #f))
     thunk)))

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
