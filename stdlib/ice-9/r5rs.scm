;;; R5RS: its safe bindings, and those that reach files and the program.

(define-module (ice-9 r5rs)
  #:use-module (ice-9 safe-r5rs)
  #:re-export (call-with-input-file call-with-output-file close-input-port
               close-output-port interaction-environment load open-input-file
               open-output-file with-input-from-file with-output-to-file)
  #:export (scheme-report-environment))

(module-use! (module-public-interface (current-module))
             (resolve-interface '(ice-9 safe-r5rs)))

(define (scheme-report-environment version)
  "Return a module with the bindings of R5RS; VERSION must be 5."
  (unless (= version 5)
    (scm-error 'misc-error "scheme-report-environment" "no version ~S" (list version) #f))
  (resolve-interface '(ice-9 r5rs)))
