;;; SRFI 207: bytevectors written as strings.
;;;
;;; Commentary:
;;; A bytestring is a bytevector whose bytes stand, as far as they can, for
;;; ASCII characters.  Where a procedure takes "parts", a part is a byte, an
;;; ASCII character, an ASCII string or a bytevector.  (read-enable
;;; 'bytestrings) makes the reader take #u8"…", (print-enable 'bytestrings)
;;; makes write give it.
;;; Code:

(define-module (srfi srfi-207)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 exceptions)
  #:use-module (rnrs bytevectors)
  #:use-module ((scheme base)
                #:select (bytevector-append bytevector-copy! read-string write-string))
  #:export (base64->bytevector bytestring bytestring->list bytestring-break
            bytestring-error? bytestring-index bytestring-index-right
            bytestring-join bytestring-pad bytestring-pad-right
            bytestring-replace bytestring-span bytestring-split
            bytestring-trim bytestring-trim-both bytestring-trim-right
            bytestring<=? bytestring<? bytestring>=? bytestring>?
            bytevector->base64 bytevector->hex-string hex-string->bytevector
            make-bytestring make-bytestring! make-bytestring-generator
            read-textual-bytestring write-binary-bytestring
            write-textual-bytestring))

(cond-expand-provide (current-module) '(srfi-207))

(define-exception-type &bytestring-error &error
  make-bytestring-error bytestring-error?)

(define (fail message . irritants)
  (raise-exception
   (make-exception (make-bytestring-error)
                   (make-exception-with-message message)
                   (make-exception-with-irritants irritants))))

(define (require-bytevector who x)
  (unless (bytevector? x)
    (scm-error 'wrong-type-arg who "Not a bytevector: ~S" (list x) (list x))))

;;; Parts and what is made of them.

(define (byte? x)
  (and (exact-integer? x) (<= 0 x 255)))

(define (ascii? char)
  (char<? char #\x80))

;; The bytes of one part, as a bytevector.
(define (part->bytes part)
  (cond ((bytevector? part) part)
        ((byte? part) (make-bytevector 1 part))
        ((and (char? part) (ascii? part)) (make-bytevector 1 (char->integer part)))
        ((and (string? part) (string-every ascii? part)) (string->utf8 part))
        (else (fail "no byte, ASCII character, ASCII string or bytevector" part))))

(define (part->byte part)
  (let ((bytes (part->bytes part)))
    (unless (= 1 (bytevector-length bytes))
      (fail "not a single byte or character" part))
    (bytevector-u8-ref bytes 0)))

(define (make-bytestring parts)
  "Return a bytevector of the bytes of @var{parts}, a list."
  (apply bytevector-append (map part->bytes parts)))

(define (bytestring . parts)
  "Return a bytevector of the bytes of @var{parts}."
  (make-bytestring parts))

(define (make-bytestring! target at parts)
  "Write the bytes of @var{parts} into @var{target} from the index @var{at} on."
  (bytevector-copy! target at (make-bytestring parts)))

(define (make-bytestring-generator . parts)
  "Return a procedure that gives one byte of @var{parts} after the other, then the
end-of-file object."
  (let ((bytes (make-bytestring parts)) (next 0))
    (lambda ()
      (if (= next (bytevector-length bytes))
          the-eof-object
          (begin
            (set! next (+ next 1))
            (bytevector-u8-ref bytes (- next 1)))))))

(define the-eof-object (eof-object))

(define (slice bytes start end)
  (let ((out (make-bytevector (- end start))))
    (bytevector-copy! out 0 bytes start end)
    out))

;; BYTES from START to END as a list of what CONVERT makes of each.
(define (bytes->list bytes start end convert)
  (let loop ((i (- end 1)) (out '()))
    (if (< i start)
        out
        (loop (- i 1) (cons (convert (bytevector-u8-ref bytes i)) out)))))

(define* (bytestring->list bytes #:optional (start 0) (end (bytevector-length bytes)))
  "Return a list of the bytes, those that print in ASCII as characters."
  (bytes->list bytes start end
               (lambda (byte)
                 (if (<= 32 byte 126) (integer->char byte) byte))))

;;; Hexadecimal and base 64.

(define (bytevector->hex-string bytes)
  "Return two hexadecimal digits for each byte."
  (require-bytevector "bytevector->hex-string" bytes)
  (string-concatenate
   (bytes->list bytes 0 (bytevector-length bytes)
                (lambda (byte)
                  (string-append (if (< byte 16) "0" "") (number->string byte 16))))))

(define (hex-string->bytevector text)
  "Return the bytes whose hexadecimal digits @var{text} holds."
  (unless (and (even? (string-length text))
               (string-every char-set:hex-digit text))
    (fail "not pairs of hexadecimal digits" text))
  (let ((out (make-bytevector (quotient (string-length text) 2))))
    (do ((i 0 (+ i 1)))
        ((= i (bytevector-length out)) out)
      (bytevector-u8-set! out i
                          (string->number (substring text (* 2 i) (* 2 (+ i 1))) 16)))))

(define letters-and-numbers
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

(define* (bytevector->base64 bytes #:optional (digits "+/"))
  "Return @var{bytes} in base 64 (RFC 4648), @var{digits} being the last two digits."
  (require-bytevector "bytevector->base64" bytes)
  (let ((alphabet (string-append letters-and-numbers digits))
        (end (bytevector-length bytes)))
    (define (byte i)
      (if (< i end) (bytevector-u8-ref bytes i) 0))
    (call-with-output-string
      (lambda (port)
        (let loop ((i 0))
          (when (< i end)
            (let ((group (logior (ash (byte i) 16) (ash (byte (+ i 1)) 8) (byte (+ i 2)))))
              (define (put from)
                (write-char (string-ref alphabet (bit-extract group from (+ from 6))) port))
              (put 18)
              (put 12)
              (if (< (+ i 1) end) (put 6) (write-char #\= port))
              (if (< (+ i 2) end) (put 0) (write-char #\= port))
              (loop (+ i 3)))))))))

(define* (base64->bytevector text #:optional (digits "+/"))
  "Return the bytes that @var{text} holds in base 64; blanks in it mean nothing."
  (define digit-values
    (let ((table (make-hash-table)))
      (string-for-each-index
       (lambda (i) (hashv-set! table (string-ref letters-and-numbers i) i))
       letters-and-numbers)
      (hashv-set! table (string-ref digits 0) 62)
      (hashv-set! table (string-ref digits 1) 63)
      table))
  (call-with-values open-bytevector-output-port
    (lambda (port get)
      ;; PENDING are the BITS bits of digits read that make no whole byte yet.
      (let loop ((chars (string->list text)) (pending 0) (bits 0) (padded? #f))
        (cond ((null? chars)
               (get))
              ((char-whitespace? (car chars))
               (loop (cdr chars) pending bits padded?))
              ((char=? #\= (car chars))
               (loop (cdr chars) 0 0 #t))
              ((and (not padded?) (hashv-ref digit-values (car chars)))
               => (lambda (digit)
                    (let ((pending (logior (ash pending 6) digit)) (bits (+ bits 6)))
                      (if (< bits 8)
                          (loop (cdr chars) pending bits #f)
                          (let ((rest (- bits 8)))
                            (put-u8 port (ash pending (- rest)))
                            (loop (cdr chars) (bit-extract pending 0 rest) rest #f))))))
              (else (fail "not base 64" (car chars) text)))))))

(define (string-for-each-index proc text)
  (do ((i 0 (+ i 1)))
      ((= i (string-length text)))
    (proc i)))

;;; Parts of a bytestring.

;; BYTES, or its last or first bytes, LENGTH long.
(define (padding bytes length pad)
  (make-bytevector (max 0 (- length (bytevector-length bytes))) (part->byte pad)))

(define (bytestring-pad bytes length pad)
  "Return @var{bytes} with @var{pad} before it as often as makes it @var{length}
long."
  (bytevector-append (padding bytes length pad) bytes))

(define (bytestring-pad-right bytes length pad)
  "Return @var{bytes} with @var{pad} after it as often as makes it @var{length}
long."
  (bytevector-append bytes (padding bytes length pad)))

(define* (bytestring-index bytes pred #:optional (start 0) (end (bytevector-length bytes)))
  "Return the index of the first byte that satisfies @var{pred}, or #f."
  (let loop ((i start))
    (and (< i end)
         (if (pred (bytevector-u8-ref bytes i)) i (loop (+ i 1))))))

(define* (bytestring-index-right bytes pred #:optional (start 0) (end (bytevector-length bytes)))
  "Return the index of the last byte that satisfies @var{pred}, or #f."
  (let loop ((i (- end 1)))
    (and (>= i start)
         (if (pred (bytevector-u8-ref bytes i)) i (loop (- i 1))))))

(define (complement pred)
  (lambda (byte) (not (pred byte))))

;; Where the bytes that stay begin, and end.
(define (trim-start bytes pred)
  (or (bytestring-index bytes (complement pred)) (bytevector-length bytes)))
(define (trim-end bytes pred)
  (let ((last (bytestring-index-right bytes (complement pred))))
    (if last (+ last 1) 0)))

(define (bytestring-trim bytes pred)
  "Return @var{bytes} without the first ones that satisfy @var{pred}."
  (slice bytes (trim-start bytes pred) (bytevector-length bytes)))

(define (bytestring-trim-right bytes pred)
  "Return @var{bytes} without the last ones that satisfy @var{pred}."
  (slice bytes 0 (trim-end bytes pred)))

(define (bytestring-trim-both bytes pred)
  "Return @var{bytes} without the first and last ones that satisfy @var{pred}."
  (let ((start (trim-start bytes pred)))
    (slice bytes start (max start (trim-end bytes pred)))))

(define (bytestring-break bytes pred)
  "Return the bytes before the first one that satisfies @var{pred}, and the rest."
  (let* ((end (bytevector-length bytes))
         (at (or (bytestring-index bytes pred) end)))
    (values (slice bytes 0 at) (slice bytes at end))))

(define (bytestring-span bytes pred)
  "Return the first bytes that satisfy @var{pred}, and the rest."
  (bytestring-break bytes (complement pred)))

(define* (bytestring-replace bytes new start end
                             #:optional (new-start 0) (new-end (bytevector-length new)))
  "Return @var{bytes} with those of @var{new} in place of the bytes from @var{start}
to @var{end}."
  (bytevector-append (slice bytes 0 start)
                     (slice new new-start new-end)
                     (slice bytes end (bytevector-length bytes))))

;;; Comparison, by bytes from the left.

(define (compare a b less equal greater)
  (let ((a-end (bytevector-length a)) (b-end (bytevector-length b)))
    (let loop ((i 0))
      (cond ((= i a-end) (if (= i b-end) equal less))
            ((= i b-end) greater)
            (else
             (let ((x (bytevector-u8-ref a i)) (y (bytevector-u8-ref b i)))
               (cond ((< x y) less)
                     ((> x y) greater)
                     (else (loop (+ i 1))))))))))

(define (bytestring<? a b)
  "Whether @var{a} comes before @var{b}."
  (compare a b #t #f #f))
(define (bytestring>? a b)
  "Whether @var{a} comes after @var{b}."
  (compare a b #f #f #t))
(define (bytestring<=? a b)
  "Whether @var{a} does not come after @var{b}."
  (compare a b #t #t #f))
(define (bytestring>=? a b)
  "Whether @var{a} does not come before @var{b}."
  (compare a b #f #t #t))

;;; Joining and splitting.

(define* (bytestring-join bytestrings delimiter #:optional (grammar 'infix))
  "Return the @var{bytestrings} with @var{delimiter}, a part, between them, or before
or after each, as @var{grammar} says: @code{infix}, @code{strict-infix},
@code{prefix} or @code{suffix}."
  (let ((delimiter (part->bytes delimiter)))
    (define (each before after)
      (apply bytevector-append
             (map (lambda (bytes) (bytevector-append before bytes after)) bytestrings)))
    (case grammar
      ((prefix) (each delimiter #vu8()))
      ((suffix) (each #vu8() delimiter))
      ((infix strict-infix)
       (cond ((pair? bytestrings)
              (apply bytevector-append
                     (car bytestrings)
                     (map (lambda (bytes) (bytevector-append delimiter bytes))
                          (cdr bytestrings))))
             ((eq? grammar 'infix) #vu8())
             (else (fail "no bytestrings to join with strict-infix"))))
      (else (fail "unknown grammar" grammar)))))

(define* (bytestring-split bytes delimiter #:optional (grammar 'infix))
  "Return a list of what stands between the bytes @var{delimiter} of @var{bytes};
@var{grammar} is as in @code{bytestring-join}."
  (let ((end (bytevector-length bytes)) (delimiter (part->byte delimiter)))
    (define (split start end)
      (let loop ((start start) (out '()))
        (let ((at (bytestring-index bytes (lambda (byte) (= byte delimiter)) start end)))
          (if at
              (loop (+ at 1) (cons (slice bytes start at) out))
              (reverse (cons (slice bytes start end) out))))))
    (define (delimiter-at? i)
      (= delimiter (bytevector-u8-ref bytes i)))
    (unless (memq grammar '(infix strict-infix prefix suffix))
      (fail "unknown grammar" grammar))
    (cond ((zero? end)
           (when (eq? grammar 'strict-infix)
             (fail "nothing to split with strict-infix"))
           '())
          ((and (eq? grammar 'prefix) (delimiter-at? 0)) (split 1 end))
          ((and (eq? grammar 'suffix) (delimiter-at? (- end 1))) (split 0 (- end 1)))
          (else (split 0 end)))))

;;; Ports.

(define (write-binary-bytestring port . parts)
  "Write the bytes of @var{parts} to a binary port."
  (put-bytevector port (make-bytestring parts)))

;; Bytes whose notation is a letter after a backslash.
(define escapes
  '((7 . #\a) (8 . #\b) (9 . #\t) (10 . #\n) (13 . #\r) (34 . #\") (92 . #\\) (124 . #\|)))

(define* (write-textual-bytestring bytes #:optional (port (current-output-port)))
  "Write @var{bytes} as #u8\"…\"."
  (require-bytevector "write-textual-bytestring" bytes)
  (write-string "#u8\"" port)
  (for-each
   (lambda (byte)
     (cond ((assv byte escapes)
            => (lambda (escape)
                 (write-char #\\ port)
                 (write-char (cdr escape) port)))
           ((<= 32 byte 126) (write-char (integer->char byte) port))
           (else
            (write-string "\\x" port)
            (write-string (number->string byte 16) port)
            (write-char #\; port))))
   (bytes->list bytes 0 (bytevector-length bytes) identity))
  (write-char #\" port))

(define* (read-textual-bytestring prefix? #:optional (port (current-input-port)))
  "Read a bytestring as @code{write-textual-bytestring} writes it; with a false
@var{prefix?} it stands there without the #u8."
  (unless (boolean? prefix?)
    (scm-error 'wrong-type-arg "read-textual-bytestring"
               "Not a boolean: ~S" (list prefix?) (list prefix?)))
  (when prefix?
    (let ((start (read-string 3 port)))
      (unless (equal? start "#u8")
        (fail "a bytestring begins with #u8" start))))
  (unless (eqv? #\" (next port))
    (fail "no quotation mark where a bytestring should begin"))
  (call-with-values open-bytevector-output-port
    (lambda (out get)
      (let loop ((char (next port)))
        (cond ((char=? char #\") (get))
              ((char=? char #\\)
               (let ((byte (read-escape port)))
                 (when byte (put-u8 out byte))
                 (loop (next port))))
              ((ascii? char)
               (put-u8 out (char->integer char))
               (loop (next port)))
              (else (fail "not an ASCII character" char)))))))

(define (next port)
  (let ((char (read-char port)))
    (when (eof-object? char)
      (fail "the text ends within a bytestring"))
    char))

;; The byte of what follows a backslash; #f of a line that is continued.
(define (read-escape port)
  (let ((char (next port)))
    (cond ((char=? char #\x) (read-hex port))
          ((find-escape char) => car)
          ((char-whitespace? char) (skip-line-end char port))
          (else (fail "unknown escape" char)))))

(define (find-escape char)
  (let loop ((rest escapes))
    (and (pair? rest)
         (if (char=? char (cdar rest)) (car rest) (loop (cdr rest))))))

(define (read-hex port)
  (let loop ((char (next port)) (digits '()))
    (cond ((char-set-contains? char-set:hex-digit char)
           (loop (next port) (cons char digits)))
          ((and (char=? char #\;) (pair? digits))
           (let ((byte (string->number (reverse-list->string digits) 16)))
             (unless (byte? byte)
               (fail "not a byte" byte))
             byte))
          (else (fail "a semicolon ends the digits after \\x" char)))))

;; Blanks, a line end and the blanks after it; CHAR is the first of them.
(define (skip-line-end char port)
  (define (skip-blanks)
    (when (memv (peek-char port) '(#\space #\tab))
      (read-char port)
      (skip-blanks)))
  (let ((char (if (memv char '(#\space #\tab))
                  (begin (skip-blanks) (next port))
                  char)))
    (unless (or (char=? char #\newline)
                (and (char=? char #\return)
                     (or (not (eqv? #\newline (peek-char port)))
                         (read-char port))))
      (fail "only a line end may follow a backslash and blanks" char))
    (skip-blanks)
    #f))
