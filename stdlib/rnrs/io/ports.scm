;;; R6RS (rnrs io ports).
;;;
;;; Commentary:
;;; R6RS's view of the core's ports.  A port has an encoding and a way to deal
;;; with what cannot be encoded, which together are a transcoder; a binary port
;;; is one that maps bytes to characters one to one.  Errors of the system and of
;;; encodings become conditions below &i/o that name the port.
;;; Code:

(define-module (rnrs io ports)
  #:use-module (rnrs conditions)
  #:use-module ((rnrs exceptions) #:select (raise))
  #:use-module ((rnrs base) #:select (assertion-violation))
  #:use-module (rnrs enums)
  #:use-module (rnrs files)
  #:use-module ((ice-9 binary-ports)
                #:select (make-custom-binary-input-port make-custom-binary-output-port
                          make-custom-binary-input/output-port))
  #:use-module ((ice-9 textual-ports)
                #:select (make-custom-textual-input-port make-custom-textual-output-port
                          make-custom-textual-input/output-port))
  #:export (&i/o-decoding make-i/o-decoding-error i/o-decoding-error?
            &i/o-encoding make-i/o-encoding-error i/o-encoding-error?
            i/o-encoding-error-char
            file-options buffer-mode buffer-mode? eol-style native-eol-style
            error-handling-mode make-transcoder native-transcoder
            transcoder-codec transcoder-eol-style
            transcoder-error-handling-mode latin-1-codec utf-8-codec
            utf-16-codec bytevector->string string->bytevector
            port-transcoder transcoded-port port-position set-port-position!
            port-has-port-position? port-has-set-port-position!? port-eof?
            open-file-input-port open-file-output-port
            open-file-input/output-port open-string-input-port
            standard-input-port standard-output-port standard-error-port
            call-with-bytevector-output-port call-with-string-output-port
            output-port-buffer-mode get-string-n! get-datum put-datum)
  #:replace (get-char lookahead-char get-line get-string-all get-string-n
             put-char put-string open-bytevector-input-port
             open-bytevector-output-port)
  #:re-export (
   ;; conditions of (rnrs files)
   &i/o make-i/o-error i/o-error? &i/o-read make-i/o-read-error
   i/o-read-error? &i/o-write make-i/o-write-error i/o-write-error?
   &i/o-invalid-position make-i/o-invalid-position-error
   i/o-invalid-position-error? i/o-error-position &i/o-filename
   make-i/o-filename-error i/o-filename-error? i/o-error-filename
   &i/o-file-protection make-i/o-file-protection-error
   i/o-file-protection-error? &i/o-file-is-read-only
   make-i/o-file-is-read-only-error i/o-file-is-read-only-error?
   &i/o-file-already-exists make-i/o-file-already-exists-error
   i/o-file-already-exists-error? &i/o-file-does-not-exist
   make-i/o-file-does-not-exist-error i/o-file-does-not-exist-error?
   &i/o-port make-i/o-port-error i/o-port-error? i/o-error-port
   ;; ports of the core
   port? input-port? output-port? binary-port? textual-port? eof-object
   eof-object? call-with-port close-port open-string-output-port
   make-custom-binary-input-port make-custom-binary-output-port
   make-custom-binary-input/output-port make-custom-textual-input-port
   make-custom-textual-output-port make-custom-textual-input/output-port
   get-u8 lookahead-u8 get-bytevector-n get-bytevector-n! get-bytevector-some
   get-bytevector-all put-u8 put-bytevector flush-output-port
   current-input-port current-output-port current-error-port))

;;; Errors

(define %with-file-conditions (@@ (rnrs files) %with-file-conditions))

(define-condition-type &i/o-decoding &i/o-port
  make-i/o-decoding-error i/o-decoding-error?)
(define-condition-type &i/o-encoding &i/o-port
  make-i/o-encoding-error i/o-encoding-error?
  (char i/o-encoding-error-char))

