;;; Commentary:
;;;
;;; Reading JSON (RFC 8259), and sequences of JSON texts (RFC 7464).  What is no
;;; JSON is reported by throwing to 'json-invalid with the port.
;;;
;;; Code:

(define-module (json parser)
  #:export (json->scm
            json-string->scm
            json-seq->scm
            json-seq-string->scm))

(define* (json->scm #:optional (port (current-input-port))
                    #:key (null 'null) (ordered #f) (concatenated #f))
  "Read a JSON text from PORT and return it.  NULL stands for null.  If ORDERED
is true, keys of objects keep the order they have in the text.  Unless
CONCATENATED is true, nothing may follow on PORT."
  (let ((value (read-value port null ordered)))
    (unless concatenated
      (skip-blank port)
      (unless (eof-object? (peek-char port))
        (invalid port)))
    value))

(define* (json-string->scm text #:key (null 'null) (ordered #f))
  "Return the JSON text TEXT as 'json->scm' does."
  (call-with-input-string text
    (lambda (port) (json->scm port #:null null #:ordered ordered))))

(define* (json-seq->scm #:optional (port (current-input-port))
                        #:key (null 'null) (ordered #f)
                        (handle-truncate 'skip) (truncated-object 'truncated))
  "Return a list of the JSON texts on PORT, each of which begins with the
character RS.  HANDLE-TRUNCATE tells what becomes of broken ones: 'skip leaves
them out, 'replace puts TRUNCATED-OBJECT in their place, 'throw reports them."
  (let loop ((result '()))
    (let ((text (read-record port)))
      (if (eof-object? text)
          (reverse result)
          (loop (catch 'json-invalid
                  (lambda ()
                    (cons (json-string->scm text #:null null
                                            #:ordered ordered)
                          result))
                  (lambda args
                    (case handle-truncate
                      ((skip) result)
                      ((replace) (cons truncated-object result))
                      (else (apply throw args))))))))))

(define* (json-seq-string->scm text #:key (null 'null) (ordered #f)
                               (handle-truncate 'skip)
                               (truncated-object 'truncated))
  "Do as 'json-seq->scm' with the string TEXT."
  (call-with-input-string text
    (lambda (port)
      (json-seq->scm port #:null null #:ordered ordered
                     #:handle-truncate handle-truncate
                     #:truncated-object truncated-object))))

(define %record-separator #\x1e)

(define (read-record port)
  "Return the text up to the next RS, or the end-of-file object."
  (let ((first (read-char port)))
    (cond ((eof-object? first) first)
          ((char=? first %record-separator)
           (let loop ((chars '()))
             (let ((c (peek-char port)))
               (if (or (eof-object? c) (char=? c %record-separator))
                   (list->string (reverse chars))
                   (loop (cons (read-char port) chars))))))
          (else (read-record port)))))

(define (invalid port)
  "Report that PORT holds no JSON."
  (throw 'json-invalid port))

(define (blank? c)
  (memv c '(#\space #\tab #\newline #\return)))

(define (skip-blank port)
  (let ((c (peek-char port)))
    (when (and (char? c) (blank? c))
      (read-char port)
      (skip-blank port))))

(define (read-value port null ordered)
  "Read one value; NULL and ORDERED are as for 'json->scm'."
  (skip-blank port)
  (let ((c (peek-char port)))
    (cond ((eof-object? c) (invalid port))
          ((char=? c #\{) (read-char port) (read-object port null ordered))
          ((char=? c #\[) (read-char port) (read-array port null ordered))
          ((char=? c #\") (read-char port) (read-text port))
          ((char=? c #\t) (read-word port "true" #t))
          ((char=? c #\f) (read-word port "false" #f))
          ((char=? c #\n) (read-word port "null" null))
          ((or (char=? c #\-) (digit? c)) (read-number port))
          (else (invalid port)))))

(define (read-word port word value)
  "Read WORD and return VALUE."
  (let loop ((i 0))
    (cond ((= i (string-length word)) value)
          ((eqv? (read-char port) (string-ref word i)) (loop (+ i 1)))
          (else (invalid port)))))

(define (read-object port null ordered)
  "Read what follows the brace of an object."
  (define (read-member)
    (skip-blank port)
    (unless (eqv? (read-char port) #\") (invalid port))
    (let ((key (read-text port)))
      (skip-blank port)
      (unless (eqv? (read-char port) #\:) (invalid port))
      (cons key (read-value port null ordered))))
  (define (finish members)
    (if ordered (reverse members) members))
  (skip-blank port)
  (if (eqv? (peek-char port) #\})
      (begin (read-char port) '())
      (let loop ((members '()))
        (let ((members (cons (read-member) members)))
          (skip-blank port)
          (case (read-char port)
            ((#\,) (loop members))
            ((#\}) (finish members))
            (else (invalid port)))))))

(define (read-array port null ordered)
  "Read what follows the bracket of an array."
  (skip-blank port)
  (if (eqv? (peek-char port) #\])
      (begin (read-char port) (vector))
      (let loop ((items '()))
        (let ((items (cons (read-value port null ordered) items)))
          (skip-blank port)
          (case (read-char port)
            ((#\,) (loop items))
            ((#\]) (list->vector (reverse items)))
            (else (invalid port)))))))

(define (read-text port)
  "Read what follows the quotation mark of a string."
  (let loop ((chars '()))
    (let ((c (read-char port)))
      (cond ((eof-object? c) (invalid port))
            ((char=? c #\") (reverse-list->string chars))
            ((char=? c #\\) (loop (cons (read-escape port) chars)))
            ((char<? c #\space) (invalid port))
            (else (loop (cons c chars)))))))

(define (read-escape port)
  "Read what follows a backslash; return the character."
  (case (read-char port)
    ((#\") #\")
    ((#\\) #\\)
    ((#\/) #\/)
    ((#\b) #\backspace)
    ((#\f) #\page)
    ((#\n) #\newline)
    ((#\r) #\return)
    ((#\t) #\tab)
    ((#\u) (read-unicode port))
    (else (invalid port))))

(define (read-unicode port)
  "Read four hexadecimal digits, and a second escape when they are the first
half of a surrogate pair."
  (let ((high (read-hex port)))
    (cond ((<= #xd800 high #xdbff)
           (unless (and (eqv? (read-char port) #\\)
                        (eqv? (read-char port) #\u))
             (invalid port))
           (let ((low (read-hex port)))
             (unless (<= #xdc00 low #xdfff) (invalid port))
             (integer->char (+ #x10000 (* #x400 (- high #xd800))
                               (- low #xdc00)))))
          ((<= #xdc00 high #xdfff) (invalid port))
          (else (integer->char high)))))

(define (read-hex port)
  (let loop ((n 0) (i 0))
    (if (= i 4)
        n
        (let* ((c (read-char port))
               (d (and (char? c) (string->number (string c) 16))))
          (unless d (invalid port))
          (loop (+ (* 16 n) d) (+ i 1))))))

(define (digit? c)
  (and (char? c) (char<=? #\0 c #\9)))

(define (read-number port)
  "Read a number: exact when it has neither fraction nor exponent."
  (define (take chars)
    (cons (read-char port) chars))
  (define (digits chars)
    (unless (digit? (peek-char port)) (invalid port))
    (let loop ((chars chars))
      (if (digit? (peek-char port)) (loop (take chars)) chars)))
  (define (integer-part chars)
    (if (eqv? (peek-char port) #\0) (take chars) (digits chars)))
  (define (fraction chars)
    (if (eqv? (peek-char port) #\.) (digits (take chars)) chars))
  (define (exponent chars)
    (if (memv (peek-char port) '(#\e #\E))
        (let ((chars (take chars)))
          (digits (if (memv (peek-char port) '(#\+ #\-)) (take chars) chars)))
        chars))
  (let* ((sign  (if (eqv? (peek-char port) #\-) (take '()) '()))
         (chars (exponent (fraction (integer-part sign)))))
    (when (digit? (peek-char port)) (invalid port)) ;a leading zero
    (string->number (reverse-list->string chars))))
