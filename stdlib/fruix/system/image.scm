;;; From an operating system to a tree and a disk.
;;;
;;; Commentary:
;;;
;;; The root file system of a machine holds the closure of its system below
;;; /frx/store, the link /run/current-system to it, and links through that
;;; one from the places where programs look.  A disk image adds the partition
;;; that the firmware starts from.  Both are plans, which (fruix system plan)
;;; explains; nothing here writes anything.
;;;
;;; Code:

(define-module (fruix system image)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix gexp)
  #:use-module (guix store)
  #:use-module (guix packages)
  #:use-module (guix derivations)
  #:use-module (gnu bootloader)
  #:use-module (gnu services)
  #:use-module (gnu services shepherd)
  #:use-module (gnu system)
  #:use-module (gnu system file-systems)
  #:use-module (gnu system shadow)
  #:use-module (gnu system linux)
  #:use-module (gnu system freebsd)
  #:use-module (fruix system plan)
  #:use-module (fruix packages linux)
  #:use-module (fruix packages freebsd)
  #:use-module (fruix native osmodel)
  #:export (system-path
            system-root-tree
            system-rootfs-plan
            system-image
            %systemd-boot-bootloader
            %freebsd-loader-bootloader
            %default-root-free))

(define %default-root-free
  ;; Bytes that are free in the root file system of an image.
  (* 256 1024 1024))

(define %graph "system")
(define %registrations "system-registrations")

