;;; Remembering what parsers gave, so that no nonterminal is parsed again and again
;;; at the same place.

(define-module (ice-9 peg cache)
  #:export (cg-cached-parser %cached))

(define size 1024)

(define (%cached parser)
  "Return PARSER with a memory of its last results, by position."
  (let ((strings (make-vector size #f))
        (positions (make-vector size -1))
        (results (make-vector size #f)))
    (lambda (str len pos)
      (let ((slot (logand pos (- size 1))))
        (if (and (eq? (vector-ref strings slot) str)
                 (eqv? (vector-ref positions slot) pos))
            (vector-ref results slot)
            (let ((m (parser str len pos)))
              (vector-set! strings slot str)
              (vector-set! positions slot pos)
              (vector-set! results slot m)
              m))))))

(define (cg-cached-parser parser)
  "Return the syntax of PARSER, syntax, with a memory."
  #`(%cached #,parser))
