;;; Modules for programs that are not trusted: R5RS without files.

(define-module (ice-9 safe)
  #:export (make-safe-module safe-environment))

(define (make-safe-module)
  "Return a new module that sees the bindings of (ice-9 safe-r5rs) alone."
  (make-module 31 (list (resolve-interface '(ice-9 safe-r5rs)))))

(define (safe-environment version)
  "Return a module with the safe bindings of R5RS; VERSION must be 5."
  (unless (= version 5)
    (scm-error 'misc-error "safe-environment" "no version ~S" (list version) #f))
  (resolve-interface '(ice-9 safe-r5rs)))
