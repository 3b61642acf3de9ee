;;; Commentary:
;;;
;;; The names of Guile-SQLite3 that Guix uses. Fruix keeps its own database in
;;; SQLite, but programs in Scheme are not given SQLite itself.
;;;
;;; Code:

(define-module (sqlite3)
  #:use-module (fruix unavailable)
  #:export (SQLITE_OPEN_READONLY SQLITE_OPEN_READWRITE SQLITE_OPEN_CREATE
            SQLITE_OPEN_URI SQLITE_BUSY SQLITE_LOCKED))

(define-unavailable "SQLite"
  "use the program sqlite3, or (fruix native store) for what the store knows"
  sqlite-open sqlite-open-uri sqlite-close sqlite-exec sqlite-prepare
  sqlite-bind sqlite-bind-arguments sqlite-reset sqlite-step sqlite-fold
  sqlite-fold-right sqlite-map sqlite-finalize sqlite-column-names
  sqlite-last-insert-rowid sqlite-changes-count sqlite-busy-timeout
  sqlite-enable-load-extension)

;; Flags of sqlite3_open_v2 and result codes, as <sqlite3.h> numbers them.
(define SQLITE_OPEN_READONLY 1)
(define SQLITE_OPEN_READWRITE 2)
(define SQLITE_OPEN_CREATE 4)
(define SQLITE_OPEN_URI 64)
(define SQLITE_BUSY 5)
(define SQLITE_LOCKED 6)
