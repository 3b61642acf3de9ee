;;; Fetching sources from git.
;;;
;;; Commentary:
;;;
;;; 'git-fetch' is the method of an origin whose source is one revision of a
;;; git repository (Guix manual, "origin Reference"):
;;;
;;;   (origin
;;;     (method git-fetch)
;;;     (uri (git-reference (url "https://example.org/hello")
;;;                         (commit "v1.0")))
;;;     (sha256 (base32 "...")))
;;;
;;; The hash is that of the folder that git checks out, without ".git"; "fruix
;;; hash -rx" of a clone prints it.
;;;
;;; Code:

(define-module (guix git-download)
  #:use-module (ice-9 match)
  #:use-module (ice-9 regex)
  #:use-module (guix records)
  #:use-module (guix store)
  #:use-module (guix derivations)
  #:export (git-reference
            git-reference?
            git-reference-url
            git-reference-commit
            git-reference-recursive?
            git-fetch
            git-version
            git-file-name))

(define (check-url value)
  (unless (string? value)
    (error (format #f "git-reference: the url must be a string, not ~s"
                   value)))
  value)

(define (check-commit value)
  (unless (and (string? value) (not (string-null? value)))
    (error (format #f "git-reference: the commit must be a string, the name of \
a tag or of a commit, not ~s" value)))
  value)

(define-record-type* <git-reference> git-reference make-git-reference
  git-reference?
  this-git-reference
  (url        git-reference-url (sanitize check-url))
  (commit     git-reference-commit (sanitize check-commit))
  (recursive? git-reference-recursive? (default #f)))

(define* (git-fetch ref hash-algo hash #:optional name
                    #:key (system (%current-system)))
  "Return the derivation that checks out REF, a <git-reference>; the archive of
the folder has HASH, a bytevector, by HASH-ALGO, a symbol.  NAME is that of the
folder in the store."
  (unless (git-reference? ref)
    (error (format #f "git-fetch: the uri must be a git-reference, not ~s"
                   ref)))
  (derivation 'store (or name "git-checkout") "builtin:git-download" '()
              #:system "builtin"
              #:hash hash #:hash-algo hash-algo #:recursive? #t
              #:env-vars
              `(("url" . ,(object->string (git-reference-url ref)))
                ("commit" . ,(object->string (git-reference-commit ref)))
                ("recursive?"
                 . ,(object->string (->bool (git-reference-recursive? ref)))))
              #:local-build? #t))

(define (git-version version revision commit)
  "Return the version of a package made of COMMIT, some commits after the
release VERSION; REVISION, a string, grows with each update."
  (string-append version "-" revision "."
                 (string-take commit (min 7 (string-length commit)))))

(define (git-file-name name version)
  "Return the name of the folder for version VERSION of package NAME."
  (string-append name "-" version "-checkout"))
