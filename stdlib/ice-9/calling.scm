;;; Calling procedures with access to variables.
;;;
;;; Commentary:
;;; The forms pass procedures that get and set lexical variables by keywords
;;; that are named like them.
;;; Code:

(define-module (ice-9 calling)
  #:export (with-excursion-function with-getter-and-setter with-getter
            with-delegating-getter-and-setter with-excursion-getter-and-setter
            with-configuration-getter-and-setter
            with-delegating-configuration-getter-and-setter
            let-with-configuration-getter-and-setter))

;; A procedure that calls a thunk and gives the variables their values back.
(define-syntax excursion
  (lambda (x)
    (syntax-case x ()
      ((_ (var ...))
       (with-syntax (((saved ...) (generate-temporaries #'(var ...))))
         #'(lambda (thunk)
             (let* ((saved var) ...
                    (swap (lambda ()
                            (let ((now var)) (set! var saved) (set! saved now))
                            ...)))
               (dynamic-wind swap thunk swap))))))))

(eval-when (expand load eval)
  (define (keywords vars)
    (map (lambda (v) (datum->syntax v (symbol->keyword (syntax->datum v)))) vars)))

;; A procedure of keywords that gives the list of the variables' values; of no
;; arguments, all keywords and values.
(define-syntax getter
  (lambda (x)
    (syntax-case x ()
      ((_ (var ...) (key) otherwise all)
       (with-syntax (((kw ...) (keywords #'(var ...))))
         #'(lambda keys
             (if (null? keys)
                 (append (list* kw var) ... all)
                 (map (lambda (key)
                        (case key
                          ((kw) var) ...
                          (else otherwise)))
                      keys))))))))

(define (list* . items) items)

;; A procedure of keywords and values that sets the variables.
(define-syntax setter-of
  (lambda (x)
    (syntax-case x ()
      ((_ (var ...) (key value) otherwise)
       (with-syntax (((kw ...) (keywords #'(var ...))))
         #'(lambda args
             (let loop ((args args))
               (when (and (pair? args) (pair? (cdr args)))
                 (let ((key (car args)) (value (cadr args)))
                   (case key
                     ((kw) (set! var value)) ...
                     (else otherwise)))
                 (loop (cddr args))))))))))

(define-syntax with-excursion-function
  (syntax-rules ()
    "Call PROC with a procedure that calls a thunk and restores the variables."
    ((_ vars proc) (proc (excursion vars)))))

(define-syntax with-getter-and-setter
  (syntax-rules ()
    "Call PROC with a getter and a setter of the variables."
    ((_ vars proc)
     (proc (getter vars (key) (throw 'bad-get-option key) '())
           (setter-of vars (key value) (throw 'bad-set-option key))))))

(define-syntax with-getter
  (syntax-rules ()
    "Call PROC with a getter of the variables."
    ((_ vars proc)
     (proc (getter vars (key) (throw 'bad-get-option key) '())))))

(define-syntax with-delegating-getter-and-setter
  (syntax-rules ()
    "As with-getter-and-setter; other keywords go to GET and SET."
    ((_ vars get set proc)
     (proc (getter vars (key) (car (get key)) (get))
           (setter-of vars (key value) (set key value))))))

(define-syntax with-excursion-getter-and-setter
  (syntax-rules ()
    "Call PROC with what with-excursion-function and with-getter-and-setter
pass."
    ((_ vars proc)
     (proc (excursion vars)
           (getter vars (key) (throw 'bad-get-option key) '())
           (setter-of vars (key value) (throw 'bad-set-option key))))))

;; The procedures behind a configuration: (var getter setter) ..., #f standing
;; for the variable itself.
(define-syntax configuration-get
  (lambda (x)
    (syntax-case x ()
      ((_ ((var get set) ...) otherwise)
       (with-syntax (((kw ...) (keywords #'(var ...)))
                     ((value ...) (map (lambda (v g) (if (syntax->datum g) #`(#,g) v))
                                       #'(var ...) #'(get ...))))
         #'(case-lambda
             (() (append (list* kw value) ...))
             ((key)
              (case key
                ((kw) (list value)) ...
                (else (otherwise key))))))))))

(define-syntax configuration-set
  (syntax-rules ()
    ((_ vars otherwise)
     (lambda (key new) (configuration-change key new vars otherwise)))))

(define-syntax configuration-change
  (lambda (x)
    (syntax-case x ()
      ((_ key new ((var get set) ...) otherwise)
       (with-syntax (((kw ...) (keywords #'(var ...)))
                     ((change ...) (map (lambda (v s)
                                          (if (syntax->datum s) #`(#,s new) #`(set! #,v new)))
                                        #'(var ...) #'(set ...))))
         #'(case key
             ((kw) change) ...
             (else (otherwise key new))))))))

(define-syntax with-configuration-getter-and-setter
  (syntax-rules ()
    "Call PROC with a getter and a setter of the variables of the list of
(variable getter setter), where #f as getter or setter means the variable."
    ((_ vars proc)
     (with-delegating-getter-and-setter ()
       (configuration-get vars (lambda (key) (throw 'bad-get-option key)))
       (configuration-set vars (lambda (key value) (throw 'bad-set-option key)))
       proc))))

(define-syntax with-delegating-configuration-getter-and-setter
  (syntax-rules ()
    "As with-configuration-getter-and-setter; other keywords go to GET and SET."
    ((_ vars get set proc)
     (with-delegating-getter-and-setter ()
       (configuration-get vars get)
       (configuration-set vars set)
       proc))))

(define-syntax let-with-configuration-getter-and-setter
  (syntax-rules ()
    "Bind variables of the list of (variable value getter setter), then do as
with-configuration-getter-and-setter."
    ((_ ((var value get set) ...) proc)
     (let ((var value) ...)
       (with-configuration-getter-and-setter ((var get set) ...) proc)))))
