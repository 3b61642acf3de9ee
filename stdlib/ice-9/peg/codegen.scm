;;; Parsers from patterns.
;;;
;;; Commentary:
;;; A parser is a procedure of a string, its length and a position; it gives #f, or
;;; a list of the position behind what it matched and a tree.  What the tree is
;;; depends on what is accumulated: body, the text and the trees of the parts;
;;; name, the name of the nonterminal; all, both; or none.
;;; Code:

(define-module (ice-9 peg codegen)
  #:export (compile-peg-pattern wrap-parser-for-users add-peg-compiler!
            %literal %any %in-range %not-in-range %sequence %choice %repeat
            %followed-by %not-followed-by %named))

;;; What parsers are made of.

;; The trees of parts, the last first, as one: without empty ones, and a single
;; one as itself.
(define (join-trees trees)
  (let ((trees (reverse trees)))
    (if (and (pair? trees) (null? (cdr trees)))
        (car trees)
        trees)))

(define (add-tree tree trees)
  (cond ((null? tree) trees)
        ((and (pair? tree) (null? (cdr tree))) (cons (car tree) trees))
        (else (cons tree trees))))

;; The result of a parser of text.
(define (text-result accum name end text)
  (list end
        (case accum
          ((body) text)
          ((none) '())
          ((name) name)
          (else (list name text)))))

(define (result accum name end trees)
  (list end
        (case accum
          ((none) '())
          ((name) name)
          (else (join-trees trees)))))

(define (%literal text accum)
  "Return the parser of the string TEXT."
  (let ((n (string-length text)))
    (lambda (str len pos)
      (let ((end (+ pos n)))
        (and (<= end len)
             (string= str text pos end)
             (text-result accum 'cg-string end text))))))

(define (%any accum)
  "Return the parser of any character."
  (lambda (str len pos)
    (and (< pos len)
         (text-result accum 'cg-peg-any (+ pos 1) (substring str pos (+ pos 1))))))

(define (%in-range from to accum)
  "Return the parser of a character of FROM to TO."
  (lambda (str len pos)
    (and (< pos len)
         (let ((c (string-ref str pos)))
           (and (char<=? from c to)
                (text-result accum 'cg-range (+ pos 1) (string c)))))))

(define (%not-in-range from to accum)
  "Return the parser of a character that is not of FROM to TO."
  (lambda (str len pos)
    (and (< pos len)
         (let ((c (string-ref str pos)))
           (and (not (char<=? from c to))
                (text-result accum 'cg-not-in-range (+ pos 1) (string c)))))))

(define (%sequence accum . parsers)
  "Return the parser of what PARSERS match one after the other."
  (lambda (str len pos)
    (let loop ((parsers parsers) (pos pos) (trees '()))
      (if (null? parsers)
          (result accum 'cg-and pos trees)
          (let ((m ((car parsers) str len pos)))
            (and m
                 (loop (cdr parsers) (car m) (add-tree (cadr m) trees))))))))

(define (%choice . parsers)
  "Return the parser of what the first of PARSERS that matches does."
  (lambda (str len pos)
    (let loop ((parsers parsers))
      (and (pair? parsers)
           (or ((car parsers) str len pos)
               (loop (cdr parsers)))))))

(define (%repeat accum least most parser)
  "Return the parser of as many matches of PARSER as there are, at least LEAST and
at most MOST if that is a number; an empty match ends it."
  (lambda (str len pos)
    (let loop ((pos pos) (count 0) (trees '()))
      (let ((m (and (or (not most) (< count most)) (parser str len pos))))
        (if (and m (> (car m) pos))
            (loop (car m) (+ count 1) (add-tree (cadr m) trees))
            (and (>= count least)
                 (result accum 'cg-body pos trees)))))))

(define (%followed-by accum parser)
  "Return the parser that matches nothing where PARSER matches something."
  (lambda (str len pos)
    (let ((m (parser str len pos)))
      (and m (> (car m) pos) (result accum 'cg-body pos '())))))

(define (%not-followed-by accum parser)
  "Return the parser that matches nothing where PARSER does not match."
  (lambda (str len pos)
    (let ((m (parser str len pos)))
      (and (not (and m (> (car m) pos)))
           (result accum 'cg-body pos '())))))

(define (%named accum name parser)
  "Return PARSER with the tree of the nonterminal NAME."
  (case accum
    ((body) parser)
    (else
     (lambda (str len pos)
       (let ((m (parser str len pos)))
         (and m
              (let ((body (cadr m)))
                (list (car m)
                      (case accum
                        ((none) '())
                        ((name) name)
                        (else
                         (cond ((null? body) name)
                               ((or (not (list? body)) (symbol? (car body)))
                                (list name body))
                               (else (cons name body)))))))))))))

;;; Patterns.

;; Procedures that make the syntax of a parser of the rest of a pattern and what
;; is accumulated, by the pattern's first word.
(define compilers '())

(define (add-peg-compiler! name proc)
  "Have PROC, of the syntax of the rest of a pattern that begins with NAME and of
what is accumulated, give the syntax of its parser."
  (set! compilers (assq-set! compilers name proc)))

;; Text and groups have no name, so nothing is accumulated with one.
(define (unnamed accum)
  (if (eq? accum 'all) 'body accum))

(define (compile-peg-pattern pattern accum)
  "Return the syntax of the parser of PATTERN, syntax, that accumulates ACCUM."
  (syntax-case pattern ()
    (id
     (identifier? #'id)
     (if (eq? (syntax->datum #'id) 'peg-any)
         #`(%any '#,(unnamed accum))
         ;; Nonterminals may be defined later.
         #'(lambda (str len pos) (id str len pos))))
    (text
     (string? (syntax->datum #'text))
     #`(%literal text '#,(unnamed accum)))
    ((name . args)
     (let ((compile (assq-ref compilers (syntax->datum #'name))))
       (if compile
           (compile #'args accum)
           (syntax-violation 'compile-peg-pattern
                             (string-append "not one of "
                                            (object->string (map car compilers)))
                             pattern #'name))))
    (_ (syntax-violation 'compile-peg-pattern "bad pattern" pattern))))

(define (one args)
  (syntax-case args ()
    ((pattern) #'pattern)
    (_ (syntax-violation 'compile-peg-pattern "expected one pattern" args))))

(define (parts args accum)
  (map (lambda (p) (compile-peg-pattern p (unnamed accum)))
       (syntax-case args () ((p ...) #'(p ...)))))

(define (character-range combinator)
  (lambda (args accum)
    (syntax-case args ()
      ((from to)
       (and (char? (syntax->datum #'from)) (char? (syntax->datum #'to)))
       #`(#,combinator from to '#,(unnamed accum)))
      (_ (syntax-violation 'compile-peg-pattern "expected two characters" args)))))

(define (repetition least most)
  (lambda (args accum)
    #`(%repeat '#,(unnamed accum) #,least #,most
               #,(compile-peg-pattern (one args) (unnamed accum)))))

(define (predicate combinator)
  (lambda (args accum)
    #`(#,combinator '#,(unnamed accum)
                    #,(compile-peg-pattern (one args) (unnamed accum)))))

(for-each
 add-peg-compiler!
 '(and or * + ? range not-in-range followed-by not-followed-by ignore capture)
 (list (lambda (args accum) #`(%sequence '#,(unnamed accum) #,@(parts args accum)))
       (lambda (args accum) #`(%choice #,@(parts args accum)))
       (repetition 0 #f)
       (repetition 1 #f)
       (repetition 0 1)
       (character-range #'%in-range)
       (character-range #'%not-in-range)
       (predicate #'%followed-by)
       (predicate #'%not-followed-by)
       (lambda (args accum) (compile-peg-pattern (one args) 'none))
       (lambda (args accum) (compile-peg-pattern (one args) 'body))))

(define (wrap-parser-for-users for-syntax parser accum name)
  "Return the syntax of PARSER, syntax, with the tree of the nonterminal NAME."
  #`(%named '#,accum '#,name #,parser))
