;;; Commentary:
;;;
;;; Canonical S-expressions (R. Rivest, "S-Expressions", 1997) under the
;;; interface of Guile-Gcrypt: lists of byte strings, by which keys, hashes and
;;; signatures are written.  Signing and verifying need Libgcrypt.
;;;
;;; Code:

(define-module (gcrypt pk-crypto)
  #:use-module (fruix unavailable)
  #:use-module (gcrypt base16)
  #:use-module (gcrypt base64)
  #:use-module (ice-9 match)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module ((ice-9 textual-ports) #:select (get-string-all))
  #:use-module ((gcrypt common) #:select (error-source error-string))
  #:export (canonical-sexp?
            string->canonical-sexp
            canonical-sexp->string
            read-file-sexp
            number->canonical-sexp
            canonical-sexp-car
            canonical-sexp-cdr
            canonical-sexp-nth
            canonical-sexp-nth-data
            canonical-sexp-length
            canonical-sexp-null?
            canonical-sexp-list?
            canonical-sexp-fold
            canonical-sexp->sexp
            sexp->canonical-sexp
            bytevector->hash-data
            hash-data->bytevector
            key-type
            find-sexp-token)
  #:re-export (error-source error-string))

;; DATUM is a list of data, or a bytevector.
(define-record-type <canonical-sexp>
  (make-canonical-sexp datum)
  canonical-sexp?
  (datum sexp-datum))

