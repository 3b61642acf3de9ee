;;; Leaving the program, and the default prompt.

(define default-prompt-tag (make-parameter (make-prompt-tag "prompt")))

;; exit unwinds before the program ends, as Guile's does.
(define (exit . args) (apply throw 'quit args))

(define (system* program . args) (%finish-program (%start-program (cons program args))))

(define* (system #:optional command)
  (if command
      (%finish-program (%start-program (list "/bin/sh" "-c" command)))
      #t))

;; Passes through the databases of users and groups.
(define (setpwent) (setpw #t))
(define (getpwent) (getpw))
(define (endpwent) (setpw))
(define (setgrent) (setgr #t))
(define (getgrent) (getgr))
(define (endgrent) (setgr))

(define (chroot directory)
  (%check-owner "chroot")
  (%chroot directory))

(define (system-error-errno args)
  (and (eq? (car args) 'system-error)
       (car (list-ref args 4))))
