;;; Hooks, properties and small things of Guile's core.

(define %hook-type
  (make-record-type 'hook '(arity procedures)
                    (lambda (hook port)
                      (display "#<hook " port)
                      (write (hook-arity hook) port)
                      (for-each (lambda (proc) (display " " port) (write proc port))
                                (hook->list hook))
                      (display ">" port))))

(define %make-hook (record-constructor %hook-type))

(define hook? (record-predicate %hook-type))

(define hook-arity (record-accessor %hook-type 'arity))

(define %hook-procedures (record-accessor %hook-type 'procedures))

(define %set-hook-procedures! (record-modifier %hook-type 'procedures))

(define* (make-hook #:optional (arity 0))
  "Return a hook whose procedures take ARITY arguments."
  (if (not (and (integer? arity) (exact? arity))) (%wrong-type "make-hook" 1 arity))
  (if (< arity 0)
      (scm-error 'out-of-range "make-hook" "Argument ~A out of range: ~S" (list 1 arity) (list arity)))
  (%make-hook arity '()))

(define (hook->list hook)
  "Return the procedures of HOOK."
  (list-copy (%hook-procedures hook)))

(define (hook-empty? hook)
  "Is there no procedure in HOOK?"
  (null? (%hook-procedures hook)))

(define* (add-hook! hook proc #:optional append?)
  "Add PROC to HOOK, in front, or at the end with APPEND?."
  (if (not (procedure? proc)) (%wrong-type "add-hook!" 2 proc))
  (let ((arity (procedure-minimum-arity proc)) (n (hook-arity hook)))
    (if (and arity
             (not (and (<= (car arity) n)
                       (or (caddr arity) (<= n (+ (car arity) (cadr arity)))))))
        (%wrong-type "add-hook!" 2 proc)))
  (let ((others (delq proc (%hook-procedures hook))))
    (%set-hook-procedures! hook
                           (if append? (append others (list proc)) (cons proc others)))))

(define (remove-hook! hook proc)
  "Remove PROC from HOOK."
  (%set-hook-procedures! hook (delq proc (%hook-procedures hook)))
  hook)

(define (reset-hook! hook)
  "Remove all procedures from HOOK."
  (%set-hook-procedures! hook '())
  hook)

(define (run-hook hook . args)
  "Call the procedures of HOOK with ARGS, the first first."
  (if (not (= (length args) (hook-arity hook)))
      (scm-error 'misc-error "run-hook" "Hook ~S requires ~S arguments"
                 (list hook (hook-arity hook)) #f))
  (for-each (lambda (proc) (apply proc args)) (hook->list hook)))

(define (make-object-property)
  (let ((table (make-weak-key-hash-table)))
    (make-procedure-with-setter
     (lambda (obj) (hashq-ref table obj))
     (lambda (obj value) (hashq-set! table obj value)))))

(define %symbol-properties (make-hash-table))

(define (symbol-property sym prop)
  (let ((entry (assoc prop (hashq-ref %symbol-properties sym '()))))
    (and entry (cdr entry))))

(define (set-symbol-property! sym prop value)
  (hashq-set! %symbol-properties sym
              (cons (cons prop value)
                    (filter (lambda (entry) (not (equal? (car entry) prop)))
                            (hashq-ref %symbol-properties sym '())))))

(define (symbol-property-remove! sym prop)
  (hashq-set! %symbol-properties sym
              (filter (lambda (entry) (not (equal? (car entry) prop)))
                      (hashq-ref %symbol-properties sym '()))))

(define (->bool x) (not (not x)))

(define (symbol . chars) (string->symbol (apply string chars)))

(define (list->symbol chars) (string->symbol (list->string chars)))

(define (peek . args)
  (let ((port (current-output-port)))
    (display ";;; " port)
    (write args port)
    (newline port)
    (and (pair? args) (car (last-pair args)))))

(define (pk . args) (apply peek args))

(define* (warn . args)
  (let ((port (current-warning-port)))
    (display "WARNING: " port)
    (for-each (lambda (arg) (display arg port) (display " " port)) args)
    (newline port)))

(define (sloppy-assq key l)
  (let loop ((l l))
    (and (pair? l)
         (if (and (pair? (car l)) (eq? (caar l) key)) (car l) (loop (cdr l))))))

(define (sloppy-assv key l)
  (let loop ((l l))
    (and (pair? l)
         (if (and (pair? (car l)) (eqv? (caar l) key)) (car l) (loop (cdr l))))))

(define (sloppy-assoc key l)
  (let loop ((l l))
    (and (pair? l)
         (if (and (pair? (car l)) (equal? (caar l) key)) (car l) (loop (cdr l))))))

(define* (eval-string text #:optional (module (current-module)))
  (call-with-input-string text
    (lambda (port)
      (let loop ((last (if #f #f)))
        (let ((form (read port)))
          (if (eof-object? form)
              last
              (loop (eval form module))))))))

(define (provided? feature) (and (memq feature *features*) #t))

(define (provide feature)
  "Say that FEATURE is provided."
  (if (not (memq feature *features*)) (set! *features* (cons feature *features*))))

(define *features*
  '(guile guile-2 guile-2.2 guile-3 srfi-0 srfi-4 srfi-6 srfi-13 srfi-14 srfi-16 srfi-23
    srfi-30 srfi-39 srfi-46 srfi-55 srfi-61 srfi-62 srfi-87 srfi-105
    r6rs r7rs full-unicode posix regex threads array array-for-each char-ready?
    complex current-time defmacro delay EIDs i/o-extensions i18n inexact
    ITIMER_PROF ITIMER_VIRTUAL net-db popen random record socket sort system values))

(define (with-continuation-barrier thunk)
  "Call THUNK so that no continuation captured outside can be entered inside, or
the other way round.  An exception that THUNK does not handle is printed; the
value is #f then."
  (catch #t
    (lambda () (%with-barrier thunk))
    (lambda (key . args)
      (if (eq? key 'quit) (apply throw key args) #f))
    (lambda (key . args)
      (if (not (eq? key 'quit))
          (print-exception (current-error-port) #f key args)))))

(define (self-evaluating? x)
  (or (number? x) (string? x) (char? x) (keyword? x) (boolean? x)
      (bytevector? x) (bitvector? x)))

(define* (kw-arg-ref args key)
  (let ((rest (memq key args)))
    (and rest (pair? (cdr rest)) (cadr rest))))

(define* (format destination . rest)
  (apply (@ (ice-9 format) format) destination rest))

(define (load-in-vicinity file directory)
  (load (if (absolute-file-name? file) file (string-append directory "/" file))))


(define (gc)
  "Collect garbage."
  (%gc)
  (run-hook after-gc-hook))

(define (gc-run-time)
  "Return the time that collecting garbage has taken, in internal time units."
  (assq-ref (gc-stats) 'gc-time-taken))

(define after-gc-hook (make-hook 0))

(define (version) "3.0.9")

(define (effective-version) "3.0")

(define (major-version) "3")

(define (minor-version) "0")

(define (micro-version) "9")

(define (nested-ref-module root names)
  (let ((m (nested-ref root names)))
    (and (module? m) m)))

(define (define! name value)
  (module-define! (current-module) name value))

;; The value of what has none.
(define *unspecified* (if #f #f))

;; What Guile takes out when it is built without deprecated features.
(define-syntax begin-deprecated
  (syntax-rules () ((_ form ...) (begin form ...))))

;; Facts about the program that Guile's own configuration knows.
(define %guile-build-info
  '((guileversion . "3.0.9") (provided-by . "fruix") (prefix . "/") (libdir . "/")
    (top_srcdir . ".") (srcdir . ".") (extensiondir . "/")))

(define (primitive-read . args)
  "The same as read."
  (apply read args))

;; Ports have no state of printing here, which Guile allows for.
(define (get-print-state port) #f)
(define* (port-with-print-state port #:optional state) port)
