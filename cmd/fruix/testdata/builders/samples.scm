;;; What built-in builders make of inputs that never change: see TestBuilderVersion.
(use-modules (guix gexp)
             (fruix system plan))

(define tree
  '(("bin/hello" #o555 "#!/bin/sh\necho hello\n")
    ("share/doc/a" #o444 "alpha\n")
    ("share/doc/b" #o444 "")))

(define scripted
  (computed-file "sample-scheme"
    (with-imported-modules '((guix build utils) (guix build archive))
      #~(begin
          (use-modules (guix build utils) (guix build archive)
                       (ice-9 format) (ice-9 regex) (ice-9 hash-table) (ice-9 pretty-print)
                       (srfi srfi-1) (srfi srfi-19) (rnrs bytevectors))
          (define (below name) (string-append #$output "/" name))
          (for-each (lambda (entry)
                      (let ((file (below (string-append "tree/" (car entry)))))
                        (mkdir-p (dirname file))
                        (call-with-output-file file
                          (lambda (port) (display (caddr entry) port)))
                        (chmod file (cadr entry))))
                    '#$tree)
          (symlink "../share/doc/a" (below "tree/bin/a"))
          (for-each (lambda (format)
                      (pack-archive (below "tree")
                                    (below (string-append "archive." format))))
                    '("tar" "tar.gz" "tar.bz2" "tar.xz" "tar.zst" "tar.lz"
                      "cpio" "cpio.gz" "zip"))
          (call-with-output-file (below "text")
            (lambda (port)
              (write (list 1/3 0.1 1e21 (expt 2 100) (exact->inexact 2/3)
                           (sqrt -4) #\x41 "a\tb\x7f;" 'sym (iota 5) #u8(1 2))
                     port)
              (format port "~%~10,3f ~:d ~b ~r~%" 3.14159 1234567 10 42)
              (write (sort '(3 1 2) <) port)
              (write (map match:substring
                          (list-matches "[a-z]+[0-9]" "ab1 c2 d")) port)
              (write (sort (hash-map->list cons (alist->hash-table '((a . 1) (b . 2))))
                           (lambda (a b) (< (cdr a) (cdr b)))) port)
              (write (date->string (time-utc->date (make-time time-utc 0 86400) 0)
                                   "~Y-~m-~d ~H:~M:~S") port)
              (pretty-print '(define (f x) (let loop ((i 0)) (if (< i x) (loop (+ i 1)) i)))
                            port)
              (write (map basename (find-files (below "tree"))) port)))
          (substitute* (below "text") (("a\\\\tb") "replaced"))))))

(define initrd
  (plan-item "sample-initrd" "builtin:initrd"
             `((version . 1)
               (compression . "zstd")
               (tree . ,(vector (plan-directory "/dev")
                                (plan-device "/dev/console" 5 1 #o600)
                                (plan-text "/etc/motd" "hello\n")
                                (plan-symlink "/bin/sh" "busybox"))))))

(define (disk name . partitions)
  (plan-item name "builtin:disk"
             `((version . 1) (label . "sample") (seed . "a seed")
               (partitions . ,(list->vector partitions)))))

(define (partition name type file-system . tree)
  `((name . ,name) (type . ,type)
    (file-system . (,@file-system (tree . ,(list->vector tree))))))

(define esp
  (partition "ESP" "esp" '((type . "fat") (label . "efi") (free . 1048576))
             (plan-text "/EFI/BOOT/a.conf" "timeout 0\n")))

(define (root type file-system)
  (partition "root" type file-system
             (plan-text "/etc/fstab" "# nothing\n")
             (plan-directory "/home/alice" #:mode #o700 #:uid 1000 #:gid 1000)
             (plan-text "/usr/share/long" (make-string 200000 #\x))
             (plan-symlink "/bin" "usr/bin")))

;; A store that knows what it holds.
(define text (plain-file "sample-text" "alpha\n"))

(define registered
  (plan-item "sample-store" "builtin:disk"
             `((version . 1) (label . "sample") (seed . "a seed")
               (partitions
                . ,(vector
                    (partition "root" "linux-root-x86-64"
                               '((type . "ext4") (label . "root") (free . 1048576))
                               (plan-closure "/frx/store" "items"
                                             #:registrations "known")))))
             #:graphs `(("items" . ,text))
             #:registrations `(("known" . ,text))))

(list scripted
      initrd
      (disk "sample-linux" esp
            (root "linux-root-x86-64"
                  '((type . "ext4") (label . "root") (free . 4194304))))
      (disk "sample-freebsd" esp
            (root "freebsd-ufs"
                  '((type . "ufs2") (label . "root") (uuid . "0123456789abcdef")
                    (free . 4194304))))
      registered)
