;;; XML to SXML and back.

(define-module (sxml simple)
  #:use-module (sxml ssax)
  #:use-module (sxml ssax input-parse)
  #:use-module (sxml transform)
  #:export (xml->sxml sxml->xml sxml->string))

;;; Reading.

;; The internal subset of a document type, up to its ]>.
(define (read-internal-subset port)
  (string-concatenate
   (let loop ()
     (let ((part (next-token '() '(#\]) "reading internal DOCTYPE" port)))
       (if (eqv? #\> (peek-next-char port))
           (begin (read-char port) (list part))
           (cons* part "]" (loop)))))))

(define (name->sxml name)
  (if (pair? name) (symbol-append (car name) ': (cdr name)) name))

(define* (xml->sxml #:optional (string-or-port (current-input-port)) #:key
                    (namespaces '()) (declare-namespaces? #t)
                    (trim-whitespace? #f) (entities '())
                    (default-entity-handler #f) (doctype-handler #f))
  "Read an XML document from a string or a port and return it as SXML.

NAMESPACES is an alist of prefixes for names in the result and URIs; unless
DECLARE-NAMESPACES? is false, documents may use these prefixes without declaring
them.  With TRIM-WHITESPACE?, text that is white space alone is left out.
ENTITIES is an alist of names and texts; DEFAULT-ENTITY-HANDLER is called with a
port and the name of any other entity and gives its text.  DOCTYPE-HANDLER is
called with name, system identifier and internal subset of the document type, #f
for what there is not, and gives the keywords #:entities and #:namespaces with
more of these."
  (define (declared namespaces)
    (map (lambda (entry)
           (cons* (and declare-namespaces? (car entry))
                  (car entry)
                  (ssax:uri-string->symbol (cdr entry))))
         namespaces))
  (define known-entities
    (if (and default-entity-handler (not (assq '*DEFAULT* entities)))
        (acons '*DEFAULT* default-entity-handler entities)
        entities))
  (define (begin-document seed)
    (lambda* (#:key (entities '()) (more '() #:namespaces))
      (values #f
              (append entities known-entities)
              (append (declared more) (declared namespaces))
              seed)))
  (define collect
    (if trim-whitespace? ssax:reverse-collect-str-drop-ws ssax:reverse-collect-str))
  (define parse
    (ssax:make-parser
     NEW-LEVEL-SEED
     (lambda (gi attributes namespaces content seed) '())
     FINISH-ELEMENT
     (lambda (gi attributes namespaces parent seed)
       (let ((body (collect seed))
             (attrs (attlist-fold
                     (lambda (attr out)
                       (cons (list (name->sxml (car attr)) (cdr attr)) out))
                     '() attributes)))
         (cons (cons (name->sxml gi)
                     (if (null? attrs) body (cons (cons '@ attrs) body)))
               parent)))
     CHAR-DATA-HANDLER
     (lambda (s1 s2 seed)
       (if (string-null? s2) (cons s1 seed) (cons* s2 s1 seed)))
     DOCTYPE
     (lambda (port docname systemid internal? seed)
       (call-with-values
           (lambda ()
             (cond (doctype-handler
                    (doctype-handler docname systemid
                                     (and internal? (read-internal-subset port))))
                   (else
                    (when internal? (ssax:skip-internal-dtd port))
                    (values))))
         (begin-document seed)))
     UNDECL-ROOT
     (lambda (gi seed)
       (call-with-values
           (lambda ()
             (if doctype-handler (doctype-handler #f #f #f) (values)))
         (begin-document seed)))
     PI
     ((*DEFAULT*
       . (lambda (port name seed)
           (cons (list '*PI* name (ssax:read-pi-body-as-string port)) seed))))))
  (let ((port (if (string? string-or-port)
                  (open-input-string string-or-port)
                  string-or-port)))
    (cons '*TOP* (reverse (parse port '())))))

;;; Writing.

(define %good-names (make-hash-table))

;; Checks that a symbol can be the name of an element or an attribute.
(define (check-name name)
  (unless (hashq-ref %good-names name)
    (let ((parts (string-split (symbol->string name) #\:)))
      (when (> (length parts) 2)
        (error "Invalid QName: more than one colon" name))
      (for-each
       (lambda (part)
         (when (or (string-null? part)
                   (not (or (char-alphabetic? (string-ref part 0))
                            (char=? (string-ref part 0) #\_))))
           (error "Invalid name starting character" part name))
         (string-for-each
          (lambda (c)
            (unless (or (char-alphabetic? c) (char-numeric? c) (memv c '(#\. #\- #\_)))
              (error "Invalid name character" c part name)))
          part))
       parts))
    (hashq-set! %good-names name #t)))

(define (escape string port)
  (string-for-each
   (lambda (c)
     (case c
       ((#\<) (display "&lt;" port))
       ((#\>) (display "&gt;" port))
       ((#\&) (display "&amp;" port))
       ((#\") (display "&quot;" port))
       (else (write-char c port))))
   string))

(define (text->xml object port)
  (let ((s (if (string? object) object (object->display object))))
    (if (string-any (lambda (c) (memv c '(#\< #\> #\& #\"))) s)
        (escape s port)
        (display s port))))

(define (object->display object)
  (call-with-output-string (lambda (port) (display object port))))

(define (value->xml value port)
  (cond ((pair? value)
         (value->xml (car value) port)
         (value->xml (cdr value) port))
        ((null? value))
        ((procedure? value) (with-output-to-port* port value))
        (else (text->xml value port))))

(define (with-output-to-port* port thunk)
  (parameterize ((current-output-port port)) (thunk)))

(define (attribute->xml tag attr port)
  (unless (pair? attr) (error "bad attribute" tag attr))
  (check-name (car attr))
  (display #\space port)
  (display (car attr) port)
  (display "=\"" port)
  (value->xml (cdr attr) port)
  (display #\" port))

(define (element->xml tag attrs body port)
  (check-name tag)
  (display #\< port)
  (display tag port)
  (unless (list? attrs) (error "bad attributes" tag attrs))
  (for-each (lambda (attr) (attribute->xml tag attr port)) attrs)
  (if (null? body)
      (display " />" port)
      (begin
        (unless (list? body) (error "bad element body" tag body))
        (display #\> port)
        (for-each (lambda (x) (sxml->xml x port)) body)
        (display "</" port)
        (display tag port)
        (display #\> port))))

(define* (sxml->xml tree #:optional (port (current-output-port)))
  "Write the SXML TREE as XML to PORT.  Procedures in it are called and write for
themselves."
  (cond
   ((and (pair? tree) (symbol? (car tree)))
    (let ((tag (car tree)) (rest (cdr tree)))
      (case tag
        ((*TOP*) (sxml->xml rest port))
        ((*ENTITY*)
         (unless (and (list? rest) (= (length rest) 1))
           (error "bad *ENTITY* args" rest))
         (display #\& port)
         (display (car rest) port)
         (display #\; port))
        ((*PI*)
         (unless (and (list? rest) (= (length rest) 2))
           (error "bad *PI* args" rest))
         (display "<?" port)
         (display (car rest) port)
         (display #\space port)
         (display (cadr rest) port)
         (display "?>" port))
        (else
         (if (and (pair? rest) (pair? (car rest)) (eq? '@ (caar rest)))
             (element->xml tag (cdar rest) (cdr rest) port)
             (element->xml tag '() rest port))))))
   ((pair? tree) (for-each (lambda (x) (sxml->xml x port)) tree))
   ((or (null? tree) (boolean? tree) (unspecified? tree)) *unspecified*)
   ((procedure? tree) (with-output-to-port* port tree))
   (else (text->xml tree port))))

(define (sxml->string sxml)
  "Return the text in SXML, all tags left out."
  (string-concatenate-reverse
   (foldts (lambda (seed tree) '())
           (lambda (seed kids tree) (append! kids seed))
           (lambda (seed tree) (if (string? tree) (cons tree seed) seed))
           '()
           sxml)))
