;;; Loading C code (Guile manual, "Foreign Libraries"): a static binary has no
;;; dynamic loader.  (system foreign-library) says what it offers in its stead.

(define (dynamic-link . name)
  (apply (@ (system foreign-library) load-foreign-library) name))

(define (dynamic-unlink library)
  (if (not (dynamic-object? library))
      (scm-error 'wrong-type-arg "dynamic-unlink"
                 "Wrong type argument in position ~A: ~S"
                 (list 1 library) (list library))))

(define (dynamic-object? obj)
  ((@ (system foreign-library) foreign-library?) obj))

(define (dynamic-func name library) (dynamic-pointer name library))

(define (dynamic-pointer name library)
  ((@ (system foreign-library) foreign-library-pointer) library name))

(define (dynamic-call function library)
  (((@ (system foreign) pointer->procedure)
    (@ (system foreign) void)
    (if (string? function) (dynamic-pointer function library) function)
    '())))

(define (dynamic-args-call function library args)
  (scm-error 'misc-error "dynamic-args-call"
             "~S: this is a static binary, which runs no C code" (list function) #f))

(define* (load-extension library init)
  (scm-error 'misc-error "load-extension"
             "file ~S, message ~S"
             (list library "this is a static binary, which cannot load C libraries; \
use a module written in Scheme")
             #f))

(define %default-port-conversion-strategy (make-fluid 'substitute))
