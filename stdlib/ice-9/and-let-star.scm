;;; and-let*, as SRFI 2 describes it.

(define-module (ice-9 and-let-star)
  #:export (and-let*))

(cond-expand-provide (current-module) '(srfi-2))

(define-syntax and-let*
  (lambda (x)
    (syntax-case x ()
      ((_ ()) #'#t)
      ((_ () body ...) #'(let () body ...))
      ((_ ((var expr)))
       (identifier? #'var)
       #'expr)
      ((_ ((expr)))
       #'expr)
      ((_ (var))
       (identifier? #'var)
       #'var)
      ((_ ((var expr) clause ...) body ...)
       (identifier? #'var)
       #'(let ((var expr))
           (if var (and-let* (clause ...) body ...) #f)))
      ((_ ((expr) clause ...) body ...)
       #'(if expr (and-let* (clause ...) body ...) #f))
      ((_ (var clause ...) body ...)
       (identifier? #'var)
       #'(if var (and-let* (clause ...) body ...) #f)))))
