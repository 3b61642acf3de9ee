;;; Directory unions.
;;;
;;; Commentary:
;;;
;;; A union looks like several directories at once and is made of symbolic
;;; links: a name that one input alone has becomes a link to it, directories
;;; that several have are made and filled ('guix/build/union.scm').
;;;
;;; Code:

(define-module (guix build union)
  #:use-module (ice-9 match)
  #:use-module (ice-9 ftw)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-11)
  #:use-module (guix build utils)
  #:export (union-build
            warn-about-collision))

(define (warn-about-collision files)
  "Return the first of FILES, which all want the same place, and say so."
  (format (current-error-port)
          "warning: collision: ~a chosen among ~{~a~^, ~}~%"
          (first files) files)
  (first files))

(define (entries directory)
  (scandir directory (lambda (name) (not (member name '("." ".."))))))

(define* (union-build output inputs
                      #:key (log-port (current-error-port))
                      (create-all-directories? #f)
                      (copy? #f)
                      (symlink symlink)
                      (resolve-collision warn-about-collision))
  "Make the directory OUTPUT the union of the directories INPUTS.  With
CREATE-ALL-DIRECTORIES? no directory is a link; with COPY? files are copied.
RESOLVE-COLLISION chooses among files of the same name."
  (define place
    (if copy?
        (lambda (from to) (copy-recursively from to #:log #f))
        symlink))
  (define (same? files)
    (let ((targets (map (lambda (file)
                          (or (false-if-exception (canonicalize-path file))
                              file))
                        files)))
      (every (lambda (target) (string=? target (first targets))) targets)))
  (define (merge output files)
    (match files
      ((one)
       (if (and create-all-directories? (directory-exists? one)
                (not copy?))
           (merge-directories output files)
           (place one output)))
      (_
       (let-values (((directories others) (partition directory-exists? files)))
         (cond ((null? directories)
                (place (if (same? others)
                           (first others)
                           (resolve-collision others))
                       output))
               ((null? others)
                (if (and (same? directories) (not create-all-directories?))
                    (place (first directories) output)
                    (merge-directories output directories)))
               (else
                (error "union-build: a directory and a file have one name"
                       files)))))))
  (define (merge-directories output directories)
    (mkdir output)
    (let ((table (make-hash-table)))
      (for-each (lambda (directory)
                  (for-each (lambda (name)
                              (hash-set! table name
                                         (cons (string-append directory "/"
                                                              name)
                                               (hash-ref table name '()))))
                            (entries directory)))
                directories)
      (for-each (lambda (name)
                  (merge (string-append output "/" name)
                         (reverse (hash-ref table name))))
                (sort (hash-map->list (lambda (name files) name) table)
                      string<?))))
  (merge-directories output (delete-duplicates inputs)))
