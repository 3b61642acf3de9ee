;;; Flatter trees.

(define-module (ice-9 peg simplify-tree)
  #:use-module ((srfi srfi-1) #:select (append-map))
  #:export (keyword-flatten context-flatten string-collapse))

(define (context-flatten pred lst)
  "Return LST flattened as far as its lists do not satisfy PRED."
  (cond ((or (not (list? lst)) (null? lst)) lst)
        ((pred lst) (list lst))
        (else
         (append-map (lambda (x)
                       (let ((flat (context-flatten pred x)))
                         (if (list? flat) flat (list flat))))
                     lst))))

(define (keyword-flatten keywords lst)
  "Return LST flattened but for lists that begin with one of KEYWORDS."
  (context-flatten (lambda (x) (and (pair? x) (memq (car x) keywords) #t)) lst))

(define (string-collapse lst)
  "Return LST with neighbouring strings in it joined, at any depth, and lists of
one string replaced by that."
  (if (list? lst)
      (let loop ((l (map string-collapse lst)) (out '()))
        (cond ((null? l)
               (if (and (pair? out) (null? (cdr out)) (string? (car out)))
                   (car out)
                   (reverse out)))
              ((and (string? (car l)) (pair? out) (string? (car out)))
               (loop (cdr l) (cons (string-append (car out) (car l)) (cdr out))))
              (else (loop (cdr l) (cons (car l) out)))))
      lst))
