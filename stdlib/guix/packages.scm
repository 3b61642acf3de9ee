;;; Packages.
;;;
;;; Commentary:
;;;
;;; A package says where its source comes from, what it needs and which build
;;; system builds it (Guix manual, "Defining Packages").  An origin is a
;;; source whose contents are fixed by their hash.  Both can be spliced into
;;; gexps.
;;;
;;; Code:

(define-module (guix packages)
  #:use-module (ice-9 match)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module (guix records)
  #:use-module (guix base32)
  #:use-module (guix store)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix utils)
  #:use-module (guix diagnostics)
  #:use-module (guix build-system)
  #:use-module ((fruix native store) #:select (%note-hash-place))
  #:re-export (base32
               %current-system
               %current-target-system)
  #:export (content-hash
            content-hash?
            content-hash-algorithm
            content-hash-value

            origin
            origin?
            this-origin
            origin-uri
            origin-method
            origin-hash
            origin-sha256
            origin-file-name
            origin-actual-file-name
            origin-patches
            origin-snippet
            origin-location

            package
            package?
            this-package
            package-name
            package-upstream-name
            package-version
            package-full-name
            package-source
            package-build-system
            package-arguments
            package-inputs
            package-native-inputs
            package-propagated-inputs
            package-outputs
            package-native-search-paths
            package-search-paths
            package-synopsis
            package-description
            package-license
            package-home-page
            package-supported-systems
            package-properties
            package-location
            hidden-package
            package-direct-inputs
            package-transitive-propagated-inputs
            package-input
            lookup-package-input
            this-package-input
            this-package-native-input
            modify-inputs
            package->bag
            bag->derivation
            package-derivation
            package-output
            package->derivation
            %supported-systems))


;;;
;;; Origins.
;;;

(define-record-type <content-hash>
  (%content-hash algorithm value)
  content-hash?
  (algorithm content-hash-algorithm)    ;symbol
  (value     content-hash-value))       ;bytevector

