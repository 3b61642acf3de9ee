;;; Regular expressions: match objects on top of make-regexp and regexp-exec.
;;;
;;; A match is the vector #(string (start . end) ...) that regexp-exec gives;
;;; a group that took no part has -1 for both ends.

(define-module (ice-9 regex)
  #:export (match:count match:string match:prefix match:suffix match:substring
            match:start match:end regexp-match? regexp-quote string-match
            fold-matches list-matches regexp-substitute
            regexp-substitute/global))

(define (regexp-match? x)
  (and (vector? x)
       (> (vector-length x) 1)
       (string? (vector-ref x 0))
       (pair? (vector-ref x 1))))

(define (match:count match) (- (vector-length match) 1))
(define (match:string match) (vector-ref match 0))

(define* (match:start match #:optional (n 0))
  (let ((i (car (vector-ref match (+ n 1)))))
    (and (>= i 0) i)))

(define* (match:end match #:optional (n 0))
  (let ((i (cdr (vector-ref match (+ n 1)))))
    (and (>= i 0) i)))

(define* (match:substring match #:optional (n 0))
  (let ((start (match:start match n)))
    (and start (substring (match:string match) start (match:end match n)))))

(define (match:prefix match)
  (substring (match:string match) 0 (match:start match 0)))

(define (match:suffix match)
  (substring (match:string match) (match:end match 0)))

(define (regexp-quote s)
  (call-with-output-string
   (lambda (port)
     (string-for-each
      (lambda (c)
        ;; A backslash before these would give them a meaning in basic syntax.
        (cond ((memv c '(#\( #\) #\+ #\? #\{ #\} #\|))
               (write-char #\[ port)
               (write-char c port)
               (write-char #\] port))
              (else
               (when (memv c '(#\[ #\* #\. #\\ #\^ #\$))
                 (write-char #\\ port))
               (write-char c port))))
      s))))

(define* (string-match pattern s #:optional (start 0))
  (regexp-exec (make-regexp pattern) s start))

(define (%compiled x) (if (regexp? x) x (make-regexp x)))

(define* (fold-matches regexp s init proc #:optional (flags 0))
  (let ((rx (%compiled regexp)) (len (string-length s)))
    (let loop ((start 0) (value init) (last-empty-at -1))
      (let ((m (and (<= start len)
                    (regexp-exec rx s start
                                 (if (= start 0) flags (logior flags regexp/notbol))))))
        (cond ((not m) value)
              ((and (= (match:start m) (match:end m))
                    (= (match:start m) last-empty-at))
               (loop (+ start 1) value -1))
              ((= (match:start m) (match:end m))
               (loop (+ (match:end m) 1) (proc m value) (match:end m)))
              (else
               (loop (match:end m) (proc m value) (match:end m))))))))

(define* (list-matches regexp s #:optional (flags 0))
  (reverse (fold-matches regexp s '() cons flags)))

(define (regexp-substitute port match . items)
  (define (emit port)
    (for-each (lambda (item)
                (cond ((integer? item) (display (or (match:substring match item) "") port))
                      ((string? item) (display item port))
                      ((eq? item 'pre) (display (match:prefix match) port))
                      ((eq? item 'post) (display (match:suffix match) port))
                      (else (error "regexp-substitute: unknown item" item))))
              items))
  (if port (emit port) (call-with-output-string emit)))

(define (regexp-substitute/global port regexp s . items)
  (define (emit port)
    (let next-match ((matches (list-matches regexp s)) (start 0))
      (if (null? matches)
          (display (substring s start) port)
          (let ((m (car matches)))
            ;; Without a 'post item the text after the match is dropped.
            (let each ((items items) (post? #f))
              (if (pair? items)
                  (let ((item (car items)))
                    (cond ((eq? item 'pre)
                           (display (substring s start (match:start m)) port)
                           (each (cdr items) post?))
                          ((eq? item 'post)
                           (next-match (cdr matches) (match:end m))
                           (each (cdr items) #t))
                          ((integer? item)
                           (display (or (match:substring m item) "") port)
                           (each (cdr items) post?))
                          ((string? item)
                           (display item port)
                           (each (cdr items) post?))
                          ((procedure? item)
                           (display (item m) port)
                           (each (cdr items) post?))
                          (else
                           (error "regexp-substitute/global: unknown item" item))))))))))
  (if port (emit port) (call-with-output-string emit)))
