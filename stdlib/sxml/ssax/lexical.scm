;;; The tokens of XML (W3C, \"Extensible Markup Language 1.0\").

(define-module (sxml ssax lexical)
  #:use-module (sxml ssax input-parse)
  #:use-module ((ice-9 rdelim) #:select (read-delimited))
  #:export (parser-error current-ssax-error-port with-ssax-error-to-port ssax:warn
            xml-token? xml-token-kind xml-token-head make-xml-token
            ssax:S-chars ssax:skip-S ssax:ncname-starting-char? ssax:read-NCName
            ssax:read-QName ssax:Prefix-XML ssax:largest-unres-name name-compare
            make-empty-attlist attlist-add attlist-null? attlist-remove-top
            attlist->alist attlist-fold
            ssax:read-markup-token ssax:skip-pi ssax:read-pi-body-as-string
            ssax:read-pi-body-as-name-values ssax:skip-internal-dtd
            ssax:read-cdata-body ssax:read-char-ref
            define-parsed-entity! reset-parsed-entity-definitions!
            ssax:predefined-parsed-entities ssax:handle-parsed-entity
            ssax:read-attributes ssax:read-external-id ssax:read-char-data
            ssax:assert-token ssax:uri-string->symbol))

(define (parser-error port message . rest)
  "Throw parser-error: PORT holds no XML, as MESSAGE and REST tell."
  (apply throw 'parser-error port message rest))

(define %error-port (make-fluid #f))

(define (current-ssax-error-port)
  "Return the port that warnings go to."
  (or (fluid-ref %error-port) (current-error-port)))

(define (with-ssax-error-to-port port thunk)
  "Call THUNK while warnings go to PORT."
  (with-fluids ((%error-port port)) (thunk)))

(define (ssax:warn port message . rest)
  "Warn of what PORT holds by MESSAGE and REST."
  (let ((out (current-ssax-error-port)))
    (display ";;; SSAX warning: " out)
    (display message out)
    (for-each (lambda (x) (display x out)) rest)
    (newline out)))

(define (ssax:uri-string->symbol uri)
  "Return the symbol that stands for the namespace of URI."
  (string->symbol uri))

;;; Tokens: a kind such as START or PI, and a name.

(define (make-xml-token kind head)
  "Return the token of KIND and HEAD."
  (cons kind head))
(define (xml-token? x)
  "Tell whether X is a token."
  (pair? x))
(define (xml-token-kind token)
  "Return the kind of TOKEN: START, END, PI, DECL, COMMENT, CDSECT or ENTITY-REF."
  (car token))
(define (xml-token-head token)
  "Return the name that TOKEN has."
  (cdr token))

;;; Names.

(define ssax:S-chars '(#\space #\tab #\newline #\return))

(define (ssax:skip-S port)
  "Skip white space in PORT and return the character that comes next."
  (skip-while ssax:S-chars port))

(define (ssax:ncname-starting-char? c)
  "Return C if it can begin a name, else #f."
  (and (char? c) (or (char-alphabetic? c) (char=? c #\_)) c))

(define (name-char c)
  (and (char? c)
       (or (char-alphabetic? c) (char-numeric? c) (memv c '(#\. #\- #\_))
           (memq (char-general-category c) '(Mn Mc Me Lm Nl)))
       c))

(define (ssax:read-NCName port)
  "Read a name without a colon from PORT and return it as a symbol."
  (let ((c (peek-char port)))
    (unless (ssax:ncname-starting-char? c)
      (parser-error port "XMLNS [4] for '" c "'"))
    (string->symbol (next-token-of name-char port))))

(define (ssax:read-QName port)
  "Read a name from PORT: a symbol, or a pair of prefix and local name."
  (let ((name (ssax:read-NCName port)))
    (if (eqv? (peek-char port) #\:)
        (begin
          (read-char port)
          (cons name (ssax:read-NCName port)))
        name)))

(define ssax:Prefix-XML 'xml)

;; Greater than all names in the order of name-compare.
(define ssax:largest-unres-name
  (cons (string->symbol "#LARGEST-SYMBOL") (string->symbol "#LARGEST-SYMBOL")))

(define (name-compare a b)
  "Return <, = or > as the name A comes before, is, or comes after B: names
without prefix first."
  (define (symbol-compare a b)
    (cond ((eq? a b) '=)
          ((string<? (symbol->string a) (symbol->string b)) '<)
          (else '>)))
  (cond ((symbol? a) (if (symbol? b) (symbol-compare a b) '<))
        ((symbol? b) '>)
        ((eq? a b) '=)
        ((eq? b ssax:largest-unres-name) '<)
        ((eq? a ssax:largest-unres-name) '>)
        ((eq? (car a) (car b)) (symbol-compare (cdr a) (cdr b)))
        (else (symbol-compare (car a) (car b)))))

;;; Lists of attributes, in the order of their names.

(define (make-empty-attlist)
  "Return an attribute list without attributes."
  '())

(define (attlist-null? attlist)
  "Tell whether ATTLIST is empty."
  (null? attlist))

(define (attlist-add attlist name-value)
  "Return ATTLIST with the pair NAME-VALUE, or #f if the name is there."
  (if (null? attlist)
      (list name-value)
      (case (name-compare (car name-value) (caar attlist))
        ((=) #f)
        ((<) (cons name-value attlist))
        (else
         (let ((rest (attlist-add (cdr attlist) name-value)))
           (and rest (cons (car attlist) rest)))))))

(define (attlist-remove-top attlist)
  "Return the first pair of ATTLIST, and ATTLIST without it."
  (values (car attlist) (cdr attlist)))

(define (attlist->alist attlist)
  "Return the association list of ATTLIST."
  attlist)

(define (attlist-fold kons knil attlist)
  "Fold over the pairs of ATTLIST."
  (let loop ((l attlist) (acc knil))
    (if (null? l) acc (loop (cdr l) (kons (car l) acc)))))

;;; Markup.

(define (ssax:read-markup-token port)
  "Read the markup that begins with < in PORT up to its name and return the
token; comments are read to their end."
  (assert-curr-char '(#\<) "start of the token" port)
  (case (peek-char port)
    ((#\/)
     (read-char port)
     (let ((name (ssax:read-QName port)))
       (ssax:skip-S port)
       (assert-curr-char '(#\>) "XML [42]" port)
       (make-xml-token 'END name)))
    ((#\?)
     (read-char port)
     (make-xml-token 'PI (ssax:read-NCName port)))
    ((#\!)
     (read-char port)
     (case (peek-char port)
       ((#\-)
        (read-char port)
        (assert-curr-char '(#\-) "XML [15], second dash" port)
        (unless (find-string-from-port? "-->" port)
          (parser-error port "XML [15], no -->"))
        (make-xml-token 'COMMENT #f))
       ((#\[)
        (read-char port)
        (unless (string=? "CDATA[" (read-string 6 port))
          (parser-error port "expected 'CDATA[' after '<!['"))
        (make-xml-token 'CDSECT #f))
       (else (make-xml-token 'DECL (ssax:read-NCName port)))))
    (else (make-xml-token 'START (ssax:read-QName port)))))

(define (ssax:skip-pi port)
  "Skip the rest of a processing instruction."
  (unless (find-string-from-port? "?>" port)
    (parser-error port "Failed to find ?> terminating the PI")))

(define (ssax:read-pi-body-as-string port)
  "Return the rest of a processing instruction."
  (ssax:skip-S port)
  (string-concatenate
   (let loop ()
     (let ((part (next-token '() '(#\?) "reading PI content" port)))
       (read-char port)
       (if (eqv? (peek-char port) #\>)
           (begin (read-char port) (list part))
           (cons* part "?" (loop)))))))

(define (ssax:read-pi-body-as-name-values port)
  "Return the rest of a processing instruction as an attribute list."
  (let ((attlist (ssax:read-attributes port '())))
    (assert-curr-char '(#\?) "PI" port)
    (assert-curr-char '(#\>) "PI" port)
    attlist))

(define (ssax:skip-internal-dtd port)
  "Skip the internal subset of a document type, up to its ]>."
  (ssax:warn port "Internal DTD subset is not currently handled ")
  (unless (find-string-from-port? "]>" port)
    (parser-error port "Failed to find ]> terminating the internal DTD subset")))

(define (ssax:read-external-id port)
  "Read SYSTEM or PUBLIC and what follows; return the system's identifier."
  (define (literal)
    (ssax:skip-S port)
    (let* ((quote-char (assert-curr-char '(#\' #\") "XML [11], XML [12]" port))
           (text (next-token '() (list quote-char) "XML [11]" port)))
      (read-char port)
      text))
  (let ((kind (ssax:read-NCName port)))
    (assert-curr-char ssax:S-chars "space after SYSTEM or PUBLIC" port)
    (case kind
      ((SYSTEM) (literal))
      ((PUBLIC) (literal) (literal))
      (else
       (parser-error port "XML [75], " kind " rather than SYSTEM or PUBLIC")))))

;;; Text.

;; Reads a line end: LF, CR or both.
(define (skip-newline port)
  (when (eqv? (read-char port) #\return)
    (when (eqv? (peek-char port) #\newline)
      (read-char port))))

(define (ssax:read-cdata-body port str-handler seed)
  "Read the rest of a CDATA section and give its pieces to STR-HANDLER."
  (let loop ((seed seed))
    (let ((part (next-token '() '(#\return #\newline #\] #\&) "reading CDATA" port)))
      (case (peek-char port)
        ((#\return #\newline)
         (skip-newline port)
         (loop (str-handler part "\n" seed)))
        ((#\])
         (read-char port)
         (if (eqv? (peek-char port) #\])
             (let end ((seed (if (string-null? part) seed (str-handler part "" seed))))
               ;; One ] was read and another comes.
               (case (peek-next-char port)
                 ((#\>) (read-char port) seed)
                 ((#\]) (end (str-handler "]" "" seed)))
                 (else (loop (str-handler "]]" "" seed)))))
             (loop (str-handler (if (string-null? part) "]" part)
                                (if (string-null? part) "" "]") seed))))
        (else
         ;; &gt; stands for > in SSAX's sections, so that they can hold ]]>.
         (read-char port)
         (let ((name (next-token-of (lambda (c) (and (char? c) (char-alphabetic? c) c))
                                    port)))
           (if (and (string=? name "gt") (eqv? (peek-char port) #\;))
               (begin
                 (read-char port)
                 (loop (str-handler part ">" seed)))
               (loop (str-handler name ""
                                  (str-handler part "&" seed))))))))))

(define (ssax:read-char-ref port)
  "Read a character reference, of which &# was read, and return the character."
  (let* ((base (if (eqv? (peek-char port) #\x)
                   (begin (read-char port) 16)
                   10))
         (name (next-token '() '(#\;) "XML [66]" port))
         (code (string->number name base)))
    (read-char port)
    (if (and (exact-integer? code) (>= code 0)
             (or (< code #xD800) (< #xDFFF code #x110000)))
        (integer->char code)
        (parser-error port "[wf-Legalchar] broken for '" name "'"))))

;;; Entities: an alist of names and texts, procedures that give ports, or #f for
;;; those under expansion.

(define standard-entities
  '((amp . "&") (lt . "<") (gt . ">") (apos . "'") (quot . "\"")))

(define ssax:predefined-parsed-entities standard-entities)

(define (define-parsed-entity! name text)
  "Have the entity NAME stand for TEXT in all documents."
  (set! ssax:predefined-parsed-entities
        (acons name text ssax:predefined-parsed-entities)))

(define (reset-parsed-entity-definitions!)
  "Leave only the entities of XML itself."
  (set! ssax:predefined-parsed-entities standard-entities))

(define (ssax:handle-parsed-entity port name entities content-handler str-handler seed)
  "Have CONTENT-HANDLER read the text of the entity NAME, from a port, with the
entities that may occur in it and SEED, or STR-HANDLER get a predefined one."
  (let ((entry (assq name entities)))
    (cond
     (entry
      (let ((body (cdr entry))
            (inner (acons name #f entities)))
        (cond ((string? body)
               (content-handler (open-input-string body) inner seed))
              ((procedure? body)
               (let* ((port (body))
                      (result (content-handler port inner seed)))
                 (close-port port)
                 result))
              (else
               (parser-error port "[norecursion] broken for " name)))))
     ((assq name ssax:predefined-parsed-entities)
      => (lambda (entry) (str-handler (cdr entry) "" seed)))
     ((assq '*DEFAULT* entities)
      => (lambda (entry) (str-handler ((cdr entry) port name) "" seed)))
     (else (parser-error port "[wf-entdeclared] broken for " name)))))

;;; Attributes.

(define (ssax:read-attributes port entities)
  "Read attributes up to a character that can begin no name; return the list."
  (let loop ((attlist (make-empty-attlist)))
    (if (not (ssax:ncname-starting-char? (ssax:skip-S port)))
        attlist
        (let ((name (ssax:read-QName port)))
          (ssax:skip-S port)
          (assert-curr-char '(#\=) "XML [25]" port)
          (ssax:skip-S port)
          (let* ((quote-char (assert-curr-char '(#\' #\") "XML [10]" port))
                 (value (string-concatenate-reverse
                         (read-attribute-value port quote-char entities '()))))
            (loop (or (attlist-add attlist (cons name value))
                      (parser-error port "[uniqattspec] broken for " name))))))))

;; Returns the pieces of a value in reverse order.  QUOTE-CHAR is what ends it,
;; *eof* inside of an entity.
(define (read-attribute-value port quote-char entities pieces)
  (let* ((ends (list quote-char))
         (part (next-token '() (append ends '(#\newline #\return #\tab #\< #\&))
                           "XML [10]" port))
         (pieces (if (string-null? part) pieces (cons part pieces)))
         (c (peek-char port)))
    (cond ((or (eof-object? c) (eqv? c quote-char))
           (read-char port)
           pieces)
          ((memv c '(#\newline #\return))
           (skip-newline port)
           (read-attribute-value port quote-char entities (cons " " pieces)))
          ((eqv? c #\tab)
           (read-char port)
           (read-attribute-value port quote-char entities (cons " " pieces)))
          ((eqv? c #\&)
           (read-char port)
           (if (eqv? (peek-char port) #\#)
               (begin
                 (read-char port)
                 (read-attribute-value port quote-char entities
                                       (cons (string (ssax:read-char-ref port)) pieces)))
               (read-attribute-value port quote-char entities
                                     (entity-value port (read-entity-name port)
                                                   entities pieces))))
          (else (parser-error port "[CleanAttrVals] broken")))))

(define (entity-value port name entities pieces)
  (ssax:handle-parsed-entity
   port name entities
   (lambda (port entities pieces)
     (read-attribute-value port '*eof* entities pieces))
   (lambda (s1 s2 pieces)
     (if (string-null? s2) (cons s1 pieces) (cons* s2 s1 pieces)))
   pieces))

(define (read-entity-name port)
  (let ((name (ssax:read-NCName port)))
    (assert-curr-char '(#\;) "XML [68]" port)
    name))

;;; Character data.

(define (ssax:read-char-data port expect-eof? str-handler seed)
  "Read character data from PORT, give its pieces to STR-HANDLER, and return the
last seed and the markup token that comes next, or the end-of-file object where
EXPECT-EOF? allows it."
  (define (read-part)
    (let ((s (read-delimited "<&\r\n]" port 'peek)))
      (if (eof-object? s) "" s)))
  (define (given part more seed)
    (if (and (string-null? part) (string-null? more))
        seed
        (str-handler part more seed)))
  (let loop ((seed seed))
    (let* ((part (read-part)) (c (peek-char port)))
      (cond
       ((eof-object? c)
        (let ((seed (given part "" seed)))
          (if expect-eof?
              (values seed c)
              (parser-error port "XML [43], unexpected EOF"))))
       (else
        (case c
          ((#\<)
           (let* ((seed (given part "" seed)) (token (ssax:read-markup-token port)))
             (case (xml-token-kind token)
               ((COMMENT) (loop seed))
               ((CDSECT) (loop (ssax:read-cdata-body port str-handler seed)))
               (else (values seed token)))))
          ((#\&)
           (read-char port)
           (if (eqv? (peek-char port) #\#)
               (begin
                 (read-char port)
                 (loop (str-handler part (string (ssax:read-char-ref port)) seed)))
               (values (given part "" seed)
                       (make-xml-token 'ENTITY-REF (read-entity-name port)))))
          ((#\])
           (read-char port)
           (let* ((brackets
                   (let count ((n 1))
                     (if (eqv? (peek-char port) #\])
                         (begin (read-char port) (count (+ n 1)))
                         n))))
             (when (and (>= brackets 2) (eqv? (peek-char port) #\>))
               (parser-error port "XML [14] broken: ]]> in character data"))
             (loop (given part (make-string brackets #\]) seed))))
          (else
           (skip-newline port)
           (loop (str-handler part "\n" seed)))))))))

(define (ssax:assert-token token kind gi error-cont)
  "Do nothing if TOKEN is of KIND and has the name GI, else call ERROR-CONT with
all three."
  (unless (and (xml-token? token)
               (eq? kind (xml-token-kind token))
               (equal? gi (xml-token-head token)))
    (error-cont token kind gi)))
