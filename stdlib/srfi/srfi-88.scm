;;; SRFI 88: keywords that end in a colon.
;;;
;;; Commentary:
;;; The module switches the reader to keywords of the form NAME:.
;;; Code:

(define-module (srfi srfi-88)
  #:re-export (keyword?)
  #:export (keyword->string string->keyword))

(eval-when (expand load eval)
  (read-set! keywords 'postfix))

(define (keyword->string keyword)
  "The name of KEYWORD."
  (symbol->string (keyword->symbol keyword)))

(define (string->keyword name)
  "The keyword called NAME."
  (symbol->keyword (string->symbol name)))
