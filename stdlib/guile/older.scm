;;; Names of Guile's core that older programs use.

(define (provide feature)
  "Add the symbol FEATURE to what provided? knows."
  (if (not (symbol? feature)) (%wrong-type "provide" 1 feature))
  (if (not (memq feature *features*))
      (set! *features* (append *features* (list feature)))))

(define string-any-c-code string-any)
(define string-every-c-code string-every)

(define-syntax-rule (defmacro-public name args body ...)
  (begin (defmacro name args body ...)
         (export name)))

(define (include-deprecated-features)
  "Does Guile have its deprecated names?  No."
  #f)

(define (issue-deprecation-warning . messages)
  "Say nothing: nothing here is deprecated.")

(define (gc-enable)
  "Do nothing: memory is always collected."
  *unspecified*)

(define (gc-disable)
  "Do nothing: memory is always collected."
  *unspecified*)

(define (batch-mode?)
  "Is this program run without a person to talk to?"
  (not (isatty? (current-input-port))))

(define (crypt key salt)
  "Refuse: passwords are hashed by the C library elsewhere."
  (scm-error 'misc-error "crypt"
             "no hash functions for passwords are built in; use an external program such as mkpasswd"
             '() #f))

(define (keyword-like-symbol->keyword symbol)
  "Return the keyword that SYMBOL, whose name begins with a dash or a colon, stands for."
  (symbol->keyword (string->symbol (substring (symbol->string symbol) 1))))

(define (tzset)
  "Do nothing: the time zone is looked up each time."
  *unspecified*)

;; Procedures without arguments that are called when a dialogue ends, as in Guile
;; after the program that (ice-9 top-repl) runs; programs without a dialogue end
;; without calling them.
(define exit-hook (make-hook))
