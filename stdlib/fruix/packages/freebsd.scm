;;; What a FreeBSD system is made of.
;;;
;;; Commentary:
;;;
;;; FreeBSD's base system is one tree.  The packages here are selections from
;;; it.  The tree itself is given by the user, as a parameter: a directory
;;; (the root of a FreeBSD machine, or what
;;; "make installworld installkernel distribution DESTDIR=..." left), or the
;;; release sets base.txz and kernel.txz.
;;;
;;; Code:

(define-module (fruix packages freebsd)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix records)
  #:use-module (guix packages)
  #:use-module (guix download)
  #:use-module (guix gexp)
  #:use-module (guix licenses)
  #:use-module (guix utils)
  #:use-module (guix build-system trivial)
  #:use-module (fruix native store)
  #:export (%freebsd-base
            freebsd-base
            freebsd-base?
            freebsd-base-version
            freebsd-base-directory
            freebsd-release-sets
            freebsd-release-origins
            freebsd-base-selection
            freebsd-kernel
            freebsd-bootloader
            freebsd-rc-scripts
            freebsd-runtime
            freebsd-userland
            freebsd-libc
            freebsd-sh))

(define-record-type* <freebsd-base> freebsd-base make-freebsd-base
  freebsd-base?
  (version freebsd-base-version)
  ;; name of a package, list of file names, list of those that must be there
  ;; -> file-like object with these files
  (select  freebsd-base-select))

