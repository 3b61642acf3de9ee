;;; Delimited input; the procedures are native.

(define-module (ice-9 rdelim)
  #:export (write-line read-delimited! %read-delimited! read-string!)
  #:re-export (read-line read-delimited read-string %read-line))

(define* (write-line object #:optional (port (current-output-port)))
  (display object port)
  (newline port))

(define* (read-string! buf #:optional (port (current-input-port)) (start 0)
                       (end (string-length buf)))
  (let loop ((i start))
    (if (= i end)
        (- i start)
        (let ((c (read-char port)))
          (if (eof-object? c)
              (- i start)
              (begin (string-set! buf i c) (loop (+ i 1))))))))

(define* (%read-delimited! delims buf gobble? #:optional
                           (port (current-input-port)) (start 0)
                           (end (string-length buf)))
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
  (let* ((found (%read-delimited! delims buf (not (eq? handle-delim 'peek))
                                  port start end))
         (terminator (car found))
         (count (cdr found)))
    (if (and (zero? count) (eof-object? terminator))
        terminator
        count)))
