;;; Which Scheme modules use which others.
;;;
;;; Commentary:
;;;
;;; Code that runs in a build takes its modules along as sources.  This module
;;; finds them: it reads the 'define-module' form of a source, without
;;; evaluating anything, and follows its #:use-module and #:autoload clauses
;;; (Guix manual, "G-Expressions", 'source-module-closure').  Modules that are
;;; part of the builder's language, such as (ice-9 match) or (srfi srfi-1),
;;; are not followed: they are there in every build.
;;;
;;; Code:

(define-module (guix modules)
  #:use-module (ice-9 match)
  #:use-module (ice-9 textual-ports)
  #:use-module (srfi srfi-1)
  #:use-module (fruix native store)
  #:export (module->source-file-name
            source-module-dependencies
            source-module-closure
            module-source
            guix-module-name?))

(define (module->source-file-name module)
  "Return the file name of MODULE, a list of symbols, below the load path."
  (string-append (string-join (map symbol->string module) "/") ".scm"))

(define (guix-module-name? name)
  "Return #t if NAME is a module that builders must be given."
  (match name
    (('guix _ ...) #t)
    (('gnu _ ...) #t)
    (('fruix 'native _ ...) #f)
    (('fruix _ ...) #t)
    (('shepherd _ ...) #t)
    (_ #f)))

(define* (module-source module #:optional (module-path '()))
  "Return the text of the source of MODULE, looked for in the directories
MODULE-PATH and then where modules are loaded from."
  (let* ((file  (module->source-file-name module))
         (found (find file-exists?
                      (map (lambda (directory)
                             (string-append directory "/" file))
                           module-path))))
    (if found
        (call-with-input-file found get-string-all)
        (or (%module-source module)
            (error (format #f "module ~s has no source: no file ~a in the \
load path" module file))))))

(define (clause-dependencies clauses)
  "Return the modules named in CLAUSES, the tail of a 'define-module' form."
  (match clauses
    (() '())
    ((#:use-module ((? symbol? head) . rest) . tail)
     (cons (cons head rest) (clause-dependencies tail)))
    ((#:use-module ((? pair? name) . _) . tail)
     (cons name (clause-dependencies tail)))
    ((#:autoload name _ . tail)
     (cons name (clause-dependencies tail)))
    (((or #:export #:re-export #:export-syntax #:replace #:version
          #:duplicates #:re-export-and-replace #:re-export-syntax
          #:declarative? #:filename) _ . tail)
     (clause-dependencies tail))
    (((? keyword?) . tail)              ;#:pure, #:no-backtrace
     (clause-dependencies tail))
    ((_ . tail) (clause-dependencies tail))))

(define* (source-module-dependencies module #:optional (module-path '()))
  "Return the names of the modules that MODULE uses."
  (call-with-input-string (module-source module module-path)
    (lambda (port)
      (match (read port)
        (('define-module name clauses ...)
         (clause-dependencies clauses))
        (('define-library name declarations ...)
         (append-map (match-lambda
                       (('import sets ...) (map import-set-name sets))
                       (_ '()))
                     declarations))
        (_ '())))))

(define (import-set-name set)
  (match set
    (((or 'only 'except 'prefix 'rename) (? pair? inner) _ ...)
     (import-set-name inner))
    (name name)))

(define* (source-module-closure modules #:optional (module-path '())
                                #:key (select? guix-module-name?))
  "Return MODULES and all modules they lead to for which SELECT? is true,
sorted by name."
  (let loop ((pending modules) (seen '()))
    (match pending
      (() (sort seen (lambda (a b)
                       (string<? (module->source-file-name a)
                                 (module->source-file-name b)))))
      ((module . rest)
       (if (or (member module seen) (not (select? module)))
           (loop rest seen)
           (loop (append (source-module-dependencies module module-path) rest)
                 (cons module seen)))))))
