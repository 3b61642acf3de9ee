;;; What a Linux system is made of.
;;;
;;; Commentary:
;;;
;;; The kernel, the boot manager and the tools of a minimal system, taken from
;;; Debian's packages.  They are content-addressed origins: the host's apt, a
;;; mirror or a folder of files may provide them, and the hash decides.
;;;
;;; Code:

(define-module (fruix packages linux)
  #:use-module (guix packages)
  #:use-module (guix download)
  #:use-module (guix gexp)
  #:use-module (guix licenses)
  #:use-module (guix build-system trivial)
  #:export (debian-package
            linux
            linux-version
            busybox
            systemd-boot
            tzdata))

(define-syntax-rule (debian-package name version hash option ...)
  "Return the origin of Debian's binary package NAME of VERSION, for amd64
unless OPTION is #:arch ARCHITECTURE."
  (origin
    (method url-fetch)
    (uri (debian-package-uri name version option ...))
    (file-name (string-append name ".deb"))
    (sha256 (base32 hash))))

(define %x86-64 '("x86_64-linux"))

;; The part of the kernel package's name that names its modules' directory.
(define linux-version "6.1.0-50-cloud-amd64")

(define linux
  (package
    (name "linux")
    (version "6.1.176")
    (source (debian-package "linux-image-6.1.0-50-cloud-amd64" "6.1.176-1"
                            "14d7pa82a5d90gvawpq85avk0bdvk9i5mn385qsshm3gbdh9zqgg"))
    (build-system trivial-build-system)
    (arguments
     (list
      #:builder
      (with-imported-modules '((guix build utils) (guix build archive))
        #~(begin
            (use-modules (guix build utils) (guix build archive))
            (unpack-archive #$source #$output
                            #:select '("boot" "lib/modules"))
            (chdir #$output)
            (rename-file (car (find-files "boot" "^vmlinuz-")) "vmlinuz")
            (rename-file (car (find-files "boot" "^config-")) "config")
            (delete-file-recursively "boot")))))
    (supported-systems %x86-64)
    (synopsis "Kernel for virtual machines")
    (description "The Linux kernel as Debian configures it for clouds: small,
with the drivers of virtual machines.")
    (home-page "https://www.kernel.org/")
    (license gpl2)
    (properties `((target . linux)
                  (modules-version . ,linux-version)))))

(define busybox
  (package
    (name "busybox")
    (version "1.35.0")
    (source (debian-package "busybox-static" "1:1.35.0-4+deb12u1+b1"
                            "0i4723mp20axn9p27aid6sk1s7787whjq2abw5rwhq263plxngrx"))
    (build-system trivial-build-system)
    (arguments
     (list
      #:builder
      (with-imported-modules '((guix build utils) (guix build archive))
        #~(begin
            (use-modules (guix build utils) (guix build archive))
            (unpack-archive #$source "deb")
            (let ((bin (string-append #$output "/bin")))
              (mkdir-p bin)
              (copy-file "deb/bin/busybox" (string-append bin "/busybox"))
              (chmod (string-append bin "/busybox") #o555)
              (for-each (lambda (applet)
                          (symlink "busybox" (string-append bin "/" applet)))
                        '#$%busybox-applets))))))
    (supported-systems %x86-64)
    (synopsis "Many common Unix tools in one static program")
    (description "BusyBox combines small versions of the usual tools.")
    (home-page "https://busybox.net/")
    (license gpl2)))

;; The programs that busybox stands in for.  A program run under one of these
;; names behaves as that tool does.
(define %busybox-applets
  '("[" "[[" "acpid" "adjtimex" "ar" "arch" "arp" "arping" "ascii" "ash" "awk"
    "base64" "basename" "bc" "blkdiscard" "blockdev" "brctl" "bunzip2" "bzcat"
    "bzip2" "cal" "cat" "chgrp" "chmod" "chown" "chroot" "chvt" "clear" "cmp"
    "cp" "cpio" "crc32" "crond" "crontab" "cttyhack" "cut" "date" "dc" "dd"
    "deallocvt" "depmod" "devmem" "df" "diff" "dirname" "dmesg"
    "dnsdomainname" "dos2unix" "du" "dumpkmap" "dumpleases" "echo" "ed"
    "egrep" "env" "expand" "expr" "factor" "fallocate" "false" "fatattr"
    "fdisk" "fgrep" "find" "findfs" "fold" "free" "freeramdisk" "fsfreeze"
    "fstrim" "ftpget" "ftpput" "getopt" "getty" "grep" "groups" "gunzip"
    "gzip" "head" "hexdump" "hostid" "hostname" "httpd" "hwclock" "i2cdetect"
    "i2cdump" "i2cget" "i2cset" "i2ctransfer" "id" "ifconfig" "ifdown" "ifup"
    "insmod" "ionice" "ip" "ipcalc" "ipneigh" "kill" "killall" "klogd" "last"
    "less" "link" "linux32" "linux64" "ln" "loadfont" "loadkmap" "logger"
    "login" "logname" "logread" "losetup" "ls" "lsmod" "lsscsi" "lzcat" "lzma"
    "lzop" "md5sum" "mdev" "microcom" "mim" "mkdir" "mkdosfs" "mke2fs"
    "mkfifo" "mknod" "mkpasswd" "mkswap" "mktemp" "modinfo" "modprobe" "more"
    "mount" "mt" "mv" "nameif" "nc" "netstat" "nl" "nologin" "nproc" "nsenter"
    "nslookup" "nuke" "od" "openvt" "partprobe" "passwd" "paste" "patch"
    "pidof" "ping" "ping6" "pivot_root" "printf" "ps" "pwd" "rdate" "readlink"
    "realpath" "renice" "reset" "resume" "rev" "rm" "rmdir" "rmmod" "route"
    "rpm2cpio" "run-init" "run-parts" "sed" "seq" "setkeycodes" "setpriv"
    "setsid" "sh" "sha1sum" "sha256sum" "sha3sum" "sha512sum" "shred" "shuf"
    "sleep" "sort" "ssl_client" "start-stop-daemon" "stat" "strings" "stty"
    "su" "sulogin" "svc" "svok" "swapoff" "swapon" "switch_root" "sync"
    "sysctl" "syslogd" "tac" "tail" "tar" "taskset" "tc" "tee" "telnet"
    "telnetd" "test" "tftp" "time" "timeout" "top" "touch" "tr" "traceroute"
    "traceroute6" "true" "truncate" "ts" "tty" "tunctl" "ubirename" "udhcpc"
    "udhcpd" "uevent" "umount" "uname" "uncompress" "unexpand" "uniq"
    "unix2dos" "unlink" "unlzma" "unshare" "unxz" "unzip" "uptime" "usleep"
    "uudecode" "uuencode" "vconfig" "vi" "w" "watch" "watchdog" "wc" "wget"
    "which" "who" "whoami" "xargs" "xxd" "xz" "xzcat" "yes" "zcat"))

(define systemd-boot
  (package
    (name "systemd-boot")
    (version "252.39")
    (source (debian-package "systemd-boot-efi" "252.39-1~deb12u2"
                            "0pigb8aqq0rkxb3c38y6jy6hvwfvf814dbhc5a46di5gryyq2awg"))
    (build-system trivial-build-system)
    (arguments
     (list
      #:builder
      (with-imported-modules '((guix build utils) (guix build archive))
        #~(begin
            (use-modules (guix build utils) (guix build archive))
            (unpack-archive #$source "deb"
                            #:select '("usr/lib/systemd/boot/efi"))
            (copy-recursively "deb/usr/lib/systemd/boot/efi" #$output)))))
    (supported-systems %x86-64)
    (synopsis "UEFI boot manager")
    (description "systemd-boot chooses and starts a kernel from an EFI system
partition.")
    (home-page "https://systemd.io/")
    (license lgpl2.1+)))

(define tzdata
  (package
    (name "tzdata")
    (version "2026b")
    (source (debian-package "tzdata" "2026b-0+deb12u1"
                            "162yis6rbsbmigfi9hvgx2wx6i4mssj4nzlz0q45c3gyvzs4knqf"
                            #:arch "all"))
    (build-system trivial-build-system)
    (arguments
     (list
      #:builder
      (with-imported-modules '((guix build utils) (guix build archive))
        #~(begin
            (use-modules (guix build utils) (guix build archive))
            (unpack-archive #$source #$output
                            #:select '("usr/share/zoneinfo") #:strip 1)))))
    (supported-systems %x86-64)
    (synopsis "Time zones of the world")
    (description "The rules by which local time is told, compiled for the C
library.")
    (home-page "https://www.iana.org/time-zones")
    (license public-domain)))
