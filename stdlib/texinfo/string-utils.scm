;;; Strings for documents: wrapping, justifying, replacing.

(define-module (texinfo string-utils)
  #:export (escape-special-chars transform-string expand-tabs center-string
            left-justify-string right-justify-string collapse-repeated-chars
            make-text-wrapper fill-string string->wrapped-lines))

(define* (transform-string str match? replace #:optional (start 0)
                           (end (string-length str)))
  "Return STR with the characters of START to END that match replaced.  MATCH? is
a character, a string of characters, a predicate, or #t for all; REPLACE a string, a
character, or a procedure that gives one for the character."
  (define matches?
    (cond ((procedure? match?) match?)
          ((char? match?) (lambda (c) (char=? c match?)))
          ((string? match?) (lambda (c) (string-index match? c)))
          ((boolean? match?) (lambda (c) match?))
          (else (error "transform-string: expected a character, a string, a predicate or #t, got"
                       match?))))
  (define (replacement c)
    (let ((r (if (procedure? replace) (replace c) replace)))
      (if (char? r) (string r) r)))
  (call-with-output-string
    (lambda (port)
      (display (substring str 0 start) port)
      (string-for-each (lambda (c)
                         (if (matches? c)
                             (display (replacement c) port)
                             (write-char c port)))
                       (substring str start end))
      (display (substring str end) port))))

(define* (expand-tabs str #:optional (tab-size 8))
  "Return STR with TAB-SIZE spaces for each tab."
  (transform-string str #\tab (make-string tab-size #\space)))

(define (escape-special-chars str special-chars escape-char)
  "Return STR with ESCAPE-CHAR before each of SPECIAL-CHARS, a string or a
character."
  (transform-string str
                    (if (char? special-chars) (string special-chars) special-chars)
                    (lambda (c) (string escape-char c))))

(define* (center-string str #:optional (width 80) (chr #\space) (rchr chr))
  "Return STR in the middle of WIDTH characters, with CHR before and RCHR after it."
  (let ((room (- width (string-length str))))
    (if (positive? room)
        (let ((left (quotient room 2)))
          (string-append (make-string left chr) str (make-string (- room left) rchr)))
        str)))

(define* (left-justify-string str #:optional (width 80) (chr #\space))
  "Return STR with CHR behind it up to WIDTH characters."
  (string-append str (make-string (max 0 (- width (string-length str))) chr)))

(define* (right-justify-string str #:optional (width 80) (chr #\space))
  "Return STR with CHR before it up to WIDTH characters."
  (string-append (make-string (max 0 (- width (string-length str))) chr) str))

(define* (collapse-repeated-chars str #:optional (chr #\space) (num 1))
  "Return STR with at most NUM of CHR in a row."
  (let loop ((chars (string->list str)) (run 0) (out '()))
    (cond ((null? chars) (reverse-list->string out))
          ((not (char=? (car chars) chr)) (loop (cdr chars) 0 (cons (car chars) out)))
          ((< run num) (loop (cdr chars) (+ run 1) (cons chr out)))
          (else (loop (cdr chars) run out)))))

;;; Wrapping.

;; STR as a list of words and of the white space between them, by turns.
(define (split-words str)
  (let ((n (string-length str)))
    (let loop ((i 0) (out '()))
      (if (= i n)
          (reverse! out)
          (let* ((space? (char-whitespace? (string-ref str i)))
                 (end (or (if space?
                              (string-skip str char-whitespace? i)
                              (string-index str char-whitespace? i))
                          n)))
            (loop end (cons (substring str i end) out)))))))

(define (space? token) (char-whitespace? (string-ref token 0)))

;; Words with the space that comes before each: one, two behind the end of a
;; sentence, or what there was.
(define (spaced-words str collapse?)
  (let loop ((tokens (split-words str)) (before "") (out '()))
    (cond ((null? tokens) (reverse! out))
          ((space? (car tokens))
           (loop (cdr tokens)
                 (cond ((null? out) "")
                       ((not collapse?) (string-map (lambda (c) #\space) (car tokens)))
                       ((string-suffix? "." (cdar out)) "  ")
                       (else " "))
                 out))
          (else (loop (cdr tokens) "" (cons (cons before (car tokens)) out))))))

(define* (make-text-wrapper #:key (line-width 80) (expand-tabs? #t) (tab-width 8)
                            (collapse-whitespace? #t) (subsequent-indent "")
                            (initial-indent "") (break-long-words? #t))
  "Return a procedure of a string that gives its lines of at most LINE-WIDTH
characters, with INITIAL-INDENT before the first and SUBSEQUENT-INDENT before the
others.  COLLAPSE-WHITESPACE? replaces white space by one space, or two behind the
end of a sentence; BREAK-LONG-WORDS? divides words that are longer than a line."
  ;; The pieces of a word that does not fit on a line.
  (define (pieces word room)
    (if (and break-long-words? (> (string-length word) room) (> room 0))
        (cons (substring word 0 room) (pieces (substring word room) room))
        (list word)))
  (lambda (str)
    (let ((words (spaced-words (if expand-tabs? (expand-tabs str tab-width) str)
                               collapse-whitespace?)))
      (let loop ((words words) (line initial-indent) (empty? #t) (lines '()))
        (if (null? words)
            (reverse! (if (and empty? (pair? lines)) lines (cons line lines)))
            (let* ((before (if empty? "" (caar words)))
                   (word (cdar words))
                   (longer (string-append line before word)))
              (cond
               ((<= (string-length longer) line-width)
                (loop (cdr words) longer #f lines))
               ((not empty?)
                (loop words subsequent-indent #t (cons line lines)))
               (else
                (let ((parts (pieces word (- line-width (string-length line)))))
                  (if (null? (cdr parts))
                      (loop (cdr words) subsequent-indent #t (cons longer lines))
                      (loop (cons (cons "" (string-concatenate (cdr parts))) (cdr words))
                            subsequent-indent #t
                            (cons (string-append line (car parts)) lines))))))))))))

(define (string->wrapped-lines str . options)
  "Return the lines of STR by make-text-wrapper with OPTIONS."
  ((apply make-text-wrapper options) str))

(define (fill-string str . options)
  "Return STR with line breaks by make-text-wrapper with OPTIONS."
  (string-join (apply string->wrapped-lines str options) "\n" 'infix))
