;;; Commentary:
;;;
;;; The names of Guile-Git that Guix uses. Libgit2 is not here.
;;;
;;; Code:

(define-module (git)
  #:use-module (fruix unavailable)
  #:export (git-error? repository? commit? oid? openable-repository?))

(define-unavailable "libgit2"
  "run the program git, with (ice-9 popen)"
  libgit2-init! libgit2-shutdown! clone fetch-init-options
  clone-init-options make-clone-options make-fetch-options
  fetch-options-remote-callbacks set-fetch-options-download-tags!
  set-fetch-options-proxy-url! set-remote-callbacks-transfer-progress!
  set-remote-callbacks-version! indexer-progress-indexed-objects
  indexer-progress-received-objects indexer-progress-total-objects
  repository-open repository-init repository-close! repository-discover
  repository-head repository-head-detached? repository-working-directory
  repository-directory repository-common-directory repository-config
  repository-submodules commit-lookup commit-lookup-prefix commit-id
  commit-message commit-summary commit-parents commit-parentcount
  commit-parent commit-tree commit-tree-id commit-owner commit-author
  commit-committer commit-time commit-extract-signature fold-commits
  config-get-entry config-entry-value config-entry-name config-set-string
  object-id object-type object-lookup object-lookup-prefix object-owner
  oid->string string->oid oid=? blob-lookup blob-content blob-size
  tree-lookup tree-list tree-entry-bypath tree-entry-id tree-entry-name
  tree-entry-type tag-lookup tag-target-id tag-name branch-lookup
  reference-lookup reference-name reference-target reference-shorthand
  reference-name->oid remote-lookup remote-create-anonymous remote-connect
  remote-disconnect remote-fetch remote-ls remote-refs remote-head-name
  remote-head-oid remote-set-url! reset status-list-new
  status-list->status-entries status-entry-status
  status-entry-index-to-workdir status-entry-head-to-index
  diff-delta-new-file diff-file-path submodule-lookup submodule-path
  submodule-update submodule-url make-status-options checkout-tree
  index-add-all set-tls-certificate-locations! set-server-timeout!
  set-server-connection-timeout! set-home-directory! set-user-agent!
  auth-ssh-credentials %make-auth-ssh-agent make-describe-options
  signature-name signature-email signature-when git-error-code
  git-error-class git-error-message git-error->string time-time time-offset)

(define-constants
  GIT_OK GIT_ERROR GIT_ENOTFOUND GIT_EEXISTS GIT_EAMBIGUOUS GITERR_NET
  GITERR_HTTP GITERR_SSH GITERR_REPOSITORY GITERR_REFERENCE GITERR_OS
  RESET_HARD RESET_SOFT RESET_MIXED OBJ-COMMIT OBJ-TREE OBJ-BLOB OBJ-TAG
  BRANCH-LOCAL BRANCH-REMOTE BRANCH-ALL GIT_FETCH_DOWNLOAD_TAGS_ALL)

;; Nothing is an object of libgit2, and no directory can be opened by it.
(define (git-error? obj) "Return #f." #f)
(define (repository? obj) "Return #f." #f)
(define (commit? obj) "Return #f." #f)
(define (oid? obj) "Return #f." #f)
(define (openable-repository? directory) "Return #f." #f)
