;;; What starts the kernel.
;;;
;;; Commentary:
;;;
;;; A machine starts through UEFI: systemd-boot starts Linux, loader.efi
;;; starts FreeBSD (Guix manual, "Bootloader Configuration").  The bootloader
;;; is chosen by the kernel unless it is given.
;;;
;;; Code:

(define-module (gnu bootloader)
  #:use-module (guix records)
  #:export (bootloader
            bootloader?
            bootloader-name
            bootloader-package
            bootloader-efi-program
            bootloader-configuration
            bootloader-configuration?
            bootloader-configuration-bootloader
            bootloader-configuration-targets
            bootloader-configuration-timeout
            bootloader-configuration-serial-console
            bootloader-configuration-settings))

(define-record-type* <bootloader> bootloader make-bootloader
  bootloader?
  (name        bootloader-name)         ;symbol
  (package     bootloader-package)      ;where its files come from
  (efi-program bootloader-efi-program)) ;file name below the package

(define (check-bootloader value)
  "Return VALUE, a bootloader or #f for the kernel's usual one."
  (unless (or (not value) (bootloader? value))
    (error (format #f "bootloader-configuration: ~s is not a bootloader"
                   value)))
  value)

(define (check-timeout value)
  "Return VALUE, a number of seconds."
  (unless (and (integer? value) (exact? value) (>= value 0))
    (error (format #f "bootloader-configuration: the timeout must be a whole \
number of seconds, not ~s" value)))
  value)

(define-record-type* <bootloader-configuration> bootloader-configuration
  make-bootloader-configuration
  bootloader-configuration?
  (bootloader bootloader-configuration-bootloader (default #f)  ;#f: kernel's
              (sanitize check-bootloader))
  ;; Where a running machine has its EFI system partitions.  An image has one,
  ;; and nothing to look up.
  (targets    bootloader-configuration-targets (default '("/boot/efi")))
  (timeout    bootloader-configuration-timeout (default 1)      ;seconds
              (sanitize check-timeout))
  (serial-console bootloader-configuration-serial-console
                  (default "115200"))   ;speed of the first port, or #f
  (settings   bootloader-configuration-settings (default '()))) ;loader.conf
