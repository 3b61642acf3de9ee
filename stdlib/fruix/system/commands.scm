;;; What "fruix system" asks of Scheme.
;;;
;;; Commentary:
;;;
;;; The file that a person wrote yields an operating system; the procedures
;;; here check it and give what the subcommands build.
;;;
;;; Code:

(define-module (fruix system commands)
  #:use-module (ice-9 match)
  #:use-module (guix gexp)
  #:use-module (guix store)
  #:use-module (guix derivations)
  #:use-module (gnu system)
  #:use-module (fruix system image)
  #:export (system-summary
            system-closure
            system-plan
            system-disk))

(define (checked object file)
  "Return OBJECT, the value of FILE, if it is an operating system."
  (unless (operating-system? object)
    (error (format #f "~a: the last expression must yield an operating-system, \
not ~s" file object)))
  (check-operating-system object))

(define-syntax-rule (for-system os file body ...)
  (let ((os (checked os file)))
    (parameterize ((%current-system (operating-system-system os)))
      body ...)))

(define (system-summary object file)
  "Return an alist of strings about the operating system OBJECT of FILE."
  (for-system object file
    `(("host_name" . ,(operating-system-host-name object))
      ("target" . ,(symbol->string (operating-system-target object)))
      ("system" . ,(operating-system-system object))
      ("init_mode" . ,(operating-system-init-mode object))
      ("label" . ,(operating-system-label object))
      ("ready_marker" . "/var/lib/fruix/ready"))))

(define (system-closure object file)
  "Return the derivation of the closure of the operating system OBJECT."
  (for-system object file
    (lower-item (operating-system-directory object))))

(define (system-plan object file)
  "Return the derivation of the plan of the root file system of OBJECT."
  (for-system object file
    (lower-item (system-rootfs-plan object))))

(define (system-disk object file free size)
  "Return the derivation of the disk image of OBJECT, whose root file system
has FREE free bytes or, when SIZE is not 0, SIZE bytes in all."
  (for-system object file
    (lower-item (system-image object
                              #:free (or free %default-root-free)
                              #:size size))))
