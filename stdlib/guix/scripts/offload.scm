;;; The machines that builds are handed to.
;;;
;;; Commentary:
;;;
;;; An administrator lists other machines in /frx/etc/fruix/machines.scm, as in
;;; Guix's /etc/guix/machines.scm (Guix manual, "Using the Offload Facility"):
;;; the value of the file's last expression is a list of 'build-machine'
;;; records.  The names of this module are known there.
;;;
;;;   (list (build-machine
;;;           (name "bsd.example.org")
;;;           (systems '("x86_64-freebsd"))
;;;           (user "builder")
;;;           (parallel-builds 8)))
;;;
;;; What is left out is as ssh is configured.  Fields of Guix's that Fruix has no
;;; use for (compression, daemon-socket and the like) are accepted; 'program' and
;;; 'ssh-options' are Fruix's own.
;;;
;;; Code:

(define-module (guix scripts offload)
  #:use-module (srfi srfi-1)
  #:use-module (guix records)
  #:export (build-machine
            build-machine?
            build-machine-name
            build-machine-port
            build-machine-systems
            build-machine-user
            build-machine-private-key
            build-machine-host-key
            build-machine-parallel-builds
            build-machine-speed
            build-machine-features
            build-machine-program
            build-machine-ssh-options
            machines->lists))

(define-record-type* <build-machine>
  build-machine make-build-machine build-machine? this-machine
  (name              build-machine-name)          ;string
  (port              build-machine-port           ;number | #f
                     (default #f))
  (systems           build-machine-systems)       ;list of strings
  (user              build-machine-user           ;string | #f
                     (default #f))
  (private-key       build-machine-private-key    ;file name | #f
                     (default #f))
  (host-key          build-machine-host-key       ;"ssh-ed25519 AAAA..." | #f
                     (default #f))
  (parallel-builds   build-machine-parallel-builds ;number
                     (default 1))
  (speed             build-machine-speed          ;positive number
                     (default 1.0))
  (features          build-machine-features       ;list of strings
                     (default '()))
  (program           build-machine-program        ;file name over there
                     (default "fruix"))
  (ssh-options       build-machine-ssh-options    ;list of strings
                     (default '()))
  ;; These mean nothing here.
  (compression       build-machine-compression (default "none"))
  (compression-level build-machine-compression-level (default 3))
  (daemon-socket     build-machine-daemon-socket (default #f))
  (overload-threshold build-machine-overload-threshold (default #f)))

(define (fault machine field value expected)
  (error (format #f "the machine ~a: its ~a is ~s, not ~a"
                 machine field value expected)))

(define (machines->lists machines)
  "Return what the program needs of MACHINES, the value of a list of machines: a
list of lists of strings, lists of strings, and #f where nothing is said."
  (define (strings? x)
    (and (list? x) (every string? x)))
  (define (machine->list m)
    (define name (build-machine-name m))
    (define (check field value valid? expected)
      (unless (valid? value)
        (fault (if (string? name) name "without a name") field value expected))
      value)
    (define (maybe valid?)
      (lambda (x) (or (not x) (valid? x))))
    (define (natural? x)
      (and (integer? x) (exact? x) (positive? x)))
    (list (check "name" name
                 (lambda (x) (and (string? x) (not (string-null? x)))) "a string")
          (check "user" (build-machine-user m) (maybe string?) "a string")
          (let ((port (check "port" (build-machine-port m)
                             (maybe (lambda (x) (and (natural? x) (<= x 65535))))
                             "the number of a port")))
            (and port (number->string port)))
          (check "private-key" (build-machine-private-key m) (maybe string?)
                 "the name of a file")
          (check "host-key" (build-machine-host-key m) (maybe string?)
                 "a string")
          (check "systems" (build-machine-systems m) strings?
                 "a list of strings")
          (number->string (check "parallel-builds" (build-machine-parallel-builds m)
                                 natural? "a number of builds"))
          (number->string
           (exact->inexact (check "speed" (build-machine-speed m)
                                  (lambda (x) (and (real? x) (positive? x)))
                                  "a positive number")))
          (check "features" (build-machine-features m) strings?
                 "a list of strings")
          (check "program" (build-machine-program m) string?
                 "the name of a program")
          (check "ssh-options" (build-machine-ssh-options m) strings?
                 "a list of strings")))
  (unless (list? machines)
    (error (format #f "~s is no list of machines" machines)))
  (map (lambda (m)
         (if (build-machine? m)
             (machine->list m)
             (error (format #f "~s is no build-machine" m))))
       machines))