(define (system-path os)
  "Return the store path that the directory of OS has, or will have."
  (derivation->output-path
   (lower-item (operating-system-directory os)
               #:system (operating-system-system os))))

(define %state "/frx/var/fruix")

(define (store-entries os)
  "Return the entries for the store and its state.  The store knows what it
holds; what keeps the system of OS are the links that say which systems run,
and the first generation of the profile of systems."
  (define (state name) (string-append %state "/" name))
  (append
   (list (plan-directory "/frx")
         (plan-closure "/frx/store" %graph #:registrations %registrations)
         (plan-directory "/frx/var")
         (plan-directory %state)
         (plan-directory (state "gcroots")))
   (map (lambda (name)
          (plan-symlink (state (string-append "gcroots/" name))
                        (string-append "/run/" name)))
        (match (operating-system-target os)
          ('linux '("booted-system" "current-system"))
          ('freebsd '("current-system"))))
   (list (plan-directory (state "profiles"))
         (plan-symlink (state "profiles/system-1-link")
                       #~#$(operating-system-directory os))
         (plan-symlink (state "profiles/system") "system-1-link"))))

(define (account-entries os)
  "Return the entries for the account files and the homes of OS."
  (let ((config (service-value
                 (operating-system-folded-service os account-service-type))))
    (append
     (map (match-lambda
            ((name . text)
             (plan-text (string-append "/etc/" name) text
                        #:mode (if (member name '("shadow" "master.passwd"))
                                   #o600
                                   #o644))))
          (account-files config))
     (filter-map (match-lambda
                   (("/root" . _) #f)
                   ((directory uid gid mode)
                    (plan-directory directory #:mode mode
                                    #:uid uid #:gid gid)))
                 (account-homes config)))))

(define (special-file-entries os)
  "Return the entries for the special files of OS, such as /bin/sh."
  (map (match-lambda
         ((name target) (plan-symlink name #~#$target)))
       (service-value
        (operating-system-folded-service os special-files-service-type))))

(define (directories names)
  "Return entries for the directories NAMES: strings, or lists (NAME MODE) or
(NAME MODE UID GID)."
  (map (match-lambda
         ((name mode) (plan-directory name #:mode mode))
         ((name mode uid gid)
          (plan-directory name #:mode mode #:uid uid #:gid gid))
         (name (plan-directory name)))
       names))

(define (linux-tree os)
  "Return the entries that are particular to Linux systems."
  (append
   (directories '("/bin" "/boot" "/dev" "/home" "/mnt" "/proc" "/sbin" "/sys"
                  ("/tmp" #o1777) "/usr" "/usr/bin" "/var/cache" "/var/db"
                  "/var/spool" ("/var/tmp" #o1777) ("/var/empty" #o555)))
   (list (plan-symlink "/var/run" "/run")
         (plan-symlink "/etc/mtab" "/proc/self/mounts"))
   (special-file-entries os)))

(define %freebsd-directories
  ;; The directories that FreeBSD's programs count on, with the modes and the
  ;; owners that its BSD.root.dist and BSD.var.dist give them: operator is
  ;; user 2, daemon 1, uucp 66; of groups daemon is 1, operator 5, mail 6,
  ;; games 13, dialer 68, network 69, audit 77, authpf 63.
  '("/boot" ("/dev" #o555) "/home" "/media" "/mnt" ("/proc" #o555)
    ("/tmp" #o1777) "/usr" "/usr/libdata" "/usr/local" "/usr/local/bin"
    "/usr/local/etc" "/usr/local/etc/rc.d" "/usr/local/lib"
    "/usr/local/libdata" "/usr/local/libexec" "/usr/local/sbin"
    "/usr/local/share"
    ("/var/account" #o750) "/var/at" ("/var/at/jobs" #o755 1 0)
    ("/var/at/spool" #o755 1 0) ("/var/audit" #o750 0 77)
    ("/var/authpf" #o770 0 63) ("/var/backups" #o750) "/var/cache"
    ("/var/crash" #o750) ("/var/cron" #o750) ("/var/cron/tabs" #o700)
    "/var/db" ("/var/db/entropy" #o700 2 5) "/var/db/mtree" "/var/db/pkg"
    ("/var/empty" #o555) ("/var/games" #o775 0 13) ("/var/heimdal" #o700)
    ("/var/mail" #o775 0 6) ("/var/msgs" #o755 1 0) "/var/preserve"
    "/var/run" "/var/run/dhclient" ("/var/run/ppp" #o770 0 69)
    "/var/run/wpa_supplicant" ("/var/rwho" #o775 0 1) "/var/spool"
    ("/var/spool/dma" #o770 0 6) ("/var/spool/lock" #o775 66 68)
    ("/var/spool/lpd" #o755 0 1) ("/var/spool/opielocks" #o700 0 1)
    ("/var/spool/output" #o755 0 1) ("/var/spool/output/lpd" #o755 0 1)
    ("/var/tmp" #o1777) ("/var/tmp/vi.recover" #o1777) "/var/yp"))

(define (freebsd-tree os)
  "Return the entries that are particular to FreeBSD systems."
  (define (profile-link name)
    (plan-symlink name (string-append "/run/current-system/profile" name)))
  (append
   (directories %freebsd-directories)
   (map profile-link
        '("/bin" "/sbin" "/lib" "/libexec" "/usr/bin" "/usr/sbin" "/usr/lib"
          "/usr/libexec" "/usr/share"))
   (map (lambda (name)
          (plan-file (string-append "/etc/" name)
                     #~(string-append #$(operating-system-directory os)
                                      "/etc/" #$name)))
        %freebsd-etc-files)
   (list (plan-symlink "/etc/os-release" "../var/run/os-release")
         (plan-copy "/boot/kernel"
                    #~(string-append #$(operating-system-kernel os)
                                     "/boot/kernel"))
         (plan-copy "/boot" #~(string-append #$freebsd-bootloader "/boot"))
         (plan-file "/boot/loader.conf"
                    #~(string-append #$(operating-system-directory os)
                                     "/boot/loader.conf"))
         (plan-links "/usr/local/etc/rc.d"
                     #~(string-append #$(operating-system-directory os)
                                      "/usr/local/etc/rc.d")
                     "/run/current-system/usr/local/etc/rc.d"))
   (special-file-entries os)))

(define (system-root-tree os)
  "Return the entries of the root file system of OS, a vector."
  (list->vector
   (append
    (store-entries os)
    (directories '("/etc" ("/root" #o700) "/run" "/var" "/var/lib"
                   "/var/lib/fruix" "/var/log"))
    (list (plan-symlink "/run/current-system"
                        #~#$(operating-system-directory os)))
    (match (operating-system-target os)
      ('linux (linux-tree os))
      ('freebsd (freebsd-tree os)))
    (account-entries os)
    (list (plan-links "/etc"
                      #~(string-append #$(operating-system-directory os)
                                       "/etc")
                      "/run/current-system/etc")))))

(define (boot-partition os)
  "Return the plan of the EFI system partition of OS."
  `((name . "ESP") (type . "esp")
    (file-system
     . ((type . "fat") (label . "EFI") (free . ,(* 16 1024 1024))
        (tree . ,(list->vector
                  (match (operating-system-target os)
                    ('linux (linux-boot-tree os))
                    ('freebsd (freebsd-boot-tree os)))))))))

(define %systemd-boot-bootloader
  ;; What starts Linux.
  (bootloader
    (name 'systemd-boot)
    (package systemd-boot)
    (efi-program "/systemd-bootx64.efi")))

(define %freebsd-loader-bootloader
  ;; What starts FreeBSD.
  (bootloader
    (name 'freebsd-loader)
    (package freebsd-bootloader)
    (efi-program "/boot/loader.efi")))

(define (operating-system-efi-program os)
  "Return the file name, a gexp, of the program that the firmware starts: that
of the declared bootloader, or of the usual one of OS's kind."
  (let ((loader (or (bootloader-configuration-bootloader
                     (operating-system-bootloader os))
                    (match (operating-system-target os)
                      ('linux %systemd-boot-bootloader)
                      ('freebsd %freebsd-loader-bootloader)))))
    #~(string-append #$(bootloader-package loader)
                     #$(bootloader-efi-program loader))))

(define (linux-boot-tree os)
  "Return the entries of the EFI system partition that boots the Linux system
OS."
  (let ((config (operating-system-bootloader os)))
    (list (plan-file "/EFI/BOOT/BOOTX64.EFI"
                     (operating-system-efi-program os))
          (plan-text "/loader/loader.conf"
                     (%render-loader-efi-conf
                      (bootloader-configuration-timeout config)
                      "fruix.conf"))
          (plan-text "/loader/entries/fruix.conf"
                     (%render-boot-entry
                      (operating-system-label os)
                      "/fruix/vmlinuz" "/fruix/initrd"
                      (operating-system-boot-arguments os (system-path os))))
          (plan-file "/fruix/vmlinuz"
                     #~(string-append #$(operating-system-kernel os)
                                      "/vmlinuz"))
          (plan-file "/fruix/initrd"
                     #~(string-append #$(operating-system-initrd os)
                                      "/initrd")))))

(define (freebsd-boot-tree os)
  "Return the entries of the EFI system partition that boots the FreeBSD
system OS."
  (list (plan-file "/EFI/BOOT/BOOTX64.EFI"
                   (operating-system-efi-program os))))

(define* (root-partition os #:key (free %default-root-free) (size 0))
  "Return the plan of the partition with the root file system of OS."
  (let* ((root   (operating-system-root-file-system os))
         (device (file-system-device root)))
    `((name . "root")
      (type . ,(match (operating-system-target os)
                 ('linux "linux-root-x86-64")
                 ('freebsd "freebsd-ufs")))
      (file-system
       . ((type . ,(match (file-system-type root)
                     ("ext4" "ext4")
                     ((or "ufs" "ufs2") "ufs2")
                     (other (error (format #f "cannot write a file system of \
type ~a; the root file system of an image is ext4 or ufs" other)))))
          ,@(cond ((file-system-label? device)
                   `((label . ,(file-system-label->string device))))
                  ((uuid? device)
                   `((uuid . ,(uuid->string device))))
                  (else '((label . "fruix-root"))))
          (free . ,free)
          (size . ,size)
          (tree . ,(system-root-tree os)))))))

(define (image-plan os free size)
  "Return the plan of a disk with OS."
  `((version . 1)
    (label . ,(operating-system-host-name os))
    (seed . ,(string-append "fruix image of " (system-path os)))
    (partitions . ,(vector (boot-partition os)
                           (root-partition os #:free free #:size size)))))

(define* (system-image os #:key (free %default-root-free) (size 0))
  "Return the disk image of OS, a file-like object: a directory with disk.img
and image.json.  FREE is the number of free bytes in the root file system; SIZE,
when not 0, is the whole size of the root file system in bytes."
  (plan-item (string-append (operating-system-host-name os) "-image")
             "builtin:disk"
             (image-plan os free size)
             #:graphs `((,%graph . ,(operating-system-directory os)))
             #:registrations `((,%registrations
                                . ,(operating-system-directory os)))))

(define (system-rootfs-plan os)
  "Return the plan of a disk that has only the root file system of OS, as a
file-like object that holds the JSON text."
  (plan->file "rootfs-plan"
              `((version . 1)
                (label . ,(operating-system-host-name os))
                (seed . ,(string-append "fruix rootfs of " (system-path os)))
                (partitions . ,(vector (root-partition os))))))
