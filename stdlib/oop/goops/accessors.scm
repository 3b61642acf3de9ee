;;; Classes all of whose slots have accessors of the slots' names.

(define-module (oop goops accessors)
  #:use-module (oop goops)
  #:re-export (standard-define-class)
  #:export (define-class-with-accessors define-class-with-accessors-keywords))

(eval-when (expand load eval)
  ;; Whether the options of a slot, a list of syntax, have KEY.
  (define (option? key options)
    (syntax-case options ()
      ((k value . more)
       (or (eq? (syntax->datum #'k) key) (option? key #'more)))
      (_ #f)))

  ;; The slot with an accessor and, with KEYWORD?, an init keyword.
  (define (complete slot keyword?)
    (syntax-case slot ()
      ((name option ...)
       (let* ((options #'(option ...))
              (options (if (option? #:accessor options)
                           options
                           #`(#:accessor name . #,options)))
              (options (if (or (not keyword?) (option? #:init-keyword options))
                           options
                           #`(#:init-keyword
                              #,(datum->syntax #'name (symbol->keyword (syntax->datum #'name)))
                              . #,options))))
         #`(name . #,options)))
      (name (complete #'(name) keyword?))))

  (define (complete-slots slots keywords?)
    (syntax-case slots ()
      (() #'())
      ((key value . more)
       (keyword? (syntax->datum #'key))
       #`(key value . #,(complete-slots #'more keywords?)))
      ((slot . more)
       #`(#,(complete #'slot keywords?) . #,(complete-slots #'more keywords?))))))

(define-syntax define-class-with-accessors
  (lambda (x)
    "As define-class; each slot without an #:accessor gets one of its name."
    (syntax-case x ()
      ((_ name supers slot ...)
       #`(standard-define-class name supers . #,(complete-slots #'(slot ...) #f))))))

(define-syntax define-class-with-accessors-keywords
  (lambda (x)
    "As define-class; each slot gets an #:accessor and an #:init-keyword of its
name unless it has them."
    (syntax-case x ()
      ((_ name supers slot ...)
       #`(standard-define-class name supers . #,(complete-slots #'(slot ...) #t))))))
