;;; Operating systems.
;;;
;;; Commentary:
;;;
;;; An 'operating-system' is the declaration of a whole machine (Guix manual,
;;; "operating-system Reference").  Its kernel decides what it is: with a Linux
;;; kernel the machine boots through an initrd into Shepherd, with a FreeBSD
;;; kernel through FreeBSD's loader, init and rc.d, which starts Shepherd.
;;;
;;; Folding the services of the declaration, the essential ones included,
;;; gives the system's directory; see (gnu services).
;;;
;;; Code:

(define-module (gnu system)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix records)
  #:use-module (guix gexp)
  #:use-module (guix packages)
  #:use-module (guix utils)
  #:use-module (guix diagnostics)
  #:use-module (gnu bootloader)
  #:use-module (gnu services)
  #:use-module (gnu services shepherd)
  #:use-module (gnu services base)
  #:use-module (gnu system file-systems)
  #:use-module (gnu system shadow)
  #:use-module (gnu system freebsd)
  #:use-module (gnu system linux)
  #:use-module (fruix packages linux)
  #:use-module (fruix native osmodel)
  #:re-export (operating-system-kernel-target)
  #:export (operating-system
            operating-system?
            this-operating-system
            operating-system-kernel
            operating-system-kernel-arguments
            operating-system-bootloader
            operating-system-initrd-modules
            operating-system-label
            operating-system-host-name
            operating-system-timezone
            operating-system-locale
            operating-system-hosts-file
            operating-system-file-systems
            operating-system-swap-devices
            operating-system-users
            operating-system-groups
            operating-system-packages
            operating-system-user-services
            operating-system-essential-services
            operating-system-services
            operating-system-issue
            operating-system-location
            operating-system-target
            operating-system-system
            operating-system-init-mode
            operating-system-account-configuration
            operating-system-root-file-system
            operating-system-folded-service
            operating-system-boot-arguments
            operating-system-initrd
            operating-system-directory
            check-operating-system
            %base-packages
            %base-initrd-modules
            %default-issue))

