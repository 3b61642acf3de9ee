;;; What is particular to Linux systems.
;;;
;;; Commentary:
;;;
;;; The initrd and the essential services of a system with a Linux kernel.
;;;
;;; Code:

(define-module (gnu system linux)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix gexp)
  #:use-module (guix packages)
  #:use-module (guix derivations)
  #:use-module (guix store)
  #:use-module (guix records)
  #:use-module (gnu services)
  #:use-module (gnu services base)
  #:use-module (gnu services shepherd)
  #:use-module (fruix system plan)
  #:use-module (fruix packages linux)
  #:use-module (fruix native store)
  #:use-module (fruix native osmodel)
  #:export (linux-essential-services
            linux-initrd
            operating-system-kernel-target))

(define (operating-system-kernel-target kernel)
  "Return the kind of system that KERNEL, a package, makes: linux or
freebsd."
  (or (assq-ref (package-properties kernel) 'target)
      (error (format #f "package ~a is not known to be a kernel: its \
properties lack (target . linux) or (target . freebsd)"
                     (package-name kernel)))))

(define (linux-initrd kernel modules)
  "Return the initrd for KERNEL, a package, with MODULES, a list of names: a
directory that holds the file 'initrd'."
  (plan-item "initrd" "builtin:initrd"
             `((version . 1)
               (compression . "zstd")
               (tree
                . ,(vector
                    (plan-directory "/dev")
                    (plan-directory "/proc")
                    (plan-directory "/sys")
                    (plan-directory "/run")
                    (plan-directory "/root")
                    (plan-device "/dev/console" 5 1 #o600)
                    (plan-device "/dev/null" 1 3 #o666)
                    (plan-file "/init"
                               #~(string-append #$shepherd-runtime
                                                "/bin/shepherd")
                               #:mode #o755)
                    (plan-kernel-modules
                     #~(string-append
                        #$kernel "/lib/modules/"
                        #$(assq-ref (package-properties kernel)
                                    'modules-version))
                     modules))))))

(define* (linux-essential-services #:key host-name timezone locale file-systems
                                   swap-devices initrd)
  "Return the services that every Linux system has."
  (list (service file-system-service-type file-systems)
        (service swap-service-type swap-devices)
        (service host-name-service-type host-name)
        (service kernel-module-loader-service-type)
        (simple-service 'linux-etc etc-service-type
                        `(("hostname" ,(plain-file "hostname"
                                                   (string-append host-name
                                                                  "\n")))
                          ("timezone" ,(plain-file "timezone"
                                                   (string-append timezone
                                                                  "\n")))
                          ("localtime" ,(local-time timezone))
                          ("profile" ,(login-profile locale))
                          ("nsswitch.conf" ,%nsswitch)
                          ("securetty" ,%securetty)))
        (simple-service 'linux-system-entries system-service-type
                        `(("initrd" ,initrd)))))

(define (local-time timezone)
  "Return the rules of TIMEZONE, such as \"Europe/Berlin\", a file that the C
library reads as /etc/localtime."
  (computed-file "localtime"
                 #~(let ((file (string-append #$tzdata "/share/zoneinfo/"
                                              #$timezone)))
                     (unless (file-exists? file)
                       (error (string-append "there is no time zone "
                                             #$timezone)))
                     (copy-file file #$output))))

(define (login-profile locale)
  "Return what login shells read, with LOCALE as the language."
  (plain-file "profile" (string-append "\
export PATH=/run/current-system/profile/bin:/run/current-system/profile/sbin
export LANG=" locale "
export PS1='\\u@\\h \\w\\$ '
umask 022
")))

(define %securetty
  ;; Where root may log in: busybox's login lets root in nowhere without it.
  (plain-file "securetty"
              (string-concatenate
               (cons "console\nttyS0\nttyS1\nttyAMA0\nhvc0\n"
                     (map (lambda (n)
                            (string-append "tty" (number->string n) "\n"))
                          (iota 12 1))))))

(define %nsswitch
  (plain-file "nsswitch.conf" "\
passwd: files
group: files
shadow: files
hosts: files dns
"))
