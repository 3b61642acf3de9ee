;;; Programs that run with more rights than who starts them.
;;;
;;; Commentary:
;;;
;;; Nothing in the store has set-user-ID or set-group-ID bits: builds could
;;; hand out rights that way.  Programs such as su and passwd need them, so
;;; activation copies these to a directory of its own and sets the bits there
;;; (Guix manual, "Privileged Programs").  It comes first in the search path
;;; of everybody.
;;;
;;; Code:

(define-module (gnu system privilege)
  #:use-module (srfi srfi-1)
  #:use-module (guix gexp)
  #:use-module (guix records)
  #:use-module (gnu services)
  #:export (privileged-program
            privileged-program?
            privileged-program-program
            privileged-program-setuid?
            privileged-program-setgid?
            privileged-program-user
            privileged-program-group
            privileged-program-mode
            privileged-program-optional?
            file-like->setuid-program
            privileged-program-service-type
            %privileged-program-directory))

(define %privileged-program-directory
  ;; Where the copies are.
  "/run/privileged/bin")

(define-record-type* <privileged-program> privileged-program
  make-privileged-program
  privileged-program?
  (program   privileged-program-program)            ;file-like
  (setuid?   privileged-program-setuid? (default #f))
  (setgid?   privileged-program-setgid? (default #f))
  (user      privileged-program-user (default 0))   ;name or number
  (group     privileged-program-group (default 0))  ;name or number
  ;; The bits besides those two.
  (mode      privileged-program-mode (default #o555))
  ;; Leave it out, instead of failing, when there is no such file.
  (optional? privileged-program-optional? (default #f)))

(define (file-like->setuid-program program)
  "Return PROGRAM as one that runs with the rights of root."
  (privileged-program (program program) (setuid? #t)))

(define (full-mode program)
  (+ (privileged-program-mode program)
     (if (privileged-program-setuid? program) #o4000 0)
     (if (privileged-program-setgid? program) #o2000 0)))

(define (privileged-program-activation programs)
  "Return the code that brings the directory up to date with PROGRAMS."
  (for-each (lambda (program)
              (unless (privileged-program? program)
                (error (format #f "privileged programs: ~s is none; make one \
with privileged-program or file-like->setuid-program" program))))
            programs)
  (with-imported-modules '((gnu build activation))
    #~(begin
        (use-modules (gnu build activation))
        (activate-privileged-programs
         #$%privileged-program-directory
         (list #$@(map (lambda (program)
                         #~(list #$(privileged-program-program program)
                                 #$(full-mode program)
                                 #$(privileged-program-user program)
                                 #$(privileged-program-group program)
                                 #$(privileged-program-optional? program)))
                       programs))))))

(define privileged-program-service-type
  ;; A list of <privileged-program>.
  (service-type
    (name 'privileged-program)
    (extensions
     (list (service-extension activation-service-type
                              privileged-program-activation)))
    (compose concatenate)
    (extend append)
    (default-value '())
    (description "Programs that run with more rights than who starts them.")))