(define-record-type* <operating-system> %operating-system make-operating-system
  operating-system?
  this-operating-system
  (kernel       operating-system-kernel (default linux))
  (kernel-arguments operating-system-user-kernel-arguments (default '()))
  (bootloader   operating-system-bootloader
                (default (bootloader-configuration)))
  (initrd-modules operating-system-initrd-modules
                  (default %base-initrd-modules))
  (label        operating-system-label (thunked)
                (default (default-label this-operating-system)))
  (host-name    operating-system-host-name)
  (timezone     operating-system-timezone (default "Etc/UTC"))
  (locale       operating-system-locale (default "C.UTF-8"))
  (hosts-file   operating-system-hosts-file (default #f))
  (file-systems operating-system-file-systems)
  (swap-devices operating-system-swap-devices (default '()))
  (users        operating-system-users (default '()))
  (groups       operating-system-groups (default '()))
  (packages     operating-system-packages (thunked)
                (default (default-packages this-operating-system)))
  (services     operating-system-user-services (thunked)
                (default (default-services this-operating-system)))
  (essential-services operating-system-essential-services (thunked)
                      (default (essential-services this-operating-system)))
  (issue        operating-system-issue (default %default-issue))
  (location     operating-system-location (default #f) (innate)))

(define-syntax operating-system
  (lambda (s)
    "Return an operating system."
    (syntax-case s ()
      ((_ field ...)
       #`(%operating-system
          field ...
          (#,(datum->syntax s 'location)
           (source-properties->location (current-source-location)))))
      (_ (syntax-violation 'operating-system
                           "expected (operating-system (FIELD VALUE) ...)"
                           s)))))

(define %default-issue
  ;; What people see before they log in.
  "\nThis is Fruix.\n\n")

(define %base-packages
  ;; The programs that everybody has on a Linux machine.
  (list busybox))

(define %base-initrd-modules
  ;; Kernel modules that machines need to find their disks.
  '("virtio_pci" "virtio_blk" "virtio_scsi" "sd_mod" "ata_piix" "nvme"
    "virtio_console"))

(define (operating-system-target os)
  "Return the kind of system that OS is: linux or freebsd."
  (operating-system-kernel-target (operating-system-kernel os)))

(define (operating-system-system os)
  "Return the system type of OS, such as \"x86_64-linux\"."
  (match (package-supported-systems (operating-system-kernel os))
    ((system . _) system)))

(define (operating-system-init-mode os)
  "Return how OS starts its services."
  (match (operating-system-target os)
    ('linux "shepherd-pid1")
    ('freebsd "freebsd-init+rc.d-shepherd")))

(define (default-label os)
  (let ((kernel (operating-system-kernel os)))
    (string-append "Fruix with "
                   (match (operating-system-target os)
                     ('linux "Linux ")
                     ('freebsd "FreeBSD "))
                   (package-version kernel))))

(define (default-packages os)
  (match (operating-system-target os)
    ('linux %base-packages)
    ('freebsd (freebsd-base-packages))))

(define (default-services os)
  (match (operating-system-target os)
    ('linux %base-services)
    ('freebsd %freebsd-base-services)))

(define (operating-system-root-file-system os)
  "Return the root file system of OS."
  (find (lambda (fs) (string=? "/" (file-system-mount-point fs)))
        (operating-system-file-systems os)))


;;;
;;; Checking.
;;;

(define (complain os template . arguments)
  (raise-error (apply format #f template arguments)
               #:location (operating-system-location os)))

(define (check-list os field value predicate what)
  (unless (list? value)
    (complain os "operating-system: ~a must be a list, not ~s" field value))
  (for-each (lambda (item)
              (unless (predicate item)
                (complain os "operating-system: ~a holds ~s, which is not ~a"
                          field item what)))
            value))

(define (check-operating-system os)
  "Raise an error that names the field unless the values of OS are of the
right kinds; return OS."
  (unless (package? (operating-system-kernel os))
    (complain os "operating-system: the kernel must be a package, not ~s"
              (operating-system-kernel os)))
  (for-each
   (match-lambda
     ((field . value)
      (unless (string? value)
        (complain os "operating-system: ~a must be a string, not ~s"
                  field value))))
   `((host-name . ,(operating-system-host-name os))
     (timezone . ,(operating-system-timezone os))
     (locale . ,(operating-system-locale os))))
  (call-with-location (operating-system-location os)
                      %check-host-name (operating-system-host-name os))
  (check-list os 'file-systems (operating-system-file-systems os)
              file-system? "a file system")
  (call-with-location (operating-system-location os)
                      check-file-systems (operating-system-file-systems os))
  (check-list os 'swap-devices (operating-system-swap-devices os)
              swap-space? "a swap space")
  (check-list os 'users (operating-system-users os)
              user-account? "a user account")
  (check-list os 'groups (operating-system-groups os)
              user-group? "a group")
  (check-list os 'packages (operating-system-packages os)
              file-like? "a package")
  (check-list os 'services (operating-system-user-services os)
              service? "a service")
  (check-list os 'kernel-arguments
              (operating-system-user-kernel-arguments os)
              (lambda (argument) (or (string? argument) (file-like? argument)))
              "a string")
  (check-list os 'initrd-modules (operating-system-initrd-modules os)
              string? "a string")
  (unless (bootloader-configuration? (operating-system-bootloader os))
    (complain os "operating-system: the bootloader must be a \
bootloader-configuration, not ~s" (operating-system-bootloader os)))
  os)


;;;
;;; Services.
;;;

(define (operating-system-account-configuration os)
  "Return the accounts that OS itself declares."
  (account-configuration
    (target (operating-system-target os))
    (accounts (operating-system-users os))
    (groups (operating-system-groups os))
    (location (operating-system-location os))))

(define (common-etc os)
  "Return the entries of /etc that both kinds of systems have."
  `(("hosts" ,(or (operating-system-hosts-file os)
                  (plain-file "hosts"
                              (%render-hosts (operating-system-host-name os)
                                             '()))))
    ("issue" ,(plain-file "issue" (operating-system-issue os)))
    ("fruix-release" ,(plain-file "fruix-release"
                                  (string-append
                                   (operating-system-label os) "\n")))))

(define (first-boot-steps)
  "Return the code that a Linux system's boot begins with."
  (list (with-imported-modules '((gnu build activation))
          #~(begin
              (use-modules (gnu build activation))
              (activate-booted-system)))))

(define (essential-services os)
  "Return the services that every system of the kind of OS has."
  (let ((target (operating-system-target os)))
    (append
     (list (service system-service-type
                    `(("kernel" ,(operating-system-kernel os))
                      ("parameters" ,(parameters-file os))))
           (service boot-service-type
                    (match target
                      ('linux (first-boot-steps))
                      ('freebsd #f)))               ;rc(8) does it
           (service activation-service-type
                    (list
                     (with-imported-modules '((gnu build activation))
                       #~(begin
                           (use-modules (gnu build activation))
                           (activate-etc
                            #:copied '#$(match target
                                          ('linux '())
                                          ('freebsd %freebsd-etc-files)))
                           (activate-directories
                            '(("/var/lib/fruix" #o755)
                              ("/var/log" #o755)
                              ("/var/run" #o755)
                              ("/tmp" #o1777)))))))
           (service account-service-type
                    (operating-system-account-configuration os))
           (service profile-service-type (operating-system-packages os))
           (service etc-service-type (common-etc os))
           (service special-files-service-type)
           (service shepherd-root-service-type
                    (shepherd-configuration
                      (target target)
                      (host-name (operating-system-host-name os)))))
     (match target
       ('linux
        (linux-essential-services
         #:host-name (operating-system-host-name os)
         #:timezone (operating-system-timezone os)
         #:locale (operating-system-locale os)
         #:file-systems (operating-system-file-systems os)
         #:swap-devices (operating-system-swap-devices os)
         #:initrd (operating-system-initrd os)))
       ('freebsd
        (freebsd-essential-services
         #:host-name (operating-system-host-name os)
         #:timezone (operating-system-timezone os)
         #:locale (operating-system-locale os)
         #:file-systems (operating-system-file-systems os)
         #:swap-devices (operating-system-swap-devices os)
         #:kernel-arguments (operating-system-user-kernel-arguments os)
         #:bootloader (operating-system-bootloader os)))))))

(define (operating-system-services os)
  "Return all services of OS, the essential ones first."
  (instantiate-missing-services
   (append (operating-system-essential-services os)
           (operating-system-user-services os))))

(define* (operating-system-folded-service os type)
  "Return the service of TYPE of OS with all extensions composed in."
  (fold-services (operating-system-services os) #:target-type type))

(define (operating-system-directory os)
  "Return the directory of OS, the closure's root: a file-like object."
  (let ((entries (service-value
                  (operating-system-folded-service os system-service-type))))
    (file-union "system" entries)))


;;;
;;; Booting.
;;;

(define (operating-system-initrd os)
  "Return the initrd of OS, for Linux systems."
  (linux-initrd (operating-system-kernel os)
                (operating-system-initrd-modules os)))

(define (operating-system-kernel-arguments os)
  "Return the arguments that OS's kernel gets, without those that name the
system."
  (operating-system-user-kernel-arguments os))

(define* (operating-system-boot-arguments os system)
  "Return the whole list of arguments of OS's kernel when its directory is the
store path SYSTEM."
  (let ((root (operating-system-root-file-system os))
        (serial (bootloader-configuration-serial-console
                 (operating-system-bootloader os))))
    `(,(string-append "root=" (file-system-device->string
                               (file-system-device root)))
      ,(string-append "rootfstype=" (file-system-type root))
      ,(string-append "fruix.system=" system)
      "console=tty0"
      ,@(if serial
            (list (string-append "console=ttyS0," serial))
            '())
      ,@(operating-system-user-kernel-arguments os))))

(define (parameters-file os)
  "Return the file that says what OS is, for programs and people."
  (scheme-file
   "parameters"
   #~(fruix-parameters
      (version 1)
      (label #$(operating-system-label os))
      (host-name #$(operating-system-host-name os))
      (target #$(symbol->string (operating-system-target os)))
      (system #$(operating-system-system os))
      (init-mode #$(operating-system-init-mode os))
      (kernel #$(operating-system-kernel os))
      (kernel-arguments #$(operating-system-user-kernel-arguments os))
      (root-device #$(file-system-device->string
                      (file-system-device
                       (operating-system-root-file-system os))))
      (locale #$(operating-system-locale os))
      (timezone #$(operating-system-timezone os)))))
