;;; R6RS (rnrs io simple).

(define-module (rnrs io simple)
  #:use-module (rnrs files)
  #:use-module ((rnrs io ports)
                #:select (open-file-output-port file-options native-transcoder))
  #:replace (open-input-file open-output-file call-with-input-file
            call-with-output-file with-input-from-file with-output-to-file
            read-char peek-char read write-char newline display write)
  #:re-export (eof-object eof-object? input-port? output-port?
               current-input-port current-output-port current-error-port
               close-input-port close-output-port
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
               make-i/o-file-does-not-exist-error
               i/o-file-does-not-exist-error? &i/o-port make-i/o-port-error
               i/o-port-error? i/o-error-port))

(define %with-file-conditions (@@ (rnrs files) %with-file-conditions))

;; Errors of the core become conditions of R6RS.
(define %transferring (@@ (rnrs io ports) %transferring))

(define-syntax-rule (define-input name)
  (define* (name #:optional (port (current-input-port)))
    (%transferring port make-i/o-read-error (lambda () ((@ (guile) name) port)))))
(define-input read-char)
(define-input peek-char)
;; Continued lines of strings as in the report, not as in (guile).
(define* (read #:optional (port (current-input-port)))
  (%transferring port make-i/o-read-error (lambda () (r7rs:read port))))

(define-syntax-rule (define-output name object ...)
  (define* (name object ... #:optional (port (current-output-port)))
    (%transferring port make-i/o-write-error (lambda () ((@ (guile) name) object ... port)))))
(define-output write-char char)
(define-output newline)
(define-output display object)
(define-output write object)

(define (open-input-file filename)
  "A textual input port on the file FILENAME."
  (%with-file-conditions filename
    (lambda () ((@ (guile) open-input-file) filename))))

(define (open-output-file filename)
  "A textual output port on the file FILENAME, which must not exist."
  (open-file-output-port filename (file-options) 'block (native-transcoder)))

(define (call-with-input-file filename proc)
  "Call PROC with an input port on FILENAME, and close the port when it returns."
  (call-with-port (open-input-file filename) proc))

(define (call-with-output-file filename proc)
  "Call PROC with an output port on FILENAME, and close the port when it returns."
  (call-with-port (open-output-file filename) proc))

(define (with-input-from-file filename thunk)
  "Call THUNK while FILENAME is the current input."
  (call-with-port (open-input-file filename)
    (lambda (port)
      (parameterize ((current-input-port port)) (thunk)))))

(define (with-output-to-file filename thunk)
  "Call THUNK while FILENAME is the current output."
  (call-with-port (open-output-file filename)
    (lambda (port)
      (parameterize ((current-output-port port)) (thunk)))))
