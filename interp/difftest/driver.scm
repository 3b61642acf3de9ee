;; Runs the programs of a file, one datum each, and prints for every one a
;; mark, its number, what it prints, and its values or its exception.
(use-modules (srfi srfi-1) (srfi srfi-2) (srfi srfi-9) (srfi srfi-11)
             (srfi srfi-26) (srfi srfi-34) (srfi srfi-43)
             (ice-9 match) (ice-9 receive) (ice-9 format) (ice-9 exceptions)
             (ice-9 rdelim) (ice-9 control) (rnrs bytevectors)
             ((scheme base) #:select (square exact inexact)))

;; Keys whose arguments are the program's own; those of others are worded by
;; each implementation in its own way.
(define own-keys '(misc-error oops some-key match-error))

(define (outcome thunk)
  (catch #t
    (lambda () (call-with-values thunk (lambda values (cons 'values values))))
    (lambda (key . args)
      (if (or (memq key own-keys)
              (and (eq? key '%exception) (not (exception? (car args)))))
          (list 'raised key args)
          (list 'raised key)))))

(define (run-program number form)
  (let* ((port (open-output-string))
         (result (parameterize ((current-output-port port))
                   (outcome (lambda () (eval form (current-module)))))))
    (display (integer->char 1))
    (display number)
    (newline)
    (display (get-output-string port))
    (display "=> ")
    (write result)
    (newline)))

(define (run-programs file)
  (call-with-input-file file
    (lambda (port)
      (let loop ((number 0))
        (let ((form (read port)))
          (unless (eof-object? form)
            (run-program number form)
            (loop (+ number 1))))))))
