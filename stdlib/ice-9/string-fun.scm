;;; Dividing strings, and small things about them.
;;;
;;; Commentary:
;;; The procedures that divide a string call RETURN with its parts; a part that
;;; there is not is the empty string.
;;; Code:

(define-module (ice-9 string-fun)
  #:export (split-after-char split-before-char split-discarding-char
            split-after-char-last split-before-char-last
            split-discarding-char-last split-before-predicate
            split-after-predicate split-discarding-predicate
            separate-fields-discarding-char separate-fields-after-char
            separate-fields-before-char string-prefix-predicate string-prefix=?
            sans-surrounding-whitespace sans-leading-whitespace
            sans-trailing-whitespace sans-final-newline has-trailing-newline?)
  #:re-export (string-replace-substring))

;; Defines procedures that divide S where INDEX finds WHAT: the first part ends
;; BEFORE characters and the second begins AFTER characters behind that place.
(define-syntax define-splits
  (syntax-rules ()
    ((_ (name index before after doc) ...)
     (begin
       (define (name what s return)
         doc
         (let ((i (index s what)))
           (if i
               (return (substring s 0 (+ i before)) (substring s (+ i after)))
               (return s ""))))
       ...))))

(define-splits
  (split-after-char string-index 1 1 "Divide S behind the first character WHAT.")
  (split-before-char string-index 0 0 "Divide S before the first character WHAT.")
  (split-discarding-char string-index 0 1 "Divide S at the first character WHAT.")
  (split-after-char-last string-rindex 1 1 "Divide S behind the last character WHAT.")
  (split-before-char-last string-rindex 0 0 "Divide S before the last character WHAT.")
  (split-discarding-char-last string-rindex 0 1 "Divide S at the last character WHAT.")
  (split-after-predicate string-index 1 1
    "Divide S behind the first character that the predicate WHAT is true of.")
  (split-before-predicate string-index 0 0
    "Divide S before the first character that the predicate WHAT is true of.")
  (split-discarding-predicate string-index 0 1
    "Divide S at the first character that the predicate WHAT is true of."))

(define (separate-fields-discarding-char char s return)
  "Divide S at every CHAR."
  (apply return (string-split s char)))

(define (separate-fields-after-char char s return)
  "Divide S behind every CHAR."
  (let* ((fields (reverse (string-split s char))))
    (apply return
           (reverse (cons (car fields)
                          (map (lambda (f) (string-append f (string char)))
                               (cdr fields)))))))

(define (separate-fields-before-char char s return)
  "Divide S before every CHAR."
  (let ((fields (string-split s char)))
    (apply return
           (cons (car fields)
                 (map (lambda (f) (string-append (string char) f)) (cdr fields))))))

(define (string-prefix-predicate same?)
  "Return a predicate that tells whether a string is a prefix of another by SAME?,
of two strings."
  (lambda (prefix s)
    (and (<= (string-length prefix) (string-length s))
         (same? prefix (substring s 0 (string-length prefix))))))

(define (string-prefix=? prefix s)
  "Tell whether S begins with PREFIX."
  ((string-prefix-predicate string=?) prefix s))

(define (sans-surrounding-whitespace s)
  "Return S without white space at its ends."
  (string-trim-both s))

(define (sans-leading-whitespace s)
  "Return S without white space at its beginning."
  (string-trim s))

(define (sans-trailing-whitespace s)
  "Return S without white space at its end."
  (string-trim-right s))

(define (has-trailing-newline? s)
  "Tell whether S ends with a newline."
  (string-suffix? "\n" s))

(define (sans-final-newline s)
  "Return S without a newline at its end."
  (if (has-trailing-newline? s) (string-drop-right s 1) s))
