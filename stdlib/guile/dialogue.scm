;;; What dialogues and batch programs ask of Guile's core.

;; Run at the end of a dialogue, and around each reading, evaluating and
;; printing in it.
(define exit-hook (make-hook))

(define before-read-hook (make-hook))

(define after-read-hook (make-hook))

(define before-eval-hook (make-hook 1))

(define after-eval-hook (make-hook 1))

(define before-print-hook (make-hook 1))

(define after-print-hook (make-hook 1))

(define abort-hook (make-hook))

(define EXIT_SUCCESS 0)

(define EXIT_FAILURE 1)

(define %batch-mode? #f)

(define (batch-mode?) %batch-mode?)

(define (ensure-batch-mode!) (set! %batch-mode? #t))

(define (using-readline?) #f)

(define (system-file-name-convention) 'posix)

(define (issue-deprecation-warning . texts)
  (let ((port (current-warning-port)))
    (for-each (lambda (text) (display text port) (newline port)) texts)))

(define (include-deprecated-features) #f)

(define (symbol-pref symbol) (symbol-property symbol '%pref))

(define (symbol-pset! symbol value)
  (set-symbol-property! symbol '%pref value))

(define (symbol-fref symbol) (symbol-property symbol '%fref))

(define (symbol-fset! symbol value)
  (set-symbol-property! symbol '%fref value))
