;;; R7RS (scheme char).
;;;
;;; Commentary:
;;; Unlike those of the core, which go by single characters, the procedures for
;;; whole strings map them with all of Unicode's rules (R7RS 6.7).
;;; Code:

(define-module (scheme char)
  #:replace (string-upcase string-downcase string-foldcase)
  #:re-export (char-alphabetic? char-ci<=? char-ci<? char-ci=? char-ci>=?
               char-ci>? char-downcase char-foldcase char-lower-case?
               char-numeric? char-upcase char-upper-case? char-whitespace?
               digit-value string-ci<=? string-ci<? string-ci=?
               string-ci>=? string-ci>?))

(define (string-upcase s) "S in upper case." (%locale-case "" 'up s))

(define (string-downcase s) "S in lower case." (%locale-case "" 'down s))

(define (string-foldcase s) "S as it compares without regard to case."
  (%locale-case "" 'fold s))
