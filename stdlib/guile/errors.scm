;;; Showing exceptions and stacks.

(define %exception-printers '())

(define (set-exception-printer! key proc)
  "Have PROC print exceptions thrown to KEY.  It is called with a port, the key,
the arguments, and a thunk that prints in the usual way."
  (set! %exception-printers
        (cons (cons key proc)
              (filter (lambda (entry) (not (eq? (car entry) key))) %exception-printers))))

(define (print-exception port frame key args)
  "Print the exception of KEY and ARGS to PORT, with the place of FRAME when that
is not #f."
  (define (default)
    (%format-message port "Throw to key `~a' with args `~s'." (list key args)))
  (if frame
      (let ((source (frame-source frame)) (name (frame-procedure-name frame)))
        (if source
            (%format-message port "~a:~a:~a: "
                             (list (cadr source) (+ 1 (caddr source)) (cdddr source))))
        (if name (%format-message port "In procedure ~a:\n" (list name)))))
  (catch #t
    (lambda ()
      (let ((printer (assq key %exception-printers)))
        (if printer
            ((cdr printer) port key args default)
            (%print-known-exception port key args default))))
    (lambda args (display "Error while printing exception." port)))
  (newline port)
  (force-output port))

(define (%format-message port message args)
  (if (and (pair? args) (string? message))
      (apply (@ (ice-9 format) format) port message args)
      (display (if (string? message) (%unescape-message message) message) port)))

;; A message without arguments may still hold ~~ and ~%.
(define (%unescape-message message)
  (if (string-index message #\~)
      ((@ (ice-9 format) format) #f message)
      message))

(define (%print-known-exception port key args default)
  (case key
    ((syntax-error) (%print-syntax-error port args default))
    ((%exception) (%print-exception-object port (car args) default))
    ((getaddrinfo-error)
     (%format-message port "In procedure getaddrinfo: ~a" (list (gai-strerror (car args)))))
    ((quit) (default))
    ((wrong-number-of-args wrong-type-arg out-of-range unbound-variable misc-error
      system-error numerical-overflow keyword-argument-error stack-overflow
      out-of-memory read-error regular-expression-syntax vm-error bad-format
      decoding-error encoding-error null-pointer-error unbound-fluid
      goops-error assertion-failed non-continuable no-data no-recovery
      try-again host-not-found program-error)
     (if (and (pair? args) (pair? (cdr args)) (pair? (cddr args)))
         (let ((who (car args)) (message (cadr args)) (rest (caddr args)))
           (if who (%format-message port "In procedure ~a: " (list who)))
           (%format-message port message (if (list? rest) rest '()))
           (if (and (eq? key 'keyword-argument-error) (null? rest) (pair? (cdddr args))
                    (pair? (cadddr args)))
               (%format-message port ": ~s" (list (car (cadddr args))))))
         (default)))
    (else (default))))

(define (%print-syntax-error port args default)
  (if (and (list? args) (>= (length args) 4))
      (let* ((who (car args)) (message (cadr args)) (where (caddr args)) (form (cadddr args))
             (subform (and (pair? (cddddr args)) (car (cddddr args))))
             (part (lambda (name) (and (pair? where) (assq-ref where name)))))
        (display "Syntax error:\n" port)
        (if (part 'line)
            (%format-message port "~a:~a:~a: "
                             (list (or (part 'filename) "unknown file")
                                   (+ 1 (part 'line)) (part 'column)))
            (display "unknown location: " port))
        (if who (%format-message port "~a: " (list who)))
        (display message port)
        (if subform
            (%format-message port " in subform ~s of ~s" (list subform form))
            (if form (%format-message port " in form ~s" (list form)))))
      (default)))

(define (%print-exception-object port exn default)
  (if (exception? exn)
      (let loop ((parts (simple-exceptions exn)) (i 1))
        (if (= i 1) (display "ERROR:" port))
        (if (pair? parts)
            (let* ((part (car parts))
                   (type (record-type-descriptor part))
                   (fields (record-type-fields type)))
              (%format-message port "\n  ~a. ~a" (list i (record-type-name type)))
              (cond ((null? fields) #f)
                    ((null? (cdr fields))
                     (%format-message port ": ~s" (list ((record-accessor type (car fields)) part))))
                    (else
                     (display ":" port)
                     (for-each (lambda (field)
                                 (%format-message port "\n      ~a: ~s"
                                                  (list field ((record-accessor type field) part))))
                               fields)))
              (loop (cdr parts) (+ i 1)))))
      (default)))

(define (gai-strerror code)
  "Say in words what an error CODE of getaddrinfo means."
  (cond ((assv code '((-1 . "Bad value for ai_flags") (-2 . "Name or service not known")
                      (-3 . "Temporary failure in name resolution")
                      (-4 . "Non-recoverable failure in name resolution")
                      (-5 . "No address associated with hostname")
                      (-6 . "ai_family not supported") (-7 . "ai_socktype not supported")
                      (-8 . "Servname not supported for ai_socktype")
                      (-10 . "Memory allocation failure") (-11 . "System error")))
         => cdr)
        (else "Unknown error")))

(define (display-error frame port subr message args rest)
  "Print an error as the arguments of scm-error tell of it."
  (if frame
      (let ((source (frame-source frame)))
        (if source
            (%format-message port "~a:~a:~a: "
                             (list (cadr source) (+ 1 (caddr source)) (cdddr source))))))
  (if subr (%format-message port "In procedure ~a: " (list subr)))
  (%format-message port message (or args '()))
  (newline port))

(define* (display-backtrace stack port #:optional (first #f) (depth #f) (highlights '()))
  "Print the frames of STACK to PORT, the innermost last."
  (let* ((count (if stack (stack-length stack) 0))
         (first (or first 0))
         (end (if depth (min count (+ first depth)) count)))
    (let loop ((i (- end 1)) (file #f))
      (if (>= i first)
          (let* ((frame (stack-ref stack i))
                 (source (frame-source frame))
                 (name (and source (cadr source))))
            (if (not (equal? name file))
                (%format-message port "In ~a:\n" (list (or name "unknown file"))))
            (display (string-pad (if source
                                     (string-append (number->string (+ 1 (caddr source))) ":"
                                                    (number->string (cdddr source)))
                                     "")
                                 9)
                     port)
            (display (string-pad (number->string i) 4) port)
            (display " " port)
            (write (%frame-call frame) port)
            (newline port)
            (loop (- i 1) name))))))

(define (%frame-call frame)
  (cons (or (frame-procedure-name frame) '_)
        (map %abridged (frame-arguments frame))))

;; What is long is not shown in a backtrace.
(define (%abridged value)
  (if (or (number? value) (symbol? value) (boolean? value) (null? value)
          (and (string? value) (< (string-length value) 40)))
      value
      (let ((text (call-with-output-string (lambda (port) (write value port)))))
        (string->symbol (if (> (string-length text) 60)
                            (string-append (substring text 0 57) "…")
                            text)))))

(define* (backtrace #:optional (highlights '()))
  "Print the current backtrace to the current output port."
  (let ((port (current-output-port)))
    (display "\nBacktrace:\n" port)
    (display-backtrace (make-stack #t backtrace) port)
    (newline port)))

(define* (display-application frame #:optional (port (current-output-port)) (indent 0))
  (display (make-string indent #\space) port)
  (write (%frame-call frame) port))

(define the-last-stack (make-fluid #f))

(define before-error-hook (make-hook))

(define after-error-hook (make-hook))

(define before-backtrace-hook (make-hook))

(define after-backtrace-hook (make-hook))

(define (%start-stack id thunk) (thunk))

(define-syntax-rule (start-stack id expression)
  (%start-stack id (lambda () expression)))

(define %stacks (make-fluid '()))

(define (make-exception-from-throw key args)
  "Return the exception that (throw KEY . ARGS) raises."
  (%make-throw key args))
