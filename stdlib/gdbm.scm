;;; Commentary:
;;;
;;; The names of Guile-GDBM that Guix uses. GDBM is not here.
;;;
;;; Code:

(define-module (gdbm)
  #:use-module (fruix unavailable))

(define-unavailable "GDBM"
  "keep the data in a file of your own"
  gdbm-open gdbm-close gdbm-ref gdbm-set! gdbm-delete! gdbm-contains?
  gdbm-fold gdbm-for-each gdbm-map gdbm-count)

(define-constants
  GDBM_READER GDBM_WRITER GDBM_WRCREAT GDBM_NEWDB GDBM_SYNC GDBM_NOLOCK)
