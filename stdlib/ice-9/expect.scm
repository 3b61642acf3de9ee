;;; Waiting for text from a port.
;;;
;;; Commentary:
;;; (expect (matcher form ...) ...) reads characters until a matcher, called with
;;; all that was read and whether it has ended, gives a true value.
;;; (expect-strings (pattern form ...) ...) does so by regular expressions.
;;; Variables expect-port and so on, where bound, lexically or by definitions,
;;; change what is read and what happens at its end.
;;; Code:

(define-module (ice-9 expect)
  #:use-module (ice-9 regex)
  #:export (expect expect-strings expect-port expect-timeout expect-timeout-proc
            expect-eof-proc expect-char-proc expect-strings-compile-flags
            expect-strings-exec-flags expect-select expect-regexec))

;; The port to read from, the current input port if #f.
(define expect-port #f)
;; After how many seconds to give up, never if #f.
(define expect-timeout #f)
;; Procedures called with what was read: at a timeout, and at the end.
(define expect-timeout-proc #f)
(define expect-eof-proc #f)
;; A procedure called with every character.
(define expect-char-proc #f)
(define expect-strings-compile-flags regexp/newline)
(define expect-strings-exec-flags regexp/noteol)

(define (now)
  (let ((t (gettimeofday)))
    (+ (car t) (/ (cdr t) 1000000))))

(define (expect-select port deadline)
  "Wait for PORT to be ready, until the second DEADLINE, and tell whether it is."
  (let ((left (- deadline (now))))
    (and (> left 0)
         (pair? (car (select (list port) '() '() left))))))

(define (expect-regexec rx text eof?)
  "Return the list of the matches of RX and its groups in TEXT, or #f."
  (let* ((flags (if eof?
                    (logand expect-strings-exec-flags (lognot regexp/noteol))
                    expect-strings-exec-flags))
         (match (regexp-exec rx text 0 flags)))
    (and match
         (map (lambda (i) (match:substring match i)) (iota (match:count match))))))

;; Reads until CLAUSES, a procedure of the text, whether it has ended, and a
;; procedure to go on, does not call that.
(define (%expect port timeout timeout-proc eof-proc char-proc clauses)
  (let* ((port (or port (current-input-port)))
         (deadline (and timeout (+ (now) timeout))))
    (let loop ((text ""))
      (if (and deadline (not (expect-select port deadline)))
          (and timeout-proc (timeout-proc text))
          (let ((c (read-char port)))
            (when char-proc (char-proc c))
            (let ((text (if (eof-object? c) text (string-append text (string c)))))
              (clauses port text (eof-object? c)
                       (lambda ()
                         (if (eof-object? c)
                             (and eof-proc (eof-proc text))
                             (loop text))))))))))

(define-syntax expect
  (lambda (x)
    "Read until one of the clauses (matcher form ...) or (matcher => proc)
matches, and evaluate its forms."
    (define (settings x)
      (map (lambda (name) (datum->syntax x name))
           '(expect-port expect-timeout expect-timeout-proc expect-eof-proc
             expect-char-proc)))
    (syntax-case x ()
      ((kw clause ...)
       (with-syntax (((setting ...) (settings #'kw)))
         #'(%expect setting ...
                    (lambda (port text eof? next)
                      (expect-clauses port text eof? next clause ...))))))))

(define-syntax expect-clauses
  (syntax-rules (=>)
    ((_ port text eof? next) (next))
    ((_ port text eof? next (matcher) clause ...)
     (or (matcher text eof?)
         (expect-clauses port text eof? next clause ...)))
    ((_ port text eof? next (matcher => proc) clause ...)
     (let ((found (matcher text eof?)))
       (if found
           (apply proc found)
           (expect-clauses port text eof? next clause ...))))
    ((_ port text eof? next (matcher form ...) clause ...)
     (if (matcher text eof?)
         (begin form ...)
         (expect-clauses port text eof? next clause ...)))))

(define-syntax expect-strings
  (lambda (x)
    "As expect, the matchers being regular expressions in strings."
    (syntax-case x ()
      ((kw (pattern form ...) ...)
       (with-syntax (((rx ...) (generate-temporaries #'(pattern ...)))
                     (flags (datum->syntax #'kw 'expect-strings-compile-flags))
                     (expect (datum->syntax #'kw 'expect)))
         #'(let ((rx (make-regexp pattern flags)) ...)
             (expect ((lambda (text eof?) (expect-regexec rx text eof?)) form ...)
                     ...)))))))
