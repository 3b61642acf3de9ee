;;; Commentary:
;;;
;;; Languages (Guile manual, "Compiler Tower").  Fruix has one that programs are
;;; written in, Scheme, whose compiler makes code for Fruix's machine; the other
;;; names stand for stages that have a text: (language tree-il) for the core
;;; language.  Programs can define languages of their own with a compiler to
;;; Scheme, as Guile's do.
;;;
;;; Code:

(define-module (system base language)
  #:use-module (system base syntax)
  #:export (make-language language? define-language lookup-language
            language-name language-title language-reader language-printer
            language-parser language-compilers language-decompilers
            language-evaluator language-joiner language-for-humans?
            language-make-default-environment language-lowerer
            language-analyzer language-compiler-chooser
            lookup-compilation-order lookup-decompilation-order
            invalidate-compilation-cache! default-environment
            *current-language* current-language))

;; READER reads an expression from a port in an environment, PRINTER writes one,
;; COMPILERS is an alist from a target language to a procedure of expression,
;; environment and options that returns the expression in that language, the
;; environment and the environment to go on in.
(define-record/keywords <language>
  (name #f)
  (title #f)
  (reader #f)
  (printer #f)
  (parser #f)
  (compilers '())
  (decompilers '())
  (evaluator #f)
  (joiner #f)
  (for-humans? #t)
  (make-default-environment make-fresh-user-module)
  (lowerer #f)
  (analyzer #f)
  (compiler-chooser #f))

(define-syntax-rule (define-language name . spec)
  (define name (make-language #:name 'name . spec)))

;; Programs that are compiled may set the reader of what follows in them, and of
;; nothing else.
(define (fresh-environment)
  (let ((module (make-fresh-user-module)))
    (module-define! module 'current-reader (make-fluid))
    module))

(define (read-program port environment)
  (let* ((variable (and (module? environment)
                        (module-variable environment 'current-reader)))
         (fluid (and variable (variable-bound? variable) (variable-ref variable))))
    ((or (and (fluid? fluid) (fluid-ref fluid)) read) port)))

(define scheme
  (make-language #:name 'scheme
                 #:title "Scheme"
                 #:reader read-program
                 #:printer write
                 #:compilers '()
                 #:evaluator (lambda (x module) (eval x module))
                 #:make-default-environment fresh-environment))

(define value
  (make-language #:name 'value #:title "Values" #:reader #f #:printer write
                 #:for-humans? #f))

(define (lookup-language name)
  "Return the language NAME: a symbol, or a language already.  Others than
Scheme are the variable NAME of module (language NAME spec)."
  (cond
   ((language? name) name)
   ((eq? name 'scheme) scheme)
   ((eq? name 'value) value)
   (else
    (let ((m (resolve-module `(language ,name spec) #:ensure #f)))
      (if (and m (module-variable m name))
          (module-ref m name)
          (error "no such language" name))))))

(define (lookup-compilation-order from to)
  "Return the list of (LANGUAGE . PROCEDURE) by which code in FROM becomes code
in TO, or #f."
  (search-compilers from to language-compilers))

(define (lookup-decompilation-order from to)
  "Return the list of steps by which code in FROM is told in TO, or #f."
  (search-compilers from to language-decompilers))

(define (search-compilers from to edges)
  (let ((from (lookup-language from)) (to (lookup-language to)))
    ;; Breadth first: paths are lists of steps, the last first.
    (let loop ((paths (list (list from '()))) (seen '()))
      (cond
       ((null? paths) #f)
       ((eq? (caar paths) to) (reverse (cadar paths)))
       ((memq (caar paths) seen) (loop (cdr paths) seen))
       (else
        (let* ((here (caar paths)) (steps (cadar paths)))
          (loop (append (cdr paths)
                        (map (lambda (edge)
                               (list (lookup-language (car edge))
                                     (cons (cons here (cdr edge)) steps)))
                             (edges here)))
                (cons here seen))))))))

(define (invalidate-compilation-cache!)
  "Do nothing: compilation orders are not cached."
  (if #f #f))

(define (default-environment lang)
  "Return a fresh environment for programs in LANG."
  ((language-make-default-environment (lookup-language lang))))

(define *current-language* (make-parameter scheme))

(define current-language
  (case-lambda
    (() (*current-language*))
    ((lang)
     (let ((old (*current-language*)))
       (*current-language* lang)
       old))))
