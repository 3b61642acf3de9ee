;;; HTTP requests.

(define-module (web request)
  #:use-module (rnrs bytevectors)
  #:use-module (ice-9 binary-ports)
  #:use-module (srfi srfi-9)
  #:use-module (web uri)
  #:use-module (web http)
  #:export (request? request-method request-uri request-version request-headers
            request-meta request-port read-request build-request write-request
            read-request-body write-request-body request-absolute-uri))

(define-record-type <request>
  (make-request method uri version headers meta port)
  request?
  (method request-method)
  (uri request-uri)
  (version request-version)
  (headers request-headers)
  (meta request-meta)
  (port request-port))

(define (bad-request message . args) (throw 'bad-request message args))

(define (check-headers headers)
  (for-each (lambda (header)
              (unless (and (pair? header) (symbol? (car header))
                           (valid-header? (car header) (cdr header)))
                (bad-request "Bad header: ~a" header)))
            headers))

(define* (build-request uri #:key (method 'GET) (version '(1 . 1)) (headers '()) port
                        (meta '()) (validate-headers? #t))
  "A request of URI.  A request of HTTP 1.1 gets a host header of URI if it has none."
  (let ((headers (if (and (equal? version '(1 . 1))
                          (not (assq 'host headers))
                          (uri-host uri))
                     (acons 'host (cons (uri-host uri) (uri-port uri)) headers)
                     headers)))
    (cond ((not (and (pair? version) (exact-integer? (car version)) (exact-integer? (cdr version))))
           (bad-request "Bad version: ~a" version))
          ((not (uri-reference? uri)) (bad-request "Bad uri: ~a" uri))
          ((and (not port) (not (symbol? method))) (bad-request "Bad method: ~a" method))
          ((not (list? headers)) (bad-request "Bad headers: ~a" headers)))
    (when (and (equal? version '(1 . 1)) (not (assq 'host headers)))
      (bad-request "HTTP/1.1 request without Host header and no host in URI: ~a" uri))
    (when validate-headers? (check-headers headers))
    (make-request method uri version headers meta port)))

(define* (read-request port #:optional (meta '()))
  "Read a request, but not its body, from PORT."
  (set-port-encoding! port "ISO-8859-1")
  (call-with-values (lambda () (read-request-line port))
    (lambda (method uri version)
      (make-request method uri version (read-headers port) meta port))))

(define (write-request request port)
  "Write REQUEST, but no body, on PORT.  The same request with that port."
  (write-request-line (request-method request) (request-uri request)
                      (request-version request) port)
  (write-headers (request-headers request) port)
  (put-string port "\r\n")
  (make-request (request-method request) (request-uri request) (request-version request)
                (request-headers request) (request-meta request) port))

(define (read-request-body request)
  "Read the body of REQUEST, which was read from a port: a bytevector, or #f for none."
  (let ((length (request-content-length request))
        (coding (request-transfer-encoding request)))
    (cond ((and coding (member '(chunked) coding))
           (let ((bytes (get-bytevector-all
                         (make-chunked-input-port (request-port request) #:keep-alive? #t))))
             (if (eof-object? bytes) #vu8() bytes)))
          (length
           (let ((bytes (get-bytevector-n (request-port request) length)))
             (if (and (bytevector? bytes) (= (bytevector-length bytes) length))
                 bytes
                 (if (and (eof-object? bytes) (zero? length))
                     #vu8()
                     (bad-request "EOF while reading request body: ~a bytes of ~a"
                                  (if (bytevector? bytes) (bytevector-length bytes) 0)
                                  length)))))
          (else #f))))

(define (write-request-body request bytes)
  "Write BYTES on the port of REQUEST."
  (put-bytevector (request-port request) bytes))

(define-syntax define-accessors
  (lambda (x)
    (syntax-case x ()
      ((_ header ...)
       (with-syntax (((name ...)
                      (map (lambda (h)
                             (datum->syntax h (symbol-append 'request- (syntax->datum h))))
                           #'(header ...))))
         #'(begin
             (define* (name request #:optional (default #f))
               (let ((entry (assq 'header (request-headers request))))
                 (if entry (cdr entry) default)))
             ...
             (export name ...)))))))

(define-accessors
  cache-control connection date pragma trailer transfer-encoding upgrade via warning
  allow content-encoding content-language content-length content-location content-md5
  content-range content-type expires last-modified
  accept accept-charset accept-encoding accept-language authorization expect from host
  if-match if-modified-since if-none-match if-range if-unmodified-since max-forwards
  proxy-authorization range referer te user-agent)

(define* (request-absolute-uri request #:optional default-host default-port
                               default-scheme)
  "The URI of REQUEST with a host and a scheme: its own, those of its headers, or the
defaults."
  (let ((uri (request-uri request)))
    (if (and (uri-host uri) (uri-scheme uri))
        uri
        (let* ((host (request-host request))
               (scheme (or (uri-scheme uri) default-scheme 'http)))
          (unless (or (uri-host uri) host default-host)
            (bad-request "URI not absolute, no Host header, and no default: ~s" uri))
          (build-uri scheme
                     #:userinfo (uri-userinfo uri)
                     #:host (or (uri-host uri) (and host (car host)) default-host)
                     #:port (cond ((uri-host uri) (uri-port uri))
                                  (host (cdr host))
                                  (else default-port))
                     #:path (uri-path uri)
                     #:query (uri-query uri)
                     #:fragment (uri-fragment uri))))))
