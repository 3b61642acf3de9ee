;;; The builder of the copy build system.
;;;
;;; Commentary:
;;;
;;; Unpacks the source and copies files from it as the install plan says
;;; (Guix manual, "Build Systems", 'copy-build-system').
;;;
;;; Code:

(define-module (guix build copy-build-system)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (guix build utils)
  #:use-module (guix build archive)
  #:export (%standard-phases
            install
            copy-build))

(define* (unpack #:key source #:allow-other-keys)
  "Unpack SOURCE and make it the current directory."
  (unpack-source source (string-append (getcwd) "/source"))
  (chdir "source"))

(define (has-suffix? suffixes file)
  (any (cut string-suffix? <> file) suffixes))

(define (selector filters)
  "Return a predicate on names, relative to the source of an entry, for
FILTERS, the keywords of an install plan's entry."
  (define (values-of keyword)
    (let loop ((filters filters))
      (match filters
        (() #f)
        (((? keyword? k) value . rest)
         (if (eq? k keyword) value (loop rest)))
        ((other . _)
         (error "install plan: expected a keyword, got" other)))))
  (let ((include         (values-of #:include))
        (include-regexp  (values-of #:include-regexp))
        (exclude         (values-of #:exclude))
        (exclude-regexp  (values-of #:exclude-regexp)))
    (define (matches? regexps file)
      (any (lambda (regexp) (string-match* regexp file)) regexps))
    (lambda (file)
      (and (if (or include include-regexp)
               (or (and include (has-suffix? include file))
                   (and include-regexp (matches? include-regexp file)))
               #t)
           (not (and exclude (has-suffix? exclude file)))
           (not (and exclude-regexp (matches? exclude-regexp file)))))))

(define (string-match* regexp text)
  ((@ (ice-9 regex) string-match) regexp text))

(define* (install #:key install-plan outputs #:allow-other-keys)
  "Copy files to the outputs as INSTALL-PLAN says: (SOURCE TARGET FILTER ...),
where a TARGET that ends in a slash is a directory."
  (define (install-one source target filters output)
    (let* ((into? (string-suffix? "/" target))
           (file-wanted? (selector filters))
           (target (string-append output "/" target)))
      (cond
       ((and (directory-exists? source) (not (symbolic-link? source)))
        (let ((root (if (or into? (not (string-suffix? "/" source)))
                        (if (and into? (not (string-suffix? "/" source))
                                 (not (string=? source ".")))
                            (string-append target (basename source))
                            target)
                        target)))
          (for-each
           (lambda (file)
             (let ((relative (substring file
                                        (+ 1 (string-length
                                              (string-trim-right source
                                                                 #\/))))))
               (when (file-wanted? relative)
                 (let ((destination (string-append root "/" relative)))
                   (mkdir-p (dirname destination))
                   (copy-recursively file destination)))))
           (find-files (string-trim-right source #\/)))))
       ((file-exists? source)
        (let ((destination (if into?
                               (string-append target (basename source))
                               target)))
          (mkdir-p (dirname destination))
          (copy-recursively source destination)))
       (else
        (error (format #f "install plan: no file ~a in the source" source))))))
  (for-each (match-lambda
              ((source target filters ... #:output output)
               (install-one source target filters
                            (assoc-ref outputs output)))
              ((source target filters ...)
               (install-one source target filters
                            (assoc-ref outputs "out")))
              ((source)
               (install-one source "./" '() (assoc-ref outputs "out"))))
            install-plan))

(define %standard-phases
  ;; The phases of a build, in order.
  `((unpack . ,unpack)
    (install . ,install)))

(define* (copy-build #:key source inputs outputs (install-plan '(("." "./")))
                     (phases %standard-phases))
  "Run PHASES: procedures of the keywords #:source, #:inputs, #:outputs and
#:install-plan."
  (for-each (match-lambda
              ((name . phase)
               (format #t "starting phase `~a'~%" name)
               (phase #:source source #:inputs inputs #:outputs outputs
                      #:install-plan install-plan)))
            phases))
