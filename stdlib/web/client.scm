;;; An HTTP client.
;;;
;;; Commentary:
;;; One request, one response.  Redirections are not followed.  HTTPS needs the module
;;; (fruix native tls), which an embedding program may leave out.
;;; Code:

(define-module (web client)
  #:use-module (rnrs bytevectors)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 iconv)
  #:use-module (web request)
  #:use-module (web response)
  #:use-module (web uri)
  #:use-module (web http)
  #:export (current-http-proxy current-https-proxy x509-certificate-directory
            open-socket-for-uri http-request http-get http-head http-post http-put
            http-delete http-trace http-options))

(define (variable name)
  (let ((value (getenv name)))
    (and value (not (string-null? value)) value)))

(define current-http-proxy
  (make-parameter (variable "http_proxy")
                  (lambda (x) (and (string? x) (not (string-null? x)) x))))

(define current-https-proxy
  (make-parameter (or (variable "https_proxy") (variable "HTTPS_PROXY"))
                  (lambda (x) (and (string? x) (not (string-null? x)) x))))

(define x509-certificate-directory
  (make-parameter (or (variable "GUILE_TLS_CERTIFICATE_DIRECTORY")
                      (variable "SSL_CERT_DIR")
                      "/etc/ssl/certs")))

(define (->uri x)
  (cond ((uri? x) x)
        ((and (string? x) (string->uri x)))
        (else (error "not a URI" x))))

;; A socket that is connected to the host and port of URI.
(define (connected uri)
  (let try ((infos (getaddrinfo (uri-host uri)
                                (cond ((uri-port uri) => number->string)
                                      ((eq? (uri-scheme uri) 'https) "443")
                                      ((eq? (uri-scheme uri) 'http) "80")
                                      (else (symbol->string (uri-scheme uri))))
                                (if (uri-port uri) AI_NUMERICSERV 0)
                                AF_UNSPEC SOCK_STREAM)))
    (let* ((info (car infos))
           (sock (socket (addrinfo:fam info) SOCK_STREAM IPPROTO_IP)))
      (catch 'system-error
        (lambda ()
          (connect sock (addrinfo:addr info))
          (setvbuf sock 'block)
          sock)
        (lambda args
          (close-port sock)
          (if (null? (cdr infos))
              (apply throw args)
              (try (cdr infos))))))))

(define (tls-wrap port host verify?)
  (let* ((wrap (catch #t
                 (lambda ()
                   (module-ref (resolve-interface '(fruix native tls)) '%tls-wrap-port))
                 (lambda args
                   (error "HTTPS needs the natives of (fruix native tls), which this program lacks"))))
         (wrapped (wrap port host verify? (x509-certificate-directory))))
    (if (port? wrapped)
        wrapped
        (throw 'tls-certificate-error (car wrapped) #f host (cdr wrapped)))))

;; Ask the proxy behind PORT for a tunnel to URI.
(define (tunnel port uri)
  (let ((target (string-append (uri-host uri) ":"
                               (number->string (or (uri-port uri) 443)))))
    (put-string port (string-append "CONNECT " target " HTTP/1.1\r\nHost: " target "\r\n\r\n"))
    (force-output port)
    (let ((response (read-response port)))
      (unless (= 200 (response-code response))
        (error "the proxy refuses the connection" target
               (response-code response) (response-reason-phrase response))))))

(define* (open-socket-for-uri uri-or-string #:key (verify-certificate? #t))
  "A port that is connected to the server of URI-OR-STRING, for https by TLS.  What is
wrong with the server's certificate throws to tls-certificate-error unless
VERIFY-CERTIFICATE? is #f."
  (let* ((uri (->uri uri-or-string))
         (https? (eq? 'https (uri-scheme uri)))
         (proxy (if https? (current-https-proxy) (current-http-proxy)))
         (port (connected (if proxy (->uri proxy) uri))))
    (cond (https?
           (when proxy (tunnel port uri))
           (tls-wrap port (uri-host uri) verify-certificate?))
          (else
           (when proxy (set-http-proxy-port?! port #t))
           port))))

(define (header-of headers name)
  (let ((entry (assq name headers)))
    (and entry (cdr entry))))

;; Two values: the headers with what the body needs, and the body as bytes.
(define (prepare-body headers body)
  (cond ((not body) (values headers #f))
        ((string? body)
         (let* ((type (or (header-of headers 'content-type) '(text/plain)))
                (charset (or (assq-ref (cdr type) 'charset) "utf-8")))
           (prepare-body
            (acons 'content-type
                   (if (assq 'charset (cdr type))
                       type
                       `(,(car type) (charset . ,charset) ,@(cdr type)))
                   (alist-remove 'content-type headers))
            (string->bytevector body charset))))
        ((bytevector? body)
         (let ((length (header-of headers 'content-length)))
           (when (and length (not (= length (bytevector-length body))))
             (error "the length of the body is not that of its header" length))
           (values (if length
                       headers
                       (acons 'content-length (bytevector-length body) headers))
                   body)))
        (else (error "unexpected body" body))))

(define (alist-remove key l)
  (filter (lambda (entry) (not (eq? key (car entry)))) l))

(define (decode-body response bytes)
  (let ((type (response-content-type response)))
    (if (and bytes type (text-content-type? (car type)))
        (bytevector->string bytes (or (assq-ref (cdr type) 'charset) "iso-8859-1"))
        bytes)))

(define* (http-request uri #:key (body #f) (verify-certificate? #t)
                       (port (open-socket-for-uri
                              uri #:verify-certificate? verify-certificate?))
                       (method 'GET) (version '(1 . 1)) (keep-alive? #f) (headers '())
                       (decode-body? #t) (streaming? #f) (request #f))
  "Send a request of METHOD for URI with HEADERS and BODY, a string or bytevector.  Two
values: the response, and its body: a string if DECODE-BODY? is true and it is text,
else a bytevector; #f for none; a port with STREAMING?.  PORT is closed after that unless
KEEP-ALIVE? is true."
  (call-with-values (lambda () (prepare-body headers body))
    (lambda (headers body)
      (let ((request
             (write-request
              (or request
                  (build-request (->uri uri) #:method method #:version version
                                 #:headers
                                 (if (or keep-alive? (assq 'connection headers))
                                     headers
                                     (acons 'connection '(close) headers))
                                 #:port port))
              port)))
        (when body (write-request-body request body))
        (force-output port)
        (let ((response (read-response port)))
          (define (done value)
            (unless keep-alive? (close-port port))
            (values response value))
          (cond ((or (eq? (request-method request) 'HEAD)
                     (response-must-not-include-body? response))
                 (done #f))
                (streaming?
                 (values response
                         (response-body-port response #:keep-alive? keep-alive?
                                             #:decode? decode-body?)))
                (else
                 (let ((bytes (read-response-body response)))
                   (done (if decode-body? (decode-body response bytes) bytes))))))))))

(define-syntax-rule (define-methods (name method) ...)
  (begin
    (define (name uri . options)
      "As http-request, with the method that the name says."
      (apply http-request uri #:method 'method options))
    ...))

(define-methods
  (http-get GET) (http-head HEAD) (http-post POST) (http-put PUT) (http-delete DELETE)
  (http-trace TRACE) (http-options OPTIONS))
