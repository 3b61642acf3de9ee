;;; SRFI 13: strings.  What calls no procedure is native; the rest is here.

(define-module (srfi srfi-13)
  #:export (string-tabulate string-for-each-index string-map! string-fold
            string-fold-right string-unfold string-unfold-right
            string-every string-any string-xcopy! string-concatenate-reverse
            string-compare string-compare-ci string-hash-ci)
  #:re-export (string-null? string-take string-drop string-take-right
               string-drop-right string-pad string-pad-right string-trim
               string-trim-right string-trim-both string-index
               string-index-right string-skip string-skip-right string-count
               string-contains string-contains-ci string-prefix? string-suffix?
               string-prefix-ci? string-suffix-ci? string-prefix-length
               string-suffix-length string-join string-tokenize string-filter
               string-delete string-replace string-reverse string-reverse!
               string-concatenate string-append/shared reverse-list->string
               string-titlecase string-upcase string-downcase string-titlecase!
               string-upcase! string-downcase! xsubstring substring/shared
               string-hash string-copy! string= string<> string< string> string<=
               string>= string-ci= string-ci<> string-ci< string-ci> string-ci<=
               string-ci>= string? make-string string string->list list->string
               string-length string-ref string-set! string-copy string-fill!
               string-append substring)
  #:replace (string-map string-for-each))

(define (%end s end) (or end (string-length s)))

(define (string-tabulate proc len)
  (let ((s (make-string len)))
    (let loop ((i 0))
      (if (< i len)
          (begin (string-set! s i (proc i)) (loop (+ i 1)))
          s))))

;; As SRFI 13 and R7RS have it: one string with a range, or several strings.
(define (string-map proc s . rest)
  (if (and (pair? rest) (string? (car rest)))
      (list->string (apply map proc (string->list s) (map string->list rest)))
      (list->string (map proc (apply string->list s rest)))))

(define (string-map! proc s . range)
  (let ((start (if (pair? range) (car range) 0))
        (end (if (and (pair? range) (pair? (cdr range))) (cadr range) (string-length s))))
    (let loop ((i start))
      (when (< i end)
        (string-set! s i (proc (string-ref s i)))
        (loop (+ i 1))))))

(define (string-for-each proc s . rest)
  (if (and (pair? rest) (string? (car rest)))
      (apply for-each proc (string->list s) (map string->list rest))
      (for-each proc (apply string->list s rest))))

(define* (string-for-each-index proc s #:optional (start 0) end)
  (let ((end (%end s end)))
    (let loop ((i start))
      (when (< i end)
        (proc i)
        (loop (+ i 1))))))

(define* (string-fold kons knil s #:optional (start 0) end)
  (let ((end (%end s end)))
    (let loop ((i start) (acc knil))
      (if (< i end)
          (loop (+ i 1) (kons (string-ref s i) acc))
          acc))))

(define* (string-fold-right kons knil s #:optional (start 0) end)
  (let loop ((i (- (%end s end) 1)) (acc knil))
    (if (>= i start)
        (loop (- i 1) (kons (string-ref s i) acc))
        acc)))

(define* (string-unfold stop? mapper successor seed
                        #:optional (base "") (make-final (lambda (x) "")))
  (let loop ((seed seed) (chars '()))
    (if (stop? seed)
        (string-append base (reverse-list->string chars) (make-final seed))
        (loop (successor seed) (cons (mapper seed) chars)))))

(define* (string-unfold-right stop? mapper successor seed
                              #:optional (base "") (make-final (lambda (x) "")))
  (let loop ((seed seed) (chars '()))
    (if (stop? seed)
        (string-append (make-final seed) (list->string chars) base)
        (loop (successor seed) (cons (mapper seed) chars)))))

(define (%matcher pred)
  (cond ((char? pred) (lambda (c) (char=? c pred)))
        ((char-set? pred) (lambda (c) (char-set-contains? pred c)))
        (else pred)))

(define* (string-every pred s #:optional (start 0) end)
  (let ((end (%end s end)) (match? (%matcher pred)))
    (let loop ((i start) (last #t))
      (cond ((= i end) last)
            ((= i (- end 1)) (match? (string-ref s i)))
            ((match? (string-ref s i)) => (lambda (x) (loop (+ i 1) x)))
            (else #f)))))

(define* (string-any pred s #:optional (start 0) end)
  (let ((end (%end s end)) (match? (%matcher pred)))
    (let loop ((i start))
      (cond ((>= i end) #f)
            ((= i (- end 1)) (match? (string-ref s i)))
            (else (or (match? (string-ref s i)) (loop (+ i 1))))))))

(define* (string-xcopy! target at s from #:optional to (start 0) end)
  (string-copy! target at
                (xsubstring s from (or to (+ from (- (%end s end) start)))
                            start (%end s end))))

(define* (string-concatenate-reverse strings #:optional (final "") end)
  (string-append (string-concatenate (reverse strings))
                 (substring final 0 (%end final end))))

(define* (string-compare a b less same more
                         #:optional (start1 0) end1 (start2 0) end2)
  (let ((end1 (%end a end1)) (end2 (%end b end2)))
    (let loop ((i start1) (j start2))
      (cond ((and (= i end1) (= j end2)) (same i))
            ((= i end1) (less i))
            ((= j end2) (more i))
            ((char<? (string-ref a i) (string-ref b j)) (less i))
            ((char>? (string-ref a i) (string-ref b j)) (more i))
            (else (loop (+ i 1) (+ j 1)))))))

(define (string-compare-ci a b less same more . range)
  (apply string-compare (string-foldcase a) (string-foldcase b)
         less same more range))

(define (string-hash-ci s . bound)
  (apply string-hash (string-foldcase s) bound))
