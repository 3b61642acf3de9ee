;;; Small helpers that declarations are written with.
;;;
;;; Commentary:
;;;
;;; Names and versions, keyword arguments of build systems, places in source
;;; files, system types.  The interface is that of Guix's module of the same
;;; name.
;;;
;;; Code:

(define-module (guix utils)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:export (<location>
            location
            location?
            location-file
            location-line
            location-column
            source-properties->location
            location->string
            current-source-directory
            strip-keyword-arguments
            default-keyword-arguments
            substitute-keyword-arguments
            ensure-keyword-arguments
            package-name->name+version
            version-compare
            version>?
            version>=?
            version-major
            version-major+minor
            version-major+minor+point
            version-prefix
            version-prefix?
            file-extension
            file-sans-extension
            tarball-sans-extension
            compressed-file?
            string-replace-substring
            target-linux?
            target-freebsd?
            target-x86-64?
            target-aarch64?
            target-64bit?
            system->architecture
            fold2
            readlink*))

(define-record-type <location>
  (location file line column)
  location?
  (file   location-file)
  (line   location-line)                ;from 1
  (column location-column))             ;from 0

(define (source-properties->location properties)
  "Return the location that PROPERTIES, as 'current-source-location' gives
them, describe, or #f."
  (and properties
       (let ((file   (assq-ref properties 'filename))
             (line   (assq-ref properties 'line))
             (column (assq-ref properties 'column)))
         (and file line column
              (location file (+ line 1) column)))))

(define (location->string place)
  "Return PLACE, a location or source properties, as FILE:LINE:COLUMN, where
columns count from 1."
  (match place
    ((? location?)
     (format #f "~a:~a:~a" (location-file place) (location-line place)
             (+ 1 (location-column place))))
    (#f "<unknown location>")
    (properties
     (location->string (source-properties->location properties)))))

(define-syntax current-source-directory
  (lambda (s)
    "Expand to the directory of the source file in which this form stands, or
#f when there is none."
    (syntax-case s ()
      ((_)
       (let ((file (assq-ref (or (syntax-source s) '()) 'filename)))
         (if (and (string? file) (string-index file #\/))
             (let ((directory (dirname file)))
               (if (string-prefix? "/" directory)
                   (datum->syntax s directory)
                   #`(string-append (getcwd) "/"
                                    #,(datum->syntax s directory))))
             #'(getcwd)))))))


;;;
;;; Keyword arguments.
;;;

(define (strip-keyword-arguments keywords arguments)
  "Return ARGUMENTS without KEYWORDS and their values."
  (let loop ((arguments arguments) (result '()))
    (match arguments
      (() (reverse result))
      (((? keyword? keyword) value . rest)
       (if (memq keyword keywords)
           (loop rest result)
           (loop rest (cons* value keyword result))))
      ((head . rest) (loop rest (cons head result))))))

(define (default-keyword-arguments arguments defaults)
  "Return ARGUMENTS with those of DEFAULTS that they lack."
  (let loop ((defaults defaults) (arguments arguments))
    (match defaults
      ((keyword value . rest)
       (loop rest (if (memq keyword arguments)
                      arguments
                      (cons* keyword value arguments))))
      (() arguments))))

(define (ensure-keyword-arguments arguments overrides)
  "Return ARGUMENTS with the keywords of OVERRIDES set to their values."
  (let loop ((overrides overrides) (arguments arguments))
    (match overrides
      (() arguments)
      ((keyword value . rest)
       (loop rest
             (cons* keyword value
                    (strip-keyword-arguments (list keyword) arguments)))))))

(define-syntax substitute-keyword-arguments
  (syntax-rules ()
    "Return ARGUMENTS with the values of keywords changed:
((KEYWORD VAR [DEFAULT]) EXP)."
    ((_ original ((keyword variable default ...) exp) ...)
     (let loop ((arguments (default-keyword-arguments
                             original
                             (append (defaults-of keyword default ...) ...)))
                (before '()))
       (match arguments
         ((keyword variable rest (... ...))
          (loop rest (cons* exp keyword before)))
         ...
         ((other value rest (... ...))
          (loop rest (cons* value other before)))
         (() (reverse before)))))))

(define-syntax defaults-of
  (syntax-rules ()
    ((_ keyword) '())
    ((_ keyword default) (list keyword default))))


;;;
;;; Names and versions.
;;;

(define* (package-name->name+version specification #:optional (delimiter #\@))
  "Return two values: the name and the version, or #f, in SPECIFICATION, such
as \"hello@2.12\"."
  (match (string-rindex specification delimiter)
    (#f (values specification #f))
    (index (values (substring specification 0 index)
                   (substring specification (+ 1 index))))))

(define (version-parts version)
  "Return the runs of digits and of letters in VERSION, numbers as integers."
  (let loop ((chars (string->list version)) (run '()) (kind #f) (parts '()))
    (define (flush)
      (if (null? run)
          parts
          (cons (let ((text (list->string (reverse run))))
                  (if (eq? kind 'digit) (string->number text) text))
                parts)))
    (match chars
      (() (reverse (flush)))
      ((c . rest)
       (let ((next (cond ((char-numeric? c) 'digit)
                         ((char-alphabetic? c) 'alpha)
                         (else 'other))))
         (cond ((eq? next 'other) (loop rest '() #f (flush)))
               ((eq? next kind) (loop rest (cons c run) kind parts))
               (else (loop rest (list c) next (flush)))))))))

(define (version-compare a b)
  "Return '>, '< or '= for the version strings A and B."
  (let loop ((a (version-parts a)) (b (version-parts b)))
    (match (list a b)
      ((() ()) '=)
      ((() ((? string?) . _)) '>)       ;1.0 comes after 1.0rc1
      ((() _) '<)
      ((((? string?) . _) ()) '<)
      ((_ ()) '>)
      (((x . a) (y . b))
       (cond ((equal? x y) (loop a b))
             ((and (number? x) (number? y)) (if (> x y) '> '<))
             ((number? x) '>)
             ((number? y) '<)
             (else (if (string>? x y) '> '<)))))))

(define (version>? a b)
  "Return #t if the version string A is newer than B."
  (eq? '> (version-compare a b)))
(define (version>=? a b)
  "Return #t if the version string A is B or newer."
  (->bool (memq (version-compare a b) '(> =))))

(define (version-prefix version count)
  "Return the first COUNT dot-separated parts of VERSION."
  (let ((parts (string-split version #\.)))
    (string-join (take parts (min count (length parts))) ".")))
(define (version-major version) (version-prefix version 1))
(define (version-major+minor version) (version-prefix version 2))
(define (version-major+minor+point version) (version-prefix version 3))
(define (version-prefix? prefix version)
  "Return #t if PREFIX is VERSION or its first dot-separated parts."
  (or (string=? prefix version)
      (string-prefix? (string-append prefix ".") version)))

(define (file-extension file)
  "Return what follows the last dot of FILE, or #f."
  (and=> (string-rindex file #\.)
         (lambda (dot) (substring file (+ 1 dot)))))
(define (file-sans-extension file)
  "Return FILE without its last extension."
  (match (string-rindex file #\.)
    (#f file)
    (dot (substring file 0 dot))))
(define (tarball-sans-extension file)
  "Return FILE without '.tar.xz' and the like."
  (let ((dot (string-contains file ".tar")))
    (cond (dot (substring file 0 dot))
          ((string-suffix? ".tgz" file) (file-sans-extension file))
          (else (file-sans-extension file)))))
(define (compressed-file? file)
  "Return #t if FILE's name is that of a compressed file."
  (->bool (member (file-extension file) '("gz" "bz2" "xz" "zst" "lz" "lzma"))))

(define* (string-replace-substring str substr replacement)
  "Return STR with each SUBSTR replaced."
  (let ((length (string-length substr)))
    (let loop ((start 0) (parts '()))
      (match (string-contains str substr start)
        (#f (string-concatenate-reverse (cons (substring str start) parts)))
        (index (loop (+ index length)
                     (cons* replacement (substring str start index)
                            parts)))))))


;;;
;;; Systems.
;;;

(define (system->architecture system)
  "Return the part of SYSTEM before the dash: \"x86_64\" of \"x86_64-linux\"."
  (substring system 0 (or (string-index system #\-) (string-length system))))
(define (target-linux? system) (->bool (string-contains system "linux")))
(define (target-freebsd? system) (->bool (string-contains system "freebsd")))
(define (target-x86-64? system) (string-prefix? "x86_64-" system))
(define (target-aarch64? system) (string-prefix? "aarch64-" system))
(define (target-64bit? system)
  (or (target-x86-64? system) (target-aarch64? system)))

(define (fold2 procedure seed1 seed2 lst)
  "Like 'fold' with two results."
  (match lst
    (() (values seed1 seed2))
    ((head . tail)
     (call-with-values (lambda () (procedure head seed1 seed2))
       (lambda (seed1 seed2) (fold2 procedure seed1 seed2 tail))))))

(define (readlink* file)
  "Return what FILE leads to after following all symbolic links."
  (let loop ((file file) (count 40))
    (if (and (> count 0) (false-if-exception (readlink file)))
        (let ((target (readlink file)))
          (loop (if (string-prefix? "/" target)
                    target
                    (string-append (dirname file) "/" target))
                (- count 1)))
        file)))
