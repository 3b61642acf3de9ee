;;; What is particular to FreeBSD systems.
;;;
;;; Commentary:
;;;
;;; A FreeBSD machine comes up through its own loader, init and rc.d.  The
;;; declaration decides what these read: loader.conf, rc.conf, fstab, ttys,
;;; login.conf; and adds two rc.d scripts, one that activates the system and
;;; one that starts Shepherd under daemon(8).
;;;
;;; Code:

(define-module (gnu system freebsd)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix gexp)
  #:use-module (guix packages)
  #:use-module (gnu bootloader)
  #:use-module (gnu services)
  #:use-module (gnu services shepherd)
  #:use-module (gnu system file-systems)
  #:use-module (fruix packages freebsd)
  #:use-module (fruix native osmodel)
  #:export (freebsd-base-packages
            freebsd-essential-services))

(define (freebsd-base-packages)
  "Return the packages that everybody has on a FreeBSD machine."
  (list freebsd-libc freebsd-sh freebsd-runtime freebsd-userland))

(define (loader-settings file-systems kernel-arguments config)
  "Return the settings of loader.conf: where the root file system is, the
console, and KERNEL-ARGUMENTS, strings NAME=VALUE."
  (let* ((root   (find (lambda (fs)
                         (string=? "/" (file-system-mount-point fs)))
                       file-systems))
         (serial (bootloader-configuration-serial-console config)))
    `(("kernel" . "kernel")
      ("autoboot_delay" . ,(number->string
                            (bootloader-configuration-timeout config)))
      ("beastie_disable" . "YES")
      ("vfs.root.mountfrom" . ,(%root-mount-from (file-system->alist root)))
      ,@(if serial
            `(("boot_multicons" . "YES")
              ("boot_serial" . "YES")
              ("comconsole_speed" . ,serial)
              ("console" . "efi,comconsole"))
            '())
      ,@(map (lambda (argument)
               (match (string-index argument #\=)
                 (#f (cons argument "YES"))
                 (index (cons (substring argument 0 index)
                              (substring argument (+ 1 index))))))
             kernel-arguments)
      ,@(bootloader-configuration-settings config))))

(define %activate-script
  "#!/bin/sh
# Make this machine what its declaration says.
#
# PROVIDE: fruix_activate
# REQUIRE: FILESYSTEMS
# BEFORE:  NETWORKING SERVERS

. /etc/rc.subr

name=\"fruix_activate\"
rcvar=\"fruix_activate_enable\"
start_cmd=\"/run/current-system/activate\"
stop_cmd=\":\"

load_rc_config $name
: ${fruix_activate_enable:=\"YES\"}
run_rc_command \"$1\"
")

(define %shepherd-script
  "#!/bin/sh
# Run Shepherd, which runs the services of the declaration.
#
# PROVIDE: fruix_shepherd shepherd
# REQUIRE: LOGIN FILESYSTEMS fruix_activate
# KEYWORD: shutdown

. /etc/rc.subr

name=\"fruix_shepherd\"
rcvar=\"fruix_shepherd_enable\"
pidfile=\"/var/run/fruix_shepherd.pid\"
shepherd=\"/run/current-system/shepherd/runtime/bin/shepherd\"
command=\"/usr/sbin/daemon\"
command_args=\"-f -P ${pidfile} -o /var/log/shepherd.log ${shepherd} \\
  --config /run/current-system/shepherd/init.scm\"

load_rc_config $name
: ${fruix_shepherd_enable:=\"YES\"}
run_rc_command \"$1\"
")

(define (script name text)
  "Return the executable file NAME that holds TEXT."
  (computed-file name
                 #~(call-with-output-file #$output
                     (lambda (port)
                       (display #$text port)
                       (chmod port #o555)))))

(define* (freebsd-essential-services #:key host-name timezone locale
                                     file-systems swap-devices
                                     kernel-arguments bootloader)
  "Return the services that every FreeBSD system has."
  (list
   (service loader-conf-service-type
            (loader-settings file-systems kernel-arguments bootloader))
   (service rc-conf-service-type
            `(("hostname" . ,host-name)
              ("fruix_activate_enable" . "YES")
              ("fruix_shepherd_enable" . "YES")
              ("rc_startmsgs" . "YES")))
   (simple-service 'freebsd-etc etc-service-type
                   `(("fstab" ,(plain-file "fstab"
                                           (%render-fstab
                                            "freebsd"
                                            (map file-system->alist file-systems)
                                            (map swap-space->alist
                                                 swap-devices))))
                     ("ttys" ,(plain-file "ttys" (%render-ttys %ttys)))
                     ("login.conf" ,(plain-file "login.conf"
                                                (%render-login-conf
                                                 `((locale . ,locale)
                                                   (timezone . ,timezone)))))
                     ("motd.template" ,(plain-file "motd.template"
                                                   "Welcome to Fruix.\n"))
                     ("timezone" ,(plain-file "timezone"
                                              (string-append timezone "\n")))
                     ("." ,(file-append freebsd-rc-scripts "/etc"))))
   (simple-service 'freebsd-rc-scripts system-service-type
                   `(("usr/local/etc/rc.d/fruix-activate"
                      ,(script "fruix-activate" %activate-script))
                     ("usr/local/etc/rc.d/fruix-shepherd"
                      ,(script "fruix-shepherd" %shepherd-script))))))

(define %ttys
  ;; Terminals to log in on.
  '(("console" "none" "unknown" "off insecure")
    ("ttyv0" "\"/usr/libexec/getty Pc\"" "xterm" "onifexists secure")
    ("ttyu0" "\"/usr/libexec/getty 3wire\"" "vt100" "onifconsole secure")))
