;; Makes symbols, compares them and counts them in an association list.
(define (name i)
  (string->symbol (string-append "item-" (number->string (remainder i 50)))))
(define (count! table key)
  (let ((p (assq key (cdr table))))
    (if p
        (set-cdr! p (+ 1 (cdr p)))
        (set-cdr! table (cons (cons key 1) (cdr table))))))
(define (main)
  (let ((table (list 'table)))
    (do ((i 0 (+ i 1))) ((= i 2000)) (count! table (name (* i 7))))
    (let loop ((l (cdr table)) (n 0))
      (if (null? l)
          n
          (loop (cdr l)
                (+ n (if (eq? (caar l) 'item-7) 100 0)
                   (* (cdar l) (string-length (symbol->string (caar l))))))))))
