;;; Block input and output on strings.

(define-module (ice-9 rw)
  #:use-module (ice-9 rdelim)
  #:export (read-string!/partial write-string/partial))

(define* (read-string!/partial buf #:optional (port (current-input-port)) (start 0)
                               (end (string-length buf)))
  (let ((n (read-string! buf port start end)))
    (and (or (> n 0) (= start end)) n)))

(define* (write-string/partial s #:optional (port (current-output-port)) (start 0)
                               (end (string-length s)))
  (write-string s port start end)
  (- end start))
