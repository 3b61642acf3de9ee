;;; Defining parsers, and using them.

(define-module (ice-9 peg using-parsers)
  #:use-module (srfi srfi-9)
  #:use-module (ice-9 peg codegen)
  #:use-module (ice-9 peg cache)
  #:use-module (ice-9 peg simplify-tree)
  #:export (match-pattern define-peg-pattern search-for-pattern prec make-prec
            peg:start peg:end peg:string peg:tree peg:substring peg-record?))

(define-record-type prec
  (make-prec start end string tree)
  peg-record?
  (start prec-start)
  (end prec-end)
  (string prec-string)
  (tree prec-tree))

(define-syntax define-readers
  (syntax-rules ()
    ((_ (name get doc) ...)
     (begin (define (name match) doc (and match (get match))) ...))))

(define-readers
  (peg:start prec-start "Return where MATCH begins, #f for no match.")
  (peg:end prec-end "Return where MATCH ends, #f for no match.")
  (peg:string prec-string "Return the string that was matched, #f for no match.")
  (peg:tree prec-tree "Return the tree of MATCH, #f for no match."))

(define (peg:substring match)
  "Return the text that MATCH covers, #f for no match."
  (and match
       (substring (prec-string match) (prec-start match) (prec-end match))))

;; The match of PARSER at START.  The copy makes the memories of parsers safe: they
;; know strings by identity.
(define (match-at parser copy string start)
  (let ((m (parser copy (string-length copy) start)))
    (and m (make-prec start (car m) string (string-collapse (cadr m))))))

(define (match-pattern nonterminal string)
  "Return the match of the parser NONTERMINAL at the beginning of STRING, or #f."
  (match-at nonterminal (string-copy string) string 0))

(define (%search parser string)
  (let ((copy (string-copy string)) (end (string-length string)))
    (let loop ((at 0))
      (and (< at end)
           (or (match-at parser copy string at)
               (loop (+ at 1)))))))

(define-syntax search-for-pattern
  (lambda (x)
    "Return the first match of a nonterminal or a pattern in a string, or #f."
    (syntax-case x ()
      ((_ pattern string)
       (identifier? #'pattern)
       #'(%search pattern string))
      ((_ (q pattern) string)
       (and (identifier? #'q) (eq? (syntax->datum #'q) 'quote))
       #`(%search #,(compile-peg-pattern #'pattern 'body) string))
      ((_ text string)
       (string? (syntax->datum #'text))
       #`(%search #,(compile-peg-pattern #`(#,(datum->syntax x 'peg) text) 'body) string))
      ((_ pattern string)
       #`(%search #,(compile-peg-pattern #'pattern 'body) string)))))

(define-syntax define-peg-pattern
  (lambda (x)
    "Define a nonterminal: (define-peg-pattern name accumulated pattern)."
    (syntax-case x ()
      ((_ name accum pattern)
       (let ((accum (syntax->datum #'accum)))
         #`(define name
             #,(cg-cached-parser
                (wrap-parser-for-users x (compile-peg-pattern #'pattern accum)
                                       accum #'name))))))))
