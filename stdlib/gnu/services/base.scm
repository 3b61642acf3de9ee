;;; Services that nearly every machine has.
;;;
;;; Commentary:
;;;
;;; File systems, swap, host name, kernel modules, terminals, the system log
;;; and the network (Guix manual, "Base Services").  On Linux they are
;;; Shepherd services; on FreeBSD most of them are rc.d's own, which is told
;;; by rc.conf.
;;;
;;; Code:

(define-module (gnu services base)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix records)
  #:use-module (guix gexp)
  #:use-module (gnu services)
  #:use-module (gnu services shepherd)
  #:use-module (gnu system file-systems)
  #:use-module (gnu system shadow)
  #:use-module (fruix packages linux)
  #:export (file-system-service-type
            swap-service-type
            host-name-service-type
            kernel-module-loader-service-type
            sysctl-service-type
            getty-configuration
            getty-service-type
            syslog-service-type
            loopback-service-type
            dhcp-client-service-type
            dhcp-client-configuration
            freebsd-syslog-service-type
            freebsd-dhcp-client-service-type
            %base-services
            %freebsd-base-services))


;;;
;;; Linux.
;;;

(define (file-system->shepherd-service fs)
  "Return the service that mounts FS, not the root file system."
  (let ((mount-point (file-system-mount-point fs)))
    (shepherd-service
      (provision (list (symbol-append 'file-system-
                                      (string->symbol mount-point))))
      (requirement (append
                    '(root-file-system)
                    (map (lambda (dependency)
                           (symbol-append
                            'file-system-
                            (string->symbol
                             (if (file-system? dependency)
                                 (file-system-mount-point dependency)
                                 dependency))))
                         (file-system-dependencies fs))))
      (documentation (string-append "Mount " mount-point "."))
      (start #~(lambda ()
                 (mount-file-system '#$(file-system->alist fs))))
      (stop #~(lambda (value)
                (unmount-file-system #$mount-point)
                #f))
      (respawn? #f))))

(define (file-systems->shepherd-services file-systems)
  "Return the services that mount FILE-SYSTEMS, and those that others wait
for: root-file-system and file-systems."
  (let ((services (map file-system->shepherd-service
                       (filter (lambda (fs)
                                 (and (file-system-mount? fs)
                                      (not (string=? "/" (file-system-mount-point
                                                          fs)))))
                               file-systems))))
    `(,(shepherd-service
         (provision '(root-file-system))
         (documentation "The root file system: read-only at the end.")
         (start #~(const #t))
         (stop #~(lambda (value)
                   (remount-root-read-only)
                   #f))
         (respawn? #f))
      ,@services
      ,(shepherd-service
         (provision '(file-systems))
         (requirement (cons 'root-file-system
                            (map shepherd-service-canonical-name services)))
         (documentation "All file systems.")
         (start #~(const #t))
         (stop #~(const #f))
         (respawn? #f))
      ,(shepherd-service
         (provision '(user-processes))
         (requirement '(file-systems))
         (documentation "The point before which no program of a user runs.")
         (start #~(const #t))
         (stop #~(lambda (value)
                   (terminate-user-processes)
                   #f))
         (respawn? #f)))))

(define (fstab-entry file-systems)
  (list (list "fstab" (plain-file "fstab"
                                  (render-fstab 'linux file-systems '())))))

(define file-system-service-type
  ;; The file systems of a Linux machine.
  (service-type
    (name 'file-systems)
    (extensions
     (list (service-extension shepherd-root-service-type
                              file-systems->shepherd-services)
           (service-extension etc-service-type fstab-entry)))
    (compose concatenate)
    (extend append)
    (default-value '())
    (description "Mount file systems.")))

(define (render-fstab target file-systems swap)
  ((@ (fruix native osmodel) %render-fstab)
   (symbol->string target)
   (map file-system->alist file-systems)
   (map swap-space->alist swap)))

(define swap-service-type
  ;; Swap space of a Linux machine: a list of <swap-space>.
  (service-type
    (name 'swap)
    (extensions
     (list (service-extension
            shepherd-root-service-type
            (lambda (spaces)
              (map (lambda (space)
                     (let ((data (swap-space->alist space)))
                       (shepherd-service
                         (provision (list (symbol-append
                                           'swap-
                                           (string->symbol
                                            (assq-ref data 'device)))))
                         (requirement '(root-file-system))
                         (documentation "Use swap space.")
                         (start #~(lambda () (start-swap '#$data)))
                         (stop #~(lambda (value) (stop-swap '#$data) #f))
                         (respawn? #f))))
                   spaces)))))
    (compose concatenate)
    (extend append)
    (default-value '())
    (description "Use swap space.")))

(define host-name-service-type
  ;; The name of a Linux machine.
  (shepherd-service-type
   'host-name
   (lambda (name)
     (shepherd-service
       (provision '(host-name))
       (documentation "Set the machine's name.")
       (start #~(lambda () (set-host-name #$name) #t))
       (stop #~(const #f))
       (one-shot? #t)
       (respawn? #f)))))

(define kernel-module-loader-service-type
  ;; Kernel modules to load: a list of names.
  (service-type
    (name 'kernel-module-loader)
    (extensions
     (list (service-extension
            shepherd-root-service-type
            (lambda (modules)
              (list
               (shepherd-service
                 (provision '(kernel-module-loader))
                 (requirement '(root-file-system))
                 (documentation "Load kernel modules.")
                 (start #~(lambda ()
                            (load-kernel-modules '#$modules)
                            #t))
                 (stop #~(const #f))
                 (one-shot? #t)
                 (respawn? #f)))))))
    (compose concatenate)
    (extend append)
    (default-value '())
    (description "Load kernel modules.")))

(define sysctl-service-type
  ;; Kernel settings: an alist of names, as in sysctl(8), and values.
  (service-type
    (name 'sysctl)
    (extensions
     (list (service-extension
            shepherd-root-service-type
            (lambda (settings)
              (list
               (shepherd-service
                 (provision '(sysctl))
                 (documentation "Change kernel settings.")
                 (start #~(lambda ()
                            (change-kernel-settings '#$settings)
                            #t))
                 (stop #~(const #f))
                 (one-shot? #t)
                 (respawn? #f)))))))
    (compose concatenate)
    (extend append)
    (default-value '())
    (description "Change kernel settings.")))

(define-record-type* <getty-configuration> getty-configuration
  make-getty-configuration
  getty-configuration?
  (tty    getty-configuration-tty)                  ;"ttyS0"
  (speed  getty-configuration-speed (default "115200"))
  (term   getty-configuration-term (default "vt100"))
  (package getty-configuration-package (default busybox)))

(define (getty-shepherd-service config)
  "Return the service that lets people log in on a terminal."
  (let ((tty (getty-configuration-tty config)))
    (shepherd-service
      (provision (list (symbol-append 'term- (string->symbol tty))))
      (requirement '(user-processes host-name))
      (documentation (string-append "Log in on " tty "."))
      (start #~(make-forkexec-constructor
                (list #$(file-append (getty-configuration-package config)
                                     "/bin/busybox")
                      "getty" "-L"
                      "-l" #$(file-append (getty-configuration-package config)
                                          "/bin/login")
                      #$tty
                      #$(getty-configuration-speed config)
                      #$(getty-configuration-term config))
                #:new-session? #t))
      (stop #~(make-kill-destructor)))))

(define getty-service-type
  ;; A terminal to log in on.
  (shepherd-service-type 'getty getty-shepherd-service))

(define syslog-service-type
  ;; The system log, by busybox.
  (shepherd-service-type
   'syslog
   (lambda (package)
     (shepherd-service
       (provision '(syslogd))
       (requirement '(user-processes))
       (documentation "Write the system log, /var/log/messages.")
       (start #~(make-forkexec-constructor
                 (list #$(file-append package "/bin/busybox")
                       "syslogd" "-n")))
       (stop #~(make-kill-destructor))))
   busybox))

(define loopback-service-type
  ;; The network interface of the machine to itself.
  (shepherd-service-type
   'loopback
   (lambda (name)
     (shepherd-service
       (provision '(loopback))
       (documentation "Bring the loopback interface up.")
       (start #~(lambda () (bring-interface-up #$name) #t))
       (stop #~(const #f))
       (one-shot? #t)
       (respawn? #f)))
   "lo"))

(define-record-type* <dhcp-client-configuration> dhcp-client-configuration
  make-dhcp-client-configuration
  dhcp-client-configuration?
  (interface dhcp-client-configuration-interface (default "eth0"))
  (package   dhcp-client-configuration-package (default busybox)))

(define %udhcpc-script
  ;; What busybox's DHCP client runs when its lease changes.
  (mixed-text-file "udhcpc-script"
                   "#!" (file-append busybox "/bin/busybox") " sh\n"
                   "b=" (file-append busybox "/bin/busybox") "\n"
                   "case \"$1\" in
  deconfig)
    $b ip addr flush dev \"$interface\"
    $b ip link set \"$interface\" up;;
  bound|renew)
    $b ip addr replace \"$ip/${mask:-24}\" dev \"$interface\"
    for r in $router; do $b ip route replace default via \"$r\"; break; done
    : > /etc/resolv.conf.new
    [ -n \"$domain\" ] && echo \"search $domain\" >> /etc/resolv.conf.new
    for d in $dns; do echo \"nameserver $d\" >> /etc/resolv.conf.new; done
    $b mv /etc/resolv.conf.new /etc/resolv.conf;;
esac\n"))

(define dhcp-client-service-type
  ;; Get a network address by DHCP.
  (shepherd-service-type
   'dhcp-client
   (lambda (config)
     (let ((interface (dhcp-client-configuration-interface config)))
       (shepherd-service
         (provision '(networking dhcp-client))
         (requirement '(user-processes loopback kernel-module-loader))
         (documentation (string-append "Get an address for " interface "."))
         (start #~(make-forkexec-constructor
                   (list #$(file-append
                            (dhcp-client-configuration-package config)
                            "/bin/busybox")
                         "udhcpc" "-f" "-S" "-i" #$interface
                         "-s" #$(executable %udhcpc-script))))
         (stop #~(make-kill-destructor)))))
   (dhcp-client-configuration)))

(define (executable file)
  "Return FILE as an executable file."
  (computed-file "udhcpc-script"
                 #~(begin
                     (copy-file #$file #$output)
                     (chmod #$output #o555))))

(define %base-services
  ;; What a Linux machine has unless it says otherwise.
  (list (service syslog-service-type)
        (service loopback-service-type)
        (service getty-service-type (getty-configuration (tty "ttyS0")))
        (service getty-service-type
                 (getty-configuration (tty "tty1") (speed "38400")
                                      (term "linux")))
        (simple-service 'base-special-files special-files-service-type
                        `(("/bin/sh" ,(file-append busybox "/bin/sh"))
                          ("/usr/bin/env" ,(file-append busybox "/bin/env"))
                          ("/sbin/nologin"
                           ,(file-append busybox "/bin/false"))))))


;;;
;;; FreeBSD.
;;;

(define-syntax-rule (rc-conf-service-type* service-name text value->settings
                                           default)
  (service-type
    (name service-name)
    (extensions (list (service-extension rc-conf-service-type
                                         value->settings)))
    (default-value default)
    (description text)))

(define freebsd-syslog-service-type
  ;; FreeBSD's own syslogd; the value is its flags.
  (rc-conf-service-type* 'freebsd-syslog "FreeBSD's system log."
                         (lambda (flags)
                           `(("syslogd_enable" . "YES")
                             ("syslogd_flags" . ,flags)))
                         "-ss"))

(define freebsd-dhcp-client-service-type
  ;; FreeBSD's dhclient on an interface, or on all with "DEFAULT".
  (rc-conf-service-type* 'freebsd-dhcp-client "Network address by DHCP."
                         (lambda (interface)
                           `((,(string-append "ifconfig_" interface)
                              . "SYNCDHCP")))
                         "DEFAULT"))

(define %freebsd-base-services
  ;; What a FreeBSD machine has unless it says otherwise.
  (list (service freebsd-syslog-service-type)
        (simple-service 'freebsd-base-settings rc-conf-service-type
                        '(("sendmail_enable" . "NONE")
                          ("cron_enable" . "NO")
                          ("dumpdev" . "NO")
                          ("clear_tmp_enable" . "NO")
                          ("virecover_enable" . "NO")))))
