;;; SSAX: parsers of XML that are folds over the document.
;;;
;;; Commentary:
;;; (ssax:make-parser NEW-LEVEL-SEED proc FINISH-ELEMENT proc CHAR-DATA-HANDLER
;;; proc ...) makes a parser, a procedure of a port and a seed.  The interface is
;;; that of Oleg Kiselyov's SSAX ("A better XML parser through functional
;;; programming", PADL 2002).  A name is a symbol, or a pair of two symbols for
;;; the namespace and the local name.
;;; Code:

(define-module (sxml ssax)
  #:use-module (sxml ssax input-parse)
  #:use-module (sxml ssax lexical)
  #:re-export (current-ssax-error-port with-ssax-error-to-port xml-token?
               xml-token-kind xml-token-head make-empty-attlist attlist-add
               attlist-null? attlist-remove-top attlist->alist attlist-fold
               define-parsed-entity! reset-parsed-entity-definitions!
               ssax:uri-string->symbol ssax:skip-internal-dtd
               ssax:read-pi-body-as-string ssax:read-markup-token
               ssax:read-cdata-body ssax:read-char-ref ssax:read-attributes
               ssax:read-external-id ssax:read-char-data)
  #:export (ssax:complete-start-tag ssax:reverse-collect-str
            ssax:reverse-collect-str-drop-ws ssax:resolve-name ssax:scan-Misc
            ssax:make-pi-parser ssax:make-elem-parser ssax:make-parser
            ssax:xml->sxml %elem-parser %pi-parser %parser))

;;; Names in namespaces: a list of (prefix uri-prefix . uri), where prefix is
;;; *DEFAULT* for names without, and uri-prefix what stands for the namespace.

