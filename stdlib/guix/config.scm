;;; What Guix's build configures.
;;;
;;; Commentary:
;;;
;;; Guix's build writes a module of this name with the places and programs that
;;; it was configured for.  This is Fruix's, so that modules of a Guix checkout
;;; find the store and the state that Fruix keeps.  The environment variables
;;; that move them in Guix move them here as well.
;;;
;;; Code:

(define-module (guix config)
  #:export (%guix-package-name
            %guix-version
            %guix-bug-report-address
            %guix-home-page-url
            %channel-metadata
            %storedir
            %localstatedir
            %sysconfdir
            %store-directory
            %state-directory
            %store-database-directory
            %config-directory
            %system
            %git
            %gzip
            %bzip2
            %xz))

(define %guix-package-name "fruix")
(define %guix-version "1.4.0")
(define %guix-bug-report-address "the project's issue tracker")
(define %guix-home-page-url "https://guix.gnu.org/")

;; The channel that this Guix was built from: none.
(define %channel-metadata #f)

(define %storedir "/frx/store")
(define %localstatedir "/frx/var")
(define %sysconfdir "/frx/etc")

(define %store-directory
  (or (and=> (getenv "NIX_STORE_DIR") canonicalize-path)
      %storedir))
(define %state-directory
  (or (getenv "GUIX_STATE_DIRECTORY")
      (string-append %localstatedir "/fruix")))
(define %store-database-directory
  (or (getenv "GUIX_DATABASE_DIRECTORY")
      (string-append %state-directory "/db")))
(define %config-directory
  (or (getenv "GUIX_CONFIGURATION_DIRECTORY")
      (string-append %sysconfdir "/guix")))

(define (host-system)
  "Return this machine's type as Guix writes it, such as \"x86_64-linux\"."
  (string-append (car (string-split %host-type #\-)) "-"
                 (if (string-contains %host-type "freebsd") "freebsd" "linux")))

(define %system (host-system))

;; Programs that Guix calls by their names.
(define %git "git")
(define %gzip "gzip")
(define %bzip2 "bzip2")
(define %xz "xz")

;; Where Guix's modules look for the daemon: in this process.
(unless (getenv "GUIX_DAEMON_SOCKET")
  (setenv "GUIX_DAEMON_SOCKET" "fruix://"))
