;;; Applying patches.
;;;
;;; Commentary:
;;;
;;; Unified diffs, as origins carry them.
;;;
;;; Code:

(define-module (guix build patch)
  #:use-module (guix build archive)
  #:use-module (fruix native archive)
  #:re-export (unpack-source)
  #:export (apply-patch))

(define* (apply-patch file #:key (strip 1) (directory (getcwd)))
  "Apply the unified diff FILE to the files below DIRECTORY, dropping STRIP
leading parts of the names in it; raise an error that names the file and the
hunk which does not fit."
  (format #t "applying ~a~%" file)
  (%apply-patch file directory strip))
