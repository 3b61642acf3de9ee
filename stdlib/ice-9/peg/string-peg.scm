;;; Grammars in strings.
;;;
;;; Commentary:
;;; The notation is that of Ford's paper, with three arrows: <-- for nonterminals
;;; whose name is accumulated with their text, <- for text alone, < for nothing;
;;; [^...] matches characters that are not in the class.
;;; Code:

(define-module (ice-9 peg string-peg)
  #:use-module (ice-9 peg codegen)
  #:use-module (ice-9 peg simplify-tree)
  #:use-module (ice-9 peg using-parsers)
  #:export (peg-as-peg define-peg-string-patterns peg-grammar))

;; The grammar of grammars, in its own notation.
(define peg-as-peg
  "# Structure
Grammar <-- Spacing Definition+ EndOfFile
Definition <-- Identifier LEFTARROW Expression
Expression <-- Sequence (SLASH Sequence)*
Sequence <-- Prefix*
Prefix <-- (AND / NOT)? Suffix
Suffix <-- Primary (QUESTION / STAR / PLUS)?
Primary <-- Identifier !LEFTARROW / OPEN Expression CLOSE
          / Literal / Class / NotInClass / DOT

# Words
Identifier <-- IdentStart IdentCont* Spacing
IdentStart <- [a-zA-Z_] / '-'
IdentCont <- IdentStart / [0-9]
Literal <-- SQUOTE (!SQUOTE Char)* SQUOTE Spacing
          / DQUOTE (!DQUOTE Char)* DQUOTE Spacing
NotInClass <-- OPENBRACKET NOTIN (!CLOSEBRACKET Range)* CLOSEBRACKET Spacing
Class <-- OPENBRACKET !NOTIN (!CLOSEBRACKET Range)* CLOSEBRACKET Spacing
Range <-- Char DASH Char / Char
Char <-- '\\\\' [nrtf'\"\\[\\]\\\\]
       / '\\\\' 'u' HEX HEX HEX HEX
       / '\\\\' [0-7] [0-7] [0-7]
       / '\\\\' [0-7] [0-7]?
       / !'\\\\' .
HEX <- [0-9a-fA-F]

# Signs
LEFTARROW <- ('<--' / '<-' / '<') Spacing
SQUOTE < [']
DQUOTE < [\"]
DASH < '-'
OPENBRACKET < '['
CLOSEBRACKET < ']'
NOTIN < '^'
SLASH < '/' Spacing
AND <-- '&' Spacing
NOT <-- '!' Spacing
QUESTION <-- '?' Spacing
STAR <-- '*' Spacing
PLUS <-- '+' Spacing
OPEN < '(' Spacing
CLOSE < ')' Spacing
DOT <-- '.' Spacing

# What stands between
Spacing < (Space / Comment)*
Comment < '#' (!EndOfLine .)* EndOfLine
Space < ' ' / '\\t' / EndOfLine
EndOfLine < '\\r\\n' / '\\n' / '\\r'
EndOfFile < !.
")

;; The same as patterns, to read it with.
(define-syntax define-grammar
  (syntax-rules ()
    ((_ (name accum pattern) ...)
     (begin (define-peg-pattern name accum pattern) ...))))

(define-grammar
  (Grammar all (and Spacing (+ Definition) EndOfFile))
  (Definition all (and Identifier LEFTARROW Expression))
  (Expression all (and Sequence (* (and SLASH Sequence))))
  (Sequence all (* Prefix))
  (Prefix all (and (? (or AND NOT)) Suffix))
  (Suffix all (and Primary (? (or QUESTION STAR PLUS))))
  (Primary all (or (and Identifier (not-followed-by LEFTARROW))
                   (and OPEN Expression CLOSE)
                   Literal Class NotInClass DOT))
  (Identifier all (and IdentStart (* IdentCont) Spacing))
  (IdentStart body (or (range #\a #\z) (range #\A #\Z) "_" "-"))
  (IdentCont body (or IdentStart (range #\0 #\9)))
  (Literal all
           (or (and SQUOTE (* (and (not-followed-by SQUOTE) Char)) SQUOTE Spacing)
               (and DQUOTE (* (and (not-followed-by DQUOTE) Char)) DQUOTE Spacing)))
  (NotInClass all
              (and OPENBRACKET NOTIN (* (and (not-followed-by CLOSEBRACKET) Range))
                   CLOSEBRACKET Spacing))
  (Class all
         (and OPENBRACKET (not-followed-by NOTIN)
              (* (and (not-followed-by CLOSEBRACKET) Range)) CLOSEBRACKET Spacing))
  (Range all (or (and Char DASH Char) Char))
  (Char all
        (or (and "\\" (or "n" "r" "t" "f" "'" "\"" "[" "]" "\\"))
            (and "\\" "u" HEX HEX HEX HEX)
            (and "\\" (range #\0 #\7) (range #\0 #\7) (range #\0 #\7))
            (and "\\" (range #\0 #\7) (? (range #\0 #\7)))
            (and (not-followed-by "\\") peg-any)))
  (HEX body (or (range #\0 #\9) (range #\a #\f) (range #\A #\F)))
  (LEFTARROW body (and (or "<--" "<-" "<") Spacing))
  (SQUOTE none "'")
  (DQUOTE none "\"")
  (DASH none "-")
  (OPENBRACKET none "[")
  (CLOSEBRACKET none "]")
  (NOTIN none "^")
  (SLASH none (and "/" Spacing))
  (AND all (and "&" Spacing))
  (NOT all (and "!" Spacing))
  (QUESTION all (and "?" Spacing))
  (STAR all (and "*" Spacing))
  (PLUS all (and "+" Spacing))
  (OPEN none (and "(" Spacing))
  (CLOSE none (and ")" Spacing))
  (DOT all (and "." Spacing))
  (Spacing none (* (or Space Comment)))
  (Comment none (and "#" (* (and (not-followed-by EndOfLine) peg-any)) EndOfLine))
  (Space none (or " " "\t" EndOfLine))
  (EndOfLine none (or "\r\n" "\n" "\r"))
  (EndOfFile none (not-followed-by peg-any)))

;; The parser of grammars.
(define peg-grammar Grammar)

;;; From trees to patterns, as data.

(define (text-of tree)
  (string-concatenate (filter string? (keyword-flatten '() (cdr tree)))))

(define (char-of tree)
  (let* ((text (text-of tree)) (n (string-length text)))
    (if (= n 1)
        (string-ref text 0)
        (let ((c (string-ref text 1)))
          (cond ((char-numeric? c)
                 (integer->char (string->number (substring text 1) 8)))
                ((and (char=? c #\u) (= n 6))
                 (integer->char (string->number (substring text 2) 16)))
                (else
                 (case c
                   ((#\n) #\newline)
                   ((#\r) #\return)
                   ((#\t) #\tab)
                   ((#\f) #\page)
                   (else c))))))))

(define (simplest head patterns)
  (if (and (pair? patterns) (null? (cdr patterns)))
      (car patterns)
      (cons head patterns)))

(define (expression tree)
  (simplest 'or (map sequence (keyword-flatten '(Sequence) (cdr tree)))))

(define (sequence tree)
  (if (pair? tree)
      (simplest 'and (map prefix (keyword-flatten '(Prefix) (cdr tree))))
      '(and)))

(define (prefix tree)
  (let ((first (cadr tree)))
    (case (car first)
      ((AND) (list 'followed-by (suffix (caddr tree))))
      ((NOT) (list 'not-followed-by (suffix (caddr tree))))
      (else (suffix first)))))

(define (suffix tree)
  (let ((pattern (primary (cadr (cadr tree)))))
    (if (null? (cddr tree))
        pattern
        (list (case (car (caddr tree))
                ((STAR) '*)
                ((PLUS) '+)
                (else '?))
              pattern))))

(define (primary tree)
  (case (if (pair? tree) (car tree) tree)
    ((DOT) 'peg-any)
    ((Identifier) (string->symbol (text-of tree)))
    ((Expression) (expression tree))
    ((Literal)
     (if (pair? tree)
         (list->string (map char-of (keyword-flatten '(Char) (cdr tree))))
         ""))
    ((Class)
     (if (pair? tree)
         (simplest 'or (map (lambda (r) (char-range 'range r)) (ranges tree)))
         '(or)))
    ((NotInClass)
     (if (pair? tree)
         (let* ((patterns (map (lambda (r) (char-range 'not-in-range r)) (ranges tree)))
                (back (reverse patterns)))
           ;; All but the last only look at the character.
           (simplest 'and (append (map (lambda (p) (list 'followed-by p))
                                       (reverse (cdr back)))
                                  (list (car back)))))
         'peg-any))))

(define (ranges tree)
  (keyword-flatten '(Range) (cdr tree)))

(define (char-range kind tree)
  (let ((chars (map char-of (keyword-flatten '(Char) (cdr tree)))))
    (list kind (car chars) (if (null? (cdr chars)) (car chars) (cadr chars)))))

;;; Syntax.

(define (parse nonterminal text form)
  (let ((match (match-pattern nonterminal text)))
    (unless (and match (= (peg:end match) (string-length text)))
      (syntax-violation 'define-peg-string-patterns "not a grammar" form))
    (peg:tree match)))

(define-syntax define-peg-string-patterns
  (lambda (x)
    "Define the nonterminals of the grammar in a string."
    (syntax-case x ()
      ((kw text)
       (with-syntax
           (((definition ...)
             (map (lambda (tree)
                    (with-syntax ((name (datum->syntax #'kw (string->symbol
                                                             (text-of (cadr tree)))))
                                  (accum (assoc-ref '(("<--" . all) ("<-" . body)
                                                      ("<" . none))
                                                    (caddr tree)))
                                  (pattern (datum->syntax #'kw (expression (cadddr tree)))))
                      #'(define-peg-pattern name accum pattern)))
                  (keyword-flatten '(Definition)
                                   (cdr (parse Grammar (syntax->datum #'text) x))))))
         #'(begin definition ...))))))

;; (peg "...") is the pattern that the string notates.
(add-peg-compiler!
 'peg
 (lambda (args accum)
   (syntax-case args ()
     ((text)
      (compile-peg-pattern
       (datum->syntax #'text (expression (parse Expression (syntax->datum #'text) #'text)))
       accum)))))
