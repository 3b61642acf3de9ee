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
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 match)
  #:use-module (ice-9 textual-ports)
  #:use-module (rnrs bytevectors)
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
            git-file-name
            git-predicate))

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


;;;
;;; What git knows of a folder.
;;;

(define (git-directory directory)
  "Return the folder in which git keeps what belongs to DIRECTORY, the top of a
work tree, or #f."
  (let ((name (string-append directory "/.git")))
    (match (and=> (stat name #f) stat:type)
      ('directory name)
      ('regular                         ;of a submodule or a further work tree
       (let* ((text (string-trim-both (call-with-input-file name
                                        get-string-all)))
              (rest (and (string-prefix? "gitdir: " text)
                         (string-drop text (string-length "gitdir: ")))))
         (and rest
              (if (string-prefix? "/" rest)
                  rest
                  (string-append directory "/" rest)))))
      (_ #f))))

(define (work-tree directory)
  "Return the top of the work tree that holds DIRECTORY, an absolute name, or
#f."
  (cond ((git-directory directory) directory)
        ((string=? directory "/") #f)
        (else (work-tree (dirname directory)))))

(define (index-entries file)
  "Return the names of files in the index FILE of git, gitformat-index(5), each
with #t when it is a submodule: a list of pairs."
  (define bytes (call-with-input-file file get-bytevector-all #:binary #t))
  (define (u32 at) (bytevector-u32-ref bytes at (endianness big)))
  (define (u16 at) (bytevector-u16-ref bytes at (endianness big)))
  (define (end-of-name at)
    (if (zero? (bytevector-u8-ref bytes at)) at (end-of-name (+ at 1))))
  (define (copy from to)
    (let ((part (make-bytevector (- to from))))
      (bytevector-copy! bytes from part 0 (- to from))
      part))
  (define (append-bytes a keep b)
    (let ((all (make-bytevector (+ keep (bytevector-length b)))))
      (bytevector-copy! a 0 all 0 keep)
      (bytevector-copy! b 0 all keep (bytevector-length b))
      all))
  ;; How many bytes of the name before go, in version 4 (as in packs), and where
  ;; the number ends.
  (define (strip-length at)
    (let loop ((at at) (n #f))
      (let* ((b (bytevector-u8-ref bytes at))
             (n (if n
                    (logior (ash (+ n 1) 7) (logand b 127))
                    (logand b 127))))
        (if (zero? (logand b 128))
            (values n (+ at 1))
            (loop (+ at 1) n)))))
  (unless (and (> (bytevector-length bytes) 12)
               (= (u32 0) #x44495243)   ;"DIRC"
               (memv (u32 4) '(2 3 4)))
    (error (string-append file " is no index of git's that can be read")))
  (let ((version (u32 4)))
    (let loop ((left (u32 8)) (at 12) (before (make-bytevector 0)) (result '()))
      (if (zero? left)
          (reverse result)
          (let* ((mode  (u32 (+ at 24)))
                 (name  (+ at (if (zero? (logand (u16 (+ at 60)) #x4000))
                                  62
                                  64))))
            (call-with-values
                (lambda ()
                  (if (= version 4)
                      (strip-length name)
                      (values (bytevector-length before) name)))
              (lambda (strip start)
                (let* ((end  (end-of-name start))
                       (full (append-bytes before
                                           (- (bytevector-length before) strip)
                                           (copy start end)))
                       (next (if (= version 4)
                                 (+ end 1)
                                 (+ at (* 8 (quotient (+ 8 (- end at)) 8))))))
                  (loop (- left 1) next full
                        (acons (utf8->string full)
                               (= #o160000 (logand mode #o170000))
                               result))))))))))

(define* (git-predicate directory #:key (recursive? #t))
  "Return a predicate for #:select? of 'local-file': a procedure of a file name
and its 'stat' that is true of what git keeps track of in the work tree that
holds DIRECTORY; with RECURSIVE?, in submodules too.  Return #f when DIRECTORY
is in no work tree."
  (define known (make-hash-table))
  (define (note! file top)
    ;; FILE, and the folders in which it lies.
    (unless (or (hash-ref known file) (string=? file top))
      (hash-set! known file #t)
      (note! (dirname file) top)))
  (define (read-tree! top)
    (let ((index (string-append (git-directory top) "/index")))
      (when (file-exists? index)        ;a new repository has none
        (for-each (match-lambda
                    ((name . submodule?)
                     (let ((file (string-append top "/" name)))
                       (note! file top)
                       (when (and submodule? recursive? (git-directory file))
                         (read-tree! file)))))
                  (index-entries index)))))
  (let* ((directory (canonicalize-path directory))
         (top       (work-tree directory)))
    (and top
         (begin
           (read-tree! top)
           (lambda (file stat)
             (->bool (hash-ref known
                               (string-append
                                (canonicalize-path (dirname file)) "/"
                                (basename file)))))))))
