;;; Commentary:
;;;
;;; Warnings of compilers (Guile manual, "Compilation").  A warning has a type,
;;; which knows how to word it, and a location: an alist with line, column and
;;; filename, or #f.
;;;
;;; Code:

(define-module (system base message)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:export (*current-warning-port* *current-warning-prefix* warning
            warning-type? warning-type-name warning-type-description
            warning-type-printer lookup-warning-type %warning-types))

(define *current-warning-port* (make-fluid #f))
(define *current-warning-prefix* (make-fluid ";;; "))

(define-record-type <warning-type>
  (make-warning-type name description printer)
  warning-type?
  (name warning-type-name)
  (description warning-type-description)
  (printer warning-type-printer))

(define (location-string loc)
  (if (pair? loc)
      (format #f "~a:~a:~a"
              (or (assoc-ref loc 'filename) "<stdin>")
              (1+ (or (assoc-ref loc 'line) 0))
              (or (assoc-ref loc 'column) 0))
      "<unknown-location>"))

;; (NAME DESCRIPTION MESSAGE): the message's arguments are the location and what
;; the caller of `warning' gives.
(define %warning-types
  (map (lambda (spec)
         (let ((name (first spec)) (text (third spec)))
           (make-warning-type name (second spec)
                              (lambda (port loc . args)
                                (apply format port text (location-string loc)
                                       args)))))
       '((unsupported-warning "warn about unknown warning types"
                              "~a: warning: unknown warning type `~A'~%")
         (unused-variable "report unused variables"
                          "~A: warning: unused variable `~A'~%")
         (unused-toplevel "report unused local top-level variables"
                          "~A: warning: possibly unused local top-level variable `~A'~%")
         (shadowed-toplevel "report shadowed top-level variables"
                            "~A: warning: shadows previous definition of `~A' at ~A~%")
         (unbound-variable "report possibly unbound variables"
                           "~A: warning: possibly unbound variable `~A'~%")
         (macro-use-before-definition
          "report possibly mis-use of macros before they are defined"
          "~A: warning: macro `~A' used before definition~%")
         (use-before-definition
          "report uses of top-levels before they are defined"
          "~A: warning: `~A' used before definition~%")
         (non-idempotent-definition
          "report names that can refer to imports on first load, but module definitions on second load"
          "~A: warning: non-idempotent binding for `~A'.  When first loaded, value for `~A` comes from imported binding, but later module-local definition overrides it; any module capturing the imported binding needs to be reloaded.~%")
         (arity-mismatch "report procedure arity mismatches (wrong number of arguments)"
                         "~A: warning: possibly wrong number of arguments to `~A'~%")
         (duplicate-case-datum "report a duplicate datum in a case expression"
                               "~A: warning: duplicate datum ~S in clause ~S of case expression ~S~%")
         (bad-case-datum "report a case datum that cannot be meaningfully compared using `eqv?'"
                         "~A: warning: datum ~S cannot be meaningfully compared using `eqv?' in clause ~S of case expression ~S~%")
         (format "report wrong number of arguments to `format'"
                 "~A: warning: ~S: wrong use of `format'~%"))))

(define (lookup-warning-type name)
  "Return the warning type NAME, or #f."
  (find (lambda (type) (eq? (warning-type-name type) name)) %warning-types))

(define (warning type location . args)
  "Write the warning of TYPE at LOCATION, worded with ARGS."
  (let ((port (or (fluid-ref *current-warning-port*) (current-warning-port)))
        (wt (lookup-warning-type type)))
    (display (fluid-ref *current-warning-prefix*) port)
    (if wt
        (apply (warning-type-printer wt) port location args)
        (format port "~A: unknown warning type `~A': ~A~%"
                (location-string location) type args))))
