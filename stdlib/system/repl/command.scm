;;; Commands of the dialogue that programs define.
;;;
;;; Commentary:
;;;
;;; A command is typed behind a comma. 'define-meta-command' defines one:
;;;
;;;   (define-meta-command ((greet example) repl (form) . rest)
;;;     "greet EXPR: say hello to what EXPR yields"
;;;     (format #t "Hello, ~a~%" (eval form (current-module))))
;;;
;;; The first word names the command, the second the group that lists it; the
;;; expressions that follow the dialogue's variable are read in full, the
;;; others as data up to the end of the input. The dialogue looks commands up
;;; here after its own.
;;;
;;; Guile's manual describes the commands in "REPL Commands"; the macro is known
;;; from programs that use it, such as Geiser.

(define-module (system repl command)
  #:use-module (system repl common)
  #:export (define-meta-command meta-command find-meta-command meta-commands add-meta-command!))

;; Commands by name: vectors of name, group, documentation, how many expressions
;; are read first, and the procedure.
(define table (make-hash-table))

(define the-repl #f)
(define (current-repl)
  (unless the-repl (set! the-repl (make-repl)))
  the-repl)

(define (add-meta-command! name group documentation expressions proc)
  "Make NAME, a symbol, a command of GROUP. Its first EXPRESSIONS arguments are
expressions. PROC is called with the dialogue and the arguments."
  (hashq-set! table name
              (vector name group documentation expressions
                      (lambda args (apply proc (current-repl) args))))
  *unspecified*)

(define (find-meta-command name)
  "Return the command NAME as a vector, #f when there is none."
  (hashq-ref table name #f))

(define (meta-commands)
  "Return all commands as a list of vectors."
  (hash-map->list (lambda (name command) command) table))

(define-syntax define-meta-command
  (syntax-rules ()
    ((_ ((name group) repl (expression ...) . rest) documentation body0 body ...)
     (add-meta-command! 'name 'group documentation (length '(expression ...))
                        (lambda* (repl expression ... . rest) body0 body ...)))
    ((_ ((name group) repl . rest) documentation body0 body ...)
     (define-meta-command ((name group) repl () . rest) documentation body0 body ...))
    ((_ (name repl . rest) documentation body0 body ...)
     (define-meta-command ((name #f) repl . rest) documentation body0 body ...))))

(define (meta-command repl)
  "Read the rest of a command from the current input port, behind its comma,
and carry it out."
  (let* ((name (read))
         (command (and (symbol? name) (find-meta-command name))))
    (unless command
      (user-error "unknown command: ~A" name))
    (let read-all ((args '()))
      (let ((x (if (rest-of-line-empty?) the-eof-object (read))))
        (if (eof-object? x)
            (apply (vector-ref command 4) (reverse args))
            (read-all (cons x args)))))))

(define the-eof-object (call-with-input-string "" read-char))

(define (rest-of-line-empty?)
  (let loop ()
    (let ((c (peek-char)))
      (cond ((or (eof-object? c) (char=? c #\newline)) #t)
            ((char-whitespace? c) (read-char) (loop))
            (else #f)))))
