;;; Gap buffers: text with a point where it is changed cheaply.

(define-module (ice-9 gap-buffer)
  #:use-module (srfi srfi-9)
  #:export (gb? make-gap-buffer gb-point gb-point-min gb-point-max
            gb-insert-string! gb-insert-char! gb-delete-char! gb-erase!
            gb-goto-char gb->string gb-filter! gb->lines gb-filter-lines!
            make-gap-buffer-port))

;; The text before the point is TEXT up to START, that after it TEXT from END.
(define-record-type gap-buffer
  (%make-gap-buffer text start end)
  gb?
  (text text set-text!)
  (start start set-start!)
  (end end set-end!))

(define (make-gap-buffer . init)
  "Return a gap buffer, empty or with the text of the string or the port INIT,
the point at its end."
  (let ((gb (%make-gap-buffer (make-string 128) 0 128)))
    (unless (null? init)
      (let ((init (car init)))
        (cond ((string? init) (gb-insert-string! gb init))
              ((port? init)
               (let loop ((c (read-char init)))
                 (unless (eof-object? c)
                   (gb-insert-char! gb c)
                   (loop (read-char init)))))
              (else (error "make-gap-buffer: expected a string or a port, got" init)))))
    gb))

(define (gb-point gb)
  "Return the point of GB: 1 is before the first character."
  (+ 1 (start gb)))

(define (gb-point-min gb)
  "Return the least point of GB, 1."
  1)

(define (gb-point-max gb)
  "Return the greatest point of GB, after its last character."
  (+ 1 (- (string-length (text gb)) (- (end gb) (start gb)))))

;; Makes the gap of GB hold at least N characters.
(define (make-room! gb n)
  (when (< (- (end gb) (start gb)) n)
    (let* ((old (text gb))
           (size (string-length old))
           (new (make-string (+ (* 2 size) n)))
           (tail (- size (end gb)))
           (new-end (- (string-length new) tail)))
      (string-copy! new 0 old 0 (start gb))
      (string-copy! new new-end old (end gb) size)
      (set-text! gb new)
      (set-end! gb new-end))))

(define (gb-insert-string! gb string)
  "Insert STRING before the point of GB."
  (let ((n (string-length string)))
    (make-room! gb n)
    (string-copy! (text gb) (start gb) string)
    (set-start! gb (+ (start gb) n))))

(define (gb-insert-char! gb char)
  "Insert CHAR before the point of GB."
  (make-room! gb 1)
  (string-set! (text gb) (start gb) char)
  (set-start! gb (+ (start gb) 1)))

(define (gb-delete-char! gb count)
  "Delete COUNT characters after the point of GB, before it if negative."
  (if (negative? count)
      (set-start! gb (max 0 (+ (start gb) count)))
      (set-end! gb (min (string-length (text gb)) (+ (end gb) count)))))

(define (gb-erase! gb)
  "Delete all text of GB."
  (set-start! gb 0)
  (set-end! gb (string-length (text gb))))

(define (gb-goto-char gb point)
  "Move the point of GB to POINT, or as near as there is text, and return POINT."
  (let* ((target (- (max 1 (min point (gb-point-max gb))) 1))
         (delta (- target (start gb)))
         (s (text gb)))
    (if (negative? delta)
        (string-copy! s (+ (end gb) delta) s target (start gb))
        (string-copy! s (start gb) s (end gb) (+ (end gb) delta)))
    (set-start! gb target)
    (set-end! gb (+ (end gb) delta)))
  point)

(define (gb->string gb)
  "Return the text of GB."
  (string-append (substring (text gb) 0 (start gb))
                 (substring (text gb) (end gb))))

(define (gb-filter! gb proc)
  "Replace the text of GB by what PROC makes of it."
  (let ((new (proc (gb->string gb))))
    (gb-erase! gb)
    (gb-insert-string! gb new)))

(define (gb->lines gb)
  "Return the lines of GB's text, without their newlines."
  (string-split (gb->string gb) #\newline))

(define (gb-filter-lines! gb proc)
  "Replace the lines of GB's text by those that PROC makes of them."
  (gb-filter! gb (lambda (text)
                   (string-join (proc (string-split text #\newline)) "\n"))))

(define (make-gap-buffer-port gb)
  "Return a port that reads what is after the point of GB, moving the point, and
whose output is inserted there."
  (make-soft-port
   (vector (lambda (c) (gb-insert-char! gb c))
           (lambda (s) (gb-insert-string! gb s))
           #f
           (lambda ()
             (let ((point (gb-point gb)))
               (if (= point (gb-point-max gb))
                   (integer->eof)
                   (let ((c (string-ref (text gb) (end gb))))
                     (gb-goto-char gb (+ point 1))
                     c))))
           (lambda () #f))
   "rw"))

(define (integer->eof) (read-char (open-input-string "")))
