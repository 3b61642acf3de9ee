;;; Writing JSON.
;;;
;;; Commentary:
;;;
;;; Plans for the built-in builders are JSON texts (RFC 8259).  Alists with
;;; symbol or string keys are objects, in their order; vectors are arrays.
;;;
;;; Code:

(define-module (guix build json)
  #:use-module (ice-9 match)
  #:export (write-json
            scm->json-string))

(define (write-string text port)
  (write-char #\" port)
  (string-for-each
   (lambda (c)
     (case c
       ((#\") (display "\\\"" port))
       ((#\\) (display "\\\\" port))
       ((#\newline) (display "\\n" port))
       ((#\return) (display "\\r" port))
       ((#\tab) (display "\\t" port))
       (else
        (if (char<? c #\space)
            (let ((hex (number->string (char->integer c) 16)))
              (display "\\u" port)
              (display (make-string (- 4 (string-length hex)) #\0) port)
              (display hex port))
            (write-char c port)))))
   text)
  (write-char #\" port))

(define (key->string key)
  (match key
    ((? symbol?) (symbol->string key))
    ((? string?) key)))

(define (write-items items port write-item)
  (let loop ((items items) (first? #t))
    (match items
      (() #t)
      ((item . rest)
       (unless first? (write-char #\, port))
       (write-item item)
       (loop rest #f)))))

(define (write-json value port)
  "Write VALUE to PORT: an alist, a vector, a string, a number or a boolean."
  (match value
    ((? string?) (write-string value port))
    ((? boolean?) (display (if value "true" "false") port))
    ((and (? number?) (? exact?) (? integer?)) (display value port))
    ((? number?) (display (exact->inexact value) port))
    ('null (display "null" port))
    ((? vector?)
     (write-char #\[ port)
     (write-items (vector->list value) port
                  (lambda (item) (write-json item port)))
     (write-char #\] port))
    (((key . item) ...)
     (write-char #\{ port)
     (write-items value port
                  (match-lambda
                    ((key . item)
                     (write-string (key->string key) port)
                     (write-char #\: port)
                     (write-json item port))))
     (write-char #\} port))
    (_ (error "write-json: not a JSON value" value))))

(define (scm->json-string value)
  "Return VALUE as a JSON text."
  (call-with-output-string (lambda (port) (write-json value port))))
