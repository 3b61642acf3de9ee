;;; R6RS (rnrs files).
;;;
;;; Commentary:
;;; Files, and the conditions for what goes wrong with them and with ports.
;;; %with-file-conditions turns the system's error about a file into one of
;;; these conditions; the input and output libraries use it too.
;;; Code:

(define-module (rnrs files)
  #:use-module (rnrs conditions)
  #:use-module (rnrs exceptions)
  #:export (&i/o make-i/o-error i/o-error?
            &i/o-read make-i/o-read-error i/o-read-error?
            &i/o-write make-i/o-write-error i/o-write-error?
            &i/o-invalid-position make-i/o-invalid-position-error
            i/o-invalid-position-error? i/o-error-position
            &i/o-filename make-i/o-filename-error i/o-filename-error?
            i/o-error-filename
            &i/o-file-protection make-i/o-file-protection-error
            i/o-file-protection-error?
            &i/o-file-is-read-only make-i/o-file-is-read-only-error
            i/o-file-is-read-only-error?
            &i/o-file-already-exists make-i/o-file-already-exists-error
            i/o-file-already-exists-error?
            &i/o-file-does-not-exist make-i/o-file-does-not-exist-error
            i/o-file-does-not-exist-error?
            &i/o-port make-i/o-port-error i/o-port-error? i/o-error-port)
  #:re-export (file-exists?)
  #:replace ((r6:delete-file . delete-file)))

(define-condition-type &i/o &error make-i/o-error i/o-error?)
(define-condition-type &i/o-read &i/o make-i/o-read-error i/o-read-error?)
(define-condition-type &i/o-write &i/o make-i/o-write-error i/o-write-error?)
(define-condition-type &i/o-invalid-position &i/o
  make-i/o-invalid-position-error i/o-invalid-position-error?
  (position i/o-error-position))
(define-condition-type &i/o-filename &i/o
  make-i/o-filename-error i/o-filename-error?
  (filename i/o-error-filename))
(define-condition-type &i/o-file-protection &i/o-filename
  make-i/o-file-protection-error i/o-file-protection-error?)
(define-condition-type &i/o-file-is-read-only &i/o-file-protection
  make-i/o-file-is-read-only-error i/o-file-is-read-only-error?)
(define-condition-type &i/o-file-already-exists &i/o-filename
  make-i/o-file-already-exists-error i/o-file-already-exists-error?)
(define-condition-type &i/o-file-does-not-exist &i/o-filename
  make-i/o-file-does-not-exist-error i/o-file-does-not-exist-error?)
(define-condition-type &i/o-port &i/o make-i/o-port-error i/o-port-error?
  (port i/o-error-port))

(define (%with-file-conditions filename thunk)
  "Call THUNK; a system error becomes a condition that names FILENAME."
  (with-throw-handler 'system-error
    thunk
    (lambda (key who message arguments data)
      (let* ((errno (car data))
             (make (cond ((= errno EACCES) make-i/o-file-protection-error)
                         ((= errno EEXIST) make-i/o-file-already-exists-error)
                         ((= errno ENOENT) make-i/o-file-does-not-exist-error)
                         ((= errno EROFS) make-i/o-file-is-read-only-error)
                         (else make-i/o-filename-error))))
        (raise (condition (make filename)
                          (make-who-condition who)
                          (make-message-condition
                           (apply format #f message arguments))))))))

(define (r6:delete-file filename)
  "Remove the file FILENAME."
  (%with-file-conditions filename (lambda () (delete-file filename))))
