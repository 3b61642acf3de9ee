;;; Commentary:
;;;
;;; Compiling (Guile manual, "Compiling Scheme Code").  Fruix compiles all that
;;; it runs, and keeps no object files next to sources.  To compile to a value
;;; is therefore to evaluate.  `compile-file' expands and compiles each form, so
;;; that errors show, and writes an object file that holds the source: that is
;;; what `load-compiled' takes, wherever the source has gone by then.
;;;
;;; Code:

(define-module (system base compile)
  #:use-module (system base language)
  #:use-module (srfi srfi-1)
  #:export (compile compile-file compile-and-load decompile read-and-compile
            compiled-file-name compute-compiler
            default-warning-level default-optimization-level))

(define default-warning-level (make-parameter 1))
(define default-optimization-level (make-parameter 2))

(define (no-way from to)
  (scm-error 'misc-error #f "no way to compile ~S to ~S" (list from to) #f))

(define* (compute-compiler from to optimization-level warning-level opts)
  "Return a procedure of expression and environment that compiles from language
FROM to language TO and returns the result and the environment to go on in."
  (let* ((from (lookup-language from))
         ;; A thunk stands for bytecode; see (system vm loader).
         (thunk? (eq? to 'bytecode))
         (to (cond (thunk? 'scheme)
                   ((language? to) (language-name to))
                   (else to)))
         (steps (or (and (eq? (language-name from) to) '())
                    (and (not (memq to '(value scheme)))
                         (lookup-compilation-order from to))
                    (and (eq? (language-name from) 'scheme) (eq? to 'value) '())
                    (lookup-compilation-order from 'scheme)
                    (lookup-compilation-order from to)
                    (no-way (language-name from) to)))
         (run? (and (eq? to 'value)
                    (not (eq? (language-name from) 'value)))))
    (lambda (x env)
      (let loop ((steps steps) (x x) (env env))
        (if (pair? steps)
            (call-with-values (lambda () ((cdar steps) x env opts))
              (lambda (x env . rest) (loop (cdr steps) x env)))
            (values (cond (run? (run x env))
                          (thunk? (lambda () (run x env)))
                          (else x))
                    env))))))

(define (run x env)
  (if (module? env)
      (save-module-excursion
       (lambda ()
         (set-current-module env)
         (primitive-eval x)))
      (primitive-eval x)))

(define* (compile x #:key
                  (from (current-language))
                  (to 'value)
                  (env (default-environment from))
                  (optimization-level (default-optimization-level))
                  (warning-level (default-warning-level))
                  (opts '()))
  "Compile X, an expression in language FROM, to language TO in environment ENV;
to 'value is to evaluate it."
  (call-with-values
      (lambda ()
        ((compute-compiler from to optimization-level warning-level opts) x env))
    (lambda (x env) x)))

(define* (read-and-compile port #:key
                           (from (current-language))
                           (to 'value)
                           (env (default-environment from))
                           (optimization-level (default-optimization-level))
                           (warning-level (default-warning-level))
                           (opts '()))
  "Compile all expressions on PORT; return the value of the last one when TO is
'value, a thunk that evaluates them when it is 'bytecode, else the list of all."
  (let* ((lang (lookup-language from))
         (compiler (compute-compiler from to optimization-level warning-level
                                     opts)))
    (let loop ((results '()) (env env))
      (let ((x ((language-reader lang) port env)))
        (if (eof-object? x)
            (case to
              ((value) (and (pair? results) (car results)))
              ((bytecode) (in-order (reverse results)))
              (else (reverse results)))
            (call-with-values (lambda () (compiler x env))
              (lambda (result env)
                (loop (cons result results) env))))))))

(define (in-order thunks)
  (lambda ()
    (let loop ((thunks thunks) (last *unspecified*))
      (if (null? thunks)
          last
          (loop (cdr thunks) ((car thunks)))))))

(define (compiled-file-name file)
  "Return where `compile-file' writes the object file of FILE by default: below
$XDG_CACHE_HOME/fruix/ccache."
  (let ((cache (or (getenv "XDG_CACHE_HOME")
                   (and=> (getenv "HOME")
                          (lambda (home) (string-append home "/.cache"))))))
    (and cache
         (string-append cache "/fruix/ccache"
                        (let ((full (canonicalize-path file)))
                          (if (string-suffix? ".scm" full)
                              (string-drop-right full 4)
                              full))
                        ".go"))))

(define (make-directories dir)
  (unless (or (string-null? dir) (file-exists? dir))
    (make-directories (dirname dir))
    (catch 'system-error
      (lambda () (mkdir dir))
      (lambda args
        (unless (file-exists? dir) (apply throw args))))))

(define* (compile-file file #:key
                       output-file
                       (from (current-language))
                       (to 'bytecode)
                       (env (default-environment from))
                       (optimization-level (default-optimization-level))
                       (warning-level (default-warning-level))
                       (opts '())
                       (canonicalization 'relative))
  "Compile FILE and write OUTPUT-FILE; return its name."
  (let ((output (or output-file (compiled-file-name file)
                    (error "failed to create path for auto-compiled file" file)))
        (text (call-with-input-file file (@ (ice-9 textual-ports) get-string-all)))
        (lang (lookup-language from)))
    (check-forms file text lang env)
    (make-directories (dirname output))
    (let ((temporary (string-append output "." (number->string (random 1000000)))))
      (call-with-output-file temporary
        (lambda (port)
          (display ";;; Fruix object file\n" port)
          (display text port)))
      (rename-file temporary output)
      output)))

;; Definitions of macros and modules have to be evaluated for what follows to
;; expand; all else is only compiled.
(define (check-forms file text lang env)
  (save-module-excursion
   (lambda ()
     (when (module? env) (set-current-module env))
     (call-with-input-string text
       (lambda (port)
         (set-port-filename! port file)
         (let loop ()
           (let ((x ((language-reader lang) port (current-module))))
             (unless (eof-object? x)
               (let ((x (if (eq? (language-name lang) 'scheme)
                            x
                            (compile x #:from lang #:to 'scheme
                                     #:env (current-module)))))
                 (if (expansion-time-form? (syntax->datum x))
                     (primitive-eval x)
                     (%compile x)))
               (loop)))))))))

(define (expansion-time-form? x)
  (and (pair? x)
       (memq (car x) '(define-module use-modules define-syntax
                       define-syntax-rule define-syntax-parameter eval-when
                       define-library library import use-syntax
                       export re-export export-syntax module-use!
                       begin define-record-type define-record-type*))))

(define* (compile-and-load file #:key
                           (from (current-language)) (to 'value)
                           (env (current-module))
                           (optimization-level (default-optimization-level))
                           (warning-level (default-warning-level))
                           (opts '()) (canonicalization 'relative))
  "Compile and run FILE; return the value of its last expression."
  (with-fluids ((%file-port-name-canonicalization canonicalization))
    (call-with-input-file file
      (lambda (port)
        (read-and-compile port #:from from #:to to #:env env #:opts opts)))))

(define* (decompile x #:key (env #f) (from 'value) (to 'assembly) (opts '()))
  "Tell X, code in language FROM, in language TO, as far as there is a way."
  (let ((steps (or (lookup-decompilation-order from to)
                   (scm-error 'misc-error #f "no way to decompile ~S to ~S"
                              (list from to) #f))))
    (let loop ((steps steps) (x x) (env env))
      (if (null? steps)
          x
          (call-with-values (lambda () ((cdar steps) x env opts))
            (lambda (x env . rest) (loop (cdr steps) x env)))))))
