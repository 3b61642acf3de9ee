;;; Services that Shepherd runs.
;;;
;;; Commentary:
;;;
;;; A Shepherd service is started after those it requires and stopped before
;;; them (Guix manual, "Shepherd Services").  This module collects them and
;;; makes the configuration that Shepherd loads: process 1 on Linux, a daemon
;;; started by rc.d on FreeBSD.
;;;
;;; Code:

(define-module (gnu services shepherd)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix records)
  #:use-module (guix gexp)
  #:use-module (guix store)
  #:use-module (guix utils)
  #:use-module (guix diagnostics)
  #:use-module (gnu services)
  #:use-module (fruix native store)
  #:export (shepherd-service
            shepherd-service?
            shepherd-service-documentation
            shepherd-service-provision
            shepherd-service-canonical-name
            shepherd-service-requirement
            shepherd-service-respawn?
            shepherd-service-one-shot?
            shepherd-service-auto-start?
            shepherd-service-start
            shepherd-service-stop
            shepherd-configuration
            shepherd-configuration?
            shepherd-configuration-target
            shepherd-root-service-type
            shepherd-service-type
            shepherd-runtime))

(define-record-type* <shepherd-service> %shepherd-service
  make-shepherd-service
  shepherd-service?
  (documentation shepherd-service-documentation (default ""))
  (provision     shepherd-service-provision)        ;list of symbols
  (requirement   shepherd-service-requirement (default '()))
  (one-shot?     shepherd-service-one-shot? (default #f))
  (respawn?      shepherd-service-respawn? (default #t))
  (auto-start?   shepherd-service-auto-start? (default #t))
  (start         shepherd-service-start)            ;gexp: a procedure
  (stop          shepherd-service-stop
                 (default #~(make-kill-destructor)))
  (location      shepherd-service-location (default #f) (innate)))

(define-syntax shepherd-service
  (lambda (s)
    "Return a Shepherd service."
    (syntax-case s ()
      ((_ field ...)
       #`(%shepherd-service
          field ...
          (#,(datum->syntax s 'location)
           (source-properties->location (current-source-location))))))))

(define (shepherd-service-canonical-name service)
  "Return the first of the names that SERVICE provides."
  (first (shepherd-service-provision service)))

(define-record-type* <shepherd-configuration> shepherd-configuration
  make-shepherd-configuration
  shepherd-configuration?
  (target   shepherd-configuration-target)          ;linux or freebsd
  (host-name shepherd-configuration-host-name)
  (services shepherd-configuration-services (default '())))

(define (complain service template . arguments)
  "Raise an error about SERVICE that points at its declaration."
  (raise-error (apply format #f template arguments)
               #:location (shepherd-service-location service)))

(define (check-services services)
  "Raise an error when a name is provided twice, when what a service requires
is not there, or when services require one another in a circle."
  (define providers (make-hash-table))
  (for-each
   (lambda (service)
     (for-each
      (lambda (name)
        (when (hashq-ref providers name)
          (complain service "shepherd service ~a is provided twice" name))
        (hashq-set! providers name service))
      (shepherd-service-provision service)))
   services)
  (for-each
   (lambda (service)
     (for-each
      (lambda (name)
        (unless (hashq-ref providers name)
          (complain service "shepherd service ~a requires ~a, which no \
service provides~a"
                    (shepherd-service-canonical-name service) name
                    (let ((near (nearest-name
                                 name (append-map shepherd-service-provision
                                                  services))))
                      (if near
                          (format #f "; did you mean ~a?" near)
                          "")))))
      (shepherd-service-requirement service)))
   services)
  (let ((done (make-hash-table)))
    (define (visit name path)
      (let ((service (hashq-ref providers name)))
        (cond ((hashq-ref done service) #t)
              ((memq service (map cdr path))
               (complain service "shepherd services require one another in \
a circle: ~a"
                         (string-join
                          (map symbol->string
                               (reverse (cons name (map car path))))
                          " -> ")))
              (else
               (for-each (lambda (next)
                           (visit next (cons (cons name service) path)))
                         (shepherd-service-requirement service))
               (hashq-set! done service #t)))))
    (for-each (lambda (service)
                (visit (shepherd-service-canonical-name service) '()))
              services))
  services)

(define (service->code service)
  "Return the gexp that makes SERVICE in Shepherd."
  #~(service '#$(shepherd-service-provision service)
             #:documentation #$(shepherd-service-documentation service)
             #:requirement '#$(shepherd-service-requirement service)
             #:one-shot? #$(shepherd-service-one-shot? service)
             #:respawn? #$(shepherd-service-respawn? service)
             #:start #$(shepherd-service-start service)
             #:stop #$(shepherd-service-stop service)))

(define (configuration-file config)
  "Return Shepherd's configuration, a file-like object."
  (let ((services (check-services (shepherd-configuration-services config))))
    (scheme-file
     "init.scm"
     #~((use-modules (shepherd service) (shepherd system))
        (register-services (list #$@(map service->code services)))
        (define %auto-start
          '#$(map shepherd-service-canonical-name
                  (filter shepherd-service-auto-start? services)))
        (start-in-the-background %auto-start)
        (announce-when-ready %auto-start
                             #:host-name
                             #$(shepherd-configuration-host-name config)))
     #:splice? #t)))

(define-record-type* <shepherd-runtime> %shepherd-runtime
  make-shepherd-runtime shepherd-runtime?
  (system shepherd-runtime-system (default #f)))

(define shepherd-runtime
  ;; The static program that is Shepherd, herd, the initial program of the
  ;; initrd and the interpreter of scripts on the target system.
  (%shepherd-runtime))

(define-gexp-compiler (shepherd-runtime-compiler (runtime <shepherd-runtime>)
                                                 system target)
  (%runtime (or (shepherd-runtime-system runtime) system)))

(define (configuration-entry config)
  "Return the system's entries for Shepherd."
  (list (list "shepherd/init.scm" (configuration-file config))
        (list "shepherd/runtime" shepherd-runtime)))

(define (boot-code config)
  "Return the last step of a Linux system's boot: become Shepherd."
  (match (shepherd-configuration-target config)
    ('linux
     (list #~(execl #$(file-append shepherd-runtime "/bin/shepherd")
                    "shepherd" "--config"
                    "/run/current-system/shepherd/init.scm")))
    ('freebsd '())))

(define shepherd-root-service-type
  ;; The service of Shepherd itself.
  (service-type
    (name 'shepherd-root)
    (extensions
     (list (service-extension system-service-type configuration-entry)
           (service-extension boot-service-type boot-code)
           (service-extension profile-service-type
                              (const (list shepherd-runtime)))))
    (compose concatenate)
    (extend (lambda (config more)
              (shepherd-configuration
                (inherit config)
                (services (append (shepherd-configuration-services config)
                                  more)))))
    (description "Run the services of the machine.")))

(define-syntax-rule (shepherd-service-type service-name procedure default ...)
  "Return a service type whose values PROCEDURE turns into a Shepherd
service."
  (service-type
    (name service-name)
    (extensions
     (list (service-extension shepherd-root-service-type
                              (lambda (value) (list (procedure value))))))
    (default-value default) ...))
