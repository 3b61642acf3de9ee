;;; The headers of HTTP.
;;;
;;; Commentary:
;;; Declares headers and says what their values are; (web http) is what programs use.
;;; The grammar is that of RFC 9110 and RFC 9111, read generously.
;;; Code:

(define-module (web http headers)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-19)
  #:use-module (web uri)
  #:use-module (web http grammar)
  #:re-export (token-char?)
  #:export (declare-header! declare-opaque-header! known-header? header-parser
            header-validator header-writer string->header header->string
            parse-header valid-header? write-header))

(define-record-type <header>
  (make-header name parse valid? write multiple?)
  header?
  (name header-name)
  (parse header-parse)
  (valid? header-valid?)
  (write header-write)
  (multiple? header-multiple?))

(define headers (make-hash-table))

(define (string->header name)
  "The symbol of the header named NAME."
  (string->symbol (string-downcase name)))

(define* (declare-header! name parse valid? write #:key multiple?)
  "Declare the header NAME, a string: PARSE makes its value of a string, VALID? tells
values, and WRITE is called with a value and a port.  With MULTIPLE? it may occur
several times."
  (unless (and (string? name) (procedure? parse) (procedure? valid?) (procedure? write))
    (error "bad declaration of a header" name parse valid? write))
  (hashq-set! headers (string->header name)
              (make-header name parse valid? write multiple?)))

(define (lookup name) (hashq-ref headers name))

(define (known-header? name)
  "True if the header NAME, a symbol, is declared."
  (and (lookup name) #t))

(define (header->string name)
  "The header NAME, a symbol, as it is written."
  (let ((header (lookup name)))
    (if header (header-name header) (string-titlecase (symbol->string name)))))

(define (header-parser name)
  "The procedure that parses NAME."
  (let ((header (lookup name)))
    (if header (header-parse header) (lambda (text) text))))

(define (header-validator name)
  "The procedure that tells values of NAME."
  (let ((header (lookup name)))
    (if header (header-valid? header) string?)))

(define (header-writer name)
  "The procedure that writes values of NAME."
  (let ((header (lookup name)))
    (if header (header-write header) (lambda (value port) (display value port)))))

(define (parse-header name text)
  "The value that TEXT is for the header NAME, a symbol."
  (parameterize ((current-header name))
    ((header-parser name) text)))

(define (valid-header? name value)
  "True if VALUE is one of the header NAME, a symbol."
  (and (symbol? name) ((header-validator name) value)))

(define (write-header name value port)
  "Write the header NAME, a symbol, with VALUE on PORT."
  (display (header->string name) port)
  (display ": " port)
  ((header-writer name) value port)
  (display "\r\n" port))

;;; Kinds of values

(define (declare-opaque-header! name)
  "Declare the header NAME, whose values are strings."
  (declare-header! name (lambda (text) text) string? (lambda (value port) (display value port))))

(define (declare-date-header! name) (declare-header! name parse-date date? write-date))

(define (declare-integer-header! name)
  (declare-header! name parse-integer natural? (lambda (n port) (display n port))))

(define (declare-list-header! name parse-item valid-item? write-item)
  (declare-header! name
                   (lambda (text) (map parse-item (split text #\,)))
                   (list-of? valid-item?)
                   (lambda (l port) (write-joined l ", " write-item port))))

(define (declare-string-list-header! name)
  (declare-list-header! name (lambda (text) text) string? display))

(define (declare-symbol-list-header! name)
  (declare-list-header! name string->symbol symbol?
                        (lambda (x port) (display (symbol->string x) port))))

(define (write-header-name name port) (display (header->string name) port))

(define (parse-names text) (map string->header (split text #\,)))
(define names? (list-of? symbol?))
(define (write-names names port) (write-joined names ", " write-header-name port))

(define (declare-header-list-header! name)
  (declare-header! name parse-names names? write-names))

(define (declare-uri-reference-header! name)
  (declare-header! name
                   (lambda (text) (or (string->uri-reference (trim text)) (bad text)))
                   uri-reference?
                   (lambda (uri port) (display (uri->string uri) port))))

;; (QUALITY . TEXT)
(define (parse-quality-item text)
  (let ((parts (split text #\;)))
    (cond ((null? parts) (bad text))
          ((null? (cdr parts)) (cons 1000 (car parts)))
          ((string-prefix? "q=" (string-downcase (cadr parts)))
           (cons (parse-quality (trim (substring (cadr parts) 2))) (car parts)))
          (else (bad text)))))

(define (declare-quality-list-header! name)
  (declare-list-header! name parse-quality-item
                        (lambda (x) (and (pair? x) (quality? (car x)) (string? (cdr x))))
                        (lambda (x port)
                          (display (cdr x) port)
                          (when (< (car x) 1000)
                            (display ";q=" port)
                            (write-quality (car x) port)))))

;; KEY or (KEY . VALUE); PARSE-VALUE takes the key and the text of the value or #f.
(define (parse-pair text parse-value)
  (let* ((mark (string-index text #\=))
         (key (string->symbol (string-downcase (trim (if mark (substring text 0 mark) text)))))
         (value (parse-value key (and mark (unquote-text (trim (substring text (+ mark 1))))))))
    (if value (cons key value) key)))

(define (plain-value key text) text)

(define (pair-of? valid-value?)
  (lambda (x)
    (or (symbol? x)
        (and (pair? x) (symbol? (car x)) (valid-value? (car x) (cdr x))))))

(define (plain-value? key value) (string? value))

(define* (write-pair x port #:optional (write-value (lambda (key v port) (write-value v port))))
  (if (pair? x)
      (begin
        (display (symbol->string (car x)) port)
        (display "=" port)
        (write-value (car x) (cdr x) port))
      (display (symbol->string x) port)))

(define write-plain-value write-value)

(define* (declare-key-value-list-header! name #:key (parse plain-value)
                                         (valid? plain-value?)
                                         (write (lambda (key v port) (write-plain-value v port))))
  (declare-list-header! name
                        (lambda (text) (parse-pair text parse))
                        (pair-of? valid?)
                        (lambda (x port) (write-pair x port write))))

;; (ITEM PAIR ...): an item with parameters behind semicolons.
(define* (parse-parameters text #:optional (parse plain-value))
  (let ((parts (split text #\;)))
    (when (null? parts) (bad text))
    (cons (string->symbol (car parts))
          (map (lambda (part) (parse-pair part parse)) (cdr parts)))))

(define (parameters? x valid?)
  (and (pair? x) (list? x) (symbol? (car x)) (and-map (pair-of? valid?) (cdr x))))

(define* (write-parameters x port #:optional
                           (write (lambda (key v port) (write-plain-value v port))))
  (display (symbol->string (car x)) port)
  (for-each (lambda (pair)
              (display ";" port)
              (write-pair pair port write))
            (cdr x)))

(define* (declare-param-list-header! name #:key (parse plain-value) (valid? plain-value?)
                                     (write (lambda (key v port) (write-plain-value v port))))
  (declare-list-header! name
                        (lambda (text) (parse-parameters text parse))
                        (lambda (x) (parameters? x valid?))
                        (lambda (x port) (write-parameters x port write))))

;; (TAG . STRONG?)
(define (parse-entity-tag text)
  (let* ((text (trim text)) (weak? (string-prefix? "W/" text)))
    (cons (unquote-text (if weak? (substring text 2) text)) (not weak?))))
(define (entity-tag? x) (and (pair? x) (string? (car x)) (boolean? (cdr x))))
(define (write-entity-tag tag port)
  (unless (cdr tag) (display "W/" port))
  (write-quoted (car tag) port))

(define (or-star parse)
  (lambda (text) (if (string=? "*" (trim text)) '* (parse text))))
(define (or-star? valid?) (lambda (x) (or (eq? x '*) (valid? x))))
(define (write-or-star write)
  (lambda (x port) (if (eq? x '*) (display "*" port) (write x port))))

(define (declare-entity-tag-list-header! name)
  (declare-header! name
                   (or-star (lambda (text) (map parse-entity-tag (split text #\,))))
                   (or-star? (list-of? entity-tag?))
                   (write-or-star
                    (lambda (l port) (write-joined l ", " write-entity-tag port)))))

;; (SCHEME . TOKEN) for basic and bearer, (SCHEME PAIR ...) for others.
(define (parse-credentials text)
  (let* ((text (trim text))
         (space (string-index text #\space))
         (scheme (string->symbol
                  (string-downcase (if space (substring text 0 space) text))))
         (rest (if space (trim (substring text space)) "")))
    (case scheme
      ((basic bearer)
       (when (string-null? rest) (bad text))
       (cons scheme rest))
      (else
       (cons scheme (map (lambda (part) (parse-pair part plain-value)) (split rest #\,)))))))

(define (credentials? x)
  (and (pair? x) (symbol? (car x))
       (or (string? (cdr x))
           ((list-of? (pair-of? plain-value?)) (cdr x)))))

(define (write-scheme scheme port)
  (display (string-capitalize (symbol->string scheme)) port))

(define (write-credentials x port)
  (write-scheme (car x) port)
  (display " " port)
  (if (string? (cdr x))
      (display (cdr x) port)
      (write-joined (cdr x) ", " write-pair port)))

(define (declare-credentials-header! name)
  (declare-header! name parse-credentials credentials? write-credentials))

;; A list of (SCHEME PAIR ...): a part with a space before its = begins one.
(define (parse-challenges text)
  (define (challenge-start part)
    (let ((space (string-index part #\space)) (mark (string-index part #\=)))
      (cond ((and space (or (not mark) (< space mark))) space)
            ((not mark) (string-length part))
            (else #f))))
  (let loop ((parts (split text #\,)) (out '()))
    (if (null? parts)
        (reverse (map (lambda (c) (cons (car c) (reverse (cdr c)))) out))
        (let* ((part (car parts)) (start (challenge-start part)))
          (cond (start
                 (let ((rest (trim (substring part start))))
                   (loop (cdr parts)
                         (cons (cons (string->symbol (string-downcase (substring part 0 start)))
                                     (if (string-null? rest)
                                         '()
                                         (list (parse-pair rest plain-value))))
                               out))))
                ((null? out) (bad text))
                (else
                 (loop (cdr parts)
                       (cons (cons* (caar out) (parse-pair part plain-value) (cdar out))
                             (cdr out)))))))))

(define (declare-challenge-list-header! name)
  (declare-header! name parse-challenges
                   (list-of? (lambda (x) (parameters? x plain-value?)))
                   (lambda (l port)
                     (write-joined l ", "
                                   (lambda (c port)
                                     (write-scheme (car c) port)
                                     (when (pair? (cdr c)) (display " " port))
                                     (write-joined (cdr c) ", "
                                                   (lambda (pair port)
                                                     (write-pair pair port
                                                                 (lambda (key v port)
                                                                   (write-quoted v port))))
                                                   port))
                                   port))))

;;; General headers

(define (cache-value key text)
  (case key
    ((max-age min-fresh s-maxage) (parse-integer (or text (bad key))))
    ((max-stale) (and text (parse-integer text)))
    ((private no-cache) (and text (parse-names text)))
    (else text)))

(define (cache-value? key value)
  (case key
    ((max-age min-fresh s-maxage max-stale) (natural? value))
    ((private no-cache) (names? value))
    ((no-store no-transform only-if-cached must-revalidate proxy-revalidate public) #f)
    (else (string? value))))

(define (write-cache-value key value port)
  (cond ((string? value) (write-plain-value value port))
        ((integer? value) (display value port))
        (else
         (write-quoted (call-with-output-string (lambda (port) (write-names value port)))
                       port))))

(declare-key-value-list-header! "Cache-Control" #:parse cache-value #:valid? cache-value?
                                #:write write-cache-value)
(declare-header! "Connection" parse-names names?
                 (lambda (l port)
                   (write-joined l ", "
                                 (lambda (name port)
                                   (if (memq name '(close keep-alive))
                                       (display name port)
                                       (write-header-name name port)))
                                 port)))
(declare-date-header! "Date")
(declare-key-value-list-header! "Pragma")
(declare-header-list-header! "Trailer")
(declare-param-list-header! "Transfer-Encoding")
(declare-string-list-header! "Upgrade")
(declare-string-list-header! "Via")

;; (CODE HOST TEXT DATE-OR-#F)
(define (parse-warning text)
  (let* ((first (string-index text #\space))
         (second (and first (string-index text #\space (+ first 1))))
         (open (and second (string-index text #\" second)))
         (close (and open
                     (let loop ((i (+ open 1)))
                       (cond ((>= i (string-length text)) (bad text))
                             ((char=? (string-ref text i) #\\) (loop (+ i 2)))
                             ((char=? (string-ref text i) #\") i)
                             (else (loop (+ i 1))))))))
    (unless close (bad text))
    (let ((rest (trim (substring text (+ close 1)))))
      (list (parse-integer (substring text 0 first))
            (substring text (+ first 1) second)
            (unquote-text (substring text open (+ close 1)))
            (and (not (string-null? rest)) (parse-date (unquote-text rest)))))))

(declare-list-header! "Warning" parse-warning
                      (lambda (x)
                        (and (list? x) (= 4 (length x)) (natural? (car x))
                             (string? (cadr x)) (string? (caddr x))
                             (or (not (cadddr x)) (date? (cadddr x)))))
                      (lambda (x port)
                        (display (car x) port)
                        (display " " port)
                        (display (cadr x) port)
                        (display " " port)
                        (write-quoted (caddr x) port)
                        (when (cadddr x)
                          (display " \"" port)
                          (write-date (cadddr x) port)
                          (display "\"" port))))

;;; Headers of contents

(declare-symbol-list-header! "Allow")
(declare-header! "Content-Disposition"
                 (lambda (text) (parse-parameters text))
                 (lambda (x) (parameters? x plain-value?))
                 (lambda (x port)
                   (write-parameters x port (lambda (key v port) (write-quoted v port)))))
(declare-symbol-list-header! "Content-Encoding")
(declare-string-list-header! "Content-Language")
(declare-integer-header! "Content-Length")
(declare-uri-reference-header! "Content-Location")
(declare-opaque-header! "Content-MD5")

;; (UNIT RANGE LENGTH): a range is (FIRST . LAST); * for what is not known.
(define (parse-content-range text)
  (let* ((space (or (string-index text #\space) (bad text)))
         (slash (or (string-index text #\/ space) (bad text)))
         (range (trim (substring text space slash)))
         (length (trim (substring text (+ slash 1))))
         (dash (string-index range #\-)))
    (list (string->symbol (substring text 0 space))
          (cond ((string=? range "*") '*)
                (dash (cons (parse-integer (substring range 0 dash))
                            (parse-integer (substring range (+ dash 1)))))
                (else (bad text)))
          (if (string=? length "*") '* (parse-integer length)))))

(declare-header! "Content-Range" parse-content-range
                 (lambda (x)
                   (and (list? x) (= 3 (length x)) (symbol? (car x))
                        (or (eq? '* (cadr x))
                            (and (pair? (cadr x)) (natural? (caadr x)) (natural? (cdadr x))))
                        (or (eq? '* (caddr x)) (natural? (caddr x)))))
                 (lambda (x port)
                   (display (car x) port)
                   (display " " port)
                   (cond ((pair? (cadr x))
                          (display (caadr x) port)
                          (display "-" port)
                          (display (cdadr x) port))
                         (else (display "*" port)))
                   (display "/" port)
                   (display (caddr x) port)))

(define (media-type? symbol)
  (let ((slash (string-index (symbol->string symbol) #\/)))
    (and slash (> slash 0))))

(declare-header! "Content-Type"
                 (lambda (text)
                   (let ((x (parse-parameters text)))
                     (unless (media-type? (car x)) (bad text))
                     (cons (string->symbol (string-downcase (symbol->string (car x))))
                           (cdr x))))
                 (lambda (x) (and (parameters? x plain-value?) (media-type? (car x))))
                 write-parameters)

;; A number instead of a date means that it is over.
(declare-header! "Expires"
                 (lambda (text)
                   (if (member (trim text) '("0" "-1"))
                       (make-date 0 0 0 0 1 1 1970 0)
                       (parse-date text)))
                 date? write-date)
(declare-date-header! "Last-Modified")

;;; Headers of requests

(define (accept-value key text)
  (if (eq? key 'q) (parse-quality (or text (bad key))) text))
(define (accept-value? key value)
  (if (eq? key 'q) (quality? value) (string? value)))
(define (write-accept-value key value port)
  (if (eq? key 'q) (write-quality value port) (write-plain-value value port)))

(declare-param-list-header! "Accept" #:parse accept-value #:valid? accept-value?
                            #:write write-accept-value)
(declare-quality-list-header! "Accept-Charset")
(declare-quality-list-header! "Accept-Encoding")
(declare-quality-list-header! "Accept-Language")
(declare-credentials-header! "Authorization")
(declare-param-list-header! "Expect")
(declare-opaque-header! "From")

;; (HOST . PORT-OR-#F)
(define (parse-host text)
  (let* ((text (trim text))
         (bracket (and (string-prefix? "[" text) (string-index text #\])))
         (colon (string-index text #\: (or bracket 0)))
         (host (cond (bracket (substring text 1 bracket))
                     (colon (substring text 0 colon))
                     (else text)))
         (port (and colon (substring text (+ colon 1)))))
    (when (string-null? host) (bad text))
    (cons host (and port (not (string-null? port)) (parse-integer port)))))

(declare-header! "Host" parse-host
                 (lambda (x)
                   (and (pair? x) (string? (car x)) (or (not (cdr x)) (natural? (cdr x)))))
                 (lambda (x port)
                   (display (if (string-index (car x) #\:)
                                (string-append "[" (car x) "]")
                                (car x))
                            port)
                   (when (cdr x)
                     (display ":" port)
                     (display (cdr x) port))))
(declare-entity-tag-list-header! "If-Match")
(declare-date-header! "If-Modified-Since")
(declare-entity-tag-list-header! "If-None-Match")
(declare-header! "If-Range"
                 (lambda (text)
                   (if (or (string-prefix? "\"" text) (string-prefix? "W/" text))
                       (parse-entity-tag text)
                       (parse-date text)))
                 (lambda (x) (or (date? x) (entity-tag? x)))
                 (lambda (x port)
                   (if (date? x) (write-date x port) (write-entity-tag x port))))
(declare-date-header! "If-Unmodified-Since")
(declare-integer-header! "Max-Forwards")
(declare-credentials-header! "Proxy-Authorization")

;; (UNIT (FIRST . LAST) ...), #f for an end that is open.
(define (parse-range text)
  (let* ((mark (or (string-index text #\=) (bad text)))
         (ranges (split (substring text (+ mark 1)) #\,)))
    (define (number-or-false part)
      (let ((part (trim part))) (and (not (string-null? part)) (parse-integer part))))
    (when (null? ranges) (bad text))
    (cons (string->symbol (trim (substring text 0 mark)))
          (map (lambda (range)
                 (let* ((dash (or (string-index range #\-) (bad text)))
                        (first (number-or-false (substring range 0 dash)))
                        (last (number-or-false (substring range (+ dash 1)))))
                   (unless (or first last) (bad text))
                   (cons first last)))
               ranges))))

(declare-header! "Range" parse-range
                 (lambda (x)
                   (and (pair? x) (symbol? (car x))
                        ((list-of? (lambda (r)
                                     (and (pair? r) (or (car r) (cdr r))
                                          (or (not (car r)) (natural? (car r)))
                                          (or (not (cdr r)) (natural? (cdr r))))))
                         (cdr x))))
                 (lambda (x port)
                   (display (car x) port)
                   (display "=" port)
                   (write-joined (cdr x) ","
                                 (lambda (r port)
                                   (when (car r) (display (car r) port))
                                   (display "-" port)
                                   (when (cdr r) (display (cdr r) port)))
                                 port)))
(declare-uri-reference-header! "Referer")
(declare-param-list-header! "TE" #:parse accept-value #:valid? accept-value?
                            #:write write-accept-value)
(declare-opaque-header! "User-Agent")

;;; Headers of responses

(declare-symbol-list-header! "Accept-Ranges")
(declare-integer-header! "Age")
(declare-header! "ETag" parse-entity-tag entity-tag? write-entity-tag)
(declare-uri-reference-header! "Location")
(declare-challenge-list-header! "Proxy-Authenticate")
(declare-header! "Retry-After"
                 (lambda (text)
                   (if (string-every char-set:digit (trim text))
                       (parse-integer text)
                       (parse-date text)))
                 (lambda (x) (or (date? x) (natural? x)))
                 (lambda (x port) (if (date? x) (write-date x port) (display x port))))
(declare-opaque-header! "Server")
(declare-header! "Vary" (or-star parse-names) (or-star? names?) (write-or-star write-names))
(declare-challenge-list-header! "WWW-Authenticate")
