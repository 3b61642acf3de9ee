;;; R6RS (rnrs): all libraries of the report that programs usually want.
;;;
;;; Commentary:
;;; The interface of this module is made of those of its parts; it has no
;;; bindings of its own.
;;; Code:

(define-module (rnrs))

(for-each
 (lambda (name)
   (module-use! (module-public-interface (current-module))
                (resolve-interface (cons 'rnrs name))))
 '((arithmetic bitwise) (arithmetic fixnums) (arithmetic flonums)
   (base) (bytevectors) (conditions) (control) (enums) (exceptions) (files)
   (hashtables) (io ports) (io simple) (lists) (programs)
   (records inspection) (records procedural) (records syntactic)
   (sorting) (syntax-case) (unicode)))
