;;; Pretty printing (manual, "Pretty Printing").
;;;
;;; Commentary:
;;; pretty-print writes what fits on a line, breaks forms where their kind asks
;;; for it, and everything else so that parts line up.  The rules are those of
;;; Marc Feeley's generic-write (1991), which Guile and SLIB follow.
;;; truncated-print leaves out what exceeds a width.
;;; Code:

(define-module (ice-9 pretty-print)
  #:use-module (ice-9 textual-ports)
  #:use-module (rnrs bytevectors)
  #:export (pretty-print truncated-print))

(define abbreviations
  '((quote . "'") (quasiquote . "`") (unquote . ",") (unquote-splicing . ",@")
    (syntax . "#'") (quasisyntax . "#`") (unsyntax . "#,") (unsyntax-splicing . "#,@")
    (gexp . "#~") (ungexp . "#$") (ungexp-splicing . "#$@")
    (ungexp-native . "#+") (ungexp-native-splicing . "#+@")))

(define (abbreviation x)
  (and (symbol? (car x)) (pair? (cdr x)) (null? (cddr x))
       (assq-ref abbreviations (car x))))

(define (atom->string x display?)
  (call-with-output-string
   (lambda (port) (if display? (display x port) (write x port)))))

;; X on one line as a list of strings, last one first, put before OUT, and the
;; columns that are left of ROOM; #f and #f as soon as there are none.
(define (one-line x display? room out)
  (define (text s room out)
    (let ((room (- room (string-length s))))
      (if (< room 0) (values #f #f) (values room (cons s out)))))
  (define (then x room out next)
    (call-with-values (lambda () (show x room out))
      (lambda (room out) (if room (next room out) (values #f #f)))))
  (define (say s room out next)
    (call-with-values (lambda () (text s room out))
      (lambda (room out) (if room (next room out) (values #f #f)))))
  (define (show x room out)
    (cond ((and (pair? x) (abbreviation x))
           => (lambda (mark)
                (say mark room out (lambda (room out) (show (cadr x) room out)))))
          ((pair? x)
           (say "(" room out
                (lambda (room out)
                  (then (car x) room out (lambda (room out) (rest (cdr x) room out))))))
          ((vector? x)
           (say "#" room out
                (lambda (room out)
                  (let ((l (vector->list x)))
                    (if (null? l)
                        (text "()" room out)
                        (show-list l room out))))))
          (else (text (atom->string x display?) room out))))
  ;; A list that is no abbreviation, whatever it begins with.
  (define (show-list l room out)
    (say "(" room out
         (lambda (room out)
           (then (car l) room out (lambda (room out) (rest (cdr l) room out))))))
  (define (rest l room out)
    (cond ((null? l) (text ")" room out))
          ((pair? l)
           (say " " room out
                (lambda (room out)
                  (then (car l) room out (lambda (room out) (rest (cdr l) room out))))))
          (else
           (say " . " room out
                (lambda (room out)
                  (then l room out (lambda (room out) (text ")" room out))))))))
  (show x room out))

(define* (pretty-print object #:optional port*
                       #:key (port (or port* (current-output-port)))
                       (width 79) (max-expr-width 50) (display? #f)
                       (per-line-prefix ""))
  "Write OBJECT to PORT on lines of at most WIDTH columns, each after
PER-LINE-PREFIX; no part of more than MAX-EXPR-WIDTH columns stays on one line.
With DISPLAY?, strings and characters are displayed."
  (define columns (- width (string-length per-line-prefix)))

  ;; These write something at a column and return the one behind it.
  (define (say s column)
    (put-string port s)
    (+ column (string-length s)))
  (define (indent to column)
    (cond ((< to column)
           (put-char port #\newline)
           (put-string port per-line-prefix)
           (put-string port (make-string to #\space)))
          (else (put-string port (make-string (- to column) #\space))))
    to)

  ;; X, behind which CLOSING parentheses follow; BROKEN writes it when it is a
  ;; pair too long for the line.
  (define (item x column closing broken)
    (if (or (pair? x) (vector? x))
        (let ((room (min (- columns column closing) (- max-expr-width 1))))
          (call-with-values (lambda () (one-line x display? room '()))
            (lambda (left parts)
              (cond (left (say (string-concatenate-reverse parts) column))
                    ((pair? x) (broken x column closing))
                    (else (below (vector->list x) (say "#" column) closing form))))))
        (say (atom->string x display?) column)))

  (define (form x column closing)
    (cond ((abbreviation x)
           => (lambda (mark) (item (cadr x) (say mark column) closing form)))
          ((not (symbol? (car x))) (below x column closing form))
          ((assq-ref styles (car x)) => (lambda (style) (style x column closing)))
          ((> (string-length (symbol->string (car x))) 5)
           (body x column closing #f #f #f form))
          (else (call x column closing form))))

  ;; (head item
  ;;       item ...)
  (define (call x column closing each)
    (let ((column (item (car x) (say "(" column) 0 form)))
      (rest (cdr x) column (+ column 1) closing each)))

  ;; (item
  ;;  item ...)
  (define (below x column closing each)
    (let ((column (say "(" column)))
      (rest x column column closing each)))

  ;; The items of L and a parenthesis; those after the first at the column AT.
  (define (rest l column at closing each)
    (let loop ((l l) (column column))
      (cond ((null? l) (say ")" column))
            ((pair? l)
             (loop (cdr l)
                   (item (car l) (indent at column)
                         (if (null? (cdr l)) (+ closing 1) 0)
                         each)))
            (else
             (let ((column (say "." (indent at column))))
               (say ")" (item l (indent at column) (+ closing 1) each)))))))

  ;; (head [name] first second
  ;;   item ...)
  ;; FIRST and SECOND are how these parts are broken, #f when there are none.
  (define (body x column closing named? first second each)
    (define start column)
    (define (part l column at how next)
      (if (and how (pair? l))
          (next (cdr l)
                (item (car l) (indent at column)
                      (if (null? (cdr l)) (+ closing 1) 0)
                      how))
          (next l column)))
    (let* ((column (item (car x) (say "(" column) 0 form))
           (name? (and named? (pair? (cdr x))))
           (column (if name? (item (cadr x) (say " " column) 0 form) column))
           (at (+ column 1)))
      (part (if name? (cddr x) (cdr x)) column at first
            (lambda (l column)
              (part l column at second
                    (lambda (l column)
                      (rest l column (+ start 2) closing each)))))))

  (define (forms x column closing) (below x column closing form))
  (define (style-lambda x column closing) (body x column closing #f forms #f form))
  (define (style-let x column closing)
    (body x column closing
          (and (pair? (cdr x)) (not (pair? (cadr x))) (not (null? (cadr x))))
          forms #f form))
  (define (style-if x column closing) (body x column closing #f form #f form))
  (define (style-cond x column closing) (call x column closing forms))
  (define (style-case x column closing) (body x column closing #f form #f forms))
  (define (style-and x column closing) (call x column closing form))
  (define (style-begin x column closing) (body x column closing #f #f #f form))
  (define (style-do x column closing) (body x column closing #f forms forms form))

  (define styles
    `((lambda . ,style-lambda) (lambda* . ,style-lambda) (let* . ,style-lambda)
      (letrec . ,style-lambda) (define . ,style-lambda) (define* . ,style-lambda)
      (define-public . ,style-lambda) (define-syntax . ,style-lambda)
      (let-syntax . ,style-lambda) (letrec-syntax . ,style-lambda)
      (with-syntax . ,style-lambda) (syntax-rules . ,style-lambda) (let . ,style-let)
      (if . ,style-if) (set! . ,style-if) (cond . ,style-cond) (case . ,style-case)
      (and . ,style-and) (or . ,style-and) (begin . ,style-begin) (do . ,style-do)))

  (put-string port per-line-prefix)
  (item object 0 0 form)
  (newline port))

(define* (truncated-print object #:optional port*
                          #:key (port (or port* (current-output-port)))
                          (width 79) (display? #f) (breadth-first? #f))
  "Write OBJECT to PORT in at most WIDTH columns; an ellipsis or # stands for what
is left out.  With BREADTH-FIRST?, parts share the columns, otherwise the first
ones get what they need."
  (define ellipsis
    (if (string-prefix-ci? "utf" (or (port-encoding port) "UTF-8")) "…" "..."))
  (define dots (string-length ellipsis))

  ;; COUNT parts, which the procedure PART gives one after the other.
  (define (sequence count part room inner?)
    (let loop ((i 0) (room room) (out '()))
      (let ((space (if (= i 0) "" " "))
            (last? (= (+ i 1) count)))
        (cond ((= i count) (string-concatenate (reverse out)))
              ((and last? (or (= i 0) (> room 1)))
               (string-concatenate
                (reverse (cons* (fit (part) (if (= i 0) room (- room 1)) inner?)
                                space out))))
              ((<= room (+ 1 dots))
               (string-concatenate (reverse (cons* ellipsis space out))))
              (else
               (let ((s (fit (part)
                             (if breadth-first?
                                 (max 1 (- (quotient room (- count i)) 1))
                                 (- room 1 dots))
                             inner?)))
                 (loop (+ i 1) (- room 1 (string-length s)) (cons* s space out))))))))

  ;; The parts of a list that does not end in ().
  (define (dotted x room)
    (let loop ((x x) (room room) (out '()))
      (if (and (pair? x) (> room 4))
          (let ((s (fit (car x)
                        (if breadth-first? (quotient (- room 3) 2) (- room 4))
                        #f)))
            (loop (cdr x) (- room 1 (string-length s)) (cons* " " s out)))
          (string-concatenate (reverse (cons* (fit x (- room 2) #f) ". " out))))))

  ;; OPEN, what INSIDE gives for the room that is left, and a parenthesis.
  (define (enclosed open room inside)
    (let ((left (- room (string-length open) 1)))
      (if (>= left dots)
          (string-append open (inside left) ")")
          "#")))

  (define (elements v length ref)
    (let ((i -1))
      (lambda ()
        (set! i (+ i 1))
        (ref v i))))

  (define (fit x room inner?)
    (cond ((list? x)
           (enclosed "(" room
                     (lambda (room)
                       (sequence (length x)
                                 (lambda () (let ((y (car x))) (set! x (cdr x)) y))
                                 room #f))))
          ((pair? x)
           (if (>= room (+ 4 dots))
               (enclosed "(" room (lambda (room) (dotted x room)))
               "#"))
          ((vector? x)
           (enclosed "#(" room
                     (lambda (room)
                       (sequence (vector-length x) (elements x vector-length vector-ref) room #f))))
          ((bitvector? x) (bits x room))
          ((string? x) (atom x room))
          ((array? x) (cells x room inner?))
          (else (atom x room))))

  (define (bits x room)
    (let ((s (atom->string x display?)))
      (cond ((<= (string-length s) room) s)
            ((>= room (+ 2 dots)) (string-append (string-take s (- room dots)) ellipsis))
            (else "#"))))

  (define (cells x room inner?)
    (enclosed (string-append (if inner? "" (array-prefix x)) "(") room
              (lambda (room)
                (if (zero? (array-rank x))
                    (fit (array-ref x) room #f)
                    (let ((low (caar (array-shape x))))
                      (sequence (array-length x)
                                (elements x array-length
                                          (lambda (x i) (array-cell-ref x (+ low i))))
                                room (> (array-rank x) 1)))))))

  ;; The text of X, cut where the kind of thing can still be seen.
  (define (atom x room)
    (let ((s (atom->string x display?)))
      (if (and (<= (string-length s) room) (not (string-index s #\newline)))
          s
          (or (or-map (lambda (ends)
                        (let ((keep (- room dots (string-length (cdr ends)))))
                          (and (string-prefix? (car ends) s)
                               (>= keep (string-length (car ends)))
                               (string-append (string-take s (min keep (string-length s)))
                                              ellipsis (cdr ends)))))
                      '(("#<" . ">") ("#(" . ")") ("(" . ")") ("\"" . "\"")))
              "#"))))

  (unless (> width 0)
    (scm-error 'out-of-range "truncated-print" "Argument ~A out of range: ~S"
               (list 'width width) (list width)))
  (put-string port (fit object width #f)))

;; What write puts before the elements of the array X.
(define (array-prefix x)
  (let* ((shape (array-shape x))
         (lows (map car shape))
         (lengths (map (lambda (b) (+ 1 (- (cadr b) (car b)))) shape))
         (type (array-type x)))
    (call-with-output-string
     (lambda (port)
       (put-char port #\#)
       (unless (and (bytevector? x) (not (eq? type #t)))
         (display (array-rank x) port))
       (unless (eq? type #t) (display type port))
       (let ((bounds? (or-map (lambda (low) (not (zero? low))) lows))
             (lengths? (let loop ((l lengths) (empty? #f))
                         (and (pair? l)
                              (or (and empty? (> (car l) 0))
                                  (loop (cdr l) (or empty? (zero? (car l)))))))))
         (for-each (lambda (low length)
                     (when bounds? (display "@" port) (display low port))
                     (when lengths? (display ":" port) (display length port)))
                   lows lengths))))))
