;;; Web servers: a loop around an implementation.
;;;
;;; Commentary:
;;; An implementation opens a server, reads requests, writes responses and closes; the
;;; one for HTTP is in (web server http).  A handler gets a request and its body, and
;;; gives a response and its body, in one of several forms.
;;; Code:

(define-module (web server)
  #:use-module (srfi srfi-9)
  #:use-module (rnrs bytevectors)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 iconv)
  #:use-module (web request)
  #:use-module (web response)
  #:export (define-server-impl lookup-server-impl make-server-impl server-impl?
            server-impl-name server-impl-open server-impl-read server-impl-write
            server-impl-close open-server read-client handle-request
            sanitize-response write-client close-server serve-one-client run-server))

(define-record-type <server-impl>
  (make-server-impl name open read write close)
  server-impl?
  (name server-impl-name)
  (open server-impl-open)
  (read server-impl-read)
  (write server-impl-write)
  (close server-impl-close))

(define-syntax-rule (define-server-impl name open read write close)
  (define name (make-server-impl 'name open read write close)))

(define (lookup-server-impl impl)
  "The implementation IMPL, or the one that (web server IMPL) has under that name."
  (cond ((server-impl? impl) impl)
        ((symbol? impl)
         (let ((found (module-ref (resolve-interface `(web server ,impl)) impl)))
           (unless (server-impl? found)
             (error "expected a server implementation" impl found))
           found))
        (else (error "expected a server implementation or its name" impl))))

(define (open-server impl open-params)
  "Open a server of IMPL with the list OPEN-PARAMS."
  (apply (server-impl-open impl) open-params))

;; Call thunk; on an error say so and give what FAILED gives.  Interrupts and the end
;; of the program pass.
(define (guarded what thunk failed)
  (let ((tag (make-prompt-tag "server")))
    (call-with-prompt tag
      (lambda ()
        (with-exception-handler
            (lambda (exn)
              (if (memq (exception-kind exn) '(quit interrupt signal))
                  (raise-exception exn)
                  (abort-to-prompt tag exn)))
          thunk))
      (lambda (k exn)
        (let ((port (current-error-port)))
          (format port "~a: " what)
          (print-exception port #f (exception-kind exn) (exception-args exn)))
        (failed)))))

(define (read-client impl server)
  "Wait for a request to SERVER.  Three values: the client, the request and its body;
all #f when that failed."
  (guarded "Error while accepting client"
           (lambda () ((server-impl-read impl) server))
           (lambda () (values #f #f #f))))

(define (extend-response response name value)
  (build-response #:version (response-version response)
                  #:code (response-code response)
                  #:reason-phrase (response-reason-phrase response)
                  #:headers (acons name value
                                   (filter (lambda (header) (not (eq? name (car header))))
                                           (response-headers response)))))

(define (sanitize-response request response body)
  "Two values: RESPONSE, which may be a list of headers, as one to REQUEST, and BODY,
which may be a string or a procedure of a port, as a bytevector."
  (define (charset)
    (let ((type (response-content-type response '(text/plain))))
      (assq-ref (cdr type) 'charset)))
  (define (add-charset response)
    (let ((type (response-content-type response '(text/plain))))
      (extend-response response 'content-type
                       `(,(car type) (charset . "utf-8") ,@(cdr type)))))
  (cond
   ((list? response)
    (sanitize-response request
                       (build-response #:version (request-version request)
                                       #:headers response)
                       body))
   ((not (equal? (request-version request) (response-version response)))
    (sanitize-response request
                       (adapt-response-version response (request-version request))
                       body))
   ((not body) (values (if (or (response-must-not-include-body? response)
                               (response-content-length response))
                           response
                           (extend-response response 'content-length 0))
                       #vu8()))
   ((string? body)
    (if (charset)
        (sanitize-response request response (string->bytevector body (charset)))
        (sanitize-response request (add-charset response) (string->utf8 body))))
   ((procedure? body)
    (if (charset)
        (sanitize-response request response
                           (call-with-encoded-output-string (charset) body))
        (sanitize-response request (add-charset response)
                           (call-with-encoded-output-string "utf-8" body))))
   ((not (bytevector? body)) (error "unexpected body type" body))
   ((and (response-must-not-include-body? response)
         (positive? (bytevector-length body)))
    (error "response with this status code must not include body" response))
   (else
    (let ((length (response-content-length response)))
      (when (and length (not (= length (bytevector-length body)))
                 (not (eq? 'HEAD (request-method request))))
        (error "bad content-length" length (bytevector-length body)))
      (values (cond ((response-must-not-include-body? response) response)
                    (length response)
                    (else (extend-response response 'content-length
                                           (bytevector-length body))))
              (if (eq? (request-method request) 'HEAD) #vu8() body))))))

(define (handle-request handler request body state)
  "Call HANDLER on REQUEST, BODY and the elements of STATE.  Three values: the response,
its body and the new state, a list."
  (guarded "Error while handling request"
           (lambda ()
             (call-with-values (lambda () (apply handler request body state))
               (lambda (response body . state)
                 (call-with-values (lambda () (sanitize-response request response body))
                   (lambda (response body)
                     (values response body state))))))
           (lambda ()
             (values (build-response #:code 500 #:version (request-version request)
                                     #:headers '((content-length . 0)))
                     #vu8() state))))

(define (write-client impl server client response body)
  "Write RESPONSE and BODY to CLIENT."
  (guarded "Error while writing to client"
           (lambda () ((server-impl-write impl) server client response body))
           (lambda () (if #f #f))))

(define (close-server impl server)
  "Close SERVER."
  ((server-impl-close impl) server))

(define (serve-one-client handler impl server state)
  "Answer one request to SERVER; the new state."
  (call-with-values (lambda () (read-client impl server))
    (lambda (client request body)
      (if client
          (call-with-values (lambda () (handle-request handler request body state))
            (lambda (response body state)
              (write-client impl server client response body)
              state))
          state))))

(define* (run-server handler #:optional (impl 'http) (open-params '()) . state)
  "Answer requests with HANDLER, which gets the request, its body and the elements of
STATE, and gives a response, its body and a new state.  OPEN-PARAMS are those of IMPL."
  (let* ((impl (lookup-server-impl impl))
         (server (open-server impl open-params)))
    (dynamic-wind
      (lambda () (if #f #f))
      (lambda ()
        (let loop ((state state))
          (loop (serve-one-client handler impl server state))))
      (lambda () (close-server impl server)))))
