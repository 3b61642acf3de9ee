;;; The commands of Texinfo: what follows each, and what its arguments are called.
;;;
;;; Commentary:
;;; A specification is (name content . arguments).  The content is EMPTY-COMMAND,
;;; EOL-ARGS or EOL-TEXT for what takes the rest of its line, as arguments or as
;;; text, EOL-TEXT-ARGS for text that is divided into arguments, INLINE-ARGS,
;;; INLINE-TEXT and INLINE-TEXT-ARGS for what takes braces, INDEX, ENVIRON for what
;;; goes on to its @end, TABLE-ENVIRON where there are items in it, and ALIAS for
;;; another name.  Arguments are formals: names, those behind #:opt optional, and a
;;; rest.
;;; Code:

(define-module (texinfo commands)
  #:export (texi-command-specs command-spec inline-content? space-significant?
            texi-command-depth))

(define (each content names . arguments)
  (map (lambda (name) (cons* name content (if (pair? arguments) (car arguments) '())))
       names))

;; Definitions: the name, with x for the line that follows one, and the arguments.
(define definitions
  '((deftp category name . attributes)
    (defcv category class name)
    (defivar class name)
    (deftypeivar class data-type name)
    (defop category class name . arguments)
    (deftypeop category class data-type name . arguments)
    (defmethod class name . arguments)
    (deftypemethod class data-type name . arguments)
    (defopt name)
    (defvr category name)
    (defvar name)
    (deftypevr category data-type name)
    (deftypevar data-type name)
    (deffn category name . arguments)
    (deftypefn category data-type name . arguments)
    (defspec name . arguments)
    (defmac name . arguments)
    (defun name . arguments)
    (deftypefun data-type name . arguments)))

(define reference '(node #:opt name section info-file manual))

;; The list of all specifications.
(define texi-command-specs
  (append
   '((include #f)
     (para PARAGRAPH)
     (item ITEM)
     (entry ENTRY . heading)
     (noindent EMPTY-COMMAND)
     (*fragment* FRAGMENT))
   (each 'INLINE-TEXT
         '(*braces* bold sample samp code math kbd key var env file command option
           dfn cite acro email emph strong sc titlefont asis b i r sansserif slanted
           t w))
   (each 'INLINE-ARGS '(ref xref) reference)
   (each 'INLINE-ARGS '(dots result bullet copyright tie))
   `((value INLINE-ARGS key)
     (anchor INLINE-ARGS name)
     (image INLINE-ARGS file #:opt width height alt-text extension)
     (pxref INLINE-TEXT-ARGS . ,reference)
     (uref INLINE-TEXT-ARGS url #:opt title replacement)
     (url ALIAS . uref)
     (acronym INLINE-TEXT-ARGS acronym #:opt meaning)
     (node EOL-ARGS name #:opt next previous up)
     (dircategory EOL-ARGS category)
     (top EOL-ARGS title)
     (printindex EOL-ARGS type)
     (paragraphindent EOL-ARGS indent))
   (each 'EOL-ARGS '(c comment setchapternewpage sp vskip syncodeindex) 'all)
   (each 'EOL-ARGS '(page contents shortcontents summarycontents insertcopying))
   (each 'EOL-TEXT
         '(*ENVIRON-ARGS* itemx set center title subtitle author chapter section
           appendix appendixsec unnumbered unnumberedsec subsection subsubsection
           appendixsubsec appendixsubsubsec unnumberedsubsec unnumberedsubsubsec
           chapheading majorheading heading subheading subsubheading))
   (map (lambda (definition)
          (cons* (symbol-append (car definition) 'x) 'EOL-TEXT-ARGS (cdr definition)))
        definitions)
   (each 'INDEX '(cindex findex vindex kindex pindex tindex) 'entry)
   '((texinfo ENVIRON . title))
   (each 'ENVIRON
         '(ignore ifinfo iftex ifhtml ifxml ifplaintext ifnotinfo ifnottex ifnothtml
           ifnotxml ifnotplaintext titlepage menu direntry copying example
           smallexample display smalldisplay verbatim format smallformat lisp
           smalllisp cartouche quotation))
   (map (lambda (definition) (cons* (car definition) 'ENVIRON (cdr definition)))
        definitions)
   (each 'TABLE-ENVIRON '(table itemize ftable vtable) '(formatter))
   (each 'TABLE-ENVIRON '(enumerate) '(start))))

(define (command-spec command)
  "Return the specification of COMMAND, that of another for an alias."
  (let ((spec (assq command texi-command-specs)))
    (cond ((not spec) (throw 'parser-error #f "Unknown command" command))
          ((eq? (cadr spec) 'ALIAS) (command-spec (cddr spec)))
          (else spec))))

(define (inline-content? content)
  "Tell whether commands of CONTENT stand within paragraphs."
  (memq content '(INLINE-TEXT INLINE-ARGS INLINE-TEXT-ARGS)))

(define (space-significant? command)
  "Tell whether white space is kept in COMMAND; % stands for arguments."
  (memq command '(example smallexample verbatim lisp smalllisp menu w %)))

(define depths
  '((top . 0)
    (chapter . 1) (unnumbered . 1) (appendix . 1)
    (section . 2) (unnumberedsec . 2) (appendixsec . 2) (appendixsection . 2)
    (subsection . 3) (unnumberedsubsec . 3) (appendixsubsec . 3)
    (subsubsection . 4) (unnumberedsubsubsec . 4) (appendixsubsubsec . 4)))

(define (texi-command-depth command max-depth)
  "Return how deep the sectioning COMMAND is, #f if that is no such command or
deeper than MAX-DEPTH."
  (let ((depth (assq-ref depths command)))
    (and depth (<= depth max-depth) depth)))
