;;; GOOPS with a define-class that gives every slot an accessor and an init
;;; keyword of its name.

(define-module (oop goops simple)
  #:use-module (oop goops accessors)
  #:export (define-class))

(define-syntax define-class
  (syntax-rules ()
    "As define-class-with-accessors-keywords."
    ((_ form ...) (define-class-with-accessors-keywords form ...))))

(module-use! (module-public-interface (current-module))
             (resolve-interface '(oop goops) #:hide '(define-class)))
