;;; What the commands of Fruix ask of Scheme.
;;;
;;; Commentary:
;;;
;;; The program reads the command line, evaluates files and expressions, and
;;; hands what they yield to the procedures here, which turn it into
;;; derivations or plain data.
;;;
;;; Code:

(define-module (fruix commands)
  #:use-module (ice-9 match)
  #:use-module (ice-9 regex)
  #:use-module (srfi srfi-1)
  #:use-module (guix gexp)
  #:use-module (guix store)
  #:use-module (guix packages)
  #:use-module (guix derivations)
  #:use-module (guix diagnostics)
  #:use-module (gnu packages)
  #:export (object->derivation
            named-derivation
            all-derivations
            manifest-items
            search-packages))

(define* (object->derivation object #:optional (transform identity))
  "Return the derivation of OBJECT, anything that can be built, or the store
path that it already is: a package, a file-like object, a gexp, a derivation,
or a store-monadic value that yields one of these.  TRANSFORM is applied to a
package first."
  (cond ((derivation? object) object)
        ((package? object) (lower-item (transform object)))
        ((gexp? object) (built-item object "gexp"))
        ((file-like? object) (lower-item object))
        ((and (string? object) (store-path? object)) object)
        ((procedure? object)
         (object->derivation (run-with-store (open-connection) object)
                             transform))
        (else
         (error (format #f "~a is nothing that can be built: neither a package, \
a gexp, a derivation nor another file-like object" (abridged object))))))

(define (abridged object)
  "Return how OBJECT is written, but no more than a few lines of it."
  (define longest 240)
  (let ((text (object->string object)))
    (if (> (string-length text) longest)
        (string-append (substring text 0 longest) "...")
        text)))

(define* (named-derivation specification #:optional (transform identity))
  "Return two values: the derivation of the package that SPECIFICATION names,
such as \"hello\", \"hello@2.12\" or \"hello:lib\", changed by TRANSFORM, and the
output."
  (call-with-values (lambda () (specification->package+output specification))
    (lambda (package output)
      (values (lower-item (transform package)) output))))

;; The system is that of the command, as in 'lower-item'.
(define (all-derivations)
  "Return the derivations of all packages that are for the current system."
  (let ((system (%current-system)))
    (reverse
     (fold-packages (lambda (package derivations)
                      (if (member system (package-supported-systems package))
                          (cons (lower-item package) derivations)
                          derivations))
                    '()))))

(define (manifest-items object)
  "Return the list of what OBJECT, the value of a manifest's file, names: the
items of a manifest's entries, a list's elements, or OBJECT itself.  Manifests
are records of the module (guix profiles), where there is one."
  (define profiles (resolve-module '(guix profiles) #f #:ensure #f))
  (define (profiles-ref name)
    (and=> (and profiles (module-variable profiles name)) variable-ref))
  (match (profiles-ref 'manifest?)
    ((? procedure? (= (lambda (manifest?) (manifest? object)) #t))
     (map (profiles-ref 'manifest-entry-item)
          ((profiles-ref 'manifest-entries) object)))
    (_ (if (list? object) object (list object)))))

(define (search-packages patterns)
  "Return the packages in whose name, synopsis or description each of PATTERNS,
regular expressions without regard to case, matches: lists of specification,
synopsis and place, the most relevant first. As with 'guix search', a match in
the name counts most, one in the description least."
  (define regexps (map (lambda (p) (make-regexp p regexp/icase)) patterns))
  (define (score package)
    (define (field-score text weight)
      (lambda (rx)
        (match (and text (regexp-exec rx text))
          (#f 0)
          (m (if (string=? text (match:substring m))
                 (* 2 weight)           ; the whole text
                 weight)))))
    (let ((scores (map (lambda (rx)
                         (+ ((field-score (package-name package) 4) rx)
                            ((field-score (package-synopsis package) 2) rx)
                            ((field-score (package-description package) 1) rx)))
                       regexps)))
      (if (any zero? scores) 0 (apply + scores))))
  (define (where package)
    (let ((location (package-location package)))
      (if location (location->string location) "")))
  (map (match-lambda
         ((_ . package)
          (list (package-full-name package "@")
                (or (package-synopsis package) "")
                (where package))))
       (sort (fold-packages (lambda (package found)
                              (let ((n (score package)))
                                (if (positive? n) (cons (cons n package) found) found)))
                            '())
             (lambda (a b)
               (or (> (car a) (car b))
                   (and (= (car a) (car b))
                        (string<? (package-full-name (cdr a)) (package-full-name (cdr b)))))))))
