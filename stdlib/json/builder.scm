;;; Commentary:
;;;
;;; Writing JSON (RFC 8259).  What has no form in JSON is reported by throwing
;;; to 'json-invalid with the object.
;;;
;;; Code:

(define-module (json builder)
  #:export (scm->json
            scm->json-string
            scm->json-seq
            scm->json-seq-string))

(define* (scm->json object #:optional (port (current-output-port))
                    #:key (solidus #f) (unicode #f) (null 'null)
                    (validate #t) (pretty #f))
  "Write OBJECT to PORT as JSON.  If SOLIDUS is true, slashes are escaped; if
UNICODE is true, all characters beyond ASCII are.  NULL stands for null.  PRETTY
spreads the text over lines.  If VALIDATE is true, nothing is written when
OBJECT cannot be."
  (when validate (check object null))
  (put object port (make-style solidus unicode null pretty) 0))

(define* (scm->json-string object #:key (solidus #f) (unicode #f)
                           (null 'null) (validate #t) (pretty #f))
  "Return OBJECT as JSON, as 'scm->json' writes it."
  (call-with-output-string
    (lambda (port)
      (scm->json object port #:solidus solidus #:unicode unicode #:null null
                 #:validate validate #:pretty pretty))))

(define* (scm->json-seq objects #:optional (port (current-output-port))
                        #:key (solidus #f) (unicode #f) (null 'null)
                        (validate #t))
  "Write the list OBJECTS to PORT as a sequence of JSON texts (RFC 7464)."
  (for-each (lambda (object)
              (write-char #\x1e port)
              (scm->json object port #:solidus solidus #:unicode unicode
                         #:null null #:validate validate)
              (newline port))
            objects))

(define* (scm->json-seq-string objects #:key (solidus #f) (unicode #f)
                               (null 'null) (validate #t))
  "Return OBJECTS as 'scm->json-seq' writes them."
  (call-with-output-string
    (lambda (port)
      (scm->json-seq objects port #:solidus solidus #:unicode unicode
                     #:null null #:validate validate))))

(define (make-style solidus unicode null pretty)
  (vector solidus unicode null pretty))
(define (escape-solidus? style) (vector-ref style 0))
(define (escape-unicode? style) (vector-ref style 1))
(define (style-null style) (vector-ref style 2))
(define (pretty? style) (vector-ref style 3))

(define (invalid object)
  (throw 'json-invalid object))

(define (key? x)
  (or (string? x) (symbol? x) (number? x)))

(define (object-like? x)
  "Return true if X, a list, is written as an object."
  (and (list? x)
       (let loop ((l x))
         (or (null? l)
             (and (pair? (car l)) (key? (caar l)) (loop (cdr l)))))))

(define (json-number? x)
  (and (real? x) (or (exact? x) (and (not (inf? x)) (not (nan? x))))))

(define (check object null)
  "Report the part of OBJECT that has no form in JSON."
  (let loop ((x object))
    (cond ((or (boolean? x) (eq? x null) (string? x) (symbol? x)
               (json-number? x))
           #t)
          ((vector? x) (vector-for-each* loop x))
          ((object-like? x) (for-each (lambda (member) (loop (cdr member))) x))
          ((hash-table? x) (hash-for-each (lambda (key value) (loop value)) x))
          (else (invalid x)))))

(define (vector-for-each* proc v)
  (let loop ((i 0))
    (when (< i (vector-length v))
      (proc (vector-ref v i))
      (loop (+ i 1)))))

(define (put x port style depth)
  "Write X at nesting level DEPTH."
  (cond ((eq? x (style-null style)) (display "null" port))
        ((eq? x #t) (display "true" port))
        ((eq? x #f) (display "false" port))
        ((json-number? x) (put-number x port))
        ((string? x) (put-text x port style))
        ((symbol? x) (put-text (symbol->string x) port style))
        ((vector? x)
         (put-sequence (vector->list x) "[" "]" port style depth
                       (lambda (item)
                         (put item port style (+ depth 1)))))
        ((object-like? x) (put-object x port style depth))
        ((hash-table? x)
         (put-object (hash-map->list cons x) port style depth))
        (else (invalid x))))

(define (put-object members port style depth)
  (put-sequence members "{" "}" port style depth
                (lambda (member)
                  (put-text (key->string (car member)) port style)
                  (display (if (pretty? style) ": " ":") port)
                  (put (cdr member) port style (+ depth 1)))))

(define (key->string key)
  (cond ((string? key) key)
        ((symbol? key) (symbol->string key))
        (else (number->string key))))

(define (put-sequence items open close port style depth put-item)
  "Write ITEMS between OPEN and CLOSE."
  (define (break depth)
    (when (pretty? style)
      (newline port)
      (display (make-string (* 2 depth) #\space) port)))
  (display open port)
  (unless (null? items)
    (break (+ depth 1))
    (put-item (car items))
    (for-each (lambda (item)
                (display "," port)
                (break (+ depth 1))
                (put-item item))
              (cdr items))
    (break depth))
  (display close port))

(define (put-number x port)
  ;; A fraction has no form of its own.
  (display (if (and (exact? x) (not (integer? x))) (exact->inexact x) x)
           port))

(define (put-text text port style)
  "Write the string TEXT, quoted."
  (write-char #\" port)
  (string-for-each (lambda (c) (put-char c port style)) text)
  (write-char #\" port))

(define (put-char c port style)
  (let ((n (char->integer c)))
    (cond ((assv c '((#\" . "\\\"") (#\\ . "\\\\") (#\newline . "\\n")
                     (#\return . "\\r") (#\tab . "\\t") (#\page . "\\f")
                     (#\backspace . "\\b")))
           => (lambda (escape) (display (cdr escape) port)))
          ((and (char=? c #\/) (escape-solidus? style)) (display "\\/" port))
          ((or (< n 32) (and (> n 126) (escape-unicode? style)))
           (put-escaped n port))
          (else (write-char c port)))))

(define (put-escaped n port)
  "Write the character number N in hexadecimal, as a surrogate pair if need be."
  (if (> n #xffff)
      (let ((m (- n #x10000)))
        (put-escaped (+ #xd800 (ash m -10)) port)
        (put-escaped (+ #xdc00 (logand m #x3ff)) port))
      (begin
        (display "\\u" port)
        (display (string-pad (number->string n 16) 4 #\0) port))))
