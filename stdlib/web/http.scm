;;; HTTP: headers, the first lines of messages, and chunked bodies.
;;;
;;; Commentary:
;;; A header has a name, a symbol in lower case, and a value, which is what its
;;; parser makes of its text; a validator tells proper values, a writer turns them
;;; back into text.  (web http headers) declares those of RFC 9110 and its
;;; neighbours; one that is not declared is a string.  What cannot be parsed throws
;;; to bad-header or, within a header, to bad-header-component, with a name and the
;;; text.
;;; Code:

(define-module (web http)
  #:use-module (ice-9 exceptions)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 rdelim)
  #:use-module (rnrs bytevectors)
  #:use-module (web uri)
  #:use-module (web http headers)
  #:re-export (declare-header! declare-opaque-header! known-header? header-parser
               header-validator header-writer string->header header->string
               parse-header valid-header? write-header)
  #:export (read-header read-headers write-headers parse-http-method
            parse-http-version parse-request-uri read-request-line
            write-request-line read-response-line write-response-line
            &chunked-input-error-prematurely
            chunked-input-ended-prematurely-error? make-chunked-input-port
            make-chunked-output-port http-proxy-port? set-http-proxy-port?!))

(define (bad-header name text) (throw 'bad-header name text))

;;; Headers in messages

;; A line without its end; WHAT is for the message when there is none.
(define (read-header-line port what)
  (let* ((found (%read-line port)) (text (car found)))
    (when (or (eof-object? text) (eof-object? (cdr found)))
      (bad-header what text))
    (if (string-suffix? "\r" text)
        (string-drop-right text 1)
        text)))

;; The lines that follow and begin with a blank belong to the one before.
(define (read-continued port text)
  (let ((c (peek-char port)))
    (if (memv c '(#\space #\tab))
        (read-continued port
                        (string-append text " "
                                       (string-trim-both (read-header-line port 'header))))
        text)))

(define (read-header port)
  "Read a header from PORT: its name and its value, or twice the end-of-file object
after the last."
  (let ((line (read-header-line port 'header)))
    (if (string-null? line)
        (values the-eof-object the-eof-object)
        (let* ((colon (string-index line #\:))
               (name (string->header
                      (if (and colon (> colon 0))
                          (substring line 0 colon)
                          (bad-header 'header line))))
               (text (string-trim-both (read-continued port (substring line (+ colon 1))))))
          (values name (parse-header name text))))))

(define (read-headers port)
  "Read headers from PORT up to the empty line: an association list."
  (let loop ((headers '()))
    (call-with-values (lambda () (read-header port))
      (lambda (name value)
        (if (eof-object? name)
            (reverse headers)
            (loop (acons name value headers)))))))

(define (write-headers headers port)
  "Write the association list HEADERS on PORT."
  (for-each (lambda (header) (write-header (car header) (cdr header) port)) headers))

;;; First lines

(define* (parse-http-method text #:optional (start 0) (end (string-length text)))
  "The symbol of the method that TEXT is between START and END."
  (let ((method (substring text start end)))
    (unless (and (< 0 (string-length method))
                 (string-every token-char? method))
      (bad-request "Bad method: ~a" method))
    (string->symbol method)))

(define (bad-request message . args) (throw 'bad-request message args))
(define (bad-response message . args) (throw 'bad-response message args))

(define* (parse-http-version text #:optional (start 0) (end (string-length text)))
  "The version that TEXT is between START and END, a pair of numbers."
  (let ((version (substring text start end)))
    (let ((dot (and (string-prefix? "HTTP/" version) (string-index version #\.))))
      (define (part from to)
        (and (< from to)
             (string-every char-set:digit version from to)
             (string->number (substring version from to))))
      (let ((major (and dot (part 5 dot)))
            (minor (and dot (part (+ dot 1) (string-length version)))))
        (unless (and major minor)
          (bad-header 'http-version version))
        (cons major minor)))))

(define* (parse-request-uri text #:optional (start 0) (end (string-length text)))
  "The reference that TEXT is between START and END, #f for *."
  (let ((text (substring text start end)))
    (cond ((string-null? text) (bad-request "Missing Request-URI"))
          ((string=? text "*") #f)
          ((string-prefix? "/" text)
           (let* ((hash (or (string-index text #\#) (string-length text)))
                  (mark (or (string-index text #\? 0 hash) hash)))
             (build-uri-reference
              #:path (substring text 0 mark)
              #:query (and (< mark hash) (substring text (+ mark 1) hash))
              #:fragment (and (< hash (string-length text)) (substring text (+ hash 1)))
              #:validate? #f)))
          ((string->uri text))
          (else (bad-request "Invalid URI: ~a" text)))))

(define (read-request-line port)
  "Read the first line of a request from PORT: method, URI and version."
  (let* ((line (read-header-line port 'request-line))
         (first (string-index line #\space))
         (last (string-rindex line #\space)))
    (unless (and first last (< first last))
      (bad-request "Bad Request-Line: ~s" line))
    (values (parse-http-method line 0 first)
            (parse-request-uri line (+ first 1) last)
            (parse-http-version line (+ last 1)))))

(define (write-version version port)
  (display "HTTP/" port)
  (display (car version) port)
  (display "." port)
  (display (cdr version) port))

(define (write-request-line method uri version port)
  "Write the first line of a request on PORT.  A proxy gets the whole URI, others its
path and query."
  (display method port)
  (display " " port)
  (cond ((not uri) (display "*" port))
        ((and (http-proxy-port? port) (uri-scheme uri))
         (display (uri->string uri #:include-fragment? #f) port))
        (else
         (display (if (string-null? (uri-path uri)) "/" (uri-path uri)) port)
         (when (uri-query uri)
           (display "?" port)
           (display (uri-query uri) port))))
  (display " " port)
  (write-version version port)
  (display "\r\n" port))

(define (read-response-line port)
  "Read the first line of a response from PORT: version, code and phrase."
  (let* ((line (read-header-line port 'response-line))
         (first (string-index line #\space))
         (second (and first (or (string-index line #\space (+ first 1))
                                (string-length line))))
         (code (and first (string->number (substring line (+ first 1) second)))))
    (unless (and code (exact-integer? code) (<= 100 code 999))
      (bad-response "Bad Response-Line: ~s" line))
    (values (parse-http-version line 0 first)
            code
            (string-trim-both (substring line second)))))

(define (write-response-line version code phrase port)
  "Write the first line of a response on PORT."
  (write-version version port)
  (display " " port)
  (display code port)
  (display " " port)
  (display phrase port)
  (display "\r\n" port))

(define (http-proxy-port? port)
  "True if PORT leads to a proxy."
  (%port-property port 'http-proxy?))

(define (set-http-proxy-port?! port flag)
  "Say whether PORT leads to a proxy."
  (%set-port-property! port 'http-proxy? flag))

;;; Chunked bodies (RFC 9112, 7.1)

(define-exception-type &chunked-input-error-prematurely &external-error
  make-chunked-input-error-prematurely chunked-input-ended-prematurely-error?)

(define (ended-early)
  (raise-exception
   (make-exception (make-chunked-input-error-prematurely)
                   (make-exception-with-message "chunked input ended prematurely"))))

;; The size of the chunk that follows; 0 also where there is no more.
(define (read-chunk-header port)
  (let ((text (read-line port)))
    (if (eof-object? text)
        0
        (let* ((end (or (string-index text (lambda (c) (memv c '(#\; #\return #\space))))
                        (string-length text)))
               (size (and (> end 0) (string->number (substring text 0 end) 16))))
          (unless (and size (exact-integer? size) (not (negative? size)))
            (bad-header 'chunk-size text))
          size))))

(define* (make-chunked-input-port port #:key (keep-alive? #f))
  "A port with what PORT gives in chunks.  Closing it closes PORT unless KEEP-ALIVE? is
true."
  (define rest 0)                       ; of the chunk under way
  (define ended? #f)
  (define (skip-trailer)
    (let ((line (read-line port)))
      (unless (or (eof-object? line) (member line '("" "\r")))
        (skip-trailer))))
  (define (read! bytes start count)
    (cond (ended? 0)
          ((zero? rest)
           (set! rest (read-chunk-header port))
           (when (zero? rest)
             (set! ended? #t)
             (skip-trailer))
           (read! bytes start count))
          (else
           (let ((n (get-bytevector-n! port bytes start (min count rest))))
             (when (or (eof-object? n) (< n (min count rest))) (set! ended? #t))
             (cond ((and (not (eof-object? n)) (= n rest))
                    (set! rest 0)
                    (get-u8 port)
                    (get-u8 port)
                    n)
                   ((or (eof-object? n) ended?) (ended-early))
                   (else (set! rest (- rest n)) n))))))
  (make-custom-binary-input-port "chunked input port" read! #f #f
                                 (lambda ()
                                   (unless keep-alive? (close-port port)))))

(define* (make-chunked-output-port port #:key (keep-alive? #f) (buffering 1200))
  "A port that writes on PORT in chunks of BUFFERING bytes, or of what there is when it
is flushed.  Closing it writes the end, and closes PORT unless KEEP-ALIVE? is true."
  (define (write! bytes start count)
    (put-string port (number->string count 16))
    (put-string port "\r\n")
    (put-bytevector port bytes start count)
    (put-string port "\r\n")
    (force-output port)
    count)
  (define (close)
    (put-string port "0\r\n\r\n")
    (force-output port)
    (unless keep-alive? (close-port port)))
  (let ((chunked (make-custom-binary-output-port "chunked http output" write! #f #f close)))
    (setvbuf chunked 'block buffering)
    chunked))
