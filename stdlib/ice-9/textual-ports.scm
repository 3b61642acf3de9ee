;;; Textual ports; the procedures are native.

(define-module (ice-9 textual-ports)
  #:export (unget-char unget-string)
  #:re-export (get-char get-line get-string-all get-string-n lookahead-char
               put-char put-string))

(define (unget-char port char) (unread-char char port))

(define* (unget-string port s #:optional (start 0) (count (- (string-length s) start)))
  (unread-string (substring s start (+ start count)) port))
