;;; The options of reading, printing and debugging (Guile manual, "Runtime
;;; Options").  An interface keeps the options of a kind: a vector of their
;;; table and their current values.

(define (%make-options table set!)
  ;; TABLE is a list of (NAME DEFAULT DOCUMENTATION KIND), KIND being switch or
  ;; value; SET! is called with the name and the new value of an option.
  (vector table (map (lambda (o) (cons (car o) (cadr o))) table) set!))

(define (%options-set! options name value)
  (let ((slot (assq name (vector-ref options 1))))
    (unless slot
      (scm-error 'misc-error "options" "no such option: ~S" (list name) #f))
    (set-cdr! slot value)
    ((vector-ref options 2) name value)))

(define (%options->list options)
  (let loop ((os (vector-ref options 0)) (slots (vector-ref options 1)) (acc '()))
    (if (null? os)
        acc
        (let ((slot (car slots)))
          (loop (cdr os) (cdr slots)
                (cond ((eq? (cadddr (car os)) 'value)
                       (cons* (car slot) (cdr slot) acc))
                      ((cdr slot) (cons (car slot) acc))
                      (else acc)))))))

(define (%options-value? options name)
  (let ((o (assq name (vector-ref options 0))))
    (and o (eq? (cadddr o) 'value))))

(define (%options-help options)
  (for-each (lambda (o slot)
              (display (car o))
              (display "\t\t")
              (cond ((eq? (cadddr o) 'value) (display (cdr slot)))
                    ((cdr slot) (display "yes"))
                    (else (display "no")))
              (display "\t")
              (display (caddr o))
              (newline))
            (vector-ref options 0) (vector-ref options 1)))

(define (%options-replace! options setting)
  ;; Switches that SETTING does not name go off.
  (for-each (lambda (o)
              (unless (eq? (cadddr o) 'value)
                (%options-set! options (car o) (and (memq (car o) setting) #t))))
            (vector-ref options 0))
  (let loop ((l setting))
    (cond ((null? l))
          ((%options-value? options (car l))
           (%options-set! options (car l) (cadr l))
           (loop (cddr l)))
          (else
           (%options-set! options (car l) #t)
           (loop (cdr l))))))

(define (%options-interface options)
  (lambda args
    (cond ((null? args) (%options->list options))
          ((list? (car args))
           (let ((old (%options->list options)))
             (%options-replace! options (car args))
             old))
          (else (%options-help options)))))

(define (%options-switch options to)
  (lambda names
    (for-each (lambda (name) (%options-set! options name to)) names)
    (%options->list options)))

(define %read-options
  (%make-options
   '((positions #t "Record positions of source code expressions." switch)
     (case-insensitive #f "Read symbols in lower case." switch)
     (keywords #f "Read :name as keywords (prefix) or name: (postfix), or neither (#f)." value)
     (r6rs-hex-escapes #f "Read hexadecimal escapes in strings as R6RS has them alone." switch)
     (square-brackets #t "Read [ and ] as parentheses." switch)
     (hungry-eol-escapes #f "Skip the blanks at the start of a continued line of a string." switch)
     (curly-infix #f "Read {...} as SRFI 105 has it." switch)
     (r7rs-symbols #f "Read |...| as symbols; they always are." switch)
     (bytestrings #f "Read #u8\"...\" as SRFI 207 has it." switch))
   (lambda (name value)
     (%reading! name value)
     (when (eq? name 'keywords)
       ;; How symbols are written may depend on it.
       (%printing! 'quote-keywordish-symbols
                   (cdr (assq 'quote-keywordish-symbols
                              (vector-ref %print-options 1))))))))

(define %print-options
  (%make-options
   '((highlight-prefix "{" "What is written before highlighted values." value)
     (highlight-suffix "}" "What is written after highlighted values." value)
     (quote-keywordish-symbols reader "Quote symbols with a colon first or last: always (#t), never (#f), or when they would read as keywords (reader)." value)
     (escape-newlines #t "Write line ends in strings as \\n." switch)
     (r7rs-symbols #f "Write symbols that need quoting as |...|." switch)
     (bytestrings #f "Write bytevectors as SRFI 207 has it." switch))
   (lambda (name value) (%printing! name value))))

(define %debug-options
  (%make-options
   '((backwards #f "Show backtraces with the newest call first." switch)
     (width 79 "How wide a backtrace may be." value)
     (depth 20 "How many calls a backtrace shows." value)
     (backtrace #t "Show backtraces of errors." switch)
     (stack 838860 "Limit of the stack; it grows without one." value)
     (show-file-name #t "Show file names in backtraces." value)
     (warn-deprecated #f "Warn of deprecated features." switch))
   (lambda (name value) #t)))

(define (read-options-interface . args) (apply (%options-interface %read-options) args))
(define (print-options-interface . args) (apply (%options-interface %print-options) args))
(define (debug-options-interface . args) (apply (%options-interface %debug-options) args))

(define (read-options . args)
  "Return the read options that are on, or set them to a list of this form."
  (apply (%options-interface %read-options) args))
(define (print-options . args)
  "Return the print options that are on, or set them to a list of this form."
  (apply (%options-interface %print-options) args))
(define (debug-options . args)
  "Return the debug options that are on, or set them to a list of this form."
  (apply (%options-interface %debug-options) args))

(define (install-r6rs!)
  "Read and print as R6RS says where Guile's own way differs."
  (read-enable 'r6rs-hex-escapes 'hungry-eol-escapes)
  (set! %load-extensions
        (cons* ".guile.sls" ".sls" (%other-extensions '(".guile.sls" ".sls")))))

(define (install-r7rs!)
  "Read and print as R7RS says where Guile's own way differs."
  (install-r6rs!)
  (set! %load-extensions
        (cons* ".guile.sld" ".sld" (%other-extensions '(".guile.sld" ".sld"))))
  (read-enable 'r7rs-symbols)
  (print-enable 'r7rs-symbols))

(define (%other-extensions these)
  (filter (lambda (x) (not (member x these))) %load-extensions))

(define (read-enable . names) (apply (%options-switch %read-options #t) names))
(define (read-disable . names) (apply (%options-switch %read-options #f) names))
(define (print-enable . names) (apply (%options-switch %print-options #t) names))
(define (print-disable . names) (apply (%options-switch %print-options #f) names))
(define (debug-enable . names) (apply (%options-switch %debug-options #t) names))
(define (debug-disable . names) (apply (%options-switch %debug-options #f) names))

(define (%read-set! name value)
  (%options-set! %read-options name value)
  (read-options))
(define (%print-set! name value)
  (%options-set! %print-options name value)
  (print-options))
(define (%debug-set! name value)
  (%options-set! %debug-options name value)
  (debug-options))

(define-syntax read-set!
  (syntax-rules () ((_ name value) (%read-set! 'name value))))
(define-syntax print-set!
  (syntax-rules () ((_ name value) (%print-set! 'name value))))
(define-syntax debug-set!
  (syntax-rules () ((_ name value) (%debug-set! 'name value))))