(define* (freebsd-base-directory directory #:key (version "unknown"))
  "Return the base system that lies in DIRECTORY of this machine."
  (unless (string-prefix? "/" directory)
    (error "freebsd-base-directory: not an absolute file name:" directory))
  (unless (file-exists? (string-append directory "/bin/sh"))
    (error (format #f "~a is no FreeBSD base system: it has no bin/sh"
                   directory)))
  (freebsd-base
    (version version)
    (select (lambda (package files needed)
              (check-directory package directory needed)
              (directory-selection directory files)))))

(define (check-directory package directory needed)
  "Raise an error that names what is missing unless DIRECTORY holds all of
NEEDED."
  (match (remove (lambda (file)
                   (file-exists? (string-append directory "/" file)))
                 needed)
    (() #t)
    (missing
     (error (format #f "the FreeBSD base system in ~a lacks ~a, which ~a \
needs; install the base system completely, with \"make installworld \
installkernel distribution DESTDIR=...\""
                    directory (string-join missing ", ") package)))))

(define (below? name directory)
  (or (string=? name directory)
      (string-prefix? (string-append directory "/") name)))

(define (directory-selection directory files)
  "Return FILES, names below DIRECTORY, each with all below it, as a
file-like object."
  (let* ((root (string-trim-right directory #\/))
         (skip (+ 1 (string-length root))))
    (local-file (if (string-null? root) "/" root) "freebsd-base"
                #:recursive? #t
                #:select?
                (lambda (file s)
                  (let ((name (substring file skip)))
                    (and (memq (stat:type s) '(regular symlink directory))
                         (any (lambda (wanted)
                                (or (below? name wanted)
                                    (and (eq? 'directory (stat:type s))
                                         (below? wanted name))))
                              files)))))))

;; What the packages consist of: lists (NAME NEEDED FILES).  NEEDED must be in
;; a base system; of FILES, each with all below it, whatever is there is taken.
(define %selections
  '((freebsd-kernel
     ("boot/kernel/kernel")
     ("boot/kernel"))
    (freebsd-bootloader
     ("boot/loader.efi" "boot/defaults/loader.conf")
     ("boot/loader.efi" "boot/loader_lua.efi" "boot/loader_4th.efi"
      "boot/loader_simp.efi" "boot/boot1.efi" "boot/lua" "boot/defaults"
      "boot/device.hints" "boot/fonts" "boot/images" "boot/loader.rc"
      "boot/menu.rc" "boot/beastie.4th" "boot/brand.4th" "boot/brand-fbsd.4th"
      "boot/check-password.4th" "boot/color.4th" "boot/delay.4th"
      "boot/efi.4th" "boot/frames.4th" "boot/loader.4th" "boot/loader.help.efi"
      "boot/logo-orb.4th" "boot/menu.4th" "boot/menu-commands.4th"
      "boot/menusets.4th" "boot/screen.4th" "boot/shortcuts.4th"
      "boot/support.4th" "boot/version.4th"))
    (freebsd-rc-scripts
     ("etc/rc" "etc/rc.subr" "etc/rc.d" "etc/defaults/rc.conf")
     ("etc/rc" "etc/rc.d" "etc/rc.subr" "etc/rc.bsdextended" "etc/rc.firewall"
      "etc/rc.initdiskless" "etc/rc.resume" "etc/rc.shutdown" "etc/rc.suspend"
      "etc/network.subr" "etc/netstart" "etc/pccard_ether" "etc/defaults"
      "etc/devd.conf" "etc/devd" "etc/devfs.conf" "etc/gettytab" "etc/termcap"
      "etc/pam.d" "etc/services" "etc/protocols" "etc/networks" "etc/netconfig"
      "etc/nsswitch.conf" "etc/libmap.conf" "etc/rpc" "etc/syslog.conf"
      "etc/syslog.d" "etc/newsyslog.conf" "etc/newsyslog.conf.d"
      "etc/regdomain.xml" "etc/remote" "etc/ssl" "etc/mail.rc"
      "etc/libalias.conf" "etc/sysctl.conf" "etc/login.access" "etc/fbtab"
      "etc/opieaccess" "etc/csh.cshrc" "etc/csh.login" "etc/csh.logout"
      "etc/profile" "etc/crontab" "etc/dhclient.conf" "etc/locate.rc"
      "etc/phones" "etc/ddb.conf" "etc/disktab" "etc/mac.conf" "etc/mtree"
      "etc/nscd.conf" "etc/hosts.allow" "etc/hosts.equiv" "etc/pf.os"
      "etc/autofs" "etc/cron.d" "etc/periodic" "etc/security"))
    (freebsd-libc
     ("lib/libc.so.7" "libexec/ld-elf.so.1")
     ("lib" "libexec/ld-elf.so.1" "usr/lib"))
    (freebsd-sh
     ("bin/sh")
     ("bin/sh"))
    (freebsd-runtime
     ("sbin/init" "bin/ps")
     ("bin" "sbin" "libexec"))
    (freebsd-userland
     ("usr/sbin/daemon" "usr/sbin/pwd_mkdb" "usr/libexec/getty")
     ("usr/bin" "usr/sbin" "usr/libexec" "usr/share/misc" "usr/share/locale"
      "usr/share/zoneinfo" "usr/share/vt" "usr/share/syscons" "usr/share/nls"
      "usr/share/keys" "usr/share/skel" "usr/share/mk" "usr/share/certs"
      "usr/share/tabset" "usr/share/bsdconfig"))))

(define %selected-files
  (append-map third %selections))

(define* (freebsd-release-sets base kernel #:key (version "unknown"))
  "Return the base system in the release sets BASE and KERNEL, file-like
objects for base.txz and kernel.txz."
  (freebsd-base
    (version version)
    (select (lambda (package files needed)
              (if (every (lambda (file) (member file %selected-files)) files)
                  ;; All packages share one unpacking, which takes long.
                  (unpacked-sets base kernel %selected-files)
                  (unpacked-sets base kernel files))))))

(define (unpacked-sets base kernel files)
  "Return FILES of the release sets BASE and KERNEL as a file-like object."
  (computed-file
   "freebsd-base"
   (with-imported-modules '((guix build utils)
                            (guix build archive))
     #~(begin
         (use-modules (guix build archive))
         (mkdir #$output)
         (for-each (lambda (set)
                     (unpack-archive-members set #$output '#$files))
                   (list #$base #$kernel))))))

(define* (freebsd-release-origins version #:key base-hash kernel-hash
                                  (arch "amd64"))
  "Return the base system of FreeBSD's release VERSION, such as \"14.1\",
fetched from the project's servers: BASE-HASH and KERNEL-HASH are the SHA-256
of base.txz and kernel.txz, in nix-base32."
  (define (set name hash)
    (origin
      (method url-fetch)
      (uri (string-append "https://download.freebsd.org/releases/" arch "/"
                          version "-RELEASE/" name ".txz"))
      (file-name (string-append "freebsd-" version "-" name ".txz"))
      (sha256 (base32 hash))))
  (freebsd-release-sets (set "base" base-hash) (set "kernel" kernel-hash)
                        #:version version))

(define %freebsd-base
  ;; The base system that the packages are taken from: a <freebsd-base>, or a
  ;; directory name.
  (make-parameter #f))

(define (current-base)
  "Return the base system in use, or raise an error that says how to give
one."
  (match (%freebsd-base)
    ((? freebsd-base? base) base)
    ((? string? directory) (freebsd-base-directory directory))
    (#f
     (let ((directory (getenv "FRUIX_FREEBSD_BASE")))
       (cond ((and directory (not (string-null? directory)))
              (directory-or-sets directory))
             ((string-contains (%host-system) "freebsd")
              (freebsd-base-directory "/"))
             (else (missing-base)))))))

(define (missing-base)
  (error "no FreeBSD base system is given.
Give one in one of these ways:
  - set FRUIX_FREEBSD_BASE to a directory that holds an installed base system
    (the DESTDIR of \"make installworld installkernel distribution\"), or to
    one that holds the release sets base.txz and kernel.txz;
  - in the declaration, (%freebsd-base (freebsd-base-directory \"/path\")),
    (%freebsd-base (freebsd-release-sets BASE KERNEL)), or
    (%freebsd-base (freebsd-release-origins \"14.1\" #:base-hash \"...\"
    #:kernel-hash \"...\"))"))

(define (directory-or-sets directory)
  "Return the base system in DIRECTORY: release sets if it holds them."
  (let ((base   (string-append directory "/base.txz"))
        (kernel (string-append directory "/kernel.txz")))
    (if (and (file-exists? base) (file-exists? kernel))
        (freebsd-release-sets (local-file base) (local-file kernel))
        (freebsd-base-directory directory))))

;; The links of a base system are relative and lead from one package into
;; another; in the store they would lead nowhere.  All packages are in the
;; profile, and the places in the root directory are links into it.
(define %absolute-links
  #~(lambda (directory)
      (define (resolve parts)
        ;; Without "." and "..".
        (let loop ((parts parts) (done '()))
          (cond ((null? parts) (reverse done))
                ((member (car parts) '("" ".")) (loop (cdr parts) done))
                ((string=? ".." (car parts))
                 (loop (cdr parts) (if (null? done) done (cdr done))))
                (else (loop (cdr parts) (cons (car parts) done))))))
      (for-each
       (lambda (link)
         (let ((target (readlink link)))
           (unless (or (string-prefix? "/" target)
                       (file-exists? link))
             (delete-file link)
             (symlink (string-append
                       "/"
                       (string-join
                        (resolve
                         (append (string-split
                                  (substring (dirname link)
                                             (string-length directory))
                                  #\/)
                                 (string-split target #\/)))
                        "/"))
                      link))))
       (find-files directory
                   (lambda (file s) (eq? 'symlink (stat:type s)))))))

(define* (freebsd-base-selection files
                                 #:key (base (current-base))
                                 (package "this selection") (needed '()))
  "Return FILES, names below the root of BASE, as a file-like object.  Those in
NEEDED must be there, or an error says that PACKAGE needs them."
  ((freebsd-base-select base) package files needed))

(define (selection-builder source package needed files)
  "Return the code that makes the package called PACKAGE of those of FILES that
SOURCE holds."
  (with-imported-modules '((guix build utils))
    #~(begin
        (use-modules (guix build utils)
                     (srfi srfi-1))
        (let ((missing (remove (lambda (file)
                                 (file-exists?
                                  (string-append #$source "/" file)))
                               '#$needed)))
          (unless (null? missing)
            (error (format #f "the FreeBSD base system lacks ~a, which ~a needs"
                           (string-join missing ", ") #$package))))
        (for-each (lambda (file)
                    (let ((from (string-append #$source "/" file))
                          (to   (string-append #$output "/" file)))
                      (when (false-if-exception (lstat from))
                        (mkdir-p (dirname to))
                        (copy-recursively from to #:log #f))))
                  '#$files)
        (for-each make-file-writable
                  (find-files #$output
                              (lambda (file s)
                                (eq? 'directory (stat:type s)))
                              #:directories? #t))
        (#$%absolute-links #$output))))

(define (selection id)
  "Return the code that makes the package ID."
  (match (assq id %selections)
    ((id needed files)
     (let ((package (symbol->string id)))
       (selection-builder (freebsd-base-selection files #:package package
                                                  #:needed needed)
                          package needed files)))))

(define-syntax-rule (define-selection id text)
  (define id
    (package
      (name (symbol->string 'id))
      (version "13")
      (source #f)
      (build-system trivial-build-system)
      (arguments (list #:builder (selection 'id)))
      (supported-systems '("x86_64-freebsd"))
      (synopsis text)
      (description text)
      (home-page "https://www.freebsd.org/")
      (license bsd-2)
      (properties (if (eq? 'id 'freebsd-kernel)
                      '((target . freebsd))
                      '())))))

(define-selection freebsd-kernel
  "FreeBSD's kernel and its modules.")

(define-selection freebsd-bootloader
  "FreeBSD's loader, with its scripts and defaults.")

(define-selection freebsd-rc-scripts
  "FreeBSD's start-up scripts and the defaults of its configuration.")

(define-selection freebsd-libc
  "FreeBSD's run-time linker and libraries.")

(define-selection freebsd-sh
  "FreeBSD's shell.")

(define-selection freebsd-runtime
  "The programs that a FreeBSD system needs to come up.")

(define-selection freebsd-userland
  "The programs and data of FreeBSD's base system.")
