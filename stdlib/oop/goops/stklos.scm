;;; GOOPS with the class syntax of STklos: the slots are one list.

(define-module (oop goops stklos)
  #:use-module ((oop goops) #:hide (define-class))
  #:use-module (oop goops write)
  #:re-export (write-object)
  #:export (define-class))

(define-syntax define-class
  (syntax-rules ()
    "Define a class: (define-class name (super ...) (slot ...) option ...)."
    ((_ name supers (slot ...) option ...)
     (standard-define-class name supers slot ... option ...))))

(module-use! (module-public-interface (current-module))
             (resolve-interface '(oop goops) #:hide '(define-class)))
