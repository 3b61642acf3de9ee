;;; Texinfo as data back to Texinfo.

(define-module (texinfo serialize)
  #:use-module (texinfo commands)
  #:use-module (texinfo string-utils)
  #:export (stexi->texi))

(define (arguments parts)
  (if (and (pair? parts) (pair? (car parts)) (eq? '% (caar parts)))
      (cdar parts)
      '()))

(define (body parts)
  (if (and (pair? parts) (pair? (car parts)) (eq? '% (caar parts)))
      (cdr parts)
      parts))

(define (texts parts)
  (string-concatenate (map stexi->texi parts)))

(define (escape text)
  (escape-special-chars text "{}@" #\@))

;; The text of the argument NAME, #f if there is none.
(define (argument name args)
  (let ((entry (assq name args)))
    (and entry (texts (cdr entry)))))

;; The arguments by FORMALS, with SEPARATOR between them, up to the last there is.
(define (listed formals args separator)
  (let loop ((formals formals) (out '()))
    (cond ((null? formals)
           (let trim ((out out))
             (if (and (pair? out) (not (car out)))
                 (trim (cdr out))
                 (string-join (map (lambda (x) (or x "")) (reverse out)) separator))))
          ((symbol? formals)
           (loop '() (cons (argument formals args) out)))
          ((eq? #:opt (car formals)) (loop (cdr formals) out))
          (else (loop (cdr formals) (cons (argument (car formals) args) out))))))

;; The arguments on the line of a definition, those with a space in braces.
(define (spaced formals args)
  (let loop ((formals formals) (out '()))
    (define (add text)
      (if text (cons text out) out))
    (cond ((null? formals) (string-join (reverse out) " "))
          ((symbol? formals) (loop '() (add (argument formals args))))
          (else
           (let ((text (argument (car formals) args)))
             (loop (cdr formals)
                   (add (and text
                             (if (string-index text #\space)
                                 (string-append "{" text "}")
                                 text)))))))))

;; The format of a list or a table: a command, or text.
(define (format-text args)
  (define (one x)
    (cond ((string? x) x)
          ((null? (cdr x)) (string-append "@" (symbol->string (car x))))
          (else (stexi->texi x))))
  (if (null? args)
      ""
      (string-concatenate (map one (cdar args)))))

(define (stexi->texi tree)
  "Return the Texinfo of TREE, Texinfo as data."
  (cond ((null? tree) "")
        ((string? tree) (escape tree))
        ((pair? tree) (element (car tree) (arguments (cdr tree)) (body (cdr tree))))
        (else (error "stexi->texi: not Texinfo as data:" tree))))

(define (element command args parts)
  (let* ((spec (command-spec command))
         (formals (cddr spec))
         (name (symbol->string command)))
    (define (at . rest)
      (string-concatenate (cons* "@" name rest)))
    (define (environment line)
      (at " " line "\n" (texts parts)
          (if (memq command '(verbatim example smallexample lisp smalllisp display
                              smalldisplay format smallformat))
              "\n"
              "")
          "@end " name "\n\n"))
    (case (cadr spec)
      ((INLINE-TEXT)
       (if (eq? command '*braces*)
           (string-append "@{" (texts parts) "@}")
           (at "{" (texts parts) "}")))
      ((INLINE-ARGS INLINE-TEXT-ARGS)
       (at "{" (listed (if (list? formals) formals (list formals)) args ",") "}"))
      ((EOL-ARGS)
       (at " " (listed (if (list? formals) formals (list formals)) args ", ") "\n"))
      ((EOL-TEXT) (at " " (texts parts) "\n"))
      ((INDEX) (at " " (argument 'entry args) "\n"))
      ((EOL-TEXT-ARGS) (at " " (spaced formals args) "\n"))
      ((EMPTY-COMMAND) (at "\n"))
      ((ENVIRON)
       (if (eq? command 'texinfo)
           (string-append "\\input texinfo\n@settitle " (or (argument 'title args) "")
                          "\n" (texts parts) "@bye\n")
           (environment (spaced formals args))))
      ((TABLE-ENVIRON) (environment (format-text args)))
      ((ITEM) (string-append "@item\n" (texts parts)))
      ((ENTRY) (string-append "@item " (argument 'heading args) "\n" (texts parts)))
      ((PARAGRAPH) (string-append (fill-string (texts parts)) "\n\n"))
      (else (texts parts)))))
