;;; Textual ports.  Most procedures are native.

(define-module (ice-9 textual-ports)
  #:use-module (ice-9 custom-ports)
  #:use-module (rnrs bytevectors)
  #:export (unget-char unget-string make-custom-textual-input-port
            make-custom-textual-output-port make-custom-textual-input/output-port)
  #:re-export (get-char get-line get-string-all get-string-n get-string-n!
               lookahead-char put-char put-string))

(define (unget-char port char)
  "Put CHAR back in front of the input of PORT."
  (unread-char char port)
  (if #f #f))

(define* (unget-string port s #:optional (start 0) (count (- (string-length s) start)))
  "Put COUNT characters of S from START on back in front of the input of PORT."
  (unread-string (substring s start (+ start count)) port)
  (if #f #f))

;; Bytes out of a procedure that fills strings.
(define (reader read!)
  (let ((rest #vu8()) (at 0))
    (lambda (port bytes start count)
      (when (= at (bytevector-length rest))
        (let* ((text (make-string (max 1 (quotient count 4))))
               (n (read! text 0 (string-length text))))
          (set! rest (string->utf8 (substring text 0 n)))
          (set! at 0)))
      (let ((n (min count (- (bytevector-length rest) at))))
        (bytevector-copy! rest at bytes start n)
        (set! at (+ at n))
        n))))

;; What a port hands on at once is whole characters.
(define (writer write!)
  (lambda (port bytes start count)
    (let* ((part (make-bytevector count))
           (text (begin (bytevector-copy! bytes start part 0 count)
                        (utf8->string part)))
           (end (string-length text)))
      (let loop ((at 0))
        (if (< at end)
            (let* ((part (substring text at (min end (+ at 1024))))
                   (n (write! part 0 (string-length part))))
              (if (eqv? n 0)
                  (error "a custom port's procedure writes nothing" port)
                  (loop (+ at n))))
            count)))))

(define (position-seek id get set)
  (and (or get set)
       (lambda (port offset whence)
         (cond ((and get (eqv? whence SEEK_CUR) (eqv? offset 0)) (get))
               ((and set (eqv? whence SEEK_SET)) (set offset) offset)
               (else (error "custom port does not support this operation on its position" id))))))

(define (textual id read write get set close)
  (make-custom-port #:id id
                    #:read (and read (reader read))
                    #:write (and write (writer write))
                    #:seek (position-seek id get set)
                    #:close (and close (lambda (port) (close)))
                    #:encoding "UTF-8"))

(define (make-custom-textual-input-port id read! get-position set-position! close)
  "A textual input port that calls READ! with a string, a start and a count, and gets
the number of characters; 0 is the end.  The others may be #f."
  (textual id read! #f get-position set-position! close))

(define (make-custom-textual-output-port id write! get-position set-position! close)
  "A textual output port that calls WRITE! with a string, a start and a count, and
gets the number of characters that it took.  The others may be #f."
  (textual id #f write! get-position set-position! close))

(define (make-custom-textual-input/output-port id read! write! get-position
                                               set-position! close)
  "A port that is both; see make-custom-textual-input-port."
  (textual id read! write! get-position set-position! close))
