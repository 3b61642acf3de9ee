;;; String helpers.

(define-module (ice-9 string-fun)
  #:export (split-after-char split-before-char split-discarding-char
            split-after-char-last split-before-char-last
            split-discarding-char-last separate-fields-discarding-char
            sans-surrounding-whitespace sans-leading-whitespace
            sans-trailing-whitespace sans-final-newline
            has-trailing-newline?)
  #:re-export (string-replace-substring))

(define (%split index before after)
  (lambda (char s return)
    (let ((i (index s char)))
      (if i
          (return (substring s 0 (+ i before)) (substring s (+ i after)))
          (return s "")))))

(define split-after-char (%split string-index 1 1))
(define split-before-char (%split string-index 0 0))
(define split-discarding-char (%split string-index 0 1))
(define split-after-char-last (%split string-rindex 1 1))
(define split-before-char-last (%split string-rindex 0 0))
(define split-discarding-char-last (%split string-rindex 0 1))

(define (separate-fields-discarding-char char s return)
  (apply return (string-split s char)))

(define (sans-surrounding-whitespace s) (string-trim-both s))
(define (sans-leading-whitespace s) (string-trim s))
(define (sans-trailing-whitespace s) (string-trim-right s))
(define (has-trailing-newline? s) (string-suffix? "\n" s))
(define (sans-final-newline s)
  (if (has-trailing-newline? s) (string-drop-right s 1) s))
