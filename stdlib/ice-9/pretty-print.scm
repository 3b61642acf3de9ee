;;; Pretty printing: a datum on one line when it fits, else broken so that the
;;; parts of a form line up.

(define-module (ice-9 pretty-print)
  #:export (pretty-print truncated-print))

;; How many leading parts of a form stay on its first line.
(define %special
  '((define . 1) (define* . 1) (define-public . 1) (define-syntax . 1)
    (define-module . 1) (define-record-type . 1) (lambda . 1) (lambda* . 1)
    (let . 1) (let* . 1) (letrec . 1) (letrec* . 1) (let-values . 1)
    (let*-values . 1) (syntax-rules . 1) (syntax-case . 2) (case . 1)
    (when . 1) (unless . 1) (match . 1) (parameterize . 1)
    (with-imported-modules . 1) (begin . 0) (cond . 0)))

(define %abbreviations
  '((quote . "'") (quasiquote . "`") (unquote . ",") (unquote-splicing . ",@")
    (syntax . "#'") (quasisyntax . "#`") (unsyntax . "#,")
    (unsyntax-splicing . "#,@") (gexp . "#~") (ungexp . "#$")
    (ungexp-splicing . "#$@") (ungexp-native . "#+")
    (ungexp-native-splicing . "#+@")))

(define (%abbreviation x)
  (and (pair? x) (symbol? (car x)) (pair? (cdr x)) (null? (cddr x))
       (assq-ref %abbreviations (car x))))

(define (%one-line x display?)
  (call-with-output-string
   (lambda (port)
     (let out ((x x))
       (cond ((%abbreviation x) => (lambda (mark) (put-string port mark) (out (cadr x))))
             ((pair? x)
              (put-char port #\()
              (let loop ((x x) (first? #t))
                (cond ((pair? x)
                       (unless first? (put-char port #\space))
                       (out (car x))
                       (loop (cdr x) #f))
                      ((null? x) #f)
                      (else (put-string port " . ") (out x))))
              (put-char port #\)))
             (display? (display x port))
             (else (write x port)))))))

(define* (pretty-print object #:optional port*
                       #:key (port (or port* (current-output-port))) (width 79)
                       (max-expr-width 50) (display? #f) (per-line-prefix ""))
  (define (newline-at column)
    (put-char port #\newline)
    (put-string port per-line-prefix)
    (put-string port (make-string column #\space)))
  ;; Writes x at a column, with room for closing parentheses after it.
  (define (out x column closing)
    (let ((line (%one-line x display?)))
      (if (or (not (pair? x))
              (<= (+ column (string-length line) closing) width))
          (put-string port line)
          (cond ((%abbreviation x)
                 => (lambda (mark)
                      (put-string port mark)
                      (out (cadr x) (+ column (string-length mark)) closing)))
                ((symbol? (car x)) (form x column closing))
                (else
                 (put-char port #\()
                 (parts x (+ column 1) closing #t))))))
  (define (form x column closing)
    (let* ((name (%one-line (car x) display?))
           (special (assq-ref %special (car x))))
      (put-char port #\()
      (put-string port name)
      (if special
          (let loop ((rest (cdr x)) (n special) (at (+ column 2 (string-length name))))
            (if (and (> n 0) (pair? rest))
                (begin
                  (put-char port #\space)
                  (out (car rest) at (+ closing 1))
                  (loop (cdr rest) (- n 1)
                        (+ at 1 (string-length (%one-line (car rest) display?)))))
                (parts rest (+ column 2) closing #f)))
          (if (pair? (cdr x))
              (let ((at (+ column 2 (string-length name))))
                (put-char port #\space)
                (if (> at (+ column max-expr-width))
                    (parts (cdr x) (+ column 2) closing #f)
                    (parts (cdr x) at closing #t)))
              (parts (cdr x) (+ column 1) closing #f)))))
  ;; Writes the rest of a list, one part a line, and its parenthesis.
  (define (parts x column closing first?)
    (cond ((pair? x)
           (unless first? (newline-at column))
           (out (car x) column (if (null? (cdr x)) (+ closing 1) 0))
           (parts (cdr x) column closing #f))
          ((null? x) (put-char port #\)))
          (else
           (put-string port " . ")
           (out x (+ column 3) (+ closing 1))
           (put-char port #\)))))
  (put-string port per-line-prefix)
  (out object (string-length per-line-prefix) 0)
  (put-char port #\newline))

(define* (truncated-print object #:optional port*
                          #:key (port (or port* (current-output-port))) (width 79)
                          (display? #f) (breadth-first? #f))
  (let ((line (%one-line object display?)))
    (put-string port
                (if (<= (string-length line) width)
                    line
                    (string-append (substring line 0 (max 0 (- width 3))) "...")))))
