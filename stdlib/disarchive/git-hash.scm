;;; Commentary:
;;;
;;; The hashes by which Git names files and directories (Git manual, "Git
;;; Internals - Git Objects"), under Disarchive's interface.  Executable files,
;;; symbolic links and directories are told apart; empty directories count.
;;;
;;; Code:

(define-module (disarchive git-hash)
  #:use-module (gcrypt hash)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 ftw)
  #:use-module (rnrs bytevectors)
  #:export (git-hash-file
            git-hash-directory))

(define (object-hash type bytes algorithm)
  "Return the hash of the object of TYPE, a string, with the contents BYTES."
  (call-with-values (lambda () (open-hash-port algorithm))
    (lambda (port get-hash)
      (put-bytevector port
                      (string->utf8
                       (string-append type " "
                                      (number->string (bytevector-length bytes))
                                      "\x00;")))
      (put-bytevector port bytes)
      (close-port port)
      (get-hash))))

(define (contents file)
  "Return the bytes in FILE."
  (let ((bytes (call-with-input-file file get-bytevector-all #:binary #t)))
    (if (eof-object? bytes) #vu8() bytes)))

(define* (git-hash-file file #:optional (algorithm (hash-algorithm sha1)))
  "Return the hash under ALGORITHM by which Git names the contents of FILE, or
the target of FILE if it is a symbolic link."
  (object-hash "blob"
               (if (eq? 'symlink (stat:type (lstat file)))
                   (string->utf8 (readlink file))
                   (contents file))
               algorithm))

(define (mode st)
  "Return Git's mode of what has the status ST."
  (case (stat:type st)
    ((directory) "40000")
    ((symlink) "120000")
    (else (if (zero? (logand #o100 (stat:perms st))) "100644" "100755"))))

(define* (git-hash-directory directory
                             #:optional (algorithm (hash-algorithm sha1))
                             #:key (select? (const #t)))
  "Return the hash under ALGORITHM by which Git names the tree DIRECTORY, of the
entries for which SELECT?, a procedure of file name and status, holds."
  (define (key name st)
    ;; Directories sort as if their names ended in a slash.
    (string->utf8 (if (eq? 'directory (stat:type st))
                      (string-append name "/")
                      name)))
  (define (bytes<? a b)
    (let loop ((i 0))
      (cond ((= i (bytevector-length b)) #f)
            ((= i (bytevector-length a)) #t)
            (else
             (let ((x (bytevector-u8-ref a i)) (y (bytevector-u8-ref b i)))
               (or (< x y) (and (= x y) (loop (+ i 1)))))))))
  (define entries                       ;(KEY NAME STATUS FILE)
    (let loop ((names (scandir directory
                               (lambda (name)
                                 (not (member name '("." ".."))))))
               (result '()))
      (if (null? names)
          (sort result (lambda (a b) (bytes<? (car a) (car b))))
          (let* ((file (string-append directory "/" (car names)))
                 (st   (lstat file)))
            (loop (cdr names)
                  (if (or (not select?) (select? file st))
                      (cons (list (key (car names) st) (car names) st file)
                            result)
                      result))))))
  (call-with-values open-bytevector-output-port
    (lambda (port get-bytes)
      (for-each
       (lambda (entry)
         (let ((name (list-ref entry 1))
               (st   (list-ref entry 2))
               (file (list-ref entry 3)))
           (put-bytevector port
                           (string->utf8 (string-append (mode st) " " name
                                                        "\x00;")))
           (put-bytevector port
                           (if (eq? 'directory (stat:type st))
                               (git-hash-directory file algorithm
                                                   #:select? select?)
                               (git-hash-file file algorithm)))))
       entries)
      (object-hash "tree" (get-bytes) algorithm))))
