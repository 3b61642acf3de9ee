;;; Command-line options, long and short.
;;;
;;; Commentary:
;;; A grammar is a list of (name (property value) ...) with the properties
;;; required?, single-char, value (#t, #f or optional) and predicate.  As in
;;; Guile, letters behind a single dash are all options, and what follows the
;;; letters is the value of the last one.
;;; Code:

(define-module (ice-9 getopt-long)
  #:export (getopt-long option-ref))

(define (property spec name)
  (let ((entry (assq name (cdr spec)))) (and entry (cadr entry))))

(define (check-grammar grammar)
  (for-each
   (lambda (spec)
     (for-each
      (lambda (entry)
        (unless (memq (car entry) '(required? single-char value predicate))
          (error "invalid getopt-long option property:" (car entry)))
        (when (and (eq? (car entry) 'single-char) (not (char? (cadr entry))))
          (error "`single-char' value must be a char!" (cadr entry))))
      (cdr spec)))
   grammar))

(define (letter? c) (or (char<=? #\a c #\z) (char<=? #\A c #\Z)))

(define (short? s)
  (and (> (string-length s) 1)
       (char=? (string-ref s 0) #\-)
       (letter? (string-ref s 1))))

(define (long? s)
  (and (> (string-length s) 2)
       (string-prefix? "--" s)
       (not (char=? (string-ref s 2) #\=))))

(define (option? s) (or (short? s) (long? s)))

;; "-abc5" as ("-a" "-b" "-c" "5").
(define (split-short s)
  (let ((end (or (string-skip s letter? 1) (string-length s))))
    (append (map (lambda (c) (string #\- c)) (string->list (substring s 1 end)))
            (if (= end (string-length s)) '() (list (substring s end))))))

(define* (getopt-long arguments grammar #:key stop-at-first-non-option)
  "Return the options in ARGUMENTS, the first of which is the name of the program,
by GRAMMAR: an alist of names and values, #t for those without, the last given
first, behind an entry of () and the arguments that are no options."
  (define (fail message . args)
    (let ((port (current-error-port)))
      (display (if (pair? arguments) (car arguments) "guile") port)
      (display ": " port)
      (display (apply simple-format #f message args) port)
      (newline port)
      (exit 1)))
  (define (by-name name)
    (or (assq (string->symbol name) grammar)
        (fail "no such option: --~A" name)))
  (define (by-char c)
    (or (or-map (lambda (spec) (and (eqv? c (property spec 'single-char)) spec)) grammar)
        (fail "no such option: -~A" c)))
  (define (finish found rest)
    (for-each
     (lambda (spec)
       (let ((entry (assq (car spec) found)) (pred (property spec 'predicate)))
         (when (and (property spec 'required?) (not entry))
           (fail "option must be specified: --~A" (car spec)))
         (when (and entry pred (string? (cdr entry)) (not (pred (cdr entry))))
           (fail "option predicate failed: --~A" (car spec)))))
     grammar)
    (acons '() rest found))
  (check-grammar grammar)
  ;; SINGLE of the arguments come from one that was split.
  (let loop ((args (if (pair? arguments) (cdr arguments) '()))
             (single 0) (found '()) (rest '()))
    (define (take spec args)
      (let ((wants (property spec 'value)))
        (cond ((not wants)
               (loop args (- single 1) (acons (car spec) #t found) rest))
              ((and (pair? args) (not (option? (car args))) (not (string=? (car args) "--")))
               (loop (cdr args) (- single 2) (acons (car spec) (car args) found) rest))
              ((eq? wants 'optional)
               (loop args (- single 1) (acons (car spec) #t found) rest))
              (else
               (fail "option must be specified with argument: --~A" (car spec))))))
    (if (null? args)
        (finish found (reverse rest))
        (let ((s (car args)))
          (cond
           ((string=? s "--")
            (finish found (append (reverse rest) (cdr args))))
           ((long? s)
            (let* ((i (string-index s #\=))
                   (spec (by-name (substring s 2 (or i (string-length s))))))
              (cond ((not i) (take spec (cdr args)))
                    ((property spec 'value)
                     (loop (cdr args) (- single 1)
                           (acons (car spec) (substring s (+ i 1)) found) rest))
                    (else
                     (fail "option does not support argument: --~A" (car spec))))))
           ((and (short? s) (> single 0))
            (take (by-char (string-ref s 1)) (cdr args)))
           ((short? s)
            (let ((parts (split-short s)))
              (loop (append parts (cdr args)) (length parts) found rest)))
           ((and stop-at-first-non-option (<= single 0))
            (finish found (append (reverse rest) args)))
           (else (loop (cdr args) (- single 1) found (cons s rest))))))))

(define (option-ref options key default)
  "Return the value of the option KEY in OPTIONS, or DEFAULT."
  (let ((entry (assq key options)))
    (or (and entry (cdr entry)) default)))
