;;; Texinfo as plain text.

(define-module (texinfo plain-text)
  #:use-module (texinfo string-utils)
  #:export (stexi->plain-text *line-width*))

;; The number of characters on a line.
(define *line-width* (make-fluid 72))

;; What stands before each line, and the procedure that gives the mark of the next
;; item of a list.
(define indent (make-fluid ""))
(define itemizer (make-fluid (lambda () "* ")))

(define (with-indent n thunk)
  (with-fluids ((indent (string-append (fluid-ref indent) (make-string n #\space))))
    (thunk)))

(define (with-itemizer proc thunk)
  (with-fluids ((itemizer proc)) (thunk)))

;;; Arguments: an element may begin with (% (name value ...) ...).

(define (arguments parts)
  (if (and (pair? parts) (pair? (car parts)) (eq? '% (caar parts)))
      (cdar parts)
      '()))

(define (body parts)
  (if (and (pair? parts) (pair? (car parts)) (eq? '% (caar parts)))
      (cdr parts)
      parts))

(define (argument name args)
  (let ((entry (assq name args)))
    (and entry (texts (cdr entry)))))

(define (needed name args)
  (or (argument name args) (error "Missing argument:" name args)))

(define (texts parts)
  (string-concatenate (map-in-order stexi->plain-text parts)))

;;; Lines.

(define (wrapped text)
  (let ((before (fluid-ref indent)))
    (fill-string text #:line-width (fluid-ref *line-width*)
                 #:initial-indent before #:subsequent-indent before)))

(define (paragraph text) (string-append (wrapped text) "\n\n"))
(define (heading text) (string-append (wrapped text) "\n"))

(define (indented-line text)
  (string-append (fluid-ref indent) text "\n"))

(define (lines text)
  (string-append
   (string-concatenate (map indented-line (string-split text #\newline)))
   "\n"))

;;; What becomes of elements: procedures of the tag and its parts.

(define (para tag . parts) (paragraph (texts (body parts))))

(define (plain tag . parts) (texts (body parts)))

(define (between before after)
  (lambda (tag . parts)
    (string-append before (texts (body parts)) after)))

(define (constant text)
  (lambda (tag . parts) text))

(define (upcase tag . parts) (string-upcase (texts (body parts))))

(define (acronym tag . parts)
  (let* ((args (arguments parts)) (meaning (argument 'meaning args)))
    (if meaning
        (string-append (needed 'acronym args) " (" meaning ")")
        (needed 'acronym args))))

(define (reference tag . parts)
  (let* ((args (arguments parts)) (manual (argument 'manual args)))
    (string-append (case tag ((xref) "See ") ((pxref) "see ") (else ""))
                   (or (argument 'name args) (needed 'node args))
                   (if manual (string-append " in manual " manual) ""))))

(define (uref tag . parts)
  (let* ((args (arguments parts)) (url (needed 'url args))
         (title (or (argument 'replacement args) (argument 'title args))))
    (if title
        (string-append title " (" url ")")
        (string-append "`" url "'"))))

(define (definition tag . parts)
  (let* ((args (arguments parts))
         (category (case tag
                     ((defun) "Function")
                     ((defspec) "Special Form")
                     ((defmac) "Macro")
                     ((defvar) "Variable")
                     ((defopt) "User Option")
                     (else (needed 'category args))))
         (words (filter (lambda (x) x)
                        (map (lambda (name) (argument name args))
                             '(data-type class name arguments)))))
    (string-append (heading (string-append " - " category ": " (string-join words " ")))
                   (with-indent 5 (lambda () (texts (body parts)))))))

(define (counter start)
  (let ((n (- start 1)))
    (lambda ()
      (set! n (+ n 1))
      (string-append (number->string n) ". "))))

;; The number that a list's start, digits or a letter, stands for.
(define (start-number text)
  (or (string->number text)
      (+ 1 (- (char->integer (char-downcase (string-ref text 0))) (char->integer #\a)))))

(define (enumerate tag . parts)
  (let ((start (argument 'start (arguments parts))))
    (with-itemizer (counter (if start (start-number start) 1))
      (lambda () (with-indent 5 (lambda () (texts (body parts))))))))

(define (itemize tag . parts)
  (with-itemizer (lambda () "* ")
    (lambda () (with-indent 5 (lambda () (texts (body parts)))))))

;; The mark of an item stands in the indentation of its first line.
(define (item tag . parts)
  (let* ((text (texts (body parts)))
         (mark ((fluid-ref itemizer)))
         (at (- (string-length (fluid-ref indent)) (string-length mark))))
    (if (or (negative? at) (< (string-length text) (+ at (string-length mark))))
        text
        (string-append (substring text 0 at) mark
                       (substring text (+ at (string-length mark)))))))

(define (entry tag . parts)
  (string-append (heading (needed 'heading (arguments parts)))
                 (with-indent 5 (lambda () (texts (body parts))))))

(define (underlined char)
  (lambda (tag . parts)
    (let ((text (texts (body parts))))
      (string-append "\n" (indented-line text)
                     (indented-line (make-string (string-length text) char)) "\n"))))

(define (example tag . parts)
  (let ((text (texts (body parts))))
    (with-indent 5 (lambda () (lines text)))))

(define (verbatim tag . parts) (lines (texts (body parts))))

(define (quotation tag . parts)
  (with-indent 5 (lambda () (texts (body parts)))))

(define (document tag . parts)
  (string-append ((underlined #\*) 'title (needed 'title (arguments parts)))
                 (texts (body parts))))

(define ignored
  '(page setfilename setchapternewpage iftex ifinfo ifhtml ifplaintext ifxml sp
    vskip menu ignore syncodeindex comment c % node anchor
    cindex findex vindex kindex pindex tindex))

(define handlers
  (let ((code (between "`" "'")))
    (append
     (map (lambda (tag) (cons tag (underlined #\*)))
          '(title chapter appendix unnumbered majorheading chapheading))
     (map (lambda (tag) (cons tag (underlined #\=)))
          '(section appendixsec unnumberedsec heading))
     (map (lambda (tag) (cons tag (underlined #\-)))
          '(subsection appendixsubsec unnumberedsubsec subheading))
     (map (lambda (tag) (cons tag (underlined #\.)))
          '(subsubsection appendixsubsubsec unnumberedsubsubsec subsubheading))
     (map (lambda (tag) (cons tag code))
          '(sample samp code kbd env file command option url))
     (map (lambda (tag) (cons tag definition))
          '(deftp defcv defivar deftypeivar defop deftypeop defmethod deftypemethod
            defopt defvr defvar deftypevr deftypevar deffn deftypefn defmac defspec
            defun deftypefun))
     (map (lambda (tag) (cons tag example)) '(example lisp smallexample smalllisp))
     (map (lambda (tag) (cons tag reference)) '(xref ref pxref))
     (map (lambda (tag) (cons tag plain))
          '(math *fragment* table ftable vtable titlepage copying w asis r t b i
            *braces* titlefont sansserif slanted))
     (list (cons 'strong (between "*" "*")) (cons 'bold (between "*" "*"))
           (cons 'emph (between "_" "_"))
           (cons 'dfn (between "\"" "\"")) (cons 'cite (between "\"" "\""))
           (cons 'key (between "<" ">")) (cons 'email (between "<" ">"))
           (cons 'var upcase) (cons 'sc upcase)
           (cons 'acronym acronym) (cons 'acro acronym) (cons 'uref uref)
           (cons 'copyright (constant "(C)")) (cons 'result (constant "==>"))
           (cons 'dots (constant "...")) (cons 'bullet (constant "*"))
           (cons 'tie (constant " "))
           (cons 'texinfo document) (cons 'quotation quotation)
           (cons 'itemize itemize) (cons 'enumerate enumerate) (cons 'item item)
           (cons 'entry entry) (cons 'verbatim verbatim)))))

(define (stexi->plain-text tree)
  "Return the plain text of TREE, texinfo as data."
  (cond ((string? tree) tree)
        ((and (pair? tree) (symbol? (car tree)))
         (if (memq (car tree) ignored)
             ""
             (apply (or (assq-ref handlers (car tree)) para) tree)))
        ((pair? tree) (texts tree))
        (else "")))
