;;; R6RS (rnrs sorting).

(define-module (rnrs sorting)
  #:export (list-sort vector-sort vector-sort!))

(define (list-sort less? l) (stable-sort l less?))
(define (vector-sort less? v) (stable-sort v less?))
(define (vector-sort! less? v) (sort! v less?))
