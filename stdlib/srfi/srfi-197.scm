;;; Pipelines (SRFI 197).
;;;
;;; Commentary:
;;; A pipeline passes the value of a step on to the next one, where it stands
;;; for the placeholder _:
;;;
;;;   (chain "a b c" (string-split _ #\space) (map string->symbol _))
;;;     => (a b c)
;;;
;;; chain-and stops at #f, chain-when leaves out steps whose guard is #f, and
;;; chain-lambda is a pipeline to be called.  nest and nest-reverse put forms,
;;; not values, into one another:
;;;
;;;   (nest (let ((x 1)) _) (+ x _) 2)   is   (let ((x 1)) (+ x 2))
;;;
;;; Another identifier given before the steps is the placeholder instead; chain
;;; and chain-lambda also take one for the ellipsis that follows a placeholder
;;; to stand for all other values.
;;; Code:

(define-module (srfi srfi-197)
  #:export (chain chain-and chain-lambda chain-when nest nest-reverse))

(cond-expand-provide (current-module) '(srfi-197))

(eval-when (expand load eval)
  (define (same? a b)
    (and (identifier? b) (free-identifier=? a b)))

  (define (temporary)
    (car (generate-temporaries '(value))))

  (define (parts-of step)
    (syntax-case step ()
      ((part ...) #'(part ...))))

  (define (fill form step hole ellipsis)
    "Return the variables for the values that STEP, a step of FORM, takes, a
list that may be improper, and the call that uses them.  ELLIPSIS is #f where
none is allowed."
    (let loop ((parts (parts-of step)) (names '()) (call '()))
      (cond ((null? parts)
             (values (reverse names) (reverse call)))
            ((not (same? hole (car parts)))
             (when (and ellipsis (same? ellipsis (car parts)))
               (syntax-violation 'chain "misplaced ellipsis" form step))
             (loop (cdr parts) names (cons (car parts) call)))
            ((and ellipsis (pair? (cdr parts)) (same? ellipsis (cadr parts)))
             (unless (null? (cddr parts))
               (syntax-violation 'chain "an ellipsis ends its step" form step))
             (let ((rest (temporary)))
               (values (append (reverse names) rest)
                       #`(apply #,@(reverse call) #,rest))))
            (else
             (let ((name (temporary)))
               (loop (cdr parts) (cons name names) (cons name call)))))))

  (define (fill-one form step hole)
    "Return the variable for the value that STEP of FORM takes at HOLE, and the
call that uses it."
    (call-with-values (lambda () (fill form step hole #f))
      (lambda (names call)
        (cond ((null? names) (values (temporary) call))
              ((null? (cdr names)) (values (car names) call))
              (else (syntax-violation 'chain "more than one placeholder"
                                      form step))))))

  (define (nested form steps hole inner)
    "Put INNER at the HOLE of the last of STEPS, that one at the hole of the one
before it, and so on."
    (let loop ((steps (reverse steps)) (inner inner))
      (if (null? steps)
          inner
          (let* ((step (car steps))
                 (parts (parts-of step))
                 (holes (filter (lambda (part) (same? hole part)) parts)))
            (unless (and (pair? holes) (null? (cdr holes)))
              (syntax-violation 'nest "a step has exactly one placeholder"
                                form step))
            (loop (cdr steps)
                  (map (lambda (part) (if (same? hole part) inner part))
                       parts)))))))

(define-syntax chain
  (lambda (form)
    "(chain INITIAL [PLACEHOLDER [ELLIPSIS]] (PART ...) ...): call the steps one
after the other, each with the values of the one before it where the
placeholder stands; a step without one takes no notice of them."
    (syntax-case form ()
      ((_ initial (part ...) ...)
       #'(chain initial _ (... ...) (part ...) ...))
      ((_ initial hole (part ...) ...)
       (identifier? #'hole)
       #'(chain initial hole (... ...) (part ...) ...))
      ((_ initial hole ellipsis)
       (and (identifier? #'hole) (identifier? #'ellipsis))
       #'initial)
      ((_ initial hole ellipsis step rest ...)
       (and (identifier? #'hole) (identifier? #'ellipsis))
       (call-with-values (lambda () (fill form #'step #'hole #'ellipsis))
         (lambda (names call)
           (with-syntax ((names (if (null? names) (temporary) names))
                         (call call))
             #'(chain (call-with-values (lambda () initial)
                        (lambda names call))
                 hole ellipsis rest ...))))))))

(define-syntax chain-lambda
  (lambda (form)
    "(chain-lambda [PLACEHOLDER [ELLIPSIS]] (PART ...) ...): the procedure that
calls the steps as chain does, the first with its arguments."
    (syntax-case form ()
      ((_ (part ...) ...)
       #'(chain-lambda _ (... ...) (part ...) ...))
      ((_ hole (part ...) ...)
       (identifier? #'hole)
       #'(chain-lambda hole (... ...) (part ...) ...))
      ((_ hole ellipsis step rest ...)
       (and (identifier? #'hole) (identifier? #'ellipsis))
       (call-with-values (lambda () (fill form #'step #'hole #'ellipsis))
         (lambda (names call)
           (with-syntax ((names names) (call call))
             #'(lambda names (chain call hole ellipsis rest ...)))))))))

(define-syntax chain-and
  (lambda (form)
    "(chain-and INITIAL [PLACEHOLDER] (PART ...) ...): call the steps as chain
does until one gives #f."
    (syntax-case form ()
      ((_ initial (part ...) ...)
       #'(chain-and initial _ (part ...) ...))
      ((_ initial hole)
       (identifier? #'hole)
       #'initial)
      ((_ initial hole step rest ...)
       (identifier? #'hole)
       (call-with-values (lambda () (fill-one form #'step #'hole))
         (lambda (name call)
           (with-syntax ((name name) (call call))
             #'(let ((name initial))
                 (and name (chain-and call hole rest ...))))))))))

(define-syntax chain-when
  (lambda (form)
    "(chain-when INITIAL [PLACEHOLDER] ([GUARD] (PART ...)) ...): call the steps
as chain does, but pass the value by those whose guard is #f."
    (syntax-case form ()
      ((_ initial (step ...) ...)
       #'(chain-when initial _ (step ...) ...))
      ((_ initial hole)
       (identifier? #'hole)
       #'initial)
      ((_ initial hole (step) rest ...)
       (identifier? #'hole)
       #'(chain-when initial hole (#t step) rest ...))
      ((_ initial hole (guard step) rest ...)
       (identifier? #'hole)
       (call-with-values (lambda () (fill-one form #'step #'hole))
         (lambda (name call)
           (with-syntax ((name name) (call call))
             #'(chain-when (let ((name initial)) (if guard call name))
                 hole rest ...))))))))

(define-syntax nest
  (lambda (form)
    "(nest [PLACEHOLDER] (PART ...) ... INITIAL): the first form with the second
one at the placeholder, and so on down to INITIAL."
    (syntax-case form ()
      ((_ hole (part ...) ... initial)
       (identifier? #'hole)
       (nested form #'((part ...) ...) #'hole #'initial))
      ((_ (part ...) ... initial)
       (nested form #'((part ...) ...) #'_ #'initial)))))

(define-syntax nest-reverse
  (lambda (form)
    "(nest-reverse INITIAL [PLACEHOLDER] (PART ...) ...): the last form with the
one before it at the placeholder, and so on up to INITIAL."
    (syntax-case form ()
      ((_ initial hole (part ...) ...)
       (identifier? #'hole)
       (nested form (reverse #'((part ...) ...)) #'hole #'initial))
      ((_ initial (part ...) ...)
       (nested form (reverse #'((part ...) ...)) #'_ #'initial)))))
