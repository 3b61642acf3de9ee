;;; Changing packages from the command line.
;;;
;;; Commentary:
;;;
;;; 'options->transformation' makes of options such as --with-source a
;;; procedure that changes a package and those that it is built from (Guix
;;; manual, "Package Transformation Options").  The program has fetched what
;;; has an address; sources are names of files here.
;;;
;;; Code:

(define-module (guix transformations)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix packages)
  #:use-module (guix gexp)
  #:use-module (guix utils)
  #:use-module (guix diagnostics)
  #:export (options->transformation
            package-with-source))

(define (file-name->name+version base)
  "Return two values: the name and the version in the file name BASE, such as
\"hello-2.12.tar.gz\"; the version is #f when there is none."
  (let* ((stem (cond ((string-contains base ".tar")
                      => (lambda (dot) (substring base 0 dot)))
                     ((any (lambda (extension)
                             (and (string-suffix? extension base)
                                  (string-drop-right
                                   base (string-length extension))))
                           '(".tgz" ".tbz2" ".txz" ".tlz" ".zip" ".deb"
                             ".cpio")))
                     (else base)))
         (n    (string-length stem))
         (dash (let loop ((i 1))
                 (cond ((>= i (- n 1)) #f)
                       ((and (char=? #\- (string-ref stem i))
                             (char-numeric? (string-ref stem (+ i 1))))
                        i)
                       (else (loop (+ i 1)))))))
    (if dash
        (values (substring stem 0 dash) (substring stem (+ dash 1)))
        (values stem #f))))

(define (store-name base)
  "Return BASE with only characters that a name in the store may hold."
  (string-map (lambda (c)
                (if (and (char<=? c #\~)
                         (or (char-alphabetic? c) (char-numeric? c)
                             (string-index "+-._?=" c)))
                    c
                    #\-))
              base))

(define* (package-with-source p file #:optional version)
  "Return the package P with FILE, the name of a file or of a folder, as its
source, and VERSION, that in the file's name, or its own, as its version."
  (let ((base (basename file)))
    (call-with-values (lambda () (file-name->name+version base))
      (lambda (name found)
        (package
          (inherit p)
          (location (package-location p))
          (version (or version found (package-version p)))
          (source (local-file file (store-name base) #:recursive? #t)))))))

(define (parse-source spec)
  "Return the list of name, version or #f, and file, that SPEC, written
[PACKAGE[@VERSION]=]FILE, means."
  (define (whole file)
    ;; The name of a folder such as "." is that of where it is.
    (canonicalize-path file))
  (define (check file)
    (unless (file-exists? file)
      (raise-error (format #f "--with-source: ~a does not exist" file)))
    file)
  (match (string-index spec #\=)
    (#f
     (let ((file (whole (check spec))))
       (call-with-values
           (lambda () (file-name->name+version (basename file)))
         (lambda (name version) (list name version file)))))
    (index
     (call-with-values
         (lambda () (package-name->name+version (substring spec 0 index)))
       (lambda (name version)
         (list name version
               (whole (check (substring spec (+ 1 index))))))))))

(define (rewrite-inputs inputs change)
  "Return INPUTS, a labelled list, with packages changed by CHANGE."
  (map (match-lambda
         ((label (? package? p) . output) (cons* label (change p) output))
         (other other))
       inputs))

(define (changes? inputs change)
  (any (match-lambda
         ((_ (? package? p) . _) (not (eq? p (change p))))
         (_ #f))
       inputs))

(define (with-sources specs)
  "Return the procedure that gives packages the sources that SPECS say."
  (define sources (map parse-source specs))
  (define used (make-hash-table))
  (define seen (make-hash-table))
  (define (replace p)
    (match (assoc (package-name p) sources)
      (#f p)
      ((name version file)
       (hash-set! used name #t)
       (package-with-source p file version))))
  (define (change p)
    (or (hashq-ref seen p)
        (let* ((p*     (replace p))
               (result (if (changes? (package-direct-inputs p) change)
                           (package
                             (inherit p*)
                             (location (package-location p*))
                             (inputs (rewrite-inputs (package-inputs p)
                                                     change))
                             (native-inputs
                              (rewrite-inputs (package-native-inputs p)
                                              change))
                             (propagated-inputs
                              (rewrite-inputs (package-propagated-inputs p)
                                              change)))
                           p*)))
          (hashq-set! seen p result)
          result)))
  (lambda (object)
    (if (package? object)
        (let ((result (change object)))
          (for-each (match-lambda
                      ((name . _)
                       (unless (hash-ref used name)
                         (warning "--with-source of ~a had no effect on ~a"
                                  name (package-full-name object)))))
                    sources)
          result)
        object)))

(define (options->transformation options)
  "Return the procedure that changes objects as OPTIONS say, an alist of
(with-source . SPEC)."
  (for-each (match-lambda
              (('with-source . (? string?)) #t)
              ((name . _)
               (raise-error (format #f "unknown transformation: ~a" name))))
            options)
  (if (null? options)
      identity
      (with-sources (map cdr options))))
