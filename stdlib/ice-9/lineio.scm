;;; Ports whose lines can be put back.

(define-module (ice-9 lineio)
  #:use-module ((ice-9 rdelim) #:select (read-line))
  #:export (unread-string lineio-port? make-line-buffering-input-port)
  #:replace (read-string))

(define (unread-string str port)
  "Have STR come next when PORT, of make-line-buffering-input-port, is read."
  ((object-property port 'unread-string) str))

(define (read-string port)
  "Return the next line of PORT with its newline, or what was put back last."
  ((object-property port 'read-string)))

(define (lineio-port? port)
  "Tell whether read-string and unread-string can be used on PORT."
  (and (object-property port 'read-string) #t))

(define (make-line-buffering-input-port port)
  "Return an input port that reads PORT and whose lines can be put back."
  (let ((pending '()))                  ; strings that were put back
    (define (next-char)
      (if (null? pending)
          (read-char port)
          (let* ((s (car pending)) (c (string-ref s 0)))
            (set! pending (if (= (string-length s) 1)
                              (cdr pending)
                              (cons (substring s 1) (cdr pending))))
            c)))
    (define (next-line)
      (if (null? pending)
          (read-line port 'concat)
          (let ((s (car pending)))
            (set! pending (cdr pending))
            s)))
    (let ((self (make-soft-port
                 (vector #f #f #f next-char (lambda () (close-port port))) "r")))
      (set-object-property! self 'unread-string
                            (lambda (str)
                              (unless (string-null? str)
                                (set! pending (cons str pending)))))
      (set-object-property! self 'read-string next-line)
      self)))
