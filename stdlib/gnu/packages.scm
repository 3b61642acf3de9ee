;;; Finding packages by name.
;;;
;;; Commentary:
;;;
;;; The collection is made of the modules (fruix packages ...) and of those
;;; that a load path adds as (gnu packages ...).  A specification names a
;;; package, optionally its version and output: NAME, NAME@VERSION,
;;; NAME:OUTPUT (Guix manual, "Invoking guix build").
;;;
;;; Code:

(define-module (gnu packages)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-11)
  #:use-module (guix packages)
  #:use-module (guix records)
  #:use-module (guix utils)
  #:export (%package-modules
            fold-packages
            find-packages-by-name
            specification->package
            specification->package+output
            specifications->packages))

(define %package-modules
  ;; The modules of the package collection.
  (make-parameter '((fruix packages base)
                    (fruix packages linux)
                    (fruix packages freebsd))))

(define (fold-packages procedure seed)
  "Fold PROCEDURE over all packages of the collection that are not hidden."
  (fold (lambda (module seed)
          (let ((interface (resolve-interface module)))
            (fold (lambda (variable seed)
                    (let ((value (variable-ref variable)))
                      (if (and (package? value)
                               (not (assq-ref (package-properties value)
                                              'hidden?)))
                          (procedure value seed)
                          seed)))
                  seed
                  (sort-variables
                   (module-map (lambda (name variable)
                                 (cons name variable))
                               interface)))))
        seed
        (%package-modules)))

(define (sort-variables named)
  "Return the bound variables of NAMED, an alist, sorted by name."
  (map cdr
       (sort (filter (lambda (pair) (variable-bound? (cdr pair))) named)
             (lambda (a b)
               (string<? (symbol->string (car a)) (symbol->string (car b)))))))

(define* (find-packages-by-name name #:optional version)
  "Return the packages called NAME, newest first, of VERSION or one that it is
a prefix of."
  (sort (fold-packages (lambda (package result)
                         (if (and (string=? name (package-name package))
                                  (or (not version)
                                      (version-prefix?
                                       version (package-version package))))
                             (cons package result)
                             result))
                       '())
        (lambda (a b)
          (version>? (package-version a) (package-version b)))))

(define (unknown name version)
  (let* ((names (fold-packages (lambda (package result)
                                 (cons (package-name package) result))
                               '()))
         (near  (nearest-name (string->symbol name)
                              (map string->symbol names)))
         (other (find-packages-by-name name)))
    (error
     (if (and version (pair? other))
         (format #f "package ~a has no version ~a; there is ~a" name version
                 (string-join (map package-version other) ", "))
         (format #f "unknown package ~a~a" (if (string-null? name) "\"\"" name)
                 (if near
                     (format #f "; did you mean ~a?" near)
                     ""))))))

(define (specification->package+output specification)
  "Return two values: the package that SPECIFICATION names, and the output."
  (let*-values (((rest output)
                 (match (string-rindex specification #\:)
                   (#f (values specification "out"))
                   (index (values (substring specification 0 index)
                                  (substring specification (+ 1 index))))))
                ((name version) (package-name->name+version rest)))
    (match (find-packages-by-name name version)
      (() (unknown name version))
      ((package . _)
       (unless (member output (package-outputs package))
         (error (format #f "package ~a has no output ~s; it has ~a"
                        (package-full-name package) output
                        (string-join (package-outputs package) ", "))))
       (values package output)))))

(define (specification->package specification)
  "Return the package that SPECIFICATION names."
  (call-with-values (lambda () (specification->package+output specification))
    (lambda (package output) package)))

(define (specifications->packages specifications)
  "Return the packages that SPECIFICATIONS name."
  (map specification->package specifications))
