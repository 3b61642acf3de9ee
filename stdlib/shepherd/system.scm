;;; What services do to the system.
;;;
;;; Commentary:
;;;
;;; The start and stop procedures of the services that every machine has:
;;; file systems, swap, host name, kernel modules and settings, network
;;; interfaces; and telling that the machine is up.
;;;
;;; Code:

(define-module (shepherd system)
  #:use-module (srfi srfi-1)
  #:use-module (fruix native shepherd)
  #:use-module (fruix native system)
  #:export (mount-file-system
            unmount-file-system
            remount-root-read-only
            terminate-user-processes
            start-swap
            stop-swap
            set-host-name
            load-kernel-modules
            change-kernel-settings
            bring-interface-up
            set-interface-address
            announce-when-ready))

(define %device-timeout
  ;; How many seconds a device may take to turn up.
  20)

(define (say . parts)
  (%say (string-concatenate parts)))

(define (error-text thunk)
  "Call THUNK; return #f, or the text of the error that it raised."
  (with-exception-handler
      (lambda (e)
        (if (exception-with-message? e)
            (if (and (exception-with-irritants? e)
                     (pair? (exception-irritants e)))
                (apply format #f
                       (exception-message e) (exception-irritants e))
                (exception-message e))
            (format #f "~s" e)))
    (lambda () (thunk) #f)
    #:unwind? #t))

(define (make-directories directory)
  (unless (file-exists? directory)
    (make-directories (dirname directory))
    (mkdir directory)))

(define (find-device name pseudo?)
  "Return the file of the device that is called NAME: a file name, UUID=...,
LABEL=..., PARTUUID=... or PARTLABEL=....  Wait for it to turn up."
  (if (or pseudo?
          (not (or (string-prefix? "/dev/" name)
                   (string-contains name "="))))
      name
      (%find-device name %device-timeout)))

(define (mount-file-system fs)
  "Mount the file system described by the alist FS: device, mount-point, type,
flags, options, pseudo?, create-mount-point?, may-fail?.  One that is mounted
already is left alone.  Return #t."
  (let* ((point   (assq-ref fs 'mount-point))
         (problem
          (error-text
           (lambda ()
             (unless (member point (%mount-points))
               (let ((device (find-device (assq-ref fs 'device)
                                          (assq-ref fs 'pseudo?))))
                 (when (or (assq-ref fs 'create-mount-point?)
                           (assq-ref fs 'pseudo?))
                   (make-directories point))
                 (%mount device point (assq-ref fs 'type)
                         (or (assq-ref fs 'flags) '())
                         (or (assq-ref fs 'options) ""))))))))
    (when problem
      (if (assq-ref fs 'may-fail?)
          (say "not mounted, which is allowed: " problem)
          (error problem)))
    #t))

(define (unmount-file-system point)
  "Unmount what is mounted on POINT.  If it is in use, it goes as soon as it is
not."
  (when (member point (%mount-points))
    (let ((problem (error-text (lambda () (%unmount point #f)))))
      (when problem
        (say problem "; it will be when it is not in use any more")
        (%sync)
        (let ((problem (error-text (lambda () (%unmount point #t)))))
          (when problem
            (say problem))))))
  #f)

(define (remount-root-read-only)
  "Write all data to disk and make the root file system read-only.  Shepherd
closes its logs before.  Does nothing unless Shepherd is process 1."
  (%sync)
  (when (%process-1?)
    (%close-logs)
    (let ((problem (error-text (lambda () (%remount-read-only "/")))))
      (when problem
        (say problem))))
  #f)

(define* (terminate-user-processes #:key (grace-period 5))
  "End all processes but Shepherd, when that is process 1, and those that it
started, otherwise: with SIGTERM, and after GRACE-PERIOD seconds SIGKILL."
  (%kill-processes grace-period)
  (%sync)
  #f)

(define (start-swap swap)
  "Swap to the device described by the alist SWAP: device, priority, discard?."
  (%swap-on (find-device (assq-ref swap 'device) #f)
            (or (assq-ref swap 'priority) -1)
            (assq-ref swap 'discard?))
  #t)

(define (stop-swap swap)
  "Stop swapping to the device described by the alist SWAP."
  (%swap-off (find-device (assq-ref swap 'device) #f))
  #f)

(define (set-host-name name)
  "Give the machine its NAME."
  (%set-host-name name)
  #t)

(define (load-kernel-modules names)
  "Load the kernel modules NAMES with those that they depend on.  What cannot be
loaded is logged."
  (for-each (lambda (name)
              (let ((problem (error-text
                              (lambda () (%load-modules (list name))))))
                (when problem
                  (say problem))))
            names)
  #t)

(define (change-kernel-settings settings)
  "Set the kernel's SETTINGS, an alist of names as in sysctl(8) and values.
What cannot be set is logged."
  (for-each (lambda (setting)
              (let ((problem (error-text
                              (lambda ()
                                (%set-kernel-setting
                                 (car setting)
                                 (let ((value (cdr setting)))
                                   (if (number? value)
                                       (number->string value)
                                       value)))))))
                (when problem
                  (say problem))))
            settings)
  #t)

(define (bring-interface-up name)
  "Bring the network interface NAME up."
  (%interface-up name)
  #t)

(define (set-interface-address name prefix)
  "Give the network interface NAME an address, such as 192.0.2.1/24, and bring
it up."
  (%interface-address name prefix)
  (%interface-up name)
  #t)

(define* (announce-when-ready names #:key (host-name "")
                              (file "/var/lib/fruix/ready")
                              (console "/dev/console"))
  "Once all services NAMES run, or did their work, or failed for good, write
FILE and a line on CONSOLE: 'fruix-ready host=HOST-NAME system=SYSTEM', or
'fruix-degraded ... failed=A,B'.  Return at once."
  (%announce names host-name file console))
