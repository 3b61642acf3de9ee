;;; Fetching sources.
;;;
;;; Commentary:
;;;
;;; 'url-fetch' is the usual method of an origin.  It makes a fixed-output
;;; derivation for the built-in downloader: what counts is the hash; where the
;;; file comes from, the address, a mirror, a folder of files that are already
;;; here, or the host's package manager, never changes the result.
;;;
;;; Besides http, https, file and mirror addresses the downloader knows
;;;
;;;   debian://SUITE/COMPONENT/PACKAGE?version=V&arch=A        a binary package
;;;   debian-source://PACKAGE?version=V&file=NAME              a source file
;;;
;;; which the host's apt resolves.
;;;
;;; Code:

(define-module (guix download)
  #:use-module (ice-9 match)
  #:use-module (guix store)
  #:use-module (guix derivations)
  #:use-module (fruix native store)
  #:export (url-fetch
            url-fetch/executable
            debian-package-uri
            debian-source-uri))

(define* (url-fetch url hash-algo hash #:optional name
                    #:key (system (%current-system)) executable?)
  "Return the derivation that fetches URL, a string or a list of them, and
whose contents have HASH, a bytevector, by HASH-ALGO, a symbol.  The file is
called NAME, by default the last part of the first address."
  (let* ((urls (match url
                 ((? string?) (list url))
                 ((urls ...) urls)))
         (name (or name (basename (car urls)))))
    (derivation 'store name "builtin:download" '()
                #:system "builtin"
                #:hash hash #:hash-algo hash-algo #:recursive? executable?
                #:env-vars `(("url" . ,(string-join urls))
                             ,@(if executable? '(("executable" . "1")) '()))
                #:local-build? #t)))

(define* (url-fetch/executable url hash-algo hash #:optional name
                               #:key (system (%current-system)))
  "Like 'url-fetch'; the file is made executable, and HASH is that of its
archive."
  (url-fetch url hash-algo hash name #:system system #:executable? #t))

(define* (debian-package-uri package version
                             #:key (suite "bookworm") (component "main")
                             (arch "amd64"))
  "Return the address of Debian's binary PACKAGE of VERSION."
  (string-append "debian://" suite "/" component "/" package
                 "?version=" version "&arch=" arch))

(define (debian-source-uri package version file)
  "Return the address of FILE in Debian's source PACKAGE of VERSION."
  (string-append "debian-source://" package "?version=" version
                 "&file=" file))
