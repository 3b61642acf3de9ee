;;; Commentary:
;;;
;;; The interface of Guile-Gcrypt's hash functions.  The functions are those of
;;; the program itself: MD5, SHA-1, SHA-2, SHA-3 and CRC.
;;;
;;; Code:

(define-module (gcrypt hash)
  #:use-module (ice-9 binary-ports)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module (fruix native codec)
  #:export (hash-algorithm
            hash-algorithm?
            lookup-hash-algorithm
            hash-algorithm-name
            hash-size
            bytevector-hash
            open-hash-port
            port-hash
            file-hash
            open-hash-input-port
            sha1
            sha256
            sha512
            open-sha256-port
            port-sha256
            file-sha256
            open-sha256-input-port))

(define-record-type <hash-algorithm>
  (make-hash-algorithm name size)
  hash-algorithm?
  (name hash-algorithm-name)            ;symbol
  (size hash-size))                     ;in bytes

(set-record-type-printer! <hash-algorithm>
                          (lambda (algorithm port)
                            (display "#<hash-algorithm " port)
                            (display (hash-algorithm-name algorithm) port)
                            (display ">" port)))

;; The algorithms that were asked for; each is made once.
(define algorithms (make-hash-table))

(define (lookup-hash-algorithm name)
  "Return the hash algorithm NAME, a symbol such as 'sha256, or #f."
  (or (hashq-ref algorithms name)
      (let ((size (%hash-size (symbol->string name))))
        (and size
             (let ((algorithm (make-hash-algorithm name size)))
               (hashq-set! algorithms name algorithm)
               algorithm)))))

(define-syntax-rule (hash-algorithm name)
  ;; The hash algorithm NAME, an identifier such as sha256.
  (needed-hash-algorithm 'name))

(define (needed-hash-algorithm name)
  "Return the hash algorithm NAME; it is an error if there is none."
  (or (lookup-hash-algorithm name)
      (scm-error 'misc-error "hash-algorithm"
                 "~A: this program has no such hash function; it has MD5, SHA-1, \
SHA-2, SHA-3 and CRC"
                 (list name) #f)))

(define (start algorithm)
  "Begin to hash with ALGORITHM."
  (%hash-start (symbol->string (hash-algorithm-name algorithm))))

(define (bytevector-hash bv algorithm)
  "Return the hash of BV, a bytevector, under ALGORITHM."
  (let ((hash (start algorithm)))
    (%hash-add! hash bv 0 (bytevector-length bv))
    (%hash-digest hash)))

(define (open-hash-port algorithm)
  "Return an output port, and a procedure that returns the hash under ALGORITHM
of what was written to it."
  (define hash (start algorithm))
  (define port
    (make-custom-binary-output-port
     "hash"
     (lambda (bv start count)
       (%hash-add! hash bv start count)
       count)
     #f #f #f))
  (values port
          (lambda ()
            (unless (port-closed? port) (force-output port))
            (%hash-digest hash))))

(define (port-hash algorithm port)
  "Return the hash under ALGORITHM of all that can be read from PORT."
  (let ((hash   (start algorithm))
        (buffer (make-bytevector 65536)))
    (let loop ()
      (let ((n (get-bytevector-n! port buffer 0 (bytevector-length buffer))))
        (unless (eof-object? n)
          (%hash-add! hash buffer 0 n)
          (loop))))
    (%hash-digest hash)))

(define (file-hash algorithm file)
  "Return the hash under ALGORITHM of the contents of FILE."
  (call-with-input-file file
    (lambda (port) (port-hash algorithm port))
    #:binary #t))

(define (open-hash-input-port algorithm port)
  "Return an input port that gives what PORT gives, and a procedure that returns
the hash under ALGORITHM of what was read so far."
  (define hash (start algorithm))
  (values
   (make-custom-binary-input-port
    "hash"
    (lambda (bv start count)
      (let ((n (get-bytevector-n! port bv start count)))
        (if (eof-object? n)
            0
            (begin
              (%hash-add! hash bv start n)
              n))))
    #f #f
    (lambda () (close-port port)))
   (lambda () (%hash-digest hash))))

(define (sha1 bv)
  "Return the SHA-1 of BV."
  (bytevector-hash bv (hash-algorithm sha1)))
(define (sha256 bv)
  "Return the SHA-256 of BV."
  (bytevector-hash bv (hash-algorithm sha256)))
(define (sha512 bv)
  "Return the SHA-512 of BV."
  (bytevector-hash bv (hash-algorithm sha512)))

(define (open-sha256-port)
  "Do as 'open-hash-port' with SHA-256."
  (open-hash-port (hash-algorithm sha256)))
(define (port-sha256 port)
  "Do as 'port-hash' with SHA-256."
  (port-hash (hash-algorithm sha256) port))
(define (file-sha256 file)
  "Do as 'file-hash' with SHA-256."
  (file-hash (hash-algorithm sha256) file))
(define (open-sha256-input-port port)
  "Do as 'open-hash-input-port' with SHA-256."
  (open-hash-input-port (hash-algorithm sha256) port))
