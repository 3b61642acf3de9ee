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
  #:use-module (gnu system privilege)
  #:use-module (fruix packages freebsd)
  #:use-module (fruix native osmodel)
  #:export (freebsd-base-packages
            %freebsd-privileged-programs
            %freebsd-etc-files
            freebsd-essential-services))

(define (freebsd-base-packages)
  "Return the packages that everybody has on a FreeBSD machine."
  (list freebsd-libc freebsd-sh freebsd-runtime freebsd-userland))

(define (root-mount-from root)
  "Return where the kernel finds the file system ROOT, as the first two fields
of its line in fstab say it: TYPE:DEVICE."
  (match (string-split (%render-fstab "freebsd" (list (file-system->alist root))
                                      '())
                       #\tab)
    ((device mount-point type . _)
     (string-append type ":" device))))

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
      ("vfs.root.mountfrom" . ,(root-mount-from root))
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
# Everything that looks for users comes after this.
#
# PROVIDE: fruix_activate
# REQUIRE: FILESYSTEMS
# BEFORE:  hostname ldconfig random NETWORKING SERVERS DAEMON LOGIN

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
command_args=\"-f -S -T shepherd -P ${pidfile} ${shepherd} --silent \\
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

(define %freebsd-privileged-programs
  ;; What has set-user-ID bits in FreeBSD's base system, as its makefiles
  ;; install it; a base system can be built without most of it.
  (let ((setuid (lambda* (package file #:key (group 0) (mode #o555))
                  (privileged-program
                    (program (file-append package file))
                    (setuid? #t) (group group) (mode mode) (optional? #t)))))
    (append
     (map (lambda (name)
            (setuid freebsd-userland (string-append "/usr/bin/" name)))
          '("at" "atq" "atrm" "batch" "chfn" "chpass" "chsh" "crontab" "lock"
            "login" "opieinfo" "opiepasswd" "passwd" "quota" "su" "yppasswd"))
     (map (lambda (name)
            (setuid freebsd-userland (string-append "/usr/sbin/" name)))
          '("traceroute" "traceroute6"))
     (map (lambda (name)
            (setuid freebsd-runtime (string-append "/sbin/" name)))
          '("ping" "ping6"))
     (map (lambda (name)
            (setuid freebsd-runtime (string-append "/sbin/" name)
                    #:group "operator" #:mode #o554))
          '("mksnap_ffs" "poweroff" "shutdown")))))

(define (login-settings locale timezone)
  "Return the properties of the login class of everybody."
  `(("path" . ,(string-join
                (cons %privileged-program-directory
                      '("/run/current-system/profile/bin"
                        "/run/current-system/profile/sbin"
                        "/sbin" "/bin" "/usr/sbin" "/usr/bin"
                        "/usr/local/sbin" "/usr/local/bin" "~/bin"))))
    ("lang" . ,locale)
    ("charset" . ,(match (string-index locale #\.)
                    (#f "US-ASCII")
                    (index (substring locale (+ 1 index)))))
    ("timezone" . ,timezone)))

(define %freebsd-etc-files
  ;; The entries of /etc that must be files: login(3)'s library takes no
  ;; symbolic link.
  '("login.conf"))

(define (freebsd-etc file-systems swap-devices locale timezone)
  "Return the files of /etc that FreeBSD systems have."
  `(("fstab" ,(plain-file "fstab"
                          (%render-fstab
                           "freebsd"
                           (map file-system->alist file-systems)
                           (map swap-space->alist swap-devices))))
    ("ttys" ,(plain-file "ttys" (%render-ttys %ttys)))
    ("login.conf" ,(plain-file "login.conf"
                               (%render-login-conf
                                (login-settings locale timezone))))
    ("motd.template" ,(plain-file "motd.template"
                                  (%render-motd "Welcome to Fruix.\n")))
    ("localtime" ,(file-append freebsd-userland "/usr/share/zoneinfo/"
                               timezone))
    ;; All that a base system brings unless it is declared here.
    ("." ,(file-append freebsd-rc-scripts "/etc"))))

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
              ;; The root file system is checked before it is written to.
              ("background_fsck" . "NO")))
   (service privileged-program-service-type %freebsd-privileged-programs)
   (simple-service 'freebsd-etc etc-service-type
                   (freebsd-etc file-systems swap-devices locale timezone))
   (simple-service 'freebsd-rc-scripts system-service-type
                   `(("usr/local/etc/rc.d/fruix-activate"
                      ,(script "fruix-activate" %activate-script))
                     ("usr/local/etc/rc.d/fruix-shepherd"
                      ,(script "fruix-shepherd" %shepherd-script))))))

(define %ttys
  ;; Terminals to log in on: those of FreeBSD's own ttys.
  `(("console" "none" "unknown" "off secure")
    ,@(map (lambda (name)
             (list name "/usr/libexec/getty Pc" "xterm" "onifexists secure"))
           '("ttyv0" "ttyv1" "ttyv2" "ttyv3" "ttyv4" "ttyv5" "ttyv6" "ttyv7"))
    ,@(map (lambda (name)
             (list name "/usr/libexec/getty 3wire" "vt100"
                   "onifconsole secure"))
           '("ttyu0" "ttyu1" "ttyu2" "ttyu3"))))
