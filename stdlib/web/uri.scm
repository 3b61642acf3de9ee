;;; URIs and references to them (RFC 3986).
;;;
;;; Commentary:
;;; A reference is a record of the parts that it has; a URI is one with a scheme.
;;; Parts that are missing are #f, but the path, which is then empty.  What is not
;;; valid makes the procedures that build throw to uri-error, and those that parse
;;; give #f.
;;; Code:

(define-module (web uri)
  #:use-module (srfi srfi-9)
  #:use-module (ice-9 iconv)
  #:use-module (rnrs bytevectors)
  #:export (uri? uri-scheme uri-userinfo uri-host uri-port uri-path uri-query
            uri-fragment build-uri build-uri-reference declare-default-port!
            string->uri string->uri-reference uri->string uri-decode uri-encode
            split-and-decode-uri-path encode-and-join-uri-path uri-reference?
            relative-ref? build-relative-ref string->relative-ref))

(define-record-type <uri>
  (make-uri scheme userinfo host port path query fragment)
  uri-reference?
  (scheme uri-scheme)
  (userinfo uri-userinfo)
  (host uri-host)
  (port uri-port)
  (path uri-path)
  (query uri-query)
  (fragment uri-fragment))

(define (uri? x)
  "True if X is a reference with a scheme."
  (and (uri-reference? x) (uri-scheme x) #t))

(define (relative-ref? x)
  "True if X is a reference without a scheme."
  (and (uri-reference? x) (not (uri-scheme x))))

(define (uri-error message . args) (throw 'uri-error message args))

(define (ascii-letter? c) (or (char<=? #\a c #\z) (char<=? #\A c #\Z)))
(define (ascii-digit? c) (char<=? #\0 c #\9))
(define (alphanumeric? c) (or (ascii-letter? c) (ascii-digit? c)))

;;; Hosts

(define (label? text)
  (let ((n (string-length text)))
    (and (> n 0)
         (alphanumeric? (string-ref text 0))
         (alphanumeric? (string-ref text (- n 1)))
         (string-every (lambda (c) (or (alphanumeric? c) (memv c '(#\- #\_)))) text))))

;; The last label of a name begins with a letter: otherwise it is an address.
(define (domain-name? text)
  (let* ((text (if (string-suffix? "." text) (string-drop-right text 1) text))
         (labels (string-split text #\.)))
    (and (and-map label? labels)
         (ascii-letter? (string-ref (car (last-pair labels)) 0)))))

(define (address? family text)
  (catch #t
    (lambda () (inet-pton family text) #t)
    (lambda args #f)))

(define (host? text)
  (if (string-index text #\:)
      (address? AF_INET6 text)
      (or (domain-name? text) (address? AF_INET text))))

;;; Building

(define (validate scheme userinfo host port path query fragment)
  (cond
   ((and scheme (not (symbol? scheme)))
    (uri-error "Expected a symbol for the URI scheme: ~s" scheme))
   ((not (string? path)) (uri-error "Expected a string for the path: ~s" path))
   ((and (or userinfo port) (not host))
    (uri-error "Expected a host, given userinfo or port"))
   ((and port (not (and (exact-integer? port) (not (negative? port)))))
    (uri-error "Expected a non-negative integer for the port: ~s" port))
   ((and host (not (and (string? host) (host? host))))
    (uri-error "Expected valid host: ~s" host))
   ((and userinfo (not (string? userinfo)))
    (uri-error "Expected string for userinfo: ~s" userinfo))
   ((and query (not (string? query)))
    (uri-error "Expected string for query: ~s" query))
   ((and fragment (not (string? fragment)))
    (uri-error "Expected string for fragment: ~s" fragment))
   ((and host (not (string-null? path)) (not (string-prefix? "/" path)))
    (uri-error "Expected path of absolute URI to start with a /: ~a" path))
   ((and (not host) (string-prefix? "//" path))
    (uri-error "Expected path not to start with // without a host: ~a" path))))

(define* (build-uri-reference #:key scheme userinfo host port (path "") query fragment
                              (validate? #t))
  "A reference of these parts, which are checked if VALIDATE? is true."
  (when validate? (validate scheme userinfo host port path query fragment))
  (make-uri scheme userinfo host port path query fragment))

(define* (build-uri scheme #:key userinfo host port (path "") query fragment
                    (validate? #t))
  "A URI of the symbol SCHEME and these parts, which are checked if VALIDATE? is true."
  (when validate?
    (unless scheme (uri-error "Expected a symbol for the URI scheme: ~s" scheme)))
  (build-uri-reference #:scheme scheme #:userinfo userinfo #:host host #:port port
                       #:path path #:query query #:fragment fragment
                       #:validate? validate?))

(define* (build-relative-ref #:key userinfo host port (path "") query fragment
                             (validate? #t))
  "A reference without a scheme."
  (build-uri-reference #:userinfo userinfo #:host host #:port port #:path path
                       #:query query #:fragment fragment #:validate? validate?))

;;; Parsing

(define (scheme-end text)
  (let ((colon (string-index text #\:)))
    (and colon (> colon 0)
         (ascii-letter? (string-ref text 0))
         (string-every (lambda (c) (or (alphanumeric? c) (memv c '(#\+ #\- #\.))))
                       text 0 colon)
         colon)))

(define (index-or-end text chars start)
  (or (string-index text chars start) (string-length text)))

(define (userinfo-char? c)
  (or (alphanumeric? c) (string-index "_.!~*'();:&=+$,-%" c)))

;; The values userinfo, host and port of an authority; the host is #f where there
;; is none, and the port invalid where it is no number.
(define (parse-authority text fail)
  (let* ((at (string-rindex text #\@))
         (userinfo (and at (substring text 0 at)))
         (rest (if at (substring text (+ at 1)) text))
         (bracket (and (string-prefix? "[" rest) (string-index rest #\])))
         (colon (string-index rest #\: (or bracket 0)))
         (host (cond (bracket (substring rest 1 bracket))
                     (colon (substring rest 0 colon))
                     (else rest)))
         (digits (and colon (substring rest (+ colon 1)))))
    (when (and bracket (not (= (+ bracket 1) (or colon (string-length rest))))) (fail))
    (when (and userinfo (not (string-every userinfo-char? userinfo))) (fail))
    (unless (host? host) (fail))
    (unless (or (not digits) (string-every ascii-digit? digits)) (fail))
    (values userinfo host
            (and digits (not (string-null? digits)) (string->number digits)))))

(define (string->uri-reference text)
  "The reference that TEXT is, or #f."
  (call/ec
   (lambda (return)
     (define (fail) (return #f))
     (let* ((colon (scheme-end text))
            (scheme (and colon (string->symbol (string-downcase (substring text 0 colon)))))
            (start (if colon (+ colon 1) 0))
            (hash (index-or-end text #\# start))
            (fragment (and (< hash (string-length text)) (substring text (+ hash 1))))
            (mark (let ((i (string-index text #\? start hash))) (or i hash)))
            (query (and (< mark hash) (substring text (+ mark 1) hash)))
            (authority? (and (<= (+ start 2) mark)
                             (string=? "//" (substring text start (+ start 2)))))
            (slash (if authority?
                       (or (string-index text #\/ (+ start 2) mark) mark)
                       start))
            (path (substring text slash mark)))
       (define (finish userinfo host port)
         (catch 'uri-error
           (lambda ()
             (validate scheme userinfo host port path query fragment)
             (make-uri scheme userinfo host port path query fragment))
           (lambda args #f)))
       (cond ((not authority?) (finish #f #f #f))
             ;; file:///path
             ((= slash (+ start 2)) (finish #f #f #f))
             (else
              (call-with-values
                  (lambda () (parse-authority (substring text (+ start 2) slash) fail))
                finish)))))))

(define (string->uri text)
  "The URI that TEXT is, or #f."
  (let ((uri (string->uri-reference text)))
    (and uri (uri-scheme uri) uri)))

(define (string->relative-ref text)
  "The reference without a scheme that TEXT is, or #f."
  (let ((uri (string->uri-reference text)))
    (and uri (not (uri-scheme uri)) uri)))

;;; Writing

(define default-ports (make-hash-table))

(define (declare-default-port! scheme port)
  "Say that PORT is that of the symbol SCHEME, so that it is not written."
  (hashq-set! default-ports scheme port))

(declare-default-port! 'http 80)
(declare-default-port! 'https 443)

(define* (uri->string uri #:key (include-fragment? #t))
  "The text of URI, without its fragment unless INCLUDE-FRAGMENT? is true."
  (let ((scheme (uri-scheme uri)) (host (uri-host uri)) (port (uri-port uri)))
    (string-append
     (if scheme (string-append (symbol->string scheme) ":") "")
     (if host
         (string-append
          "//"
          (if (uri-userinfo uri) (string-append (uri-userinfo uri) "@") "")
          (if (string-index host #\:) (string-append "[" host "]") host)
          (if (and port (not (eqv? port (hashq-ref default-ports scheme))))
              (string-append ":" (number->string port))
              ""))
         (if (and (eq? scheme 'file) (string-prefix? "/" (uri-path uri))) "//" ""))
     (uri-path uri)
     (if (uri-query uri) (string-append "?" (uri-query uri)) "")
     (if (and include-fragment? (uri-fragment uri))
         (string-append "#" (uri-fragment uri))
         ""))))

;;; Percent-encoding

(define* (uri-decode text #:key (encoding "utf-8") (decode-plus-to-space? #t))
  "TEXT with its percent-encoded bytes decoded from ENCODING, as a bytevector if that
is #f; + is a space if DECODE-PLUS-TO-SPACE? is true."
  (let* ((end (string-length text))
         (bytes
          (call-with-output-bytevector
           (lambda (port)
             (let loop ((i 0))
               (when (< i end)
                 (let ((c (string-ref text i)))
                   (cond ((and (char=? c #\+) decode-plus-to-space?)
                          (put-u8 port 32)
                          (loop (+ i 1)))
                         ((char=? c #\%)
                          (let ((n (and (<= (+ i 3) end)
                                        (string-every char-set:hex-digit text (+ i 1) (+ i 3))
                                        (string->number (substring text (+ i 1) (+ i 3)) 16))))
                            (unless n
                              (uri-error "Invalid percent encoding in ~s" text))
                            (put-u8 port n)
                            (loop (+ i 3))))
                         ((char<? c #\x80)
                          (put-u8 port (char->integer c))
                          (loop (+ i 1)))
                         (else
                          (uri-error "Invalid character in encoded URI ~a: ~s" text c))))))))))
    (if encoding
        (catch 'decoding-error
          (lambda () (bytevector->string bytes encoding))
          (lambda args (uri-error "URI ~s is not valid ~a" text encoding)))
        bytes)))

(define unreserved
  (string->char-set
   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"))

(define* (uri-encode text #:key (encoding "utf-8") (unescaped-chars unreserved))
  "TEXT with all characters but UNESCAPED-CHARS percent-encoded in ENCODING."
  (if (string-every unescaped-chars text)
      text
      (call-with-output-string
       (lambda (port)
         (string-for-each
          (lambda (c)
            (if (char-set-contains? unescaped-chars c)
                (write-char c port)
                (for-each (lambda (byte)
                            (write-char #\% port)
                            (when (< byte 16) (write-char #\0 port))
                            (display (string-upcase (number->string byte 16)) port))
                          (bytevector->u8-list
                           (string->bytevector (string c) encoding)))))
          text)))))

(define (split-and-decode-uri-path path)
  "The parts of PATH that are not empty, decoded."
  (filter (lambda (part) (not (string-null? part)))
          (map (lambda (part) (uri-decode part #:decode-plus-to-space? #f))
               (string-split path #\/))))

(define (encode-and-join-uri-path parts)
  "A path of PARTS, which are encoded."
  (string-join (map uri-encode parts) "/"))
