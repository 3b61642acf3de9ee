;;; Commentary:
;;;
;;; Bytes in base 64 (RFC 4648, sections 4 and 5), under the interface of
;;; Guile-Gcrypt.
;;;
;;; Code:

(define-module (gcrypt base64)
  #:use-module (ice-9 rdelim)
  #:use-module (rnrs bytevectors)
  #:use-module ((rnrs io ports) #:select (put-bytevector))
  #:export (base64-encode
            base64-decode
            base64-alphabet
            base64url-alphabet
            get-delimited-base64
            put-delimited-base64))

(define %letters
  (string-append "ABCDEFGHIJKLMNOPQRSTUVWXYZ" "abcdefghijklmnopqrstuvwxyz"
                 "0123456789"))

(define base64-alphabet (string-append %letters "+/"))
(define base64url-alphabet (string-append %letters "-_"))

(define* (base64-encode bv #:optional (start 0) (end (bytevector-length bv))
                        line-length no-padding?
                        (alphabet base64-alphabet) port)
  "Return the bytes of BV from START to END in base 64, or write them to PORT.
LINE-LENGTH, a multiple of 4 or #f, is where lines end; NO-PADDING? leaves out
the signs '=' at the end."
  (define (byte i)
    (if (< i end) (bytevector-u8-ref bv i) 0))
  (define (write-group i out)
    (let* ((n    (min 3 (- end i)))
           (bits (+ (ash (byte i) 16) (ash (byte (+ i 1)) 8) (byte (+ i 2)))))
      (let loop ((k 0))
        (when (< k 4)
          (cond ((<= k n)
                 (write-char (string-ref alphabet
                                         (logand 63 (ash bits (* -6 (- 3 k)))))
                             out))
                ((not no-padding?)
                 (write-char #\= out)))
          (loop (+ k 1))))))
  (define (write-all out)
    (let loop ((i start) (column 0))
      (when (< i end)
        (let ((column (if (and line-length (>= column line-length))
                          (begin (newline out) 0)
                          column)))
          (write-group i out)
          (loop (+ i 3) (+ column 4))))))
  (if port
      (write-all port)
      (call-with-output-string write-all)))

(define* (base64-decode text #:optional (alphabet base64-alphabet) port
                        (strict? #t) (strict-padding? #t))
  "Return the bytes that TEXT, in base 64, stands for, or write them to PORT.
White space is passed over; other characters are errors if STRICT? is true."
  (define values
    (let ((table (make-vector 128 #f)))
      (string-for-each-index
       (lambda (i c) (vector-set! table (char->integer c) i))
       alphabet)
      table))
  (define (value c)
    (or (and (char<? c #\delete) (vector-ref values (char->integer c)))
        (and strict?
             (scm-error 'misc-error "base64-decode"
                        "~S is no digit of base 64" (list c) #f))))
  (define digits
    (let ((text (string-delete char-set:whitespace text)))
      (when (and strict? strict-padding?
                 (not (zero? (remainder (string-length text) 4))))
        (scm-error 'misc-error "base64-decode"
                   "~S digits are no multiple of 4: the end is missing"
                   (list (string-length text)) #f))
      (filter-map-chars value (string-trim-right text #\=))))
  (let* ((n      (quotient (* 6 (length digits)) 8))
         (result (make-bytevector n)))
    (let loop ((digits digits) (bits 0) (count 0) (at 0))
      (cond ((>= count 8)
             (bytevector-u8-set! result at
                                 (logand 255 (ash bits (- 8 count))))
             (loop digits (logand bits (- (ash 1 (- count 8)) 1)) (- count 8)
                   (+ at 1)))
            ((null? digits) #t)
            (else
             (loop (cdr digits) (+ (ash bits 6) (car digits)) (+ count 6)
                   at))))
    (if port (put-bytevector port result) result)))

(define (string-for-each-index proc text)
  "Call PROC with the index and the character of each place of TEXT."
  (let loop ((i 0))
    (when (< i (string-length text))
      (proc i (string-ref text i))
      (loop (+ i 1)))))

(define (filter-map-chars proc text)
  "Return the list of what PROC gives for the characters of TEXT, without #f."
  (let loop ((i (- (string-length text) 1)) (result '()))
    (if (negative? i)
        result
        (let ((x (proc (string-ref text i))))
          (loop (- i 1) (if x (cons x result) result))))))

;; The armour of RFC 7468: lines of base 64 between BEGIN and END.
(define (put-delimited-base64 port type bv)
  "Write BV to PORT between lines that name TYPE, a string."
  (display (string-append "-----BEGIN " type "-----\n") port)
  (display (base64-encode bv 0 (bytevector-length bv) 64) port)
  (display (string-append "\n-----END " type "-----\n") port))

(define* (get-delimited-base64 port #:optional (strict? #t))
  "Read what 'put-delimited-base64' wrote; return its type and the bytes, or the
end-of-file object twice."
  (define (delimiter line word)
    (let ((head (string-append "-----" word " ")))
      (and (string-prefix? head line)
           (string-suffix? "-----" line)
           (substring line (string-length head) (- (string-length line) 5)))))
  (let find ()
    (let ((line (read-line port)))
      (cond ((eof-object? line) (values line line))
            ((delimiter (string-trim-both line) "BEGIN")
             => (lambda (type)
                  (let loop ((lines '()))
                    (let ((line (read-line port)))
                      (cond ((eof-object? line)
                             (scm-error 'misc-error "get-delimited-base64"
                                        "the line -----END ~A----- is missing"
                                        (list type) #f))
                            ((delimiter (string-trim-both line) "END")
                             (values type
                                     (base64-decode
                                      (string-concatenate (reverse lines)))))
                            (else (loop (cons line lines))))))))
            (else (find))))))
