;;; Formatted output with the directives of Common Lisp; native but for numbers
;;; of a locale.

(define-module (ice-9 format)
  #:replace (format))

(define (localize . args)
  ;; Few programs need it, so the module is loaded with the first ~h.
  (apply (module-ref (resolve-interface '(ice-9 i18n)) 'number->locale-string) args))

(define (format destination . args)
  "Write to DESTINATION, a port or #t for the current one, what the control string
tells that comes first in ARGS; return it as a string when DESTINATION is #f."
  (apply %format localize destination args))
