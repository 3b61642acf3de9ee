;;; The bindings of R5RS that reach nothing outside of a program.

(define-module (ice-9 safe-r5rs)
  #:use-module (ice-9 null)
  #:re-export (* + - / < <= = > >= abs acos angle append apply asin assoc
               assq assv atan boolean? caaaar caaadr caaar caadar caaddr
               caadr caar cadaar cadadr cadar caddar cadddr caddr cadr
               call-with-current-continuation call-with-values car cdaaar
               cdaadr cdaar cdadar cdaddr cdadr cdar cddaar cddadr cddar
               cdddar cddddr cdddr cddr cdr ceiling char->integer
               char-alphabetic? char-ci<=? char-ci<? char-ci=? char-ci>=?
               char-ci>? char-downcase char-lower-case? char-numeric?
               char-ready? char-upcase char-upper-case? char-whitespace?
               char<=? char<? char=? char>=? char>? char? complex? cons cos
               current-input-port current-output-port denominator display
               dynamic-wind eof-object? eq? equal? eqv? eval even?
               exact->inexact exact? exp expt floor for-each force gcd
               imag-part inexact->exact inexact? input-port? integer->char
               integer? lcm length list list->string list->vector list-ref
               list-tail list? log magnitude make-polar make-rectangular
               make-string make-vector map max member memq memv min modulo
               negative? newline not null? number->string number? numerator
               odd? output-port? pair? peek-char positive? procedure?
               quotient rational? rationalize read read-char real-part real?
               remainder reverse round set-car! set-cdr! sin sqrt string
               string->list string->number string->symbol string-append
               string-ci<=? string-ci<? string-ci=? string-ci>=? string-ci>?
               string-copy string-fill! string-length string-ref string-set!
               string<=? string<? string=? string>=? string>? string?
               substring symbol->string symbol? tan truncate unquote-splicing
               values vector vector->list vector-fill! vector-length
               vector-ref vector-set! vector? write write-char zero?)
  #:export (null-environment))

(module-use! (module-public-interface (current-module))
             (resolve-interface '(ice-9 null)))

(define (null-environment version)
  "Return a module with the syntax of R5RS; VERSION must be 5."
  (unless (= version 5)
    (scm-error 'misc-error "null-environment" "no version ~S" (list version) #f))
  (resolve-interface '(ice-9 null)))
