;;; Interactive help: which names there are, and what is known about them.
;;;
;;; Commentary:
;;;
;;; The procedures whose names begin with 'apropos' walk over modules and their
;;; names. 'apropos-fold' is the general one: it takes a way to walk over
;;; modules (a folder), of which 'apropos-fold-accessible',
;;; 'apropos-fold-exported' and 'apropos-fold-all' are three. 'help' prints what
;;; is known about a name, an expression's value, or a module.
;;;
;;; See the sections "Help Commands" and "Compiled Procedures" in Guile's
;;; manual.

(define-module (ice-9 session)
  #:use-module (ice-9 documentation)
  #:use-module (ice-9 regex)
  #:export (help
            add-value-help-handler! remove-value-help-handler!
            add-name-help-handler! remove-name-help-handler!
            apropos-hook
            apropos apropos-internal apropos-fold
            apropos-fold-accessible apropos-fold-exported apropos-fold-all
            source arity procedure-arguments module-commentary))

;; The file of the module of that name, #f when there is none.
(define (module-filename name)
  (%search-load-path (string-join (map (lambda (part) (object->string part display)) name) "/")))

;;; Handlers of other kinds of documentation.

(define value-help-handlers
  (list (lambda (name value) (object-documentation value))))
(define name-help-handlers '())

(define (add-value-help-handler! proc)
  "Ask PROC first when help about a value is wanted. It is called with the
name and the value, and returns a text, #t when it has printed one itself, or
#f to let others try."
  (set! value-help-handlers (cons proc value-help-handlers)))

(define (remove-value-help-handler! proc)
  "Ask PROC no more."
  (set! value-help-handlers (delete proc value-help-handlers)))

(define (add-name-help-handler! proc)
  "Ask PROC first when help about an unevaluated name is wanted. It is called
with what was given to 'help', and returns as a value handler does."
  (set! name-help-handlers (cons proc name-help-handlers)))

(define (remove-name-help-handler! proc)
  "Ask PROC no more."
  (set! name-help-handlers (delete proc name-help-handlers)))

(define (value-help name value)
  (or-map (lambda (proc) (proc name value)) value-help-handlers))

(define (name-help name)
  (or-map (lambda (proc) (proc name)) name-help-handlers))

;;; Walking over modules.

(define (module-file-name name)
  (false-if-exception (module-filename (resolve-module name #f #:ensure #f))))

;; Geiser asks for this one by its name in Guile.
(define (module-filename* name) (module-file-name name))

(define (submodules-of module)
  (let ((table (module-submodules module)))
    (if (hash-table? table)
        (hash-map->list (lambda (name sub) sub) table)
        (map cdr table))))

(define (root-modules)
  (submodules-of (resolve-module '() #f)))

;; PROC is called with a module and the result so far. No module is seen twice.
(define (fold-modules proc init start next)
  (let ((seen (make-hash-table)))
    (let loop ((todo start) (result init))
      (cond ((null? todo) result)
            ((hashq-ref seen (car todo)) (loop (cdr todo) result))
            (else
             (let ((module (car todo)))
               (hashq-set! seen module #t)
               (loop (append (next module) (cdr todo))
                     (proc module result))))))))

(define (apropos-fold-accessible module)
  "Return a folder over MODULE and the interfaces it uses."
  (lambda (proc init)
    (fold-modules proc init (list module) module-uses)))

(define (apropos-fold-exported proc init)
  "Fold PROC over the public interfaces of all loaded modules."
  (fold-modules (lambda (module result)
                  (let ((interface (module-public-interface module)))
                    (if interface (proc interface result) result)))
                init (root-modules) submodules-of))

(define (apropos-fold-all proc init)
  "Fold PROC over all loaded modules."
  (fold-modules proc init (root-modules) submodules-of))

(define (apropos-fold proc init rgx folder)
  "Fold PROC over the names of modules. It is called with the module, the
name, the value of the variable or #f when it has none, and the result so far.
RGX selects names: a regular expression, or #f for all. FOLDER walks over
modules."
  (let ((rx (and rgx (if (regexp? rgx) rgx (make-regexp rgx)))))
    (folder
     (lambda (module result)
       (let ((pairs '()))
         (module-for-each (lambda (name variable) (set! pairs (cons (cons name variable) pairs)))
                          module)
         (let loop ((pairs pairs) (result result))
           (if (null? pairs)
               result
               (let ((name (caar pairs)) (variable (cdar pairs)))
                 (loop (cdr pairs)
                       (if (or (not rx) (regexp-exec rx (symbol->string name)))
                           (proc module name
                                 (and (variable? variable) (variable-bound? variable) (variable-ref variable))
                                 result)
                           result)))))))
     init)))

(define (apropos-internal rgx)
  "Return the names in the current module and in what it uses that match RGX."
  (apropos-fold (lambda (module name value result)
                  (if (memq name result) result (cons name result)))
                '() rgx (apropos-fold-accessible (current-module))))

;; Called by apropos before it prints, with what it was given.
(define apropos-hook (make-hook 1))

(define (apropos rgx . options)
  "Print the names that match RGX with the modules that define them, and their
values too when OPTIONS holds the symbol 'full' or 'value'."
  (run-hook apropos-hook rgx)
  (let ((values? (or (memq 'full options) (memq 'value options) (memq 'shadow options))))
    (apropos-fold
     (lambda (module name value seen)
       (if (member (cons module name) seen)
           seen
           (begin
             (display (module-name module)) (display ": ") (display name)
             (when (and values? value)
               (display "\t") (write value))
             (newline)
             (cons (cons module name) seen))))
     '() rgx (apropos-fold-accessible (current-module)))
    *unspecified*))

;;; Procedures.

(define (procedure-arguments proc)
  "Return an alist that tells the arguments of PROC, with the keys required,
optional, keyword, allow-other-keys? and rest; #f when it is not known."
  (cond ((procedure-property proc 'arglist)
         => (lambda (arglist)
              (map cons
                   '(required optional keyword allow-other-keys? rest)
                   arglist)))
        ((%procedure-arities proc)
         => (lambda (clauses) (and (pair? clauses) (car clauses))))
        (else #f)))

(define (arity object)
  "Print how many arguments OBJECT takes, and their names."
  (define (count n what)
    (string-append (number->string n) " " what (if (= n 1) " argument" " arguments")))
  (let ((clauses (and (procedure? object) (%procedure-arities object))))
    (unless clauses
      (scm-error 'wrong-type-arg "arity" "Wrong type argument in position ~A: ~S" (list 1 object) (list object)))
    (for-each
     (lambda (clause)
       (let ((required (assq-ref clause 'required))
             (optional (assq-ref clause 'optional))
             (rest (assq-ref clause 'rest)))
         (display (count (length required) "required"))
         (unless (null? optional) (display ", ") (display (count (length optional) "optional")))
         (when rest (display ", and any number more"))
         (unless (or (null? required) (equal? required (map (const '_) required)))
           (display ": ") (write (append required optional)))
         (display ".") (newline)))
     clauses)))

(define (source object)
  "Return the source of the procedure OBJECT, where it is kept, else #f."
  (and (procedure? object) (procedure-source object)))

(define (module-commentary name)
  "Return the commentary at the top of the file of module NAME, or #f."
  (let ((file (module-file-name name)))
    (and file
         (let ((path (%search-load-path file)))
           (and path (file-commentary path))))))

;;; Help.

(define (print-text text)
  (cond ((string? text)
         (display text)
         (unless (string-suffix? "\n" text) (newline)))
        ((not (eq? text #t)) (display text) (newline))))

(define (help-value name value)
  (cond ((value-help name value) => print-text)
        ((procedure? value) (write value) (newline) (arity value))
        (else (display "No documentation found for:") (newline)
              (write name) (newline))))

(define (help-names rgx)
  (let ((found (sort (apropos-internal rgx)
                     (lambda (a b) (string<? (symbol->string a) (symbol->string b))))))
    (if (null? found)
        (begin (display "Did not find any object for ") (write rgx) (newline))
        (for-each
         (lambda (name)
           (display name)
           (let* ((value (and (module-defined? (current-module) name)
                              (module-ref (current-module) name)))
                  (text (and value (value-help name value))))
             (when (string? text)
               (display ": ")
               (display (car (string-split text #\newline)))))
           (newline))
         found))))

(define (help-module name)
  (let ((text (false-if-exception (module-commentary name))))
    (cond (text (print-text text))
          (else
           (display "No commentary found for module ") (write name) (newline)))))

(define (list-of-symbols? x) (and (pair? x) (list? x) (and-map symbol? x)))

(define (help* exp)
  (cond ((name-help exp) => print-text)
        ((symbol? exp)
         (if (module-defined? (current-module) exp)
             (help-value exp (module-ref (current-module) exp))
             (help-names (string-append "^" (regexp-quote (symbol->string exp)) "$"))))
        ((string? exp) (help-names exp))
        ((and (pair? exp) (eq? (car exp) 'quote)
              (symbol? (cadr exp)))
         (let ((text (search-documentation-files (cadr exp))))
           (if text (print-text text) (help* (cadr exp)))))
        ((and (list-of-symbols? exp) (resolve-module exp #f #:ensure #f)) (help-module exp))
        (else (help-value exp (primitive-eval exp)))))

(define-syntax help
  (syntax-rules ()
    "(help [NAME]): print what is known about NAME: about a name, the names
that match a string, a module given as (a b), or the value of an expression."
    ((_) (begin (display "(help NAME) tells about a name, (help \"REGEXP\") lists names, (help (a b)) tells about a module.")
                (newline)))
    ((_ exp) (help* 'exp))))
