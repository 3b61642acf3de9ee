;;; Prompts and what is built on them.

(define-module (ice-9 control)
  #:export (% abort shift reset shift* reset* call-with-escape-continuation
            call/ec let-escape-continuation let/ec)
  #:re-export (call-with-prompt abort-to-prompt default-prompt-tag
               make-prompt-tag suspendable-continuation?))

(define (abort . args) (apply abort-to-prompt (default-prompt-tag) args))

(define (%default-handler k proc . args)
  (call-with-prompt (default-prompt-tag)
    (lambda () (apply proc k args))
    %default-handler))

(define-syntax %
  (syntax-rules ()
    ((_ expr)
     (call-with-prompt (default-prompt-tag) (lambda () expr) %default-handler))
    ((_ expr handler)
     (call-with-prompt (default-prompt-tag) (lambda () expr) handler))
    ((_ tag expr handler)
     (call-with-prompt tag (lambda () expr) handler))))

(define (reset* thunk)
  (call-with-prompt (default-prompt-tag)
    thunk
    (lambda (k proc)
      (reset* (lambda () (proc (lambda args (reset* (lambda () (apply k args))))))))))

(define (shift* proc) (abort-to-prompt (default-prompt-tag) proc))

(define-syntax reset
  (syntax-rules ()
    ((_ body ...) (reset* (lambda () body ...)))))

(define-syntax shift
  (syntax-rules ()
    ((_ k body ...) (shift* (lambda (k) body ...)))))

(define (call-with-escape-continuation proc)
  (let ((tag (make-prompt-tag "escape")))
    (call-with-prompt tag
      (lambda () (proc (lambda args (apply abort-to-prompt tag args))))
      (lambda (k . args) (apply values args)))))
(define call/ec call-with-escape-continuation)

(define-syntax let-escape-continuation
  (syntax-rules ()
    ((_ k body ...) (call-with-escape-continuation (lambda (k) body ...)))))

(define-syntax let/ec
  (syntax-rules ()
    ((_ k body ...) (call-with-escape-continuation (lambda (k) body ...)))))
