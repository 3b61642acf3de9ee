;;; Threads: an engine runs one, so that mutexes are always free and
;;; par-map works in order.

(define-module (ice-9 threads)
  #:export (par-map par-for-each n-par-map n-par-for-each make-mutex
            make-recursive-mutex mutex? lock-mutex unlock-mutex try-mutex
            with-mutex monitor current-processor-count total-processor-count
            parallel letpar))

(define (par-map f . lists) (apply map f lists))
(define (par-for-each f . lists) (apply for-each f lists))
(define (n-par-map n f . lists) (apply map f lists))
(define (n-par-for-each n f . lists) (apply for-each f lists))

(define (make-mutex . flags) (list 'mutex 0))
(define (make-recursive-mutex) (make-mutex))
(define (mutex? x) (and (pair? x) (eq? (car x) 'mutex)))
(define (lock-mutex m . timeout) (set-car! (cdr m) (+ 1 (cadr m))) #t)
(define (unlock-mutex m . rest) (set-car! (cdr m) (max 0 (- (cadr m) 1))) #t)
(define (try-mutex m) (lock-mutex m))

(define-syntax with-mutex
  (syntax-rules ()
    ((_ m body ...)
     (dynamic-wind (lambda () (lock-mutex m))
                   (lambda () body ...)
                   (lambda () (unlock-mutex m))))))

(define-syntax monitor
  (syntax-rules () ((_ body ...) (let () body ...))))

(define-syntax parallel
  (syntax-rules () ((_ expr ...) (values expr ...))))

(define-syntax letpar
  (syntax-rules () ((_ bindings body ...) (let bindings body ...))))

(define (current-processor-count) 1)
(define (total-processor-count) 1)
