;;; Names of file systems: UUIDs and labels.
;;;
;;; Commentary:
;;;
;;; A file system's device can be given by its UUID or its label instead of a
;;; device name (Guix manual, "File Systems").
;;;
;;; Code:

(define-module (gnu system uuid)
  #:use-module (ice-9 match)
  #:use-module (ice-9 regex)
  #:use-module (srfi srfi-9)
  #:use-module (guix utils)
  #:export (uuid
            uuid?
            uuid-string
            uuid-type
            uuid->string
            file-system-label
            file-system-label?
            file-system-label->string))

(define-record-type <uuid>
  (make-uuid type string)
  uuid?
  (type   uuid-type)                    ;symbol: dce, fat, ufs
  (string uuid-string))                 ;in the notation of its type

(define %notations
  ;; How the types of UUIDs are written.
  `((dce . ,(make-regexp "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-\
[0-9a-f]{12}$"))
    (fat . ,(make-regexp "^[0-9a-f]{4}-[0-9a-f]{4}$"))
    (ufs . ,(make-regexp "^[0-9a-f]{16}$"))))

(define* (uuid string #:optional (type 'dce))
  "Return the UUID written as STRING.  TYPE is dce (the usual kind, also ext4),
fat or ufs."
  (let* ((type     (match type
                     ((or 'dce 'ext2 'ext3 'ext4 'btrfs 'gpt) 'dce)
                     ((or 'fat 'fat32 'fat16 'vfat) 'fat)
                     ((or 'ufs 'ufs2) 'ufs)
                     (_ (error (format #f "uuid: unknown type ~s; known are \
dce, ext4, fat and ufs" type)))))
         (lower    (string-downcase string))
         (notation (assq-ref %notations type)))
    (unless (regexp-exec notation lower)
      (error (format #f "uuid: ~s is not a UUID of type ~a, such as ~a"
                     string type
                     (match type
                       ('dce "12345678-1234-1234-1234-123456789abc")
                       ('fat "12AB-34CD")
                       ('ufs "0123456789abcdef")))))
    (make-uuid type lower)))

(define (uuid->string uuid)
  "Return UUID as it is written: FAT's in upper case, others in lower case."
  (match (uuid-type uuid)
    ('fat (string-upcase (uuid-string uuid)))
    (_ (uuid-string uuid))))

(define-record-type <file-system-label>
  (file-system-label label)
  file-system-label?
  (label file-system-label->string))
