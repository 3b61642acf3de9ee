;;; Soft ports: textual ports made of procedures of characters and strings.

(define-module (ice-9 soft-ports)
  #:use-module (ice-9 custom-ports)
  #:use-module (ice-9 textual-ports)
  #:use-module (rnrs bytevectors)
  #:export (deprecated-make-soft-port)
  #:replace (make-soft-port))

;; A reader of bytes from a thunk that gives a string, "" or the end-of-file object
;; at the end.  What does not fit is kept.
(define (string-reader next)
  (let ((rest #vu8()) (at 0))
    (lambda (port bytes start count)
      (when (= at (bytevector-length rest))
        (let ((text (next)))
          (set! rest (if (string? text) (string->utf8 text) #vu8()))
          (set! at 0)))
      (let ((n (min count (- (bytevector-length rest) at))))
        (bytevector-copy! rest at bytes start n)
        (set! at (+ at n))
        n))))

(define (string-writer put)
  (lambda (port bytes start count)
    (put (call-with-input-bytevector
          (let ((part (make-bytevector count)))
            (bytevector-copy! bytes start part 0 count)
            part)
          (lambda (input)
            (set-port-encoding! input "UTF-8")
            (let ((text (get-string-all input)))
              (if (eof-object? text) "" text)))))
    count))

(define* (make-soft-port #:key (id "soft-port") read-string write-string
                         input-waiting? close (close-on-gc? #f))
  "A textual port whose input are the strings that the thunk READ-STRING gives, \"\"
at the end, and whose output WRITE-STRING gets; INPUT-WAITING? tells whether input
is there, CLOSE is called when the port is closed."
  (let ((port (make-custom-port
               #:id id
               #:read (and read-string (string-reader read-string))
               #:write (and write-string (string-writer write-string))
               #:input-waiting? (and input-waiting? (lambda (port) (input-waiting?)))
               #:close (and close (lambda (port) (close)))
               #:encoding "UTF-8")))
    (setvbuf port 'none)
    (setvbuf port 'block 1)
    port))

(define (deprecated-make-soft-port procedures modes)
  "A port of the VECTOR of procedures PROCEDURES: to write a character, to write a
string, to flush, to read a character, to close and, optionally, for the number of
characters that are waiting; MODES as for open-file."
  (define (procedure i)
    (and (< i (vector-length procedures)) (vector-ref procedures i)))
  (unless (and (vector? procedures) (<= 5 (vector-length procedures) 6))
    (scm-error 'wrong-type-arg "make-soft-port"
               "Wrong type argument in position ~A (expecting ~A): ~S"
               (list 1 "vector of five or six procedures" procedures) (list procedures)))
  (let* ((input? (string-any (string->char-set "r+") modes))
         (output? (string-any (string->char-set "wa+") modes))
         (write-char* (procedure 0)) (write-string* (procedure 1))
         (flush (procedure 2)) (read-char* (procedure 3))
         (close (procedure 4)) (waiting (procedure 5))
         (put (lambda (text)
                (if (and write-char* (or (not write-string*) (= 1 (string-length text))))
                    (string-for-each write-char* text)
                    (write-string* text))
                (when flush (flush))))
         (port (make-custom-port
                #:id "soft-port"
                #:read (and input?
                            (string-reader
                             (lambda ()
                               (let ((c (read-char*)))
                                 (cond ((char? c) (string c))
                                       ((or (not c) (eof-object? c)) "")
                                       (else
                                        (scm-error 'wrong-type-arg "read-char"
                                                   "Wrong type (expecting ~A): ~S"
                                                   (list "character" c) (list c))))))))
                #:write (and output? (string-writer put))
                #:input-waiting? (and waiting (lambda (port) (> (waiting) 0)))
                #:close (and close (lambda (port) (close)))
                #:encoding "UTF-8")))
    (setvbuf port 'none)
    port))
