;;; SRFI 119, wisp: Scheme whose parentheses follow from indentation.
;;;
;;; Commentary:
;;;
;;; A line is a list of what stands in it, and of the lines below it that are
;;; indented more:
;;;
;;;     define : square n         (define (square n)
;;;       * n n                     (* n n))
;;;
;;; A colon begins a list that ends with its line; a line that is a colon alone
;;; has lines as elements only.  A dot at the start makes the rest of the line
;;; elements of the list around it, quotes at the start apply to the line with
;;; all that belongs to it.  Inside of parentheses, brackets, braces (which are
;;; SRFI 105's) and strings, line ends and indentation mean nothing.  Underscores
;;; at the start of a line are indentation; \_ and \: are names.
;;;
;;; A chunk is a line of the text with what belongs to it.  The lists know where
;;; they begin (source-properties), as those that `read' returns do.
;;;
;;; Code:

(define-module (language wisp)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:export (wisp-scheme-read-chunk wisp-scheme-read-all
            wisp-scheme-read-file-chunk wisp-scheme-read-file
            wisp-scheme-read-string))

;;; Characters.

(define (line-end? c) (or (eof-object? c) (char=? c #\newline)))
(define (blank? c) (or (eof-object? c) (char-whitespace? c)))

(define (next-after-char port)
  "Return the character behind the next one of PORT."
  (let* ((c (read-char port)) (next (peek-char port)))
    (unread-char c port)
    next))

(define (fault port message . arguments)
  "Raise a read-error at the place that PORT has come to."
  (scm-error 'read-error "wisp"
             (string-append "~A:~A:~A: " message)
             (cons* (or (port-filename port) "#<unknown port>")
                    (1+ (port-line port)) (1+ (port-column port)) arguments)
             #f))

;;; What is no datum: blanks and comments.

(define (skip-line-comment port)
  (unless (line-end? (peek-char port))
    (read-char port)
    (skip-line-comment port)))

;; Skip to the characters A B, with the comments inside that begin with B A if
;; these nest.
(define (skip-through port a b nest?)
  (let loop ((depth 1))
    (let ((c (read-char port)))
      (cond ((eof-object? c) (fault port "unterminated comment"))
            ((and (eqv? c a) (eqv? (peek-char port) b))
             (read-char port)
             (when (> depth 1) (loop (- depth 1))))
            ((and nest? (eqv? c b) (eqv? (peek-char port) a))
             (read-char port)
             (loop (+ depth 1)))
            (else (loop depth))))))

(define %directives
  '("fold-case" "no-fold-case" "curly-infix" "curly-infix-and-bracket-lists" "r6rs"))
(define %constants '("eof" "default" "nil" "unspecific" "optional" "rest" "key"))

;; Behind #!: skip a directive or a script's first lines; return #f if a datum
;; begins there.
(define (skip-directive port)
  (let ((word (let loop ((letters '()))
                (let ((c (peek-char port)))
                  (if (and (char? c) (or (char-alphabetic? c) (char-numeric? c) (char=? c #\-)))
                      (loop (cons (read-char port) letters))
                      (list->string (reverse letters)))))))
    (cond ((member word %directives) #t)
          ((member word %constants)
           (unread-string (string-append "#!" word) port)
           #f)
          (else (skip-through port #\! #\# #f) #t))))

(define (skip-blanks port)
  "Go on in PORT to the next datum or the end of the line."
  (let ((c (peek-char port)))
    (cond ((line-end? c))
          ((char-whitespace? c) (read-char port) (skip-blanks port))
          ((char=? c #\;) (skip-line-comment port))
          ((char=? c #\#)
           (case (next-after-char port)
             ((#\;) (read-char port) (read-char port) (read port) (skip-blanks port))
             ((#\|)
              (read-char port) (read-char port)
              (skip-through port #\| #\# #t)
              (skip-blanks port))
             ((#\!)
              (read-char port) (read-char port)
              (when (skip-directive port) (skip-blanks port))))))))

;;; Tokens.

(define dot (list 'dot))

(define (lone? port char)
  "Tell whether CHAR stands in PORT, and nothing that it could be part of."
  (and (eqv? (peek-char port) char)
       (let ((next (next-after-char port)))
         (or (blank? next) (char=? next #\;)))))

;; The name that a prefix which stands alone, such as a quote before a blank, is
;; short for; #f when there is something else, which is left in the port.
(define (read-prefix port)
  (define (try text names)
    ;; text: what was read, the last first
    (let ((c (peek-char port)))
      (cond ((and (char? c) (assv c names))
             => (lambda (entry)
                  (read-char port)
                  (try (cons c text) (cdr entry))))
            ((and (assq 'end names) (blank? c)) (cdr (assq 'end names)))
            (else (unread-string (list->string (reverse text)) port) #f))))
  (define (prefixes plain quasi un splicing)
    `((#\' (end . ,plain)) (#\` (end . ,quasi))
      (#\, (end . ,un) (#\@ (end . ,splicing)))))
  (try '() (cons (cons #\# (prefixes 'syntax 'quasisyntax 'unsyntax 'unsyntax-splicing))
                 (prefixes 'quote 'quasiquote 'unquote 'unquote-splicing))))

(define (read-datum port)
  (let ((x (read port)))
    (if (and (symbol? x) (string-prefix? "\\" (symbol->string x))
             (> (string-length (symbol->string x)) 1)
             (memv (string-ref (symbol->string x) 1) '(#\: #\_)))
        (string->symbol (substring (symbol->string x) 1))
        x)))

;;; Places.

(define (place-of port)
  "Return source properties of the place that PORT has come to."
  (let ((place `((line . ,(port-line port)) (column . ,(port-column port)))))
    (if (port-filename port) (acons 'filename (port-filename port) place) place)))

(define (placed place x)
  (when (and (pair? x) (null? (source-properties x)))
    (set-source-properties! x place))
  x)

(define (elements->list port place elements)
  "Make the list of ELEMENTS, where the object `dot' stands for a dot."
  (call-with-values (lambda () (break (lambda (x) (eq? x dot)) elements))
    (lambda (before rest)
      (cond ((null? rest) (placed place before))
            ((and (pair? before) (= (length rest) 2) (not (eq? (cadr rest) dot)))
             (placed place (append before (cadr rest))))
            (else (fault port "a dot must stand before the last element"))))))

;;; Lines.

;; INDENT is a number of columns, PREFIXES the names of the quotes at the start,
;; the outermost first, ELEMENTS what stands in the line.  CONTINUES? says that
;; it began with a dot.
(define-record-type <line>
  (make-line indent place prefixes continues? elements)
  line?
  (indent line-indent)
  (place line-place)
  (prefixes line-prefixes)
  (continues? line-continues?)
  (elements line-elements))

;; The elements up to the end of the line, which is read, too.
(define (read-elements port)
  (skip-blanks port)
  (let ((place (place-of port)))
    (cond ((line-end? (peek-char port)) (read-char port) '())
          ((lone? port #\:)
           (read-char port)
           (list (elements->list port place (read-elements port))))
          ((lone? port #\.)
           (read-char port)
           (cons dot (read-elements port)))
          ((read-prefix port)
           => (lambda (name)
                (let ((rest (read-elements port)))
                  (if (null? rest)
                      (list (placed place (list name '())))
                      (cons (placed place (list name (car rest))) (cdr rest))))))
          (else
           (let ((x (read-datum port)))
             (cons x (read-elements port)))))))

(define (read-line-at port indent)
  (let* ((place (place-of port)) (continues? (lone? port #\.)))
    (when continues? (read-char port) (skip-blanks port))
    (let* ((prefixes (let loop ((names '()))
                       (let ((name (and (not continues?) (read-prefix port))))
                         (cond (name (skip-blanks port) (loop (cons name names)))
                               (else (reverse names))))))
           (colon? (lone? port #\:))
           (elements (read-elements port)))
      (make-line indent place prefixes continues?
                 ;; A colon alone is a list without elements of its own.
                 (if (and colon? (null? prefixes) (not continues?) (equal? elements '(())))
                     '()
                     elements)))))

;; Read the indentation of the next line that is not empty.  Return it as a
;; string, #f at the end of the text.
(define (read-indentation port)
  (define (take char)
    (let loop ((taken '()))
      (if (eqv? (peek-char port) char)
          (loop (cons (read-char port) taken))
          (list->string taken))))
  (let ((under (take #\_)))
    (if (or (string-null? under) (blank? (peek-char port)))
        (let* ((indentation (string-append under (take #\space)))
               (tab? (eqv? (peek-char port) #\tab)))
          (skip-blanks port)
          (let ((c (peek-char port)))
            (cond ((eof-object? c) #f)
                  ((char=? c #\newline) (read-char port) (read-indentation port))
                  (tab? (fault port "a tab in the indentation"))
                  (else indentation))))
        (begin (unread-string under port) ""))))

;; The next line of the text, if it is indented by more than OUTER; #f if there
;; is none, and then it stays in the port.
(define (next-line port outer)
  (let ((indentation (read-indentation port)))
    (cond ((not indentation) #f)
          ((> (string-length indentation) outer)
           (read-line-at port (string-length indentation)))
          (else
           (unread-string indentation port)
           #f))))

;; What LINE and those that belong to it add to the list around them.
(define (line->elements port line)
  (if (line-continues? line)
      (line-elements line)
      (let* ((below (lines-below port (line-indent line)))
             (x (elements->list port (line-place line) (append (line-elements line) below))))
        (list (fold-right (lambda (name x) (placed (line-place line) (list name x)))
                          x (line-prefixes line))))))

(define (lines-below port indent)
  (let loop ((found '()))
    (let ((line (next-line port indent)))
      (if line
          (loop (append-reverse (line->elements port line) found))
          (reverse found)))))

;;; Texts.

(define (with-curly-infix thunk)
  (let ((options (read-options)))
    (dynamic-wind
      (lambda () (read-enable 'curly-infix))
      thunk
      (lambda () (read-options options)))))

(define (read-chunk port)
  "Return the forms of the next chunk of PORT, #f when there is none."
  (let ((line (next-line port -1)))
    (and line
         (let ((forms (line->elements port line)))
           (when (memq dot forms) (fault port "a dot outside of a list"))
           forms))))

(define (wisp-scheme-read-chunk port)
  "Return a list of the forms, usually one, of the next chunk of PORT; it is
empty at its end."
  (with-curly-infix (lambda () (or (read-chunk port) '()))))

(define (wisp-scheme-read-all port)
  "Return a list of the forms that PORT holds in wisp."
  (with-curly-infix
   (lambda ()
     (let loop ((found '()))
       (let ((forms (read-chunk port)))
         (if forms
             (loop (append-reverse forms found))
             (reverse found)))))))

(define (wisp-scheme-read-file path)
  "Return a list of the forms in the file PATH, a text in wisp."
  (call-with-input-file path wisp-scheme-read-all #:encoding "UTF-8"))

(define (wisp-scheme-read-file-chunk path)
  "Return a list of the forms of the first chunk of the file PATH."
  (call-with-input-file path wisp-scheme-read-chunk #:encoding "UTF-8"))

(define (wisp-scheme-read-string text)
  "Return a list of the forms in the string TEXT, in wisp."
  (call-with-input-string text wisp-scheme-read-all))
