;;; Optional and keyword arguments.
;;;
;;; Commentary:
;;; lambda* and define* are part of the core.  What is here takes apart a list
;;; of arguments that a procedure got as its rest parameter:
;;;
;;;   (let-optional rest (name (name default) ...) body ...)
;;;   (let-keywords rest allow-other-keys? (name (name default) ...) body ...)
;;;
;;; In let-optional* and let-keywords* a default may use the names before its
;;; own.  A name without a default is #f where it is not given.
;;; Code:

(define-module (ice-9 optargs)
  #:export (let-optional let-optional* let-keywords let-keywords*
            defmacro* defmacro*-public)
  #:re-export (lambda* define* define*-public))

(eval-when (expand load eval)
  (define (%binding spec)
    "Give SPEC, a name or (name default), as syntax of the latter form."
    (syntax-case spec ()
      ((name default) #'(name default))
      (name (identifier? #'name) #'(name #f))
      (other (syntax-violation #f "expected a name or (name default)"
                               spec #'other))))

  ;; The defaults become procedures that are made outside of the names.
  (define (%parallel names defaults inner)
    (with-syntax (((name ...) names) ((default ...) defaults))
      (with-syntax (((thunk ...) (generate-temporaries #'(name ...))))
        #`(let ((thunk (lambda () default)) ...)
            #,(inner #'((name (thunk)) ...)))))))

(define-syntax let-optional*
  (lambda (x)
    (syntax-case x ()
      ((_ rest (binding ...) body ...)
       (with-syntax ((((name default) ...) (map %binding #'(binding ...))))
         #'(apply (lambda* (#:optional (name default) ... . ignored)
                    (let () body ...))
                  rest)))
      ((_ rest (binding ... . tail) body ...)
       (with-syntax ((((name default) ...) (map %binding #'(binding ...))))
         #'(apply (lambda* (#:optional (name default) ... . tail)
                    (let () body ...))
                  rest))))))

(define-syntax let-optional
  (lambda (x)
    (syntax-case x ()
      ((_ rest (binding ...) body ...)
       (with-syntax ((((name default) ...) (map %binding #'(binding ...))))
         (%parallel #'(name ...) #'(default ...)
                    (lambda (bindings)
                      #`(let-optional* rest #,bindings body ...))))))))

(define-syntax let-keywords*
  (lambda (x)
    (syntax-case x ()
      ((_ rest allow? (binding ...) body ...)
       (with-syntax ((((name default) ...) (map %binding #'(binding ...))))
         (if (syntax->datum #'allow?)
             #'(apply (lambda* (#:key (name default) ... #:allow-other-keys)
                        (let () body ...))
                      rest)
             #'(apply (lambda* (#:key (name default) ...)
                        (let () body ...))
                      rest)))))))

(define-syntax let-keywords
  (lambda (x)
    (syntax-case x ()
      ((_ rest allow? (binding ...) body ...)
       (with-syntax ((((name default) ...) (map %binding #'(binding ...))))
         (%parallel #'(name ...) #'(default ...)
                    (lambda (bindings)
                      #`(let-keywords* rest allow? #,bindings body ...))))))))

(define-syntax-rule (defmacro* name formals body ...)
  (define-macro name (lambda* formals body ...)))

(define-syntax-rule (defmacro*-public name formals body ...)
  (begin
    (defmacro* name formals body ...)
    (export-syntax name)))
