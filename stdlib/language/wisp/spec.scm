;;; Wisp as a language that texts can be read and compiled from.

(define-module (language wisp spec)
  #:use-module (language wisp)
  #:use-module (system base language)
  #:export (wisp))

;; The forms of a chunk, one after another.
(define (read-form port environment)
  (let ((forms (wisp-scheme-read-chunk port)))
    (cond ((and (null? forms) (eof-object? (peek-char port))) (peek-char port))
          ((null? forms) (read-form port environment))
          ((null? (cdr forms)) (car forms))
          (else (cons 'begin forms)))))

(define-language wisp
  #:title "Wisp (SRFI 119)"
  #:reader read-form
  #:printer write
  #:compilers `((scheme . ,(lambda (x environment options)
                             (values x environment environment))))
  #:evaluator (lambda (x module) (eval x module)))