(define (ssax:resolve-name port name namespaces apply-default?)
  "Return NAME with its prefix replaced by what stands for its namespace."
  (cond
   ((pair? name)
    (cons (cond ((assq (car name) namespaces) => cadr)
                ((eq? (car name) ssax:Prefix-XML) ssax:Prefix-XML)
                (else (parser-error port "[nsc-NSDeclared] broken; prefix " (car name))))
          (cdr name)))
   (apply-default?
    (let ((default (assq '*DEFAULT* namespaces)))
      (if (and default (cadr default))
          (cons (cadr default) name)
          name)))
   (else name)))

;; NAMESPACES with PREFIX standing for the namespace URI; one that is known by
;; another prefix keeps what stands for it.
(define (add-namespace port prefix uri namespaces)
  (if (string-null? uri)
      (if (eq? prefix '*DEFAULT*)
          (cons (cons* prefix #f #f) namespaces)
          (parser-error port "[dt-NSName] broken for " prefix))
      (let* ((symbol (ssax:uri-string->symbol uri))
             (known (let loop ((l namespaces))
                      (cond ((null? l) #f)
                            ((eq? (cddar l) symbol) (cadar l))
                            (else (loop (cdr l)))))))
        (cons (cons* prefix (or known symbol) symbol) namespaces))))

;;; Start tags.

(define (ssax:complete-start-tag tag-head port elems entities namespaces)
  "Read the rest of the start tag of TAG-HEAD up to its >.  Return the name of
the element, its attributes, the namespaces inside of it and what it is declared
to hold: EMPTY-TAG for one without content."
  (let* ((attlist (ssax:read-attributes port entities))
         (empty? (begin
                   (ssax:skip-S port)
                   (and (eqv? #\/ (assert-curr-char '(#\> #\/) "XML [40], XML [44]" port))
                        (assert-curr-char '(#\>) "XML [44], no '>'" port))))
         (declared (and elems
                        (or (assoc tag-head elems)
                            (parser-error port "[elementvalid] broken, no declaration for "
                                          tag-head))))
         (attlist (if declared
                      (validate-attributes port attlist (caddr declared))
                      attlist)))
    (call-with-values (lambda () (split-namespaces port attlist namespaces))
      (lambda (attlist namespaces)
        (values
         (ssax:resolve-name port tag-head namespaces #t)
         (let loop ((l attlist) (out (make-empty-attlist)))
           (if (null? l)
               out
               (loop (cdr l)
                     (or (attlist-add out
                                      (cons (ssax:resolve-name port (caar l) namespaces #f)
                                            (cdar l)))
                         (parser-error port "[uniqattspec] after NS expansion broken for "
                                       (caar l))))))
         namespaces
         (cond (empty? 'EMPTY-TAG)
               (declared (cadr declared))
               (else 'ANY)))))))

(define (split-namespaces port attlist namespaces)
  (let loop ((l attlist) (out '()) (namespaces namespaces))
    (if (null? l)
        (values (reverse out) namespaces)
        (let ((name (caar l)) (value (cdar l)))
          (cond ((eq? name 'xmlns)
                 (loop (cdr l) out (add-namespace port '*DEFAULT* value namespaces)))
                ((and (pair? name) (eq? (car name) 'xmlns))
                 (loop (cdr l) out (add-namespace port (cdr name) value namespaces)))
                (else (loop (cdr l) (cons (car l) out) namespaces)))))))

;; Checks ATTLIST against declarations (name type use default), and adds
;; defaults.  Types are a symbol such as CDATA or a list of allowed values.
(define (validate-attributes port attlist declarations)
  (define (declaration name) (assoc name declarations))
  (for-each
   (lambda (attr)
     (let ((decl (declaration (car attr))))
       (cond ((or (eq? (car attr) 'xmlns)
                  (and (pair? (car attr)) (memq (caar attr) '(xmlns xml)))))
             ((not decl)
              (parser-error port "[ValueType] broken for " attr))
             ((and (list? (cadr decl)) (not (member (cdr attr) (cadr decl))))
              (parser-error port "[ValueType] broken for " attr))
             ((and (eq? (caddr decl) 'FIXED) (not (equal? (cdr attr) (cadddr decl))))
              (parser-error port "[FixedAttr] broken for " attr)))))
   attlist)
  (let loop ((l declarations) (attlist attlist))
    (cond ((null? l) attlist)
          ((assoc (caar l) attlist) (loop (cdr l) attlist))
          ((eq? (caddr (car l)) 'REQUIRED)
           (parser-error port "[RequiredAttr] broken for " (caar l)))
          ((eq? (caddr (car l)) 'IMPLIED) (loop (cdr l) attlist))
          (else
           (loop (cdr l) (attlist-add attlist (cons (caar l) (cadddr (car l)))))))))

;;; Before and after the root element.

(define (ssax:scan-Misc port)
  "Skip white space and comments in PORT; return the token that comes next, or
the end-of-file object."
  (let ((c (ssax:skip-S port)))
    (cond ((eof-object? c) c)
          ((not (char=? c #\<))
           (parser-error port "XML [22], char '" c "' unexpected"))
          (else
           (let ((token (ssax:read-markup-token port)))
             (case (xml-token-kind token)
               ((COMMENT) (ssax:scan-Misc port))
               ((PI DECL START) token)
               (else
                (parser-error port "XML [22], unexpected token of kind "
                              (xml-token-kind token)))))))))

;;; Parsers.

(define (%pi-parser handlers)
  "Return the parser of processing instructions by HANDLERS, an alist of names
and procedures of a port, the name and a seed; *DEFAULT* is for others."
  (lambda (port name seed)
    (let ((handler (or (assq name handlers) (assq '*DEFAULT* handlers))))
      (if handler
          ((cdr handler) port name seed)
          (begin
            (ssax:warn port "Skipping PI: " name)
            (ssax:skip-pi port)
            seed)))))

(define (%elem-parser new-level-seed finish-element char-data-handler pi-parser)
  "Return the parser of elements by the procedures of ssax:make-parser."
  (define (element tag-head port elems entities namespaces preserve-ws? seed)
    (call-with-values
        (lambda () (ssax:complete-start-tag tag-head port elems entities namespaces))
      (lambda (gi attributes namespaces content)
        (let ((inner (new-level-seed gi attributes namespaces content seed)))
          (case content
            ((EMPTY-TAG)
             (finish-element gi attributes namespaces seed inner))
            ((EMPTY)
             (ssax:assert-token
              (and (eqv? #\< (ssax:skip-S port)) (ssax:read-markup-token port))
              'END tag-head
              (lambda (token kind name)
                (parser-error port "[elementvalid] broken for " token " while expecting "
                              kind name)))
             (finish-element gi attributes namespaces seed inner))
            (else
             (let ((preserve-ws?
                    (let ((space (assoc '(xml . space) attributes)))
                      (if space (equal? "preserve" (cdr space)) preserve-ws?))))
               (finish-element
                gi attributes namespaces seed
                (contents port entities tag-head elems namespaces preserve-ws? inner)))))))))

  ;; Reads what is inside of the element TAG-HEAD; of an entity if that is #f.
  (define (contents port entities tag-head elems namespaces preserve-ws? seed)
    (let loop ((seed seed))
      (call-with-values
          (lambda () (ssax:read-char-data port (not tag-head) char-data-handler seed))
        (lambda (seed token)
          (if (eof-object? token)
              seed
              (case (xml-token-kind token)
                ((END)
                 (ssax:assert-token
                  token 'END tag-head
                  (lambda (token kind name)
                    (parser-error port "[GIMatch] broken for " token " while expecting "
                                  kind name)))
                 seed)
                ((PI)
                 (loop (pi-parser port (xml-token-head token) seed)))
                ((ENTITY-REF)
                 (loop
                  (ssax:handle-parsed-entity
                   port (xml-token-head token) entities
                   (lambda (port entities seed)
                     (contents port entities #f elems namespaces preserve-ws? seed))
                   char-data-handler seed)))
                ((START)
                 (loop (element (xml-token-head token) port elems entities namespaces
                                preserve-ws? seed)))
                (else
                 (parser-error port "XML [43] broken for " token))))))))
  element)

(define (no-doctype port docname systemid internal-subset? seed)
  (when internal-subset?
    (ssax:warn port "Internal DTD subset is not currently handled ")
    (ssax:skip-internal-dtd port))
  (ssax:warn port "DOCTYPE DECL " docname " " systemid " found and skipped")
  (values #f '() '() seed))

(define (%parser new-level-seed finish-element char-data-handler pi-handlers
                 doctype undecl-root decl-root)
  "Return the parser of documents by the procedures of ssax:make-parser; #f
stands for the default of the last three."
  (let* ((pi-parser (%pi-parser pi-handlers))
         (elem-parser (%elem-parser new-level-seed finish-element char-data-handler
                                    pi-parser))
         (doctype (or doctype no-doctype))
         (undecl-root (or undecl-root (lambda (gi seed) (values #f '() '() seed))))
         (decl-root (or decl-root (lambda (gi seed) seed))))
    ;; The token after the misc part, and the seed after its instructions.
    (define (misc port seed receiver)
      (let ((token (ssax:scan-Misc port)))
        (if (and (xml-token? token) (eq? 'PI (xml-token-kind token)))
            (misc port (pi-parser port (xml-token-head token) seed) receiver)
            (receiver token seed))))
    (define (after-root port seed)
      (misc port seed
            (lambda (token seed)
              (unless (eof-object? token)
                (parser-error port "XML [1], unexpected content after the root element "
                              token))
              seed)))
    (define (root port token elems entities namespaces seed)
      (elem-parser (xml-token-head token) port elems entities namespaces #f seed))
    (define (document-type port seed)
      (ssax:skip-S port)
      (let* ((docname (ssax:read-QName port))
             (systemid (and (ssax:ncname-starting-char? (ssax:skip-S port))
                            (ssax:read-external-id port)))
             (internal? (begin
                          (ssax:skip-S port)
                          (eqv? #\[ (assert-curr-char '(#\> #\[) "XML [28], end-of-DOCTYPE"
                                                      port)))))
        (call-with-values (lambda () (doctype port docname systemid internal? seed))
          (lambda (elems entities namespaces seed)
            (misc port seed
                  (lambda (token seed)
                    (unless (and (xml-token? token) (eq? 'START (xml-token-kind token)))
                      (parser-error port "XML [22], expected the root element, got " token))
                    (root port token elems entities namespaces
                          (decl-root (xml-token-head token) seed))))))))
    (lambda (port seed)
      (after-root
       port
       (misc port seed
             (lambda (token seed)
               (cond ((not (xml-token? token))
                      (parser-error port "XML [22], no root element"))
                     ((eq? 'DECL (xml-token-kind token))
                      (unless (eq? 'DOCTYPE (xml-token-head token))
                        (parser-error port "XML [22], expected DOCTYPE declaration, found "
                                      token))
                      (document-type port seed))
                     (else
                      (call-with-values
                          (lambda () (undecl-root (xml-token-head token) seed))
                        (lambda (elems entities namespaces seed)
                          (root port token elems entities namespaces seed)))))))))))

;;; Syntax.

(define-syntax ssax:make-pi-parser
  (syntax-rules ()
    "Make a parser of processing instructions: a procedure of a port, a name and a
seed, from ((name . proc) ...)."
    ((_ ((name . proc) ...))
     (%pi-parser (list (cons 'name proc) ...)))))

(define-syntax ssax:make-elem-parser
  (syntax-rules ()
    "Make a parser of elements: a procedure of a name, a port, declarations,
entities, namespaces, whether to keep white space, and a seed."
    ((_ new-level-seed finish-element char-data-handler ((name . proc) ...))
     (%elem-parser new-level-seed finish-element char-data-handler
                   (%pi-parser (list (cons 'name proc) ...))))))

(define-syntax ssax:make-parser
  (lambda (x)
    "Make a parser of documents, a procedure of a port and a seed, from labels
and procedures: NEW-LEVEL-SEED, FINISH-ELEMENT and CHAR-DATA-HANDLER are needed,
PI, DOCTYPE, UNDECL-ROOT and DECL-ROOT are not."
    (define (argument label args default)
      (let loop ((args args))
        (syntax-case args ()
          ((l value . rest)
           (if (eq? (syntax->datum #'l) label) #'value (loop #'rest)))
          (_ (if (pair? default)
                 (car default)
                 (syntax-violation 'ssax:make-parser
                                   (string-append "missing " (symbol->string label)) x))))))
    (syntax-case x ()
      ((_ . args)
       (with-syntax ((new (argument 'NEW-LEVEL-SEED #'args #f))
                     (finish (argument 'FINISH-ELEMENT #'args #f))
                     (data (argument 'CHAR-DATA-HANDLER #'args #f))
                     (((name . proc) ...) (argument 'PI #'args '(())))
                     (doctype (argument 'DOCTYPE #'args '(#f)))
                     (undecl (argument 'UNDECL-ROOT #'args '(#f)))
                     (decl (argument 'DECL-ROOT #'args '(#f))))
         #'(%parser new finish data (list (cons 'name proc) ...)
                    doctype undecl decl))))))

;;; SXML.

(define (ssax:reverse-collect-str fragments)
  "Return the reverse of FRAGMENTS with neighbouring strings joined."
  (let loop ((l fragments) (strings '()) (out '()))
    (define (flushed)
      (if (null? strings) out (cons (string-concatenate strings) out)))
    (cond ((null? l) (flushed))
          ((string? (car l)) (loop (cdr l) (cons (car l) strings) out))
          (else (loop (cdr l) '() (cons (car l) (flushed)))))))

(define (ssax:reverse-collect-str-drop-ws fragments)
  "As ssax:reverse-collect-str, without strings of white space alone."
  (filter (lambda (x) (not (and (string? x) (string-every char-whitespace? x))))
          (ssax:reverse-collect-str fragments)))

(define (name->sxml name)
  (if (symbol? name) name (symbol-append (car name) ': (cdr name))))

(define (ssax:xml->sxml port prefixes)
  "Read the XML document in PORT and return it as SXML.  PREFIXES is an alist of
symbols that shall stand for namespaces and their URIs, strings."
  (let* ((namespaces (map (lambda (entry)
                            (cons* #f (car entry) (ssax:uri-string->symbol (cdr entry))))
                          prefixes))
         (parse
          (ssax:make-parser
           NEW-LEVEL-SEED (lambda (gi attributes namespaces content seed) '())
           FINISH-ELEMENT
           (lambda (gi attributes namespaces parent seed)
             (let ((seed (ssax:reverse-collect-str-drop-ws seed))
                   (attrs (attlist-fold
                           (lambda (attr out)
                             (cons (list (name->sxml (car attr)) (cdr attr)) out))
                           '() attributes)))
               (cons (cons (name->sxml gi)
                           (if (null? attrs) seed (cons (cons '@ attrs) seed)))
                     parent)))
           CHAR-DATA-HANDLER
           (lambda (s1 s2 seed)
             (if (string-null? s2) (cons s1 seed) (cons* s2 s1 seed)))
           DOCTYPE
           (lambda (port docname systemid internal? seed)
             (when internal? (ssax:skip-internal-dtd port))
             (values #f '() namespaces seed))
           UNDECL-ROOT
           (lambda (gi seed) (values #f '() namespaces seed))
           PI
           ((*DEFAULT* . (lambda (port name seed)
                           (cons (list '*PI* name (ssax:read-pi-body-as-string port))
                                 seed))))))
         (result (reverse (parse port '()))))
    (cons '*TOP*
          (if (null? prefixes)
              result
              (cons (list '@ (cons '*NAMESPACES*
                                   (map (lambda (entry) (list (car entry) (cdr entry)))
                                        prefixes)))
                    result)))))
