;;; What the code that match expands to calls.

(define (%match-error value)
  (throw 'match-error "match" "no matching pattern" value))

;; The number of pairs of a list that may end in something else than ().
(define (%match-length l)
  (let loop ((l l) (n 0))
    (if (pair? l) (loop (cdr l) (+ n 1)) n)))

;; The length of a proper list; negative for anything else.
(define (%match-list-length l)
  (if (list? l) (length l) -1))
