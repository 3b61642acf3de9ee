;;; Unpacking sources, and packing trees.
;;;
;;; Commentary:
;;;
;;; Sources come as archives (tar, compressed or not, zip, Debian's binary
;;; packages), as single files, or as directories.  The readers are part of
;;; the builder's language; this module gives them the shape that builders
;;; want.
;;;
;;; Code:

(define-module (guix build archive)
  #:use-module (ice-9 match)
  #:use-module (ice-9 ftw)
  #:use-module (guix build utils)
  #:use-module (fruix native archive)
  #:export (archive?
            unpack-archive
            unpack-archive-members
            unpack-source
            pack-archive))

(define (archive? file)
  "Return #t if the contents of FILE are those of an archive that can be
unpacked."
  (and (eq? 'regular (stat:type (stat file)))
       (%archive? file)))

(define* (unpack-archive file directory #:key (select '()) (strip 0))
  "Unpack the archive FILE into DIRECTORY, which is made when missing.  SELECT,
when not empty, lists the members to take, each with what lies below it; STRIP
is the number of leading parts to drop from the names."
  (mkdir-p directory)
  (%unpack-archive file directory select strip))

(define (unpack-source source directory)
  "Put what SOURCE holds into DIRECTORY: the contents of a directory, those of
an archive, without its sole top-level directory if that is all there is, or
the file itself under its name without the hash."
  (cond ((directory-exists? source)
         (copy-recursively source directory #:log #f)
         (for-each make-file-writable
                   (find-files directory
                               (lambda (file s)
                                 (not (eq? 'symlink (stat:type s))))
                               #:directories? #t)))
        ((archive? source)
         (let ((staging (string-append directory ".unpack")))
           (unpack-archive source staging)
           (match (scandir staging
                           (lambda (name) (not (member name '("." "..")))))
             ((sole)
              (let ((top (string-append staging "/" sole)))
                (if (and (not (symbolic-link? top)) (directory-exists? top))
                    (begin
                      (rename-file top directory)
                      (rmdir staging))
                    (rename-file staging directory))))
             (_ (rename-file staging directory)))))
        (else
         (mkdir-p directory)
         (copy-file source
                    (string-append directory "/"
                                   (strip-store-file-name source))))))

(define (unpack-archive-members file directory members)
  "Unpack those of MEMBERS, each with all below it, that the archive FILE
holds."
  (%unpack-archive-members file directory members))

(define* (pack-archive directory file #:optional (format #f))
  "Make the archive FILE of what is below DIRECTORY.  FORMAT, by default what
the end of FILE says, is \"tar\" or \"cpio\", alone or with \".gz\", \".bz2\",
\".xz\", \".zst\" or \".lz\" behind, \"zip\" or \"deb\".  The same tree gives the
same bytes: times, owners and the order of names do not count."
  (%pack-archive directory file (or format (archive-format file))))

(define (archive-format file)
  "Return the format that the name FILE ends in."
  (let* ((base  (basename file))
         (found (or (string-contains base ".tar")
                    (string-contains base ".cpio")
                    (string-rindex base #\.))))
    (if found
        (substring base (+ found 1))
        (error (string-append "pack-archive: the name " file
                              " says no format")))))
