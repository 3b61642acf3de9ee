;;; Delimited input.  What reads is native.

(define-module (ice-9 rdelim)
  #:export (write-line read-line! read-delimited! %read-delimited! read-string!
            for-delimited-from-port for-rdelim-from-port for-line-in-file)
  #:re-export (read-line read-delimited read-string %read-line))

(define* (write-line object #:optional (port (current-output-port)))
  "Write OBJECT as display does, and a newline."
  (display object port)
  (newline port))

(define* (read-string! buf #:optional (port (current-input-port)) (start 0)
                       (end (string-length buf)))
  "Read characters into BUF from START to END; the number of them."
  (let ((n (get-string-n! port buf start (- end start))))
    (if (eof-object? n) 0 n)))

(define* (%read-delimited! delims buf gobble? #:optional
                           (port (current-input-port)) (start 0)
                           (end (string-length buf)))
  "Read into BUF up to one of the characters of the string DELIMS, which is consumed
if GOBBLE? is true.  A pair of what ended it, #f for the end of BUF, and the number
of characters."
  (let loop ((i start))
    (if (= i end)
        (cons #f (- i start))
        (let ((c (peek-char port)))
          (cond ((eof-object? c) (cons c (- i start)))
                ((string-index delims c)
                 (when gobble? (read-char port))
                 (cons c (- i start)))
                (else
                 (string-set! buf i (read-char port))
                 (loop (+ i 1))))))))

(define* (read-delimited! delims buf #:optional (port (current-input-port))
                          (handle-delim 'trim) (start 0) (end (string-length buf)))
  "Read into BUF as read-delimited does; the number of characters, with HANDLE-DELIM
split a pair of it and the delimiter."
  (let* ((found (%read-delimited! delims buf (not (eq? handle-delim 'peek))
                                  port start end))
         (terminator (car found))
         (count (cdr found))
         (value (if (and (zero? count) (eof-object? terminator)) terminator count)))
    (case handle-delim
      ((trim peek) value)
      ((concat)
       (cond ((not (char? terminator)) value)
             ((< (+ start count) end)
              (string-set! buf (+ start count) terminator)
              (+ count 1))
             (else (unread-char terminator port) count)))
      ((split) (cons value terminator))
      (else (error "unexpected handle-delim value: " handle-delim)))))

(define* (read-line! buf #:optional (port (current-input-port)))
  "Read a line into BUF without its end: the number of characters, #f when BUF was too
small for it."
  (let* ((found (%read-delimited! "\n" buf #t port))
         (terminator (car found)))
    (cond ((not terminator) #f)
          ((and (eof-object? terminator) (zero? (cdr found))) terminator)
          (else (cdr found)))))

(define* (for-rdelim-from-port port proc rdelim-proc #:key (stop-pred eof-object?))
  "Call PROC with each value of (RDELIM-PROC PORT) until STOP-PRED is true of one, and
close PORT."
  (let loop ()
    (let ((part (rdelim-proc port)))
      (cond ((stop-pred part) (close-port port))
            (else (proc part) (loop))))))

(define* (for-delimited-from-port port proc #:key (delims "\n") (handle-delim 'trim))
  "Call PROC with each part of the input of PORT that one of DELIMS ends, and close
PORT."
  (for-rdelim-from-port port proc
                        (lambda (port) (read-delimited delims port handle-delim))))

(define* (for-line-in-file file proc #:key (encoding #f) (guess-encoding #f))
  "Call PROC with each line of the file named FILE."
  (call-with-input-file file
    (lambda (port) (for-delimited-from-port port proc))
    #:encoding encoding #:guess-encoding guess-encoding))
