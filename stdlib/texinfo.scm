;;; Texinfo as data.
;;;
;;; Commentary:
;;; A document becomes (texinfo (% (title ...)) part ...), a fragment (*fragment*
;;; part ...); each part is a string or a list of a command, maybe its arguments as
;;; (% (name value ...) ...), and its parts.  (texinfo commands) has the commands.
;;; Code:

(define-module (texinfo)
  #:use-module (texinfo commands)
  #:use-module (sxml simple)
  #:use-module (sxml transform)
  #:use-module (sxml ssax input-parse)
  #:use-module (srfi srfi-11)
  #:re-export (texi-command-specs texi-command-depth)
  #:export (call-with-file-and-dir texi-fragment->stexi texi->stexi stexi->sxml))

(define (parser-error port message . rest)
  (apply throw 'parser-error port message rest))

(define (call-with-file-and-dir filename proc)
  "Call PROC with a port that reads the file FILENAME, in the file's directory."
  (let ((outer (getcwd)))
    (dynamic-wind
      (lambda () (chdir (dirname filename)))
      (lambda () (call-with-input-file (basename filename) proc))
      (lambda () (chdir outer)))))

;;; Words.

(define (skip-space port) (skip-while '(#\space #\tab #\return #\newline) port))
(define (skip-blanks port) (skip-while '(#\space #\tab) port))

(define (blank? str) (string-every char-whitespace? str))

;; The rest of a line, which may end with the file.
(define (rest-of-line port)
  (let ((line (read-text-line port)))
    (if (eof-object? line) "" line)))

(define (read-command port)
  (let ((c (peek-char port)))
    (unless (and (char? c) (char-alphabetic? c))
      (parser-error port "Nonalphabetic @-command char: '" c "'")))
  (string->symbol
   (next-token-of (lambda (c) (and (char? c) (char-alphabetic? c) c)) port)))

;; A token is a pair of a kind and a name: START of a command, END of one, ITEM,
;; INCLUDE, PARA between paragraphs, STRING for an escaped character.
(define (read-command-token port)
  (assert-curr-char '(#\@) "start of the command" port)
  (if (memv (peek-char port) '(#\! #\: #\. #\? #\@ #\\ #\{ #\}))
      (cons 'STRING (string (read-char port)))
      (let ((name (read-command port)))
        (case name
          ((end)
           (let ((command (string-trim-both (rest-of-line port))))
             (unless (and (not (string-null? command))
                          (string-every char-alphabetic? command))
               (parser-error port "malformed @end" command))
             (cons 'END (string->symbol command))))
          ((bye) (cons 'END 'texinfo))
          ((item) (cons 'ITEM 'item))
          ((include) (cons 'INCLUDE #f))
          (else (cons 'START name))))))

;; Gives the lines up to @end verbatim to STR-HANDLER.
(define (read-verbatim-body port str-handler seed)
  (let loop ((seed seed))
    (let ((line (next-token '() '(#\newline) "reading verbatim" port)))
      (read-char port)
      (if (string=? line "@end verbatim")
          seed
          (loop (str-handler line "\n" seed))))))

;; The arguments up to STOP, divided by commas; #f for an empty one.
(define (read-arguments port stop)
  (let ((text (next-token '() (list stop) "arguments of @-command" port)))
    (read-char port)
    (let ((args (map (lambda (arg)
                       (let ((arg (string-trim-both arg)))
                         (and (not (string-null? arg)) arg)))
                     (string-split text #\,))))
      (if (equal? args '(#f)) '() args))))

;; The alist of ARGS, each a string or a list of parts, by the names in FORMALS.
(define (name-arguments port args formals)
  (let loop ((args args) (formals formals) (optional? #f) (out '()))
    (cond ((symbol? formals)
           (reverse (if (null? args) out (acons formals args out))))
          ((and (pair? formals) (eq? (car formals) #:opt))
           (loop args (cdr formals) #t out))
          ((null? args)
           (if (or (null? formals) optional?)
               (reverse out)
               (parser-error port "@-command expected more arguments:" formals)))
          ((null? formals)
           (parser-error port "@-command didn't expect more arguments:" args))
          ((car args)
           (loop (cdr args) (cdr formals) optional?
                 (acons (car formals)
                        (if (list? (car args)) (car args) (list (car args)))
                        out)))
          (optional? (loop (cdr args) (cdr formals) optional? out))
          (else
           (parser-error port "@-command missing required argument" (car formals))))))

(define (table-arguments command port)
  (let* ((line (string-trim-both (rest-of-line port))) (n (string-length line)))
    (define (formatter)
      (unless (and (> n 1) (char=? (string-ref line 0) #\@))
        (parser-error port "Invalid @item formatter" line))
      (let ((name (string->symbol (substring line 1))))
        (unless (inline-content? (cadr (command-spec name)))
          (parser-error port "Invalid @item formatter, not inline:" name))
        name))
    (case command
      ((enumerate)
       (cond ((zero? n) '())
             ((or (string-every char-numeric? line)
                  (and (= n 1) (char-alphabetic? (string-ref line 0))))
              `((start ,line)))
             (else (parser-error port "Invalid enumerate start" line))))
      ((itemize)
       `((bullet ,(cond ((zero? n) '(bullet))
                        ((= n 1) line)
                        (else (list (formatter)))))))
      (else `((formatter (,(formatter))))))))

;; Reads what comes between the name of a command and its content.  Returns the
;; command, not an alias, its arguments and its kind of content.
(define (complete-start-command command port)
  (let* ((spec (command-spec command))
         (command (car spec)) (content (cadr spec)) (formals (cddr spec)))
    (define (brace)
      (assert-curr-char '(#\{) "Inline element lacks {" port))
    (values
     command
     (case content
       ((INLINE-TEXT INLINE-TEXT-ARGS) (brace) '())
       ((INLINE-ARGS)
        (brace)
        (name-arguments port (read-arguments port #\}) formals))
       ((EOL-ARGS)
        (name-arguments port (read-arguments* port) formals))
       ((ENVIRON ENTRY INDEX EOL-TEXT-ARGS)
        (skip-blanks port)
        (line-arguments command port formals))
       ((TABLE-ENVIRON) (skip-blanks port) (table-arguments command port))
       ((EOL-TEXT) (skip-blanks port) '())
       (else '()))
     content)))

;; As read-arguments up to the end of the line, or of the file.
(define (read-arguments* port)
  (call-with-input-string (string-append (rest-of-line port) "\n")
    (lambda (port) (read-arguments port #\newline))))

;; The rest of a line as text, divided at spaces into the arguments FORMALS.
(define (line-arguments command port formals)
  (let loop ((parts (cdar (parse-command '*ENVIRON-ARGS* port #f)))
             (formals formals) (out '()))
    (cond ((null? formals)
           (if (null? parts)
               (reverse out)
               (parser-error port "@-command didn't expect more args" command parts)))
          ((symbol? formals) (reverse (acons formals parts out)))
          ((null? parts)
           (parser-error port "@-command expects more args" command formals))
          ((and (string? (car parts)) (string-index (car parts) #\space))
           => (lambda (i)
                (let ((rest (cons (substring (car parts) (+ i 1)) (cdr parts))))
                  (if (zero? i)
                      (loop rest formals out)
                      (loop rest (cdr formals)
                            (cons (list (car formals) (substring (car parts) 0 i))
                                  out))))))
          ((and (pair? (car parts)) (eq? (caar parts) '*braces*))
           (loop (cdr parts) (cdr formals) (acons (car formals) (cdar parts) out)))
          (else
           (loop (cdr parts) (cdr formals)
                 (cons (list (car formals) (car parts)) out))))))

;; Reads text, gives its pieces to STR-HANDLER, and returns the last seed and the
;; token that comes next, or the end-of-file object where EXPECT-EOF? allows it.
(define (read-char-data port expect-eof? preserve-ws? str-handler seed)
  (define stops (if expect-eof? '(*eof* #\{ #\} #\@ #\newline) '(#\{ #\} #\@ #\newline)))
  (define (given text more seed)
    (if (and (string-null? text) (string-null? more))
        seed
        (str-handler text more seed)))
  (define break (if preserve-ws? "\n" " "))
  (let loop ((seed seed))
    (let* ((text (next-token '() stops "reading char data" port)) (c (peek-char port)))
      (cond
       ((eof-object? c) (values (given text "" seed) c))
       ((char=? c #\@)
        (let ((seed (given text "" seed)))
          (values seed (read-command-token port))))
       ((char=? c #\{) (values (given text "" seed) (cons 'START '*braces*)))
       ((char=? c #\})
        (read-char port)
        (values (given text "" seed) (cons 'END #f)))
       (else
        (let ((next (peek-next-char port)))
          (cond
           ((eof-object? next)
            (unless expect-eof?
              (parser-error port "EOF while reading char data"))
            (values (given text "" seed) next))
           ((char=? next #\@)
            (let ((token (read-command-token port)))
              (values (given text (if (eq? (car token) 'END) "" break) seed) token)))
           ((and (not preserve-ws?) (char=? next #\newline))
            (skip-while '(#\newline) port)
            (skip-blanks port)
            (values (given text "" seed) (cons 'PARA 'para)))
           (else (loop (given text break seed))))))))))

;;; Commands.

(define (keep text more pieces)
  (if (string-null? more) (cons text pieces) (cons* more text pieces)))

;; The node names that may not be in the name of an anchor.
(define (anchor-name command entry)
  (string-append (symbol->string command) "-"
                 (string-delete (lambda (c) (memv c '(#\{ #\} #\@ #\,)))
                                (sxml->string entry))))

;; An anchor before what is in an index.
(define (anchors command arguments)
  (define (anchor entry)
    (list `(anchor (% (name ,(anchor-name command entry))))))
  (cond ((memq command '(cindex findex vindex kindex pindex tindex))
         (anchor (assq 'entry arguments)))
        ((and (string-prefix? "def" (symbol->string command))
              (eq? 'ENVIRON (cadr (command-spec command))))
         (anchor (assq 'name arguments)))
        (else '())))

;; Parses a command, whose name was read.  Returns the parts that it becomes, the
;; last first: the command itself, and an anchor that comes before it.
(define (parse-command name port significant?)
  (let*-values (((command arguments content) (complete-start-command name port))
                ((significant?)
                 (values (or significant? (and (space-significant? command) #t)))))
    (cons
     (cond
      ((memq content '(EMPTY-COMMAND INLINE-ARGS EOL-ARGS INDEX EOL-TEXT-ARGS))
       (element command arguments '()))
      ((eq? command 'verbatim)
       (element command arguments (read-verbatim-body port keep '())))
      ((eq? content 'TABLE-ENVIRON)
       (parse-table command arguments port significant?))
      (else
       (let*-values (((port) (values (if (eq? content 'EOL-TEXT)
                                         (open-input-string (rest-of-line port))
                                         port)))
                     ((parts token)
                      (parse-parts port significant?
                                   (and (not significant?)
                                        (memq content '(ENVIRON FRAGMENT)) #t)
                                   (or (memq command '(texinfo *fragment*))
                                       (eq? content 'EOL-TEXT)))))
         (check-end command content token port)
         (element command arguments parts))))
     (anchors command arguments))))

(define (check-end command content token port)
  (cond ((eof-object? token))
        ((eq? 'ITEM (car token))
         (parser-error port "@item must be within a table environment" command))
        ((and (eq? content 'ENVIRON) (not (eq? command (cdr token))))
         (parser-error port "Expecting @end for " command ", got " token))))

;; Parses a list or a table up to its @end.
(define (parse-table command arguments port significant?)
  (define item (if (memq command '(enumerate itemize)) 'item 'entry))
  (let-values (((before token) (parse-parts port significant? (not significant?) #f)))
    (let loop ((parts before) (token token))
      (if (eq? 'ITEM (car token))
          (let*-values (((name arguments content) (complete-start-command item port))
                        ((kids token)
                         (parse-parts port significant? (not significant?) #f)))
            (loop (cons (element item arguments kids) parts) token))
          (begin
            (unless (eq? 'TABLE-ENVIRON (cadr (command-spec (cdr token))))
              (parser-error port "@item not ended by @end table/enumerate/itemize" token))
            (element command arguments parts))))))

;; Parses parts up to an END or ITEM token, or the end of the file where EOF-ENDS?.
;; Returns them, the last first, and the token.  BREAK? says that the next text
;; begins a paragraph.
(define (parse-parts port significant? break? eof-ends?)
  (let loop ((port port) (break? break?) (out '()) (para #f) (include? #f)
             (finish values))
    ;; OUT with the paragraph under way closed.
    (define (closed)
      (if para (cons (element 'para '() para) out) out))
    (define (again break? out para)
      (loop port break? out para include? finish))
    (if (and break?
             (begin (skip-space port)
                    (not (memv (peek-char port) '(#\@ #\}))))
             (not (eof-object? (peek-char port))))
        (again #f (closed) '())
        (let*-values (((pieces token)
                       (read-char-data port (or eof-ends? include?) significant? keep
                                       (or para out)))
                      ((out para) (if para (values out pieces) (values pieces #f))))
          (define (closed) (if para (cons (element 'para '() para) out) out))
          ;; Adds a part to what is open.
          (define (added part)
            (if para
                (again #f out (append part para))
                (again #f (append part out) #f)))
          (cond
           ((eof-object? token)
            (if include? (finish break? out para) (values (closed) token)))
           (else
            (case (car token)
              ((END ITEM) (values (closed) token))
              ((STRING)
               (if break?
                   (again #f (closed) (list (cdr token)))
                   (added (list (cdr token)))))
              ((PARA) (again (not significant?) out para))
              ((INCLUDE)
               ;; The file's parts come before the rest of this one.
               (let ((file (string-trim-both (rest-of-line port))) (here port))
                 (when (string-null? file)
                   (parser-error port "@include without a file"))
                 (call-with-file-and-dir file
                   (lambda (port)
                     (loop port break? out para #t
                           (lambda (break? out para)
                             (loop here break? out para include? finish)))))))
              (else
               (let* ((spec (command-spec (cdr token)))
                      (inline? (inline-content? (cadr spec)))
                      (parts (parse-command (cdr token) port significant?)))
                 (cond ((not inline?)
                        (again (not significant?) (append parts (closed)) #f))
                       (break? (again #f (closed) parts))
                       (else (added parts))))))))))))

;;; Elements.

;; The element of COMMAND with ARGUMENTS and the reverse of PARTS.
(define (element command arguments parts)
  (let ((kids (join-text parts)))
    (cond ((eq? 'INLINE-TEXT-ARGS (cadr (command-spec command)))
           `(,command (% ,@(name-arguments #f (divide-text kids)
                                           (cddr (command-spec command))))))
          ((null? arguments) (cons command kids))
          (else `(,command (% ,@arguments) ,@kids)))))

;; The reverse of PARTS with neighbouring strings joined; white space between
;; elements becomes one space, and is dropped at the ends.
(define (join-text parts)
  (let loop ((l parts) (strings '()) (out '()) (last? #t))
    (define (flushed first?)
      (let ((text (string-concatenate strings)))
        (cond ((null? strings) out)
              ((not (blank? text)) (cons text out))
              ((or first? last?) out)
              (else (cons " " out)))))
    (cond ((null? l) (flushed #t))
          ((string? (car l)) (loop (cdr l) (cons (car l) strings) out last?))
          (else (loop (cdr l) '() (cons (car l) (flushed #f)) #f)))))

;; PARTS divided at the commas in their strings: a list of lists of parts.
(define (divide-text parts)
  (let loop ((l parts) (arg '()) (out '()))
    (define (flush) (cons (reverse arg) out))
    (cond ((null? l)
           (map trim-argument (reverse (if (and (null? arg) (null? out)) out (flush)))))
          ((and (string? (car l)) (string-index (car l) #\,))
           => (lambda (i)
                (loop (cons (substring (car l) (+ i 1)) (cdr l))
                      '()
                      (cons (reverse (cons (substring (car l) 0 i) arg)) out))))
          (else (loop (cdr l) (cons (car l) arg) out)))))

;; An argument without white space at its ends; #f for an empty one.
(define (trim-argument parts)
  (define (trim-first trim parts)
    (if (and (pair? parts) (string? (car parts)))
        (let ((s (trim (car parts))))
          (if (string-null? s) (trim-first trim (cdr parts)) (cons s (cdr parts))))
        parts))
  (let ((parts (reverse (trim-first string-trim-right
                                    (reverse (trim-first string-trim parts))))))
    (and (pair? parts) parts)))

;;; Documents.

(define (texi-fragment->stexi string-or-port)
  "Parse the Texinfo in a string or a port and return it as a *fragment*."
  (let ((port (if (string? string-or-port)
                  (open-input-string string-or-port)
                  string-or-port)))
    (finish-tree (car (parse-command '*fragment* port #f)))))

(define (texi->stexi port)
  "Parse the Texinfo document in PORT, from its @settitle to @bye or the end, and
return it as data."
  (unless (find-string-from-port? "\n@settitle " port)
    (parser-error port "No \\n@settitle  found"))
  (skip-blanks port)
  (when (eqv? (peek-char port) #\newline)
    (parser-error port "You have a @settitle, but no title"))
  (finish-tree (car (parse-command 'texinfo port #f))))

(define (trim-text text first? last?)
  (let ((words (string-tokenize text)))
    (string-append (if (and (not first?) (string-prefix? " " text)) " " "")
                   (string-join words)
                   (if (and (not last?) (pair? words) (string-suffix? " " text)) " " ""))))

;; TREE with white space trimmed, and with what @set, @value, @copying and @contents
;; ask for.
(define (finish-tree tree)
  ;; Returns the finished parts and the values known behind them, an alist of
  ;; strings and parts and of the symbol copying.
  (define (finish parts known first? significant?)
    (let loop ((l parts) (out '()) (known known) (first? first?))
      (cond
       ((null? l) (values (reverse! out) known))
       ((string? (car l))
        (loop (cdr l)
              (cons (if significant? (car l) (trim-text (car l) first? (null? (cdr l))))
                    out)
              known #f))
       ((pair? (car l))
        (case (caar l)
          ((set) (loop (cdr l) out (add-value (cdar l) known) #f))
          ((value)
           (let* ((key (cadr (assq 'key (cdadar l)))) (entry (assoc key known)))
             (unless entry (error "unknown value" key))
             (loop (append (cdr entry) (cdr l)) out known #f)))
          ((copying) (loop (cdr l) out (cons (car l) known) #f))
          ((insertcopying)
           (let ((entry (assq 'copying known)))
             (unless entry (error "copying isn't set yet"))
             (loop (append (cdr entry) (cdr l)) out known #f)))
          ((contents) (loop (cdr l) (append-reverse (contents tree) out) known #f))
          (else
           (let-values (((kids known)
                         (finish (cdar l) known #t
                                 (or significant? (space-significant? (caar l))))))
             (loop (cdr l) (cons (cons (caar l) kids) out) known #f)))))
       (else (loop (cdr l) (cons (car l) out) known first?)))))
  (let-values (((parts known) (finish (cdr tree) '() #t #f)))
    (cons (car tree) parts)))

(define (add-value parts known)
  (unless (and (pair? parts) (string? (car parts)))
    (error "expected a constant to define for @set" parts))
  (let* ((text (car parts)) (i (string-index text #\space)))
    (if i
        (acons (substring text 0 i)
               (cons (substring text (+ i 1)) (cdr parts))
               known)
        (acons text (cdr parts) known))))

;; The table of contents of TREE: lists of references to the nodes of sections.
(define (contents tree)
  ;; Pairs of the depth of each section and what stands for it.
  (define sections
    (let loop ((l (cdr tree)) (node #f) (out '()))
      (cond ((null? l) (reverse out))
            ((not (pair? (car l))) (loop (cdr l) node out))
            ((eq? 'node (caar l))
             (loop (cdr l) (cadr (assq 'name (cdadar l))) out))
            ((texi-command-depth (caar l) 4)
             => (lambda (depth)
                  (loop (cdr l) #f
                        (if (zero? depth)
                            out
                            (acons depth
                                   `(para ,@(if node `((ref (% (node ,node)))) (cdar l)))
                                   out)))))
            (else (loop (cdr l) #f out)))))
  ;; The list of those at DEPTH and deeper, and what is left.
  (define (level sections depth)
    (let loop ((l sections) (items '()))
      (cond ((or (null? l) (< (caar l) depth))
             (values (cons 'enumerate (reverse items)) l))
            ((> (caar l) depth)
             (let-values (((inner rest) (level l (+ depth 1))))
               (loop rest
                     (if (null? items)
                         (list (list 'item inner))
                         (cons (append (car items) (list inner)) (cdr items))))))
            (else (loop (cdr l) (cons (list 'item (cdar l)) items))))))
  (let-values (((items rest) (level sections 1)))
    (list '(chapheading "Table of Contents") items)))

(define (stexi->sxml tree)
  "Return TREE with arguments as an element texinfo-arguments in place of %."
  (pre-post-order
   tree
   `((% . ,(lambda (tag . parts) (cons 'texinfo-arguments parts)))
     (*text* . ,(lambda (tag text) text))
     (*default* . ,(lambda (tag . parts) (cons tag parts))))))