(set-record-type-printer! <canonical-sexp>
                          (lambda (sexp port)
                            (display "#<canonical-sexp " port)
                            (display (string-map (lambda (c)
                                                   (if (char=? c #\newline) #\space c))
                                                 (canonical-sexp->string sexp))
                                     port)
                            (display ">" port)))

(define-unavailable "libgcrypt"
  "run the program gpg, or let a machine that has Guix sign and verify"
  sign verify generate-key)


;;; Reading.

(define (invalid what)
  (throw 'gcry-error what 'string->canonical-sexp))

(define (string->canonical-sexp text)
  "Return the canonical S-expression that TEXT is."
  (call-with-input-string text
    (lambda (port)
      (skip-blank port)
      (let ((datum (read-datum port)))
        (skip-blank port)
        (unless (eof-object? (peek-char port)) (invalid 'trailing-text))
        (make-canonical-sexp datum)))))

(define (read-file-sexp file)
  "Return the canonical S-expression in FILE."
  (string->canonical-sexp (call-with-input-file file get-string-all)))

(define (skip-blank port)
  (let ((c (peek-char port)))
    (when (and (char? c) (char-whitespace? c))
      (read-char port)
      (skip-blank port))))

(define (read-datum port)
  (let ((c (peek-char port)))
    (cond ((eof-object? c) (invalid 'unexpected-end))
          ((char=? c #\() (read-char port) (read-list port))
          ((char=? c #\#) (read-char port)
           (base16-string->bytevector
            (string-delete char-set:whitespace (read-until port #\#))))
          ((char=? c #\|) (read-char port)
           (base64-decode (read-until port #\|)))
          ((char=? c #\") (read-char port) (read-quoted port))
          ((token-char? c) (read-token port))
          (else (invalid 'bad-character)))))

(define (read-list port)
  (let loop ((items '()))
    (skip-blank port)
    (if (eqv? (peek-char port) #\))
        (begin (read-char port) (reverse items))
        (loop (cons (read-datum port) items)))))

(define (read-until port end)
  (let loop ((chars '()))
    (let ((c (read-char port)))
      (cond ((eof-object? c) (invalid 'unexpected-end))
            ((char=? c end) (reverse-list->string chars))
            (else (loop (cons c chars)))))))

(define (read-quoted port)
  "Read what follows a quotation mark, with C's escapes."
  (let loop ((chars '()))
    (let ((c (read-char port)))
      (cond ((eof-object? c) (invalid 'unexpected-end))
            ((char=? c #\")
             (string->bytes (reverse-list->string chars)))
            ((char=? c #\\)
             (loop (cons (match (read-char port)
                           (#\n #\newline) (#\r #\return) (#\t #\tab)
                           (#\b #\backspace) (#\f #\page)
                           (c c))
                         chars)))
            (else (loop (cons c chars)))))))

(define (token-char? c)
  (and (char? c)
       (or (char<=? #\a c #\z) (char<=? #\A c #\Z) (char<=? #\0 c #\9)
           (string-index "-./_:*+=" c))))

(define (read-token port)
  "Read a token, or a string with its length before it."
  (let loop ((chars '()))
    (let ((c (peek-char port)))
      (cond ((token-char? c)
             (read-char port)
             (if (and (char=? c #\:) (pair? chars)
                      (every char-numeric? chars))
                 (read-counted port (string->number
                                     (reverse-list->string chars)))
                 (loop (cons c chars))))
            (else (string->bytes (reverse-list->string chars)))))))

(define (read-counted port n)
  (let ((text (make-string n)))
    (let loop ((i 0))
      (if (= i n)
          (string->bytes text)
          (let ((c (read-char port)))
            (when (eof-object? c) (invalid 'unexpected-end))
            (string-set! text i c)
            (loop (+ i 1)))))))

;; Characters below 256 are bytes.
(define (string->bytes text)
  (u8-list->bytevector (map (lambda (c) (logand 255 (char->integer c)))
                            (string->list text))))

(define (bytes->string bv)
  (list->string (map integer->char (bytevector->u8-list bv))))


;;; Writing.

(define (canonical-sexp->string sexp)
  "Return SEXP as text, as people read it."
  (call-with-output-string
    (lambda (port)
      (let loop ((datum (sexp-datum sexp)) (depth 0))
        (if (bytevector? datum)
            (write-bytes datum port)
            (begin
              (display "(" port)
              (let items ((l datum) (first? #t))
                (unless (null? l)
                  (cond (first? #t)
                        ((bytevector? (car l)) (display " " port))
                        (else
                         (newline port)
                         (display (make-string (+ depth 1) #\space) port)))
                  (loop (car l) (+ depth 1))
                  (items (cdr l) #f)))
              (display ")" port)
              (when (zero? depth) (newline port))))))))

(define (write-bytes bv port)
  (let ((text (bytes->string bv)))
    (cond ((and (positive? (string-length text))
                (string-every token-char? text)
                (not (char-numeric? (string-ref text 0))))
           (display text port))
          ((and (positive? (string-length text))
                (string-every (lambda (c) (char<=? #\space c #\~)) text))
           (write text port))
          (else
           (display "#" port)
           (display (string-upcase (bytevector->base16-string bv)) port)
           (display "#" port)))))


;;; Parts.

(define (part datum)
  "Return DATUM as a canonical S-expression, or #f."
  (and datum (make-canonical-sexp datum)))

(define (items sexp)
  "Return the list of the data in SEXP; none if it is no list."
  (let ((datum (sexp-datum sexp)))
    (if (bytevector? datum) '() datum)))

(define (canonical-sexp-list? sexp)
  "Return true if SEXP is a list."
  (not (bytevector? (sexp-datum sexp))))
(define (canonical-sexp-null? sexp)
  "Return true if SEXP is the empty list."
  (null? (sexp-datum sexp)))
(define (canonical-sexp-length sexp)
  "Return the number of elements of SEXP, 0 if it is no list."
  (length (items sexp)))
(define (canonical-sexp-nth sexp index)
  "Return the element of SEXP at INDEX, #f if there is none."
  (and (< index (canonical-sexp-length sexp))
       (part (list-ref (items sexp) index))))
(define (canonical-sexp-car sexp)
  "Return the first element of SEXP, or #f."
  (canonical-sexp-nth sexp 0))
(define (canonical-sexp-cdr sexp)
  "Return SEXP without its first element, or #f."
  (match (items sexp)
    (() #f)
    ((_ . rest) (part rest))))

(define (canonical-sexp-nth-data sexp index)
  "Return the element of SEXP at INDEX as a symbol if it is a token, else as a
bytevector; #f if there is none or if it is a list."
  (let ((item (canonical-sexp-nth sexp index)))
    (and item (not (canonical-sexp-list? item))
         (token-or-bytes (sexp-datum item)))))

(define (token-or-bytes bv)
  (let ((text (bytes->string bv)))
    (if (and (positive? (string-length text))
             (string-every token-char? text)
             (not (char-numeric? (string-ref text 0))))
        (string->symbol text)
        bv)))

(define (canonical-sexp-fold proc seed sexp)
  "Fold PROC over the elements of SEXP: symbols, bytevectors, and S-expressions."
  (fold (lambda (datum result)
          (proc (if (bytevector? datum) (token-or-bytes datum) (part datum))
                result))
        seed (items sexp)))

(define (canonical-sexp->sexp sexp)
  "Return SEXP as lists of symbols and bytevectors."
  (let loop ((datum (sexp-datum sexp)))
    (if (bytevector? datum)
        (token-or-bytes datum)
        (map loop datum))))

(define (sexp->canonical-sexp sexp)
  "Return the canonical S-expression of SEXP, lists of symbols, strings, numbers
and bytevectors."
  (make-canonical-sexp
   (let loop ((x sexp))
     (cond ((bytevector? x) x)
           ((symbol? x) (string->bytes (symbol->string x)))
           ((string? x) (string->utf8 x))
           ((number? x) (string->bytes (number->string x)))
           ((canonical-sexp? x) (sexp-datum x))
           (else (map loop x))))))

(define (number->canonical-sexp number)
  "Return NUMBER in decimal."
  (string->canonical-sexp (number->string number)))

(define (find-sexp-token sexp token)
  "Return the first list in SEXP that begins with TOKEN, a symbol, or #f."
  (define wanted (string->bytes (symbol->string token)))
  (part (let loop ((datum (sexp-datum sexp)))
          (and (pair? datum)
               (if (equal? (car datum) wanted)
                   datum
                   (any loop datum))))))

(define* (bytevector->hash-data bv #:optional (algorithm "sha256")
                                #:key (key-type 'ecc))
  "Return the data to sign for the hash BV under ALGORITHM."
  (sexp->canonical-sexp
   `(data (flags ,(if (eq? key-type 'rsa) 'pkcs1 'rfc6979))
          (hash ,(if (symbol? algorithm) algorithm (string->symbol algorithm))
                ,bv))))

(define (hash-data->bytevector data)
  "Return the hash in DATA and the name of its algorithm, or #f twice."
  (let ((hash (find-sexp-token data 'hash)))
    (if hash
        (values (sexp-datum (canonical-sexp-nth hash 2))
                (symbol->string (canonical-sexp-nth-data hash 1)))
        (values #f #f))))

(define (key-type sexp)
  "Return the type of the key SEXP, such as 'rsa, or #f."
  (case (canonical-sexp-nth-data sexp 0)
    ((public-key private-key)
     (canonical-sexp-nth-data (canonical-sexp-nth sexp 1) 0))
    ((key-data)
     (key-type (canonical-sexp-nth sexp 1)))
    (else #f)))
