;;; Reading tokens from ports.
;;;
;;; Commentary:
;;; Where characters are listed, the symbol *eof* stands for the end of the port.
;;; Code:

(define-module (sxml ssax input-parse)
  #:use-module ((ice-9 rdelim) #:select (read-line (read-string . rdelim:read-string)))
  #:export (peek-next-char assert-curr-char skip-until skip-while next-token
            next-token-of read-text-line find-string-from-port?)
  #:replace (read-string))

(define (parser-error port message . rest)
  (apply throw 'parser-error port message rest))

;; Whether C, a character or the end of file, is in the list CHARS.
(define (among? c chars)
  (if (eof-object? c) (memq '*eof* chars) (memv c chars)))

(define* (peek-next-char #:optional (port (current-input-port)))
  "Read a character from PORT and return the one that comes next."
  (read-char port)
  (peek-char port))

(define* (assert-curr-char chars comment #:optional (port (current-input-port)))
  "Read a character from PORT, which must be one of CHARS, and return it."
  (let ((c (read-char port)))
    (if (among? c chars)
        c
        (parser-error port "Wrong character " c
                      " (0x" (if (eof-object? c) "*eof*" (number->string (char->integer c) 16))
                      ") " comment ". " chars " expected"))))

(define* (skip-until arg #:optional (port (current-input-port)))
  "Read ARG characters from PORT, or all up to one of the list ARG, which is
read and returned."
  (if (number? arg)
      (let loop ((n arg))
        (and (> n 0)
             (begin
               (when (eof-object? (read-char port))
                 (parser-error port "Unexpected EOF while skipping " arg " characters"))
               (loop (- n 1)))))
      (let loop ((c (read-char port)))
        (cond ((among? c arg) c)
              ((eof-object? c)
               (parser-error port "Unexpected EOF while skipping until " arg))
              (else (loop (read-char port)))))))

(define* (skip-while chars #:optional (port (current-input-port)))
  "Read characters from PORT as long as they are among CHARS; return the one
that comes next."
  (let loop ((c (peek-char port)))
    (if (and (char? c) (memv c chars))
        (begin (read-char port) (loop (peek-char port)))
        c)))

(define* (next-token prefix-chars break-chars #:optional (comment "")
                     (port (current-input-port)))
  "Skip PREFIX-CHARS and return what PORT has up to one of BREAK-CHARS, which is
not read."
  (skip-while prefix-chars port)
  (let loop ((out '()))
    (let ((c (peek-char port)))
      (cond ((among? c break-chars) (reverse-list->string out))
            ((eof-object? c)
             (parser-error port "EOF while reading a token " comment))
            (else
             (read-char port)
             (loop (cons c out)))))))

(define* (next-token-of chars #:optional (port (current-input-port)))
  "Return what PORT has as long as it is of CHARS, a list or a procedure that
gives the character to take, or #f."
  (define take
    (if (procedure? chars)
        chars
        (lambda (c) (and (char? c) (memv c chars) c))))
  (let loop ((out '()))
    (let ((c (take (peek-char port))))
      (if c
          (begin (read-char port) (loop (cons c out)))
          (reverse-list->string out)))))

(define* (read-text-line #:optional (port (current-input-port)))
  "Return the next line of PORT, which ends with LF, CR or both."
  (if (eof-object? (peek-char port))
      (read-char port)
      (let ((line (next-token '() '(#\newline #\return *eof*) "reading a line" port)))
        (when (and (eqv? (read-char port) #\return) (eqv? (peek-char port) #\newline))
          (read-char port))
        line)))

(define* (read-string n #:optional (port (current-input-port)))
  "Return the next N characters of PORT, fewer at its end."
  (if (positive? n)
      (let ((s (rdelim:read-string port n)))
        (if (eof-object? s) "" s))
      ""))

(define* (find-string-from-port? str port #:optional max)
  "Read PORT up to the end of the first STR in it, at most MAX characters, and
return how many were read, or #f when STR was not there."
  ;; Knuth, Morris and Pratt: how much of STR still matches after a mismatch.
  (let* ((n (string-length str))
         (fail (make-vector (+ n 1) 0)))
    (let build ((i 1) (k 0))
      (when (< i n)
        (let back ((k k))
          (cond ((char=? (string-ref str i) (string-ref str k))
                 (vector-set! fail (+ i 1) (+ k 1))
                 (build (+ i 1) (+ k 1)))
                ((zero? k)
                 (vector-set! fail (+ i 1) 0)
                 (build (+ i 1) 0))
                (else (back (vector-ref fail k)))))))
    (let loop ((count 0) (k 0))
      (cond ((= k n) count)
            ((and max (>= count max)) #f)
            (else
             (let ((c (read-char port)))
               (if (eof-object? c)
                   #f
                   (let back ((k k))
                     (cond ((char=? c (string-ref str k)) (loop (+ count 1) (+ k 1)))
                           ((zero? k) (loop (+ count 1) 0))
                           (else (back (vector-ref fail k))))))))))))
