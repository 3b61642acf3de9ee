;;; Strings and character sets: procedures that call procedures (SRFI 13 and
;;; SRFI 14 as Guile's core has them; where R7RS passes several strings, these
;;; accept them too).

(define (%string-end who s end)
  (if (and end (> end (string-length s)))
      (%out-of-range who 3 end)
      (or end (string-length s))))

(define string-for-each
  (case-lambda
    ((f s)
     (let ((n (string-length s)))
       (let loop ((i 0))
         (if (< i n)
             (begin (f (string-ref s i)) (loop (+ i 1)))))))
    ((f s . rest)
     (if (string? (car rest))
         (apply for-each f (string->list s) (map string->list rest))
         (apply %string-for-each-range f s rest)))))

(define* (%string-for-each-range f s start #:optional end)
  (let ((end (%string-end "string-for-each" s end)))
    (let loop ((i start))
      (if (< i end)
          (begin (f (string-ref s i)) (loop (+ i 1)))))))

(define* (string-for-each-index f s #:optional (start 0) end)
  (let ((end (%string-end "string-for-each-index" s end)))
    (let loop ((i start))
      (if (< i end)
          (begin (f i) (loop (+ i 1)))))))

(define string-map
  (case-lambda
    ((f s) (list->string (map f (string->list s))))
    ((f s . rest)
     (if (string? (car rest))
         (list->string (apply map f (string->list s) (map string->list rest)))
         (list->string (map f (apply string->list s rest)))))))

(define* (string-map! f s #:optional (start 0) end)
  (let ((end (%string-end "string-map!" s end)))
    (let loop ((i start))
      (if (< i end)
          (begin (string-set! s i (f (string-ref s i)))
                 (loop (+ i 1)))))))

;; A predicate may be given as a character or a character set.
(define (%char-predicate who pred)
  (cond ((procedure? pred) pred)
        ((char? pred) (lambda (c) (eqv? c pred)))
        ((char-set? pred) (lambda (c) (char-set-contains? pred c)))
        (else (%wrong-type who 1 pred))))

(define* (string-any pred s #:optional (start 0) end)
  (let ((pred (%char-predicate "string-any" pred))
        (end (%string-end "string-any" s end)))
    (let loop ((i start))
      (cond ((>= i end) #f)
            ((= (+ i 1) end) (pred (string-ref s i)))
            (else (or (pred (string-ref s i)) (loop (+ i 1))))))))

(define* (string-every pred s #:optional (start 0) end)
  (let ((pred (%char-predicate "string-every" pred))
        (end (%string-end "string-every" s end)))
    (let loop ((i start))
      (cond ((>= i end) #t)
            ((= (+ i 1) end) (pred (string-ref s i)))
            (else (and (pred (string-ref s i)) (loop (+ i 1))))))))

(define* (string-fold kons knil s #:optional (start 0) end)
  (let ((end (%string-end "string-fold" s end)))
    (let loop ((i start) (acc knil))
      (if (< i end)
          (loop (+ i 1) (kons (string-ref s i) acc))
          acc))))

(define* (string-fold-right kons knil s #:optional (start 0) end)
  (let ((end (%string-end "string-fold-right" s end)))
    (let loop ((i (- end 1)) (acc knil))
      (if (>= i start)
          (loop (- i 1) (kons (string-ref s i) acc))
          acc))))

(define (string-tabulate f n)
  (let loop ((i 0) (chars '()))
    (if (< i n)
        (loop (+ i 1) (cons (f i) chars))
        (list->string (reverse! chars)))))

(define* (string-unfold stop? mapper successor seed
                        #:optional (base "") (make-final (lambda (x) "")))
  (let loop ((seed seed) (chars '()))
    (if (stop? seed)
        (string-append base (list->string (reverse! chars)) (make-final seed))
        (loop (successor seed) (cons (mapper seed) chars)))))

(define* (string-unfold-right stop? mapper successor seed
                              #:optional (base "") (make-final (lambda (x) "")))
  (let loop ((seed seed) (chars '()))
    (if (stop? seed)
        (string-append (make-final seed) (list->string chars) base)
        (loop (successor seed) (cons (mapper seed) chars)))))

(define (char-set-fold kons knil cs)
  (let loop ((chars (char-set->list cs)) (acc knil))
    (if (pair? chars)
        (loop (cdr chars) (kons (car chars) acc))
        acc)))

(define (char-set-for-each f cs)
  (for-each f (char-set->list cs)))

(define (char-set-map f cs)
  (list->char-set (map f (char-set->list cs))))

(define (char-set-any pred cs)
  (or-map pred (char-set->list cs)))

(define (char-set-every pred cs)
  (and-map pred (char-set->list cs)))

(define (char-set-count pred cs)
  (char-set-fold (lambda (c n) (if (pred c) (+ n 1) n)) 0 cs))

(define* (char-set-filter pred cs #:optional (base char-set:empty))
  (char-set-union base (list->char-set (filter pred (char-set->list cs)))))

(define (char-set-filter! pred cs base)
  (char-set-union! base (char-set-filter pred cs)))

(define* (char-set-unfold stop? mapper successor seed #:optional (base char-set:empty))
  (let loop ((seed seed) (chars '()))
    (if (stop? seed)
        (char-set-union base (list->char-set chars))
        (loop (successor seed) (cons (mapper seed) chars)))))

(define (char-set-unfold! stop? mapper successor seed base)
  (char-set-union! base (char-set-unfold stop? mapper successor seed)))

(define (char-set-diff+intersection cs . rest)
  "Return two sets: the members of CS that are in none of REST, and those that
are in one of them."
  (let ((others (apply char-set-union rest)))
    (values (char-set-difference cs others)
            (char-set-intersection cs others))))

(define (char-set-diff+intersection! cs other . rest)
  "The same as char-set-diff+intersection; CS and OTHER may be changed."
  (apply char-set-diff+intersection cs other rest))

(define* (string-concatenate-reverse strings #:optional (final "") end)
  "Return the concatenation of STRINGS in reverse order, followed by the first
END characters of FINAL."
  (string-append (string-concatenate (reverse strings))
                 (if end (substring final 0 end) final)))

(define (string-concatenate-reverse/shared . args)
  (apply string-concatenate-reverse args))

(define (%string-compare s t less equal greater start1 end1 start2 end2 key)
  (let ((end1 (%string-end "string-compare" s end1))
        (end2 (%string-end "string-compare" t end2)))
    (let loop ((i start1) (j start2))
      (cond ((= i end1) (if (= j end2) (equal i) (less i)))
            ((= j end2) (greater i))
            (else
             (let ((a (key (string-ref s i))) (b (key (string-ref t j))))
               (cond ((char<? a b) (less i))
                     ((char<? b a) (greater i))
                     (else (loop (+ i 1) (+ j 1))))))))))

(define* (string-compare s t less equal greater
                         #:optional (start1 0) end1 (start2 0) end2)
  "Call LESS, EQUAL or GREATER as S compares to T, with the index in S of the
first difference."
  (%string-compare s t less equal greater start1 end1 start2 end2 identity))

(define* (string-compare-ci s t less equal greater
                            #:optional (start1 0) end1 (start2 0) end2)
  "The same as string-compare, without regard to case."
  (%string-compare s t less equal greater start1 end1 start2 end2
                   (lambda (c) (char-downcase (char-upcase c)))))

(define* (string-xcopy! target at s from #:optional to (start 0) end)
  "Write what xsubstring gives for S into TARGET from index AT on."
  (let ((end (or end (string-length s))))
    (string-copy! target at
                  (xsubstring s from (or to (+ from (- end start))) start end))))

(define (string-ci->symbol s)
  "Return the symbol that S names, in lower case when the reader folds case."
  (string->symbol (if (memq 'case-insensitive (read-options)) (string-downcase s) s)))
