;;; HTTP responses.

(define-module (web response)
  #:use-module (rnrs bytevectors)
  #:use-module (ice-9 binary-ports)
  #:use-module (srfi srfi-9)
  #:use-module (web http)
  #:export (response? response-version response-code response-reason-phrase
            response-headers response-port read-response build-response
            adapt-response-version write-response response-must-not-include-body?
            response-body-port read-response-body write-response-body
            text-content-type?))

(define-record-type <response>
  (make-response version code reason-phrase headers port)
  response?
  (version response-version)
  (code response-code)
  (reason-phrase %reason-phrase)
  (headers response-headers)
  (port response-port))

(define (bad-response message . args) (throw 'bad-response message args))

;; The phrases of RFC 9110, 15, and of WebDAV.
(define reason-phrases
  '((100 . "Continue") (101 . "Switching Protocols") (102 . "Processing")
    (200 . "OK") (201 . "Created") (202 . "Accepted")
    (203 . "Non-Authoritative Information") (204 . "No Content") (205 . "Reset Content")
    (206 . "Partial Content") (207 . "Multi-Status") (208 . "Already Reported")
    (300 . "Multiple Choices") (301 . "Moved Permanently") (302 . "Found")
    (303 . "See Other") (304 . "Not Modified") (305 . "Use Proxy")
    (307 . "Temporary Redirect") (308 . "Permanent Redirect")
    (400 . "Bad Request") (401 . "Unauthorized") (402 . "Payment Required")
    (403 . "Forbidden") (404 . "Not Found") (405 . "Method Not Allowed")
    (406 . "Not Acceptable") (407 . "Proxy Authentication Required")
    (408 . "Request Timeout") (409 . "Conflict") (410 . "Gone")
    (411 . "Length Required") (412 . "Precondition Failed")
    (413 . "Request Entity Too Large") (414 . "Request-URI Too Long")
    (415 . "Unsupported Media Type") (416 . "Requested Range Not Satisfiable")
    (417 . "Expectation Failed") (421 . "Misdirected Request")
    (422 . "Unprocessable Entity") (423 . "Locked") (424 . "Failed Dependency")
    (425 . "Too Early") (426 . "Upgrade Required") (428 . "Precondition Required")
    (429 . "Too Many Requests") (431 . "Request Header Fields Too Large")
    (451 . "Unavailable For Legal Reasons")
    (500 . "Internal Server Error") (501 . "Not Implemented") (502 . "Bad Gateway")
    (503 . "Service Unavailable") (504 . "Gateway Timeout")
    (505 . "HTTP Version Not Supported") (507 . "Insufficient Storage")
    (511 . "Network Authentication Required")))

(define (response-reason-phrase response)
  "The phrase that goes with the code of RESPONSE."
  (or (%reason-phrase response)
      (let ((entry (assv (response-code response) reason-phrases)))
        (if entry (cdr entry) "(Unknown)"))))

(define* (build-response #:key (version '(1 . 1)) (code 200) reason-phrase (headers '())
                         port (validate-headers? #t))
  "A response of these parts."
  (cond ((not (and (pair? version) (exact-integer? (car version)) (exact-integer? (cdr version))))
         (bad-response "Bad version: ~a" version))
        ((not (and (exact-integer? code) (< 99 code 1000)))
         (bad-response "Bad code: ~a" code))
        ((not (or (not reason-phrase) (string? reason-phrase)))
         (bad-response "Bad reason phrase" reason-phrase))
        ((not (list? headers)) (bad-response "Bad headers: ~a" headers))
        (validate-headers?
         (for-each (lambda (header)
                     (unless (and (pair? header) (symbol? (car header))
                                  (valid-header? (car header) (cdr header)))
                       (bad-response "Bad header: ~a" header)))
                   headers)))
  (make-response version code reason-phrase headers port))

(define (read-response port)
  "Read a response, but not its body, from PORT."
  (set-port-encoding! port "ISO-8859-1")
  (call-with-values (lambda () (read-response-line port))
    (lambda (version code phrase)
      (make-response version code phrase (read-headers port) port))))

(define (adapt-response-version response version)
  "RESPONSE for a client that speaks VERSION."
  (build-response #:code (response-code response) #:version version
                  #:headers (response-headers response) #:port (response-port response)))

(define (write-response response port)
  "Write RESPONSE, but no body, on PORT.  The same response with that port."
  (write-response-line (response-version response) (response-code response)
                       (response-reason-phrase response) port)
  (write-headers (response-headers response) port)
  (put-string port "\r\n")
  (make-response (response-version response) (response-code response)
                 (%reason-phrase response) (response-headers response) port))

(define (response-must-not-include-body? response)
  "True if there is never a body to a response like RESPONSE."
  (let ((code (response-code response)))
    (or (<= 100 code 199) (= code 204) (= code 304))))

;; A port that ends after LENGTH bytes of PORT.
(define (delimited-input-port port length keep-alive?)
  (define rest length)
  (define (read! bytes start count)
    (if (zero? rest)
        0
        (let ((n (get-bytevector-some! port bytes start (min count rest))))
          (cond ((eof-object? n)
                 (bad-response "EOF while reading response body: ~a bytes of ~a"
                               (- length rest) length))
                (else (set! rest (- rest n)) n)))))
  (make-custom-binary-input-port "delimited input port" read! #f #f
                                 (and (not keep-alive?) (lambda () (close-port port)))))

(define* (response-body-port response #:key (decode? #t) (keep-alive? #t))
  "A port with the body of RESPONSE, #f if there is none.  Its encoding is that of the
content type if DECODE? is true.  Unless KEEP-ALIVE? is true, closing it closes the port
of RESPONSE."
  (define body
    (cond ((response-must-not-include-body? response) #f)
          ((let ((coding (response-transfer-encoding response)))
             (and coding (member '(chunked) coding)))
           (make-chunked-input-port (response-port response) #:keep-alive? keep-alive?))
          ((response-content-length response)
           => (lambda (length)
                (delimited-input-port (response-port response) length keep-alive?)))
          ((or (memq 'close (response-connection response '()))
               (equal? (response-version response) '(1 . 0))
               (not keep-alive?))
           (response-port response))
          (else #f)))
  (when (and body decode?)
    (set-port-encoding! body
                        (let ((type (response-content-type response)))
                          (or (and type (assq-ref (cdr type) 'charset)) "ISO-8859-1"))))
  body)

(define (read-response-body response)
  "Read the body of RESPONSE: a bytevector, or #f for none."
  (let ((body (response-body-port response #:decode? #f)))
    (and body
         (let ((bytes (get-bytevector-all body)))
           (if (eof-object? bytes) #vu8() bytes)))))

(define (write-response-body response bytes)
  "Write BYTES on the port of RESPONSE."
  (put-bytevector (response-port response) bytes))

(define-syntax define-accessors
  (lambda (x)
    (syntax-case x ()
      ((_ header ...)
       (with-syntax (((name ...)
                      (map (lambda (h)
                             (datum->syntax h (symbol-append 'response- (syntax->datum h))))
                           #'(header ...))))
         #'(begin
             (define* (name response #:optional (default #f))
               (let ((entry (assq 'header (response-headers response))))
                 (if entry (cdr entry) default)))
             ...
             (export name ...)))))))

(define-accessors
  cache-control connection date pragma trailer transfer-encoding upgrade via warning
  allow content-encoding content-language content-length content-location content-md5
  content-range content-type expires last-modified
  accept-ranges age etag location proxy-authenticate retry-after server vary
  www-authenticate)

(define (text-content-type? type)
  "True if the symbol TYPE is a media type of text."
  (let ((name (symbol->string type)))
    (or (string-prefix? "text/" name)
        (string-suffix? "/xml" name)
        (string-suffix? "+xml" name))))
