;;; File systems and swap space of an operating system.
;;;
;;; Commentary:
;;;
;;; What is mounted where (Guix manual, "File Systems", "Swap Space").  The
;;; same records describe Linux and FreeBSD machines; the type names are the
;;; target's own.
;;;
;;; Code:

(define-module (gnu system file-systems)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix records)
  #:use-module (guix utils)
  #:use-module (guix diagnostics)
  #:use-module (gnu system uuid)
  #:re-export (uuid uuid? uuid->string
               file-system-label file-system-label?
               file-system-label->string)
  #:export (file-system
            file-system?
            file-system-device
            file-system-mount-point
            file-system-type
            file-system-flags
            file-system-options
            file-system-mount?
            file-system-needed-for-boot?
            file-system-check?
            file-system-create-mount-point?
            file-system-mount-may-fail?
            file-system-dependencies
            file-system-location
            file-system-device->string
            file-system->alist
            pseudo-file-system?
            %pseudo-file-system-types
            %pseudo-file-systems
            %base-file-systems
            %freebsd-base-file-systems
            swap-space
            swap-space?
            swap-space-target
            swap-space-priority
            swap-space-discard?
            swap-space->alist
            check-file-systems))

(define-record-type* <file-system> %file-system make-file-system
  file-system?
  (device        file-system-device)    ;string, <uuid> or <file-system-label>
  (mount-point   file-system-mount-point)
  (type          file-system-type)      ;string
  (flags         file-system-flags (default '()))   ;list of symbols
  (options       file-system-options (default #f))  ;string or #f
  (mount?        file-system-mount? (default #t))
  (mount-may-fail? file-system-mount-may-fail? (default #f))
  (needed-for-boot? %file-system-needed-for-boot? (default #f))
  (check?        %file-system-check? (default #t))
  (create-mount-point? file-system-create-mount-point? (default #f))
  (dependencies  file-system-dependencies (default '()))
  (location      file-system-location (default #f) (innate)))

(define-syntax file-system
  (lambda (s)
    "Return a file system."
    (syntax-case s ()
      ((_ field ...)
       #`(%file-system
          field ...
          (#,(datum->syntax s 'location)
           (source-properties->location (current-source-location))))))))

(define %pseudo-file-system-types
  ;; File systems without a device: they are never checked.
  '("proc" "sysfs" "devtmpfs" "devpts" "tmpfs" "ramfs" "cgroup" "cgroup2"
    "debugfs" "tracefs" "securityfs" "efivarfs" "mqueue" "hugetlbfs" "fusectl"
    "configfs" "binfmt_misc" "overlay" "none" "bind"
    "devfs" "procfs" "fdescfs" "linprocfs" "linsysfs" "nullfs" "unionfs"
    "mqueuefs" "autofs"))

(define (pseudo-file-system? fs)
  "Return #t if FS is not on a device of its own."
  (->bool (or (member (file-system-type fs) %pseudo-file-system-types)
              (memq 'bind-mount (file-system-flags fs)))))

(define (file-system-check? fs)
  "Return #t if FS is checked before it is mounted; pseudo file systems never
are."
  (and (%file-system-check? fs) (not (pseudo-file-system? fs))))

(define (file-system-needed-for-boot? fs)
  "Return #t if FS must be there before the system can come up; the root file
system always must."
  (or (string=? "/" (file-system-mount-point fs))
      (%file-system-needed-for-boot? fs)))

(define (file-system-device->string device)
  "Return DEVICE as fstab and kernel arguments name it."
  (match device
    ((? string?) device)
    ((? uuid?) (string-append "UUID=" (uuid->string device)))
    ((? file-system-label?)
     (string-append "LABEL=" (file-system-label->string device)))))

(define (file-system->alist fs)
  "Return what there is to know of FS as plain data."
  `((device . ,(file-system-device->string (file-system-device fs)))
    (mount-point . ,(file-system-mount-point fs))
    (type . ,(file-system-type fs))
    (flags . ,(map symbol->string (file-system-flags fs)))
    (options . ,(or (file-system-options fs) ""))
    (mount? . ,(file-system-mount? fs))
    (may-fail? . ,(file-system-mount-may-fail? fs))
    (needed-for-boot? . ,(file-system-needed-for-boot? fs))
    (check? . ,(file-system-check? fs))
    (create-mount-point? . ,(file-system-create-mount-point? fs))
    (pseudo? . ,(pseudo-file-system? fs))))

(define %pseudo-file-systems
  ;; What process 1 mounts on Linux before anything else.
  (list (file-system
          (device "none") (mount-point "/dev/pts") (type "devpts")
          (options "gid=5,mode=620") (create-mount-point? #t))
        (file-system
          (device "none") (mount-point "/dev/shm") (type "tmpfs")
          (flags '(no-suid no-dev)) (options "mode=1777")
          (create-mount-point? #t))))

(define %base-file-systems
  ;; The pseudo file systems of a Linux system.
  %pseudo-file-systems)

(define %freebsd-base-file-systems
  ;; The pseudo file systems of a FreeBSD system, besides /dev.
  (list (file-system
          (device "fdesc") (mount-point "/dev/fd") (type "fdescfs")
          (mount-may-fail? #t))
        (file-system
          (device "tmpfs") (mount-point "/tmp") (type "tmpfs")
          (options "mode=1777"))))

(define-record-type* <swap-space> swap-space make-swap-space
  swap-space?
  (target    swap-space-target)         ;string, <uuid> or <file-system-label>
  (dependencies swap-space-dependencies (default '()))
  (priority  swap-space-priority (default #f))
  (discard?  swap-space-discard? (default #f)))

(define (swap-space->alist swap)
  "Return what there is to know of SWAP as plain data."
  `((device . ,(file-system-device->string (swap-space-target swap)))
    (priority . ,(swap-space-priority swap))
    (discard? . ,(swap-space-discard? swap))))

(define (complain fs template . arguments)
  (raise-error (apply format #f template arguments)
               #:location (file-system-location fs)))

(define (check-file-systems file-systems)
  "Raise an error unless FILE-SYSTEMS can be mounted: one root, absolute mount
points, none twice."
  (for-each
   (lambda (fs)
     (unless (file-system? fs)
       (error (format #f "file-systems: ~s is not a file system" fs)))
     (let ((mount-point (file-system-mount-point fs)))
       (unless (and (string? mount-point) (string-prefix? "/" mount-point))
         (complain fs "file system: the mount point ~s is not an absolute \
file name" mount-point))
       (when (string-any char-whitespace? mount-point)
         (complain fs "file system: the mount point ~s holds white space"
                   mount-point)))
     (unless (string? (file-system-type fs))
       (complain fs "file system ~a: the type must be a string, not ~s"
                 (file-system-mount-point fs) (file-system-type fs)))
     (let ((device (file-system-device fs)))
       (unless (or (string? device) (uuid? device)
                   (file-system-label? device))
         (complain fs "file system ~a: the device must be a string, a UUID or \
a label, not ~s" (file-system-mount-point fs) device))))
   file-systems)
  (unless (any (lambda (fs) (string=? "/" (file-system-mount-point fs)))
               file-systems)
    (error "operating-system: no file system is mounted on \"/\""))
  (let loop ((rest file-systems))
    (match rest
      (() #t)
      ((fs . rest)
       (let ((again (find (lambda (other)
                            (string=? (file-system-mount-point fs)
                                      (file-system-mount-point other)))
                          rest)))
         (when again
           (complain again "two file systems are mounted on ~a"
                     (file-system-mount-point fs))))
       (loop rest)))))
