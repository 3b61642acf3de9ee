;;; HTTP in Guile (manual, "HTTP, the Web, and All That").

(use-modules (conformance) (web uri) (web http) (web request) (web response)
             (web client) (web server) (ice-9 threads) (ice-9 textual-ports)
             (ice-9 binary-ports) (rnrs bytevectors) (srfi srfi-19))

(define (key thunk) (catch #t thunk (lambda (key . args) key)))
(define (reparse name text)
  (call-with-output-string
   (lambda (port) (write-header name (parse-header name text) port))))

;;; URIs.
(test '(ftp "user" "host" 21 "/a" "q=1" "f")
      (let ((u (string->uri "ftp://user@host:21/a?q=1#f")))
        (map (lambda (get) (get u))
             (list uri-scheme uri-userinfo uri-host uri-port uri-path uri-query uri-fragment))))
(test "http://[::1]:81/" (uri->string (string->uri "http://[::1]:81/")))
(test "http://h/x" (uri->string (build-uri 'http #:host "h" #:port 80 #:path "/x")))
(test '(#f #f #f) (map string->uri '("nothing" "http://h:x/" "http://-/")))
(test 'uri-error (key (lambda () (build-uri 'http #:port 10))))
(test "a%20b%C3%A9" (uri-encode "a b\xe9"))
(test "a b+\xe9" (uri-decode "a+b%2B%C3%A9"))
(test '("a b" "c") (split-and-decode-uri-path "/a%20b//c/"))

;;; Headers.
(test '(text/html (charset . "utf-8")) (parse-header 'content-type "text/html; charset=utf-8"))
(test "Content-Type: text/html;charset=utf-8\r\n" (reparse 'content-type "text/html; charset=utf-8"))
(test '((1000 . "gzip") (500 . "identity")) (parse-header 'accept-encoding "gzip, identity;q=0.5"))
(test '(bytes (0 . 9) (#f . 5)) (parse-header 'range "bytes=0-9,-5"))
(test "Cache-Control: no-cache, max-age=10\r\n" (reparse 'cache-control "no-cache,max-age=10"))
(test '(("a" . #t) ("b" . #f)) (parse-header 'if-match "\"a\", W/\"b\""))
(test '((basic (realm . "a, b"))) (parse-header 'www-authenticate "Basic realm=\"a, b\""))
(test '(784111777 "Sun, 06 Nov 1994 08:49:37 GMT")
      (let ((d (parse-header 'date "Sun, 06 Nov 1994 08:49:37 GMT")))
        (list (time-second (date->time-utc d))
              (substring (reparse 'date "Sun, 06 Nov 1994 08:49:37 GMT") 6 35))))
(test 'bad-header-component (key (lambda () (parse-header 'content-length "x"))))
(test 'bad-header (key (lambda () (parse-header 'date "yesterday"))))
(test "free text" (parse-header 'x-unknown "free text"))
(test '(#t #f) (list (valid-header? 'age 3) (valid-header? 'age "3")))

;;; Messages.
(test '((host "h" . 8080) (accept (text/html) (text/plain)))
      (request-headers
       (read-request (open-input-string "GET /p HTTP/1.1\r\nHost: h:8080\r\nAccept: text/html,\r\n text/plain\r\n\r\n"))))
(test "HTTP/1.1 404 Not Found\r\nServer: s\r\n\r\n"
      (call-with-output-string
       (lambda (port) (write-response (build-response #:code 404 #:headers '((server . "s"))) port))))
(test "Wikipedia" (get-string-all (make-chunked-input-port (open-input-string "4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n"))))
(not-in-guile "before 3.0.9 the last line is missing"
  (test "3\r\nabc\r\n0\r\n\r\n"
        (call-with-output-string
         (lambda (port)
           (let ((chunked (make-chunked-output-port port #:keep-alive? #t)))
             (display "abc" chunked)
             (close-port chunked))))))

;;; A server and clients of it.
(define sock (socket PF_INET SOCK_STREAM 0))
(bind sock AF_INET INADDR_LOOPBACK 0)
(listen sock 5)
(define base (string-append "http://127.0.0.1:" (number->string (sockaddr:port (getsockname sock)))))
(define (handler request body count)
  (let ((path (split-and-decode-uri-path (uri-path (request-uri request)))))
    (cond ((equal? path '("count"))
           (values '((content-type . (text/plain))) (number->string count) (+ count 1)))
          ((equal? path '("echo"))
           (values '((content-type . (application/octet-stream))) body (+ count 1)))
          ((equal? path '("fail")) (error "this error is part of the test"))
          (else (values (build-response #:code 404) "none" (+ count 1))))))
(call-with-new-thread
 (lambda ()
   (parameterize ((current-error-port (%make-void-port "w")))
     (run-server handler 'http (list #:socket sock) 0))))
(define (fetch method path . options)
  (call-with-values (lambda () (apply method (string-append base path) options))
    (lambda (response body) (list (response-code response) body))))
(test '(200 "0") (fetch http-get "/count"))
(test '(200 "1") (fetch http-get "/count"))
(test (list 200 (string->utf8 "\xe9")) (fetch http-post "/echo" #:body "\xe9"))
(test '(404 "none") (fetch http-get "/other"))
(test 500 (car (fetch http-get "/fail")))
(test '(200 "4") (fetch http-get "/count"))
(test '("5" "6") (let ((port (open-socket-for-uri base)))
                   (let* ((one (cadr (fetch http-get "/count" #:port port #:keep-alive? #t)))
                          (two (cadr (fetch http-get "/count" #:port port))))
                     (list one two))))
(test "7" (call-with-values (lambda () (http-get (string-append base "/count") #:streaming? #t))
            (lambda (response port) (get-string-all port))))
