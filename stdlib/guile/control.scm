;;; Control: values, escapes, parameters, promises, loops.

(define (compose f . rest)
  (if (null? rest)
      f
      (let ((g (apply compose rest)))
        (lambda args
          (call-with-values (lambda () (apply g args)) f)))))

(define (const value) (lambda args value))

(define (negate f) (lambda args (not (apply f args))))

(define* (fluid->parameter fluid #:optional (converter #f))
  (fluid-set! fluid (if converter (converter (fluid-ref fluid)) (fluid-ref fluid)))
  (%make-parameter fluid converter))

(define (force promise)
  (if (promise? promise)
      (let loop ()
        (if (%promise-done? promise)
            (%promise-value promise)
            (let ((next ((%promise-value promise))))
              (if (not (%promise-done? promise))
                  (if (promise? next)
                      (%promise-share! promise next)
                      (%promise-resolve! promise next)))
              (loop))))
      promise))

;; setup is (lambda (break) (cons test (lambda (continue) body))).
(define (%while setup)
  (let ((break-tag (make-prompt-tag "break"))
        (continue-tag (make-prompt-tag "continue")))
    (call-with-prompt break-tag
      (lambda ()
        (let ((turn (setup (lambda args (apply abort-to-prompt break-tag args))))
              (continue (lambda () (abort-to-prompt continue-tag))))
          (let next ()
            (if (call-with-prompt continue-tag
                  (lambda () (turn continue))
                  (lambda (k) #t))
                (next)
                #f))))
      (lambda (k . args)
        (if (null? args) #t (apply values args))))))

(define (call-with-input-values producer consumer)
  (call-with-values producer consumer))

(define (stream-car s) (car s))

(define (stream-cdr s) (force (cdr s)))

(define (stream-pair? s) (and (pair? s) (promise? (cdr s))))

(define (and=> value f) (and value (f value)))

(define (thunk? obj)
  (and (procedure? obj)
       (let ((arity (procedure-minimum-arity obj)))
         (or (not arity) (eqv? (car arity) 0)))))

(define (call-with-blocked-asyncs proc)
  "Call PROC while no asyncs are called in this thread."
  (dynamic-wind
    (lambda () (%asyncs-blocked! 1))
    proc
    (lambda () (%asyncs-blocked! -1))))

(define (call-with-unblocked-asyncs proc)
  "Call PROC while asyncs are called in this thread, blocked before or not."
  (let ((depth (%asyncs-blocked)))
    (dynamic-wind
      (lambda () (%asyncs-blocked! (- depth)))
      proc
      (lambda () (%asyncs-blocked! depth)))))
