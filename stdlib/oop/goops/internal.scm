;;; All of the object system, with what only extensions of it need.

(define-module (oop goops internal)
  #:use-module (oop goops)
  #:use-module (oop goops kernel))

(for-each (lambda (name)
            (module-use! (module-public-interface (current-module))
                         (resolve-interface name)))
          '((oop goops kernel) (oop goops dispatch) (oop goops protocol)
            (oop goops change) (oop goops write) (oop goops)))