;; Call thunk, which reads or writes on port; errors become conditions of R6RS.
(define (%transferring port make-error thunk)
  (with-exception-handler
      (lambda (exn)
        (raise-exception
         (case (exception-kind exn)
           ((decoding-error)
            (condition (make-i/o-decoding-error port)
                       (make-message-condition "the input is not valid in its encoding")))
           ((encoding-error)
            (condition (make-i/o-encoding-error port (%character exn))
                       (make-message-condition "the encoding lacks the character")))
           ((system-error)
            (condition (make-error) (make-i/o-port-error port) exn))
           (else exn))
         #:continuable? #t))
    thunk))

;; (encoding-error WHO MESSAGE ERRNO PORT CHAR)
(define (%character exn)
  (let ((args (exception-args exn)))
    (and (pair? args) (car (last-pair args)))))

(define-syntax-rule (reading port expression)
  (%transferring port make-i/o-read-error (lambda () expression)))
(define-syntax-rule (writing port expression)
  (%transferring port make-i/o-write-error (lambda () expression)))

;;; Options of ports

(define-enumeration file-option (no-create no-fail no-truncate) file-options)
(define-enumeration buffer-mode (none line block) %buffer-modes)
(define-enumeration eol-style (lf cr crlf nel crnel ls none) %eol-styles)
(define-enumeration error-handling-mode (ignore raise replace) %error-handling-modes)

(define (buffer-mode? x)
  "True if X is none, line or block."
  (and (memq x '(none line block)) #t))
(define (native-eol-style) "The end of line that ports leave as it is: none." 'none)

(define (latin-1-codec) "The codec of ISO 8859-1." "ISO-8859-1")
(define (utf-8-codec) "The codec of UTF-8." "UTF-8")
(define (utf-16-codec) "The codec of UTF-16." "UTF-16")

(define %transcoder
  (make-record-type 'transcoder
                    '((immutable codec) (immutable eol-style)
                      (immutable error-handling-mode))))
(define %make-transcoder (record-constructor %transcoder))
(define %transcoder? (record-predicate %transcoder))
(define transcoder-codec (record-accessor %transcoder 'codec))
(define transcoder-eol-style (record-accessor %transcoder 'eol-style))
(define transcoder-error-handling-mode
  (record-accessor %transcoder 'error-handling-mode))

(define* (make-transcoder codec #:optional (eol-style 'none) (mode 'replace))
  "A transcoder of the encoding CODEC; MODE, one of ignore, raise and replace, is
what happens to what cannot be encoded or decoded.  Ends of lines are not changed."
  (unless (memq mode '(ignore raise replace))
    (assertion-violation 'make-transcoder "unknown error handling mode" mode))
  (%make-transcoder codec eol-style mode))

(define %native (%make-transcoder "UTF-8" 'none 'replace))
(define (native-transcoder) "The transcoder of UTF-8." %native)

(define (port-transcoder port)
  "The transcoder that PORT reads or writes by."
  (%make-transcoder (or (port-encoding port) "ISO-8859-1")
                    'none
                    (if (eq? (port-conversion-strategy port) 'error)
                        'raise
                        'replace)))

(define (transcoded-port port transcoder)
  "A textual port on the binary PORT, which is not to be used any longer."
  (unless (%transcoder? transcoder)
    (assertion-violation 'transcoded-port "not a transcoder" transcoder))
  (let ((text (%transcoded-port port)))
    (set-port-encoding! text (transcoder-codec transcoder))
    (set-port-conversion-strategy!
     text
     (if (eq? (transcoder-error-handling-mode transcoder) 'raise)
         'error
         'substitute))
    text))

(define (bytevector->string bytes transcoder)
  "The string that BYTES are in the encoding of TRANSCODER."
  (%text-of
   (transcoded-port ((@ (guile) open-bytevector-input-port) bytes) transcoder)))

(define (%text-of port)
  (let ((text ((@ (guile) get-string-all) port)))
    (if (eof-object? text) "" text)))

(define (string->bytevector string transcoder)
  "The bytes of STRING in the encoding of TRANSCODER."
  (call-with-bytevector-output-port
   (lambda (port) (display string port))
   transcoder))

;;; Positions

(define (port-position port)
  "Where in its sequence of bytes PORT stands."
  (seek port 0 SEEK_CUR))

(define (set-port-position! port position)
  "Make PORT stand at POSITION."
  (seek port position SEEK_SET)
  (if #f #f))

(define (port-has-port-position? port)
  "True if port-position works on PORT."
  (catch #t
    (lambda () (port-position port) #t)
    (lambda args #f)))

(define (port-has-set-port-position!? port)
  "True if set-port-position! works on PORT."
  (catch #t
    (lambda () (set-port-position! port (port-position port)) #t)
    (lambda args #f)))

;;; Opening

(define* (open-bytevector-input-port bytes #:optional transcoder)
  "An input port of BYTES."
  (let ((port ((@ (guile) open-bytevector-input-port) bytes)))
    (if transcoder (transcoded-port port transcoder) port)))

(define* (open-bytevector-output-port #:optional transcoder)
  "An output port, and a procedure that gives the bytes written since its last
call."
  (call-with-values (@ (guile) open-bytevector-output-port)
    (lambda (port get)
      (values (if transcoder (transcoded-port port transcoder) port) get))))

(define* (call-with-bytevector-output-port proc #:optional transcoder)
  "The bytes that PROC writes on the port that it is given."
  (call-with-values (lambda () (open-bytevector-output-port transcoder))
    (lambda (port get)
      (proc port)
      (get))))

(define (call-with-string-output-port proc)
  "The text that PROC writes on the port that it is given."
  (call-with-output-string proc))

(define (open-string-input-port string)
  "A textual input port of STRING."
  (open-input-string string))

(define (%option? option options)
  (enum-set-member? option options))

;; The flags of open(2) for writing to a file with the options of R6RS.
(define (%output-flags options)
  (let ((create? (not (%option? 'no-create options)))
        (fail? (not (%option? 'no-fail options)))
        (truncate? (not (%option? 'no-truncate options))))
    (logior (if create? O_CREAT 0)
            (if (and create? fail?) O_EXCL 0)
            (if truncate? O_TRUNC 0))))

(define (%open filename flags buffering transcoder)
  (let ((port (%with-file-conditions filename
                (lambda () (open filename flags)))))
    (setvbuf port buffering)
    (if transcoder
        (transcoded-port port transcoder)
        (begin (set-port-encoding! port "ISO-8859-1") port))))

(define* (open-file-input-port filename #:optional (options (file-options))
                               (buffering 'block) transcoder)
  "An input port on the file FILENAME, binary unless there is a TRANSCODER."
  (%open filename O_RDONLY buffering transcoder))

(define* (open-file-output-port filename #:optional (options (file-options))
                                (buffering 'block) transcoder)
  "An output port on the file FILENAME, which must not exist unless OPTIONS has
no-fail or no-create; binary unless there is a TRANSCODER."
  (%open filename (logior O_WRONLY (%output-flags options)) buffering transcoder))

(define* (open-file-input/output-port filename #:optional (options (file-options))
                                      (buffering 'block) transcoder)
  "As open-file-output-port, and the port can be read too."
  (%open filename (logior O_RDWR (%output-flags options)) buffering transcoder))

;; Ports of their own on the process's standard files, without encoding.
(define (%binary port)
  (set-port-encoding! port "ISO-8859-1")
  port)
(define (standard-input-port)
  "A binary port on the standard input." (%binary (dup->inport 0)))
(define (standard-output-port)
  "A binary port on the standard output." (%binary (dup->outport 1)))
(define (standard-error-port)
  "A binary port on the standard error." (%binary (dup->outport 2)))

(define (output-port-buffer-mode port)
  "How PORT buffers: none, line or block."
  (%port-buffer-mode port))

;;; Reading and writing

(define (port-eof? port)
  "True if there is no more to read on PORT."
  (eof-object? (if (binary-port? port)
                   (lookahead-u8 port)
                   (lookahead-char port))))

(define (get-char port) "The next character of PORT." (reading port (read-char port)))
(define (lookahead-char port)
  "The next character of PORT, which stays there."
  (reading port (peek-char port)))
(define (get-line port)
  "The next line of PORT without its end."
  (reading port ((@ (guile) get-line) port)))
(define (get-string-all port)
  "All that is left on PORT."
  (reading port ((@ (guile) get-string-all) port)))
(define (get-string-n port count)
  "A string of at most COUNT characters from PORT."
  (reading port ((@ (guile) get-string-n) port count)))

(define (get-string-n! port string start count)
  "Read at most COUNT characters from PORT into STRING from START on; the number
read, or the end-of-file object."
  (let ((text (get-string-n port count)))
    (cond ((eof-object? text) (if (zero? count) 0 text))
          (else (string-copy! string start text) (string-length text)))))

(define (get-datum port) "The next datum of PORT." (reading port (r7rs:read port)))

(define (put-char port char) "Write CHAR on PORT." (writing port (write-char char port)))
(define* (put-string port string #:optional (start 0) (count #f))
  "Write STRING on PORT, or COUNT characters of it from START on."
  (writing port
           (if (and (eqv? start 0) (not count))
               (display string port)
               (display (substring string start
                                   (if count (+ start count) (string-length string)))
                        port))))
(define (put-datum port x) "Write the datum X on PORT." (writing port (write x port)))
