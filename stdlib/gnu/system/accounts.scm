;;; User accounts and groups.
;;;
;;; Commentary:
;;;
;;; Who may use the machine (Guix manual, "User Accounts").  Ids that are not
;;; given are chosen when the account files are made, in the order of the
;;; declaration: from 1000 for people, from 999 downwards for system accounts.
;;;
;;; Code:

(define-module (gnu system accounts)
  #:use-module (ice-9 match)
  #:use-module (guix records)
  #:use-module (guix gexp)
  #:export (user-account
            user-account?
            user-account-name
            user-account-password
            user-account-uid
            user-account-group
            user-account-supplementary-groups
            user-account-comment
            user-account-home-directory
            user-account-create-home-directory?
            user-account-shell
            user-account-system?
            user-account-class
            user-group
            user-group?
            user-group-name
            user-group-password
            user-group-id
            user-group-system?
            user-account->alist
            user-group->alist))

(define-record-type* <user-account> user-account make-user-account
  user-account?
  this-user-account
  (name     user-account-name)
  (password user-account-password (default #f)) ;crypt(3) hash or #f: locked
  (uid      user-account-uid (default #f))
  (group    user-account-group)                 ;name
  (supplementary-groups user-account-supplementary-groups (default '()))
  (comment  user-account-comment (default ""))
  (home-directory user-account-home-directory (thunked)
                  (default (string-append "/home/" (user-account-name
                                                    this-user-account))))
  (create-home-directory? user-account-create-home-directory? (default #t))
  (shell    user-account-shell (default "/bin/sh")) ;file name or file-like
  (system?  user-account-system? (default #f))
  (class    user-account-class (default "")))   ;FreeBSD login class

(define-record-type* <user-group> user-group make-user-group
  user-group?
  (name     user-group-name)
  (password user-group-password (default #f))
  (id       user-group-id (default #f))
  (system?  user-group-system? (default #f)))

(define (user-account->alist account)
  "Return ACCOUNT as plain data; the shell must be a string."
  `((name . ,(user-account-name account))
    (password . ,(user-account-password account))
    (uid . ,(user-account-uid account))
    (group . ,(user-account-group account))
    (supplementary-groups . ,(user-account-supplementary-groups account))
    (comment . ,(user-account-comment account))
    (home-directory . ,(user-account-home-directory account))
    (create-home-directory? . ,(user-account-create-home-directory? account))
    (shell . ,(user-account-shell account))
    (system? . ,(user-account-system? account))
    (class . ,(user-account-class account))))

(define (user-group->alist group)
  "Return GROUP as plain data."
  `((name . ,(user-group-name group))
    (password . ,(user-group-password group))
    (id . ,(user-group-id group))
    (system? . ,(user-group-system? group))))