(define-syntax content-hash
  (syntax-rules ()
    "Return a hash: (content-hash VALUE [ALGORITHM]), where VALUE is a
bytevector or a base32 string and ALGORITHM a symbol, sha256 by default."
    ((_ value) (make-content-hash 'sha256 value))
    ((_ value algorithm) (make-content-hash 'algorithm value))))

(define (make-content-hash algorithm value)
  (let ((bytes (if (string? value)
                   (nix-base32-string->bytevector value)
                   value))
        (size  (assq-ref '((sha256 . 32) (sha512 . 64) (sha1 . 20) (md5 . 16))
                         algorithm)))
    (unless size
      (error (format #f "content-hash: unknown algorithm ~a; known are sha256, \
sha512, sha1 and md5" algorithm)))
    (unless (bytevector? bytes)
      (error (format #f "~s is no hash; write (base32 \"...\")" value)))
    (unless (= size (bytevector-length bytes))
      (error (format #f "a ~a hash has ~a bytes, ~a digits in base32, not ~a \
bytes: ~a"
                     algorithm size (base32-length size)
                     (bytevector-length bytes)
                     (bytevector->nix-base32-string bytes))))
    (%content-hash algorithm bytes)))

(define (base32-length size)
  "Return how many base32 digits SIZE bytes take."
  (quotient (+ 4 (* 8 size)) 5))

(define (check-uri value)
  "Return VALUE, the address of an origin or a list of addresses."
  (unless (match value
            ((? string?) #t)
            (((? string?) (? string?) ...) #t)
            ;; Other methods than url-fetch have records of their own.
            (_ (not (or (number? value) (symbol? value) (boolean? value)
                        (null? value) (pair? value)))))
    (error (format #f "origin: the uri must be a string or a list of strings, \
not ~s" value)))
  value)

(define (check-method value)
  (unless (procedure? value)
    (error (format #f "origin: the method must be a procedure such as \
url-fetch, not ~s" value)))
  value)

(define (sha256->hash value)
  "Return VALUE, a bytevector or a content hash, as a content hash."
  (cond ((content-hash? value) value)
        ((not value) #f)
        ((bytevector? value) (make-content-hash 'sha256 value))
        (else (error (format #f "origin: ~s is no hash; write (base32 \
\"...\")" value)))))

(define-record-type* <%origin> %origin make-origin
  origin?
  this-origin
  (uri       origin-uri (sanitize check-uri)) ;string or list of strings
  (method    origin-method (sanitize check-method)) ;procedure
  (hash      origin-hash (sanitize sha256->hash))
  (hash-location origin-hash-location (default #f)) ;where the hash is written
  (file-name origin-file-name (default #f))
  (patches   origin-patches (delayed) (default '()))
  (snippet   origin-snippet (default #f))
  (modules   origin-modules (default '()))
  (location  origin-location (default #f)))

;; Where the text of a hash stands: the first string in FORM, syntax, whose
;; place is known, or else FORM itself; source properties or #f.
(eval-when (expand load eval)
  (define (hash-source form)
    (define (in-string form)
      (syntax-case form ()
        ((head . rest) (or (in-string #'head) (in-string #'rest)))
        (other (and (string? (syntax->datum #'other))
                    (syntax-source #'other)))))
    (or (in-string form) (syntax-source form))))

(define-syntax origin
  (lambda (s)
    "Return a source; its hash is given as (sha256 (base32 \"...\")) or
(hash (content-hash ...))."
    (define (field-name field)
      (syntax-case field ()
        ((name . _) (syntax->datum #'name))
        (_ #f)))
    (syntax-case s ()
      ((_ field ...)
       (let ((hash (find (lambda (field)
                           (memq (field-name field) '(sha256 hash)))
                         #'(field ...))))
         #`(%origin
            #,@(map (lambda (field)
                      (syntax-case field ()
                        ((name value)
                         (eq? 'sha256 (syntax->datum #'name))
                         #`(#,(datum->syntax #'name 'hash) value))
                        (other #'other)))
                    #'(field ...))
            #,@(if hash
                   #`((#,(datum->syntax s 'hash-location)
                       (source-properties->location
                        '#,(datum->syntax s (hash-source hash)))))
                   '())
            #,@(if (memq 'location (map field-name #'(field ...)))
                   '()
                   #`((#,(datum->syntax s 'location)
                       (source-properties->location
                        (current-source-location))))))))
      (_ (syntax-violation 'origin "expected (origin (FIELD VALUE) ...)" s)))))

(define (origin-sha256 origin)
  "Return the hash of ORIGIN as a bytevector."
  (content-hash-value (origin-hash origin)))

(define (origin-actual-file-name origin)
  "Return the file name of ORIGIN: what it declares or the end of its URI."
  (or (origin-file-name origin)
      (match (origin-uri origin)
        ((? string? uri) (basename uri))
        (((? string? uri) . _) (basename uri))
        (_ #f))))

(define (origin->derivation origin system)
  "Return the derivation that fetches ORIGIN and applies its snippet."
  (let* ((hash    (origin-hash origin))
         (fetched ((origin-method origin) (origin-uri origin)
                   (content-hash-algorithm hash) (content-hash-value hash)
                   (origin-file-name origin) #:system system))
         (fetched (if (procedure? fetched)
                      (run-with-store 'store fetched)
                      fetched))
         (patches (origin-patches origin))
         (snippet (origin-snippet origin))
         (place   (origin-hash-location origin)))
    (when (and place (derivation? fetched))
      ;; So that a wrong hash can be shown where it is written.
      (%note-hash-place (derivation-file-name fetched) (location-file place)
                        (location-line place) (location-column place)))
    (if (and (null? patches) (not snippet))
        fetched
        (patched-source origin fetched patches snippet system))))

(define (patched-source origin fetched patches snippet system)
  "Return the derivation of FETCHED, unpacked, with PATCHES and SNIPPET
applied: a directory."
  (built-item
   (with-imported-modules '((guix build utils) (guix build patch))
     #~(begin
         (use-modules (guix build utils) (guix build patch)
                      #$@(origin-modules origin))
         (unpack-source #$fetched #$output)
         (chdir #$output)
         (for-each apply-patch (list #$@patches))
         #$(or snippet #t)))
   (string-append (tarball-sans-extension (or (origin-actual-file-name origin)
                                              "origin"))
                  "-source")
   #:system system #:modules (origin-modules origin)))

(define-gexp-compiler (origin-compiler (origin <%origin>) system target)
  (origin->derivation origin system))


;;;
;;; Packages.
;;;

(define %supported-systems
  ;; The systems that packages are for when they do not say.
  '("x86_64-linux" "aarch64-linux" "x86_64-freebsd" "aarch64-freebsd"))

(define %name-characters
  ;; What names and versions of packages are made of.
  (char-set-union (char-set-intersection char-set:letter+digit char-set:ascii)
                  (string->char-set "+-._?=")))

(define (check-part field value)
  "Return VALUE, of a package's FIELD, which becomes part of a store file
name."
  (unless (string? value)
    (error (format #f "package: the ~a must be a string, not ~s" field value)))
  (when (string-null? value)
    (error (format #f "package: the ~a is empty" field)))
  (let ((bad (string-skip value %name-characters)))
    (when bad
      (error (format #f "package: the ~a ~s holds ~s; letters, digits and \
+ - . _ ? = are possible" field value (string (string-ref value bad))))))
  value)

(define (check-name value) (check-part 'name value))
(define (check-version value) (check-part 'version value))

(define (check-build-system value)
  (unless (build-system? value)
    (error (format #f "package: ~s is not a build system; write for example \
trivial-build-system, of (guix build-system trivial)" value)))
  value)

(define (check-strings field value)
  "Return VALUE, of a package's FIELD, a list of strings."
  (unless (and (list? value) (every string? value))
    (error (format #f "package: ~a must be a list of strings, not ~s"
                   field value)))
  value)

(define (check-outputs value)
  (when (null? (check-strings 'outputs value))
    (error "package: outputs is empty; a package has at least one"))
  value)

(define (check-systems value) (check-strings 'supported-systems value))

(define-record-type* <package> %package make-package
  package?
  this-package
  (name      package-name (sanitize check-name))
  (version   package-version (sanitize check-version))
  (source    package-source)            ;origin, file-like object or #f
  (build-system package-build-system (sanitize check-build-system))
  (arguments package-arguments (default '()) (thunked))
  (inputs    package-inputs* (default '()) (thunked))
  (propagated-inputs package-propagated-inputs* (default '()) (thunked))
  (native-inputs package-native-inputs* (default '()) (thunked))
  (outputs   package-outputs (default '("out")) (sanitize check-outputs))
  (native-search-paths package-native-search-paths (default '()))
  (search-paths package-search-paths (default '()))
  (replacement package-replacement (default #f) (thunked) (innate))
  (synopsis  package-synopsis (default ""))
  (description package-description (default ""))
  (license   package-license (default #f))
  (home-page package-home-page (default #f))
  (supported-systems package-supported-systems (default %supported-systems)
                     (sanitize check-systems))
  (properties package-properties (default '()))
  (location  package-location (default #f) (innate)))

(define-syntax package
  (lambda (s)
    "Return a package; see the commentary for its fields."
    (syntax-case s ()
      ((_ field ...)
       #`(%package
          field ...
          #,@(if (any (lambda (field)
                        (syntax-case field ()
                          ((name . _) (eq? 'location (syntax->datum #'name)))
                          (_ #f)))
                      #'(field ...))
                 '()
                 #`((#,(datum->syntax s 'location)
                     (source-properties->location
                      (current-source-location)))))))
      (_ (syntax-violation 'package "expected (package (FIELD VALUE) ...)"
                           s)))))

(set-record-type-printer! <package>
  (lambda (package port)
    (format port "#<package ~a@~a~a>" (package-name package)
            (package-version package)
            (match (package-location package)
              (#f "")
              (place (string-append " " (location-file place) ":"
                                    (number->string (location-line place))))))))

(define (label-input package input)
  "Return INPUT in its labelled form, (LABEL OBJECT [OUTPUT])."
  (match input
    (((? string? label) (? file-like?) . _) input)
    ((? package?) (list (package-name input) input))
    (((? package? input) (? string? output))
     (list (package-name input) input output))
    ((? file-like?) (list "_" input))
    (((? file-like? thing) (? string? output)) (list "_" thing output))
    (_ (complain package "package ~a: invalid input ~s: neither a package \
nor another file-like object, nor (LABEL OBJECT)"
                 (package-name package) input))))

(define (complain package template . arguments)
  "Raise an error about PACKAGE that points at its definition."
  (raise-error (apply format #f template arguments)
               #:location (package-location package)))

(define (labelled accessor)
  (lambda (package)
    (let ((inputs (accessor package)))
      (unless (list? inputs)
        (complain package "package ~a: the inputs must be a list, not ~s"
                  (package-name package) inputs))
      (map (lambda (input) (label-input package input)) inputs))))

(define package-inputs
  ;; The labelled inputs of a package.
  (labelled package-inputs*))
(define package-native-inputs
  (labelled package-native-inputs*))
(define package-propagated-inputs
  (labelled package-propagated-inputs*))

(define (package-upstream-name package)
  "Return the name that PACKAGE has upstream."
  (or (assq-ref (package-properties package) 'upstream-name)
      (package-name package)))

(define* (package-full-name package #:optional (delimiter "@"))
  "Return PACKAGE's name and version joined by DELIMITER."
  (string-append (package-name package) delimiter (package-version package)))

(define (hidden-package package)
  "Return PACKAGE, marked so that it is not listed."
  (%package (inherit package)
            (location (package-location package))
            (properties `((hidden? . #t) ,@(package-properties package)))))

(define (package-direct-inputs package)
  "Return all labelled inputs of PACKAGE itself."
  (append (package-native-inputs package)
          (package-inputs package)
          (package-propagated-inputs package)))

(define (package-transitive-propagated-inputs package)
  "Return the labelled inputs that PACKAGE propagates, directly or not."
  (let loop ((inputs (package-propagated-inputs package)) (seen '()))
    (match inputs
      (() (reverse seen))
      ((input . rest)
       (if (any (lambda (other) (eq? (second other) (second input))) seen)
           (loop rest seen)
           (loop (append (if (package? (second input))
                             (package-propagated-inputs (second input))
                             '())
                         rest)
                 (cons input seen)))))))

(define (find-input inputs name)
  (match (find (match-lambda
                 ((label thing . _)
                  (or (string=? label name)
                      (and (package? thing)
                           (string=? name (package-name thing))))))
               inputs)
    (#f #f)
    ((_ thing . _) thing)))

(define (lookup-package-input package name)
  "Return the input called NAME of PACKAGE, or #f."
  (find-input (append (package-inputs package)
                      (package-propagated-inputs package))
              name))
(define package-input lookup-package-input)

(define-syntax-rule (this-package-input name)
  "The input called NAME of the package being defined; #f if there is none."
  (lookup-package-input this-package name))
(define-syntax-rule (this-package-native-input name)
  (find-input (package-native-inputs this-package) name))

(define (delete-input inputs name)
  (remove (match-lambda
            ((label thing . _)
             (or (string=? label name)
                 (and (package? thing) (string=? name (package-name thing)))))
            ((? package? thing) (string=? name (package-name thing)))
            (_ #f))
          inputs))

(define-syntax modify-inputs
  (syntax-rules (delete append prepend replace)
    "Return the list INPUTS changed by clauses (delete NAME ...), (append THING
...), (prepend THING ...), (replace NAME THING)."
    ((_ inputs) inputs)
    ((_ inputs (delete name ...) clause ...)
     (modify-inputs (fold (lambda (n result) (delete-input result n))
                          inputs (list name ...))
                    clause ...))
    ((_ inputs (append thing ...) clause ...)
     (modify-inputs ((@ (guile) append) inputs (list thing ...)) clause ...))
    ((_ inputs (prepend thing ...) clause ...)
     (modify-inputs ((@ (guile) append) (list thing ...) inputs) clause ...))
    ((_ inputs (replace name thing) clause ...)
     (modify-inputs ((@ (guile) append) (delete-input inputs name)
                     (list thing))
                    clause ...))))


;;;
;;; Lowering packages.
;;;

(define %packages-in-progress
  ;; The packages being lowered, innermost first.
  (make-parameter '()))

(define (check-cycle package)
  "Raise an error if PACKAGE needs itself."
  (let ((inner (%packages-in-progress)))
    (when (memq package inner)
      (complain package "package ~a needs itself: ~a"
                (package-full-name package)
                (string-join
                 (map package-full-name
                      (cons package
                            (reverse
                             (cons package
                                   (take-while
                                    (lambda (p) (not (eq? p package)))
                                    inner)))))
                 " -> ")))))

(define* (package->bag package #:optional (system (%current-system))
                       (target (%current-target-system)))
  "Return the bag that PACKAGE's build system makes of it."
  (let ((build-system (package-build-system package)))
    (unless (member system (package-supported-systems package))
      (complain package "package ~a is not for ~a; it is for ~a"
                (package-full-name package) system
                (string-join (package-supported-systems package) ", ")))
    (or (apply call-with-location (package-location package)
               (build-system-lower build-system)
               (string-append (package-name package) "-"
                              (package-version package))
               #:source (package-source package)
               #:inputs (append (package-inputs package)
                                (package-propagated-inputs package)
                                (append-map propagated
                                            (append
                                             (package-inputs package)
                                             (package-propagated-inputs
                                              package))))
               #:native-inputs (append (package-native-inputs package)
                                       (append-map propagated
                                                   (package-native-inputs
                                                    package)))
               #:outputs (package-outputs package)
               #:system system
               #:target target
               (package-arguments package))
        (complain package "package ~a: the ~a build system cannot make it for \
~a" (package-full-name package) (build-system-name build-system) target))))

(define (propagated input)
  (match input
    ((_ (? package? package) . _)
     (package-transitive-propagated-inputs package))
    (_ '())))

(define (bag->derivation bag)
  "Return the derivation of BAG."
  (let ((inputs (delete-duplicates (append (bag-build-inputs bag)
                                           (bag-host-inputs bag)))))
    (let ((result (apply (bag-build bag) (bag-name bag) inputs
                         #:system (bag-system bag)
                         #:target (bag-target bag)
                         #:outputs (bag-outputs bag)
                         (bag-arguments bag))))
      (if (procedure? result)
          (run-with-store 'store result)
          result))))

(define* (package-derivation store package #:optional (system (%current-system))
                             #:key target)
  "Return the derivation of PACKAGE for SYSTEM."
  (lower-item package #:system system #:target target))

(define* (package->derivation package #:optional (system (%current-system))
                              #:key target)
  "Return as a store-monadic value the derivation of PACKAGE for SYSTEM."
  (lambda (store)
    (values (lower-item package #:system system #:target target) store)))

(define* (package-output store package #:optional (output "out")
                         (system (%current-system)))
  "Return the store path of OUTPUT of PACKAGE."
  (derivation->output-path (package-derivation store package system) output))

(define-gexp-compiler (package-compiler (package <package>) system target)
  (check-cycle package)
  (parameterize ((%packages-in-progress
                  (cons package (%packages-in-progress)))
                 (%current-system system)
                 (%current-target-system target))
    (bag->derivation (package->bag package system target))))
