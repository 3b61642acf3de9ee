;;; Texinfo as data to HTML as SXML.

(define-module (texinfo html)
  #:export (stexi->shtml add-ref-resolver! urlify))

(define (urlify str)
  "Return STR as it can stand in a URL."
  (string-downcase
   (string-map (lambda (c) (if (memv c '(#\space #\/ #\:)) #\- c)) str)))

;; Procedures of the names of a node and of a manual or #f, that give a URL or #f.
(define ref-resolvers
  (list (lambda (node manual) (urlify (string-append (or manual "") "#" node)))))

(define (add-ref-resolver! proc)
  "Have PROC called first with the names of a node and of a manual, or #f, for the
URL of a reference; it gives #f to leave that to others."
  (set! ref-resolvers (cons proc ref-resolvers)))

(define (resolve node manual)
  (or (or-map (lambda (proc) (proc node manual)) ref-resolvers)
      (error "Could not resolve reference" node manual)))

(define (arguments parts)
  (if (and (pair? parts) (pair? (car parts)) (eq? '% (caar parts)))
      (cdar parts)
      '()))

(define (body parts)
  (if (and (pair? parts) (pair? (car parts)) (eq? '% (caar parts)))
      (cdr parts)
      parts))

;; What became of PARTS; what is left out gives nothing.
(define (convert parts)
  (let loop ((l parts) (out '()))
    (if (null? l)
        (reverse out)
        (let ((x (stexi->shtml (car l))))
          (loop (cdr l)
                (cond ((not x) out)
                      ((and (pair? x) (eq? 'splice (car x)))
                       (append (reverse (cdr x)) out))
                      (else (cons x out))))))))

(define (argument name args)
  (let ((entry (assq name args)))
    (and entry (convert (cdr entry)))))

(define (needed name args)
  (or (argument name args) (error "Missing argument:" name args)))

;; The text in what became of an argument.
(define (text parts)
  (string-concatenate
   (map (lambda (x)
          (cond ((string? x) x)
                ((pair? x) (text (cdr x)))
                (else "")))
        parts)))

;;; Handlers of a tag, its arguments and its parts.

(define (reference tag args parts)
  (let* ((node (needed 'node args)) (manual (argument 'manual args)))
    `(span ,@(case tag ((xref) '("See ")) ((pxref) '("see ")) (else '()))
           (a (@ (href ,(resolve (text node) (and manual (text manual)))))
              ,@(or (argument 'section args) (argument 'name args) node)))))

(define (uref tag args parts)
  (let ((url (text (needed 'url args))))
    `(a (@ (href ,url)) ,@(or (argument 'title args) (list url)))))

(define (anchor tag args parts)
  ;; With an empty text, since browsers take <a/> for a start tag.
  `(a (@ (name ,(urlify (text (needed 'name args))))) ""))

(define (definition tag args parts)
  (define (spaced . groups)
    (let loop ((l (filter (lambda (x) x) groups)) (out '()))
      (cond ((null? l) (reverse out))
            ((null? out) (loop (cdr l) (list (car l))))
            (else (loop (cdr l) (cons* (car l) " " out))))))
  (define (wrapped outer name)
    (let ((value (argument name args)))
      (and value (if outer `(,outer (code ,@value)) `(code ,@value)))))
  (let ((category (case tag
                    ((defun) '("Function"))
                    ((defspec) '("Special Form"))
                    ((defmac) '("Macro"))
                    ((defvar) '("Variable"))
                    ((defopt) '("User Option"))
                    (else (needed 'category args)))))
    `(div
      (table
       (@ (cellpadding "0") (cellspacing "0") (width "100%") (class "def"))
       (tr (td ,@(spaced (wrapped #f 'data-type) (wrapped 'b 'class) (wrapped 'b 'name)
                         (wrapped (if (memq tag '(deftypeop deftypefn deftypefun)) #f 'var)
                                  'arguments)))
           (td (div (@ (class "right")) "[" ,@category "]"))))
      (div (@ (class "description")) ,@(convert parts)))))

(define (start-number text)
  (or (string->number text)
      (+ 1 (- (char->integer (char-downcase (string-ref text 0))) (char->integer #\a)))))

(define (enumerate tag args parts)
  (let ((start (argument 'start args)))
    `(ol ,@(if start `((@ (start ,(number->string (start-number (text start)))))) '())
         ,@(convert parts))))

(define (itemize tag args parts) `(ul ,@(convert parts)))

(define (acronym tag args parts) `(acronym ,@(needed 'acronym args)))

;; The parts of a table: dt and dd elements; headings are marked up by the format.
(define (table tag args parts)
  (let ((mark (car (cadr (assq 'formatter args)))))
    (define (heading parts) `(dt ,(stexi->shtml (cons mark parts))))
    `(dl
      ,@(apply append
               (map (lambda (part)
                      (if (and (pair? part) (eq? 'entry (car part)))
                          (let loop ((l (body (cdr part)))
                                     (out (list (heading
                                                 (cdr (assq 'heading
                                                            (arguments (cdr part))))))))
                            (if (and (pair? l) (pair? (car l)) (eq? 'itemx (caar l)))
                                (loop (cdr l) (cons (heading (cdar l)) out))
                                (reverse (cons `(dd ,@(convert l)) out))))
                          (convert (list part))))
                    parts)))))

(define (document tag args parts)
  `(html (@ (xmlns "http://www.w3.org/1999/xhtml"))
         (head (title ,@(needed 'title args)))
         (body ,@(convert parts))))

(define (entity name) (lambda (tag args parts) `(*ENTITY* ,name)))

(define (spliced tag args parts) (cons 'splice (convert parts)))

(define handlers
  `((xref . ,reference) (ref . ,reference) (pxref . ,reference) (uref . ,uref)
    (node . ,anchor) (anchor . ,anchor) (enumerate . ,enumerate)
    (itemize . ,itemize) (acronym . ,acronym) (table . ,table) (ftable . ,table)
    (vtable . ,table) (texinfo . ,document) (ifnottex . ,spliced)
    (ifnotinfo . ,spliced) (ifhtml . ,spliced)
    (copyright . ,(entity "copy")) (result . ,(entity "rArr"))
    (tie . ,(entity "nbsp")) (dots . ,(entity "hellip")) (bullet . ,(entity "bull"))
    ,@(map (lambda (tag) (cons tag definition))
           '(deftp defcv defivar deftypeivar defop deftypeop defmethod deftypemethod
             defopt defvr defvar deftypevr deftypevar deffn deftypefn defmac defspec
             defun deftypefun))))

;; What elements are called in HTML, with attributes.
(define names
  '((titlepage div (@ (class "titlepage"))) (title h2 (@ (class "title")))
    (subtitle h3 (@ (class "subtitle"))) (author h3 (@ (class "author")))
    (example pre) (lisp pre) (display pre) (format pre)
    (smallexample pre (@ (class "smaller"))) (smalllisp pre (@ (class "smaller")))
    (cartouche div (@ (class "cartouche"))) (verbatim pre (@ (class "verbatim")))
    (chapter h2) (appendix h2) (unnumbered h2) (majorheading h2) (chapheading h2)
    (section h3) (appendixsec h3) (unnumberedsec h3) (heading h3)
    (subsection h4) (appendixsubsec h4) (unnumberedsubsec h4) (subheading h4)
    (subsubsection h5) (appendixsubsubsec h5) (unnumberedsubsubsec h5)
    (subsubheading h5)
    (quotation blockquote) (item li) (itemx li) (para p) (*fragment* div)
    (asis span) (w span (@ (class "verbatim"))) (bold b) (b b) (i i) (t tt)
    (sample samp) (samp samp) (code code) (math em) (kbd kbd) (var var)
    (key code (@ (class "key"))) (env code (@ (class "env")))
    (file code (@ (class "file"))) (command code (@ (class "command")))
    (option code (@ (class "option"))) (url code (@ (class "url"))) (dfn dfn)
    (cite cite) (acro acronym) (email code (@ (class "email"))) (emph em)
    (strong strong) (sc span (@ (class "small-caps"))) (center center)))

(define ignored
  '(% page setfilename setchapternewpage iftex ifinfo ifplaintext ifxml ifnothtml sp
    vskip menu ignore syncodeindex comment c dircategory direntry top shortcontents
    cindex findex vindex kindex pindex tindex printindex))

(define (stexi->shtml tree)
  "Return TREE, Texinfo as data, as HTML in SXML, or #f if nothing of it shows."
  (cond ((string? tree) tree)
        ((not (pair? tree)) #f)
        ((memq (car tree) ignored) #f)
        ((assq-ref handlers (car tree))
         => (lambda (proc) (proc (car tree) (arguments (cdr tree)) (body (cdr tree)))))
        ((assq-ref names (car tree))
         => (lambda (name) (append name (convert (body (cdr tree))))))
        (else
         (warn "Don't know how to convert" (car tree) "to HTML")
         (cons 'splice (convert (body (cdr tree)))))))
