;;; R6RS (rnrs unicode).

(define-module (rnrs unicode)
  #:use-module ((scheme char) #:select (string-upcase string-downcase string-foldcase))
  #:export (char-title-case?)
  #:re-export (
   char-upcase char-downcase char-titlecase char-foldcase char-ci=?
   char-ci<? char-ci>? char-ci<=? char-ci>=? char-alphabetic?
   char-numeric? char-whitespace? char-upper-case? char-lower-case?
   char-general-category string-upcase string-downcase
   string-titlecase string-foldcase string-ci=? string-ci<?
   string-ci>? string-ci<=? string-ci>=? string-normalize-nfd
   string-normalize-nfkd string-normalize-nfc string-normalize-nfkc))

(define (char-title-case? c)
  "True if C is a letter of the category title case."
  (eq? (char-general-category c) 'Lt))
