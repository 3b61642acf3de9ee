;;; The account service: who is on the machine.
;;;
;;; Commentary:
;;;
;;; Accounts and groups come from the operating system's declaration and from
;;; the services that need their own.  This module collects them, checks them
;;; and makes the files that the target's libc reads: passwd, group and shadow
;;; on Linux; passwd, master.passwd and group on FreeBSD.
;;;
;;; Code:

(define-module (gnu system shadow)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix gexp)
  #:use-module (guix diagnostics)
  #:use-module (guix records)
  #:use-module (gnu system accounts)
  #:use-module (gnu services)
  #:use-module (fruix native osmodel)
  #:re-export (user-account user-account? user-account-name
               user-account-password user-account-uid user-account-group
               user-account-supplementary-groups user-account-comment
               user-account-home-directory
               user-account-create-home-directory? user-account-shell
               user-account-system?
               user-group user-group? user-group-name user-group-id
               user-group-system?)
  #:export (%base-groups
            %base-user-accounts
            %freebsd-base-groups
            %freebsd-base-user-accounts
            account-service-type
            account-configuration
            account-configuration?
            account-configuration-target
            account-files
            account-homes))

(define-syntax-rule (system-groups (group-name group-id) ...)
  (list (user-group (name group-name) (id group-id) (system? #t)) ...))

(define %base-groups
  ;; Groups of every Linux system.
  (system-groups ("root" 0) ("daemon" 1) ("bin" 2) ("sys" 3) ("adm" 4)
                 ("tty" 5) ("disk" 6) ("lp" 7) ("kmem" 9) ("wheel" 10)
                 ("dialout" 20) ("tape" 26) ("video" 44) ("audio" 45)
                 ("cdrom" 46) ("kvm" 47) ("netdev" 48) ("input" 49)
                 ("users" 100) ("nogroup" 65534)))

(define %base-user-accounts
  ;; Accounts of every Linux system besides root.
  (list (user-account
          (name "nobody") (uid 65534) (group "nogroup")
          (comment "Unprivileged user") (system? #t)
          (home-directory "/nonexistent") (create-home-directory? #f)
          (shell "/sbin/nologin"))))

(define %freebsd-base-groups
  ;; Groups of every FreeBSD system, as its base system numbers them.
  (system-groups ("wheel" 0) ("daemon" 1) ("kmem" 2) ("sys" 3) ("tty" 4)
                 ("operator" 5) ("mail" 6) ("bin" 7) ("news" 8) ("man" 9)
                 ("games" 13) ("ftp" 14) ("staff" 20) ("sshd" 22)
                 ("smmsp" 25) ("mailnull" 26) ("guest" 31) ("video" 44)
                 ("realtime" 47) ("idletime" 48) ("bind" 53) ("unbound" 59)
                 ("proxy" 62) ("authpf" 63) ("_pflogd" 64) ("_dhcp" 65)
                 ("uucp" 66) ("dialer" 68) ("network" 69) ("audit" 77)
                 ("www" 80) ("u2f" 116) ("ntpd" 123) ("_ypldap" 160)
                 ("hast" 845) ("tests" 977) ("users" 1001)
                 ("nogroup" 65533) ("nobody" 65534)))

(define-syntax-rule (freebsd-accounts (who number primary about home) ...)
  (list (user-account
          (name who) (uid number) (group primary) (comment about)
          (home-directory home) (create-home-directory? #f)
          (shell "/usr/sbin/nologin") (system? #t))
        ...))

(define %freebsd-base-user-accounts
  ;; Accounts of every FreeBSD system besides root.
  (freebsd-accounts
   ("daemon" 1 "daemon" "Owner of many system processes" "/root")
   ("operator" 2 "operator" "System &" "/")
   ("bin" 3 "bin" "Binaries Commands and Source" "/")
   ("tty" 4 "tty" "Tty Sandbox" "/")
   ("kmem" 5 "kmem" "KMem Sandbox" "/")
   ("games" 7 "games" "Games pseudo-user" "/")
   ("news" 8 "news" "News Subsystem" "/")
   ("man" 9 "man" "Mister Man Pages" "/usr/share/man")
   ("sshd" 22 "sshd" "Secure Shell Daemon" "/var/empty")
   ("smmsp" 25 "smmsp" "Sendmail Submission User" "/var/spool/clientmqueue")
   ("mailnull" 26 "mailnull" "Sendmail Default User" "/var/spool/mqueue")
   ("bind" 53 "bind" "Bind Sandbox" "/")
   ("unbound" 59 "unbound" "Unbound DNS Resolver" "/var/unbound")
   ("proxy" 62 "proxy" "Packet Filter pseudo-user" "/nonexistent")
   ("_pflogd" 64 "_pflogd" "pflogd privsep user" "/var/empty")
   ("_dhcp" 65 "_dhcp" "dhcp programs" "/var/empty")
   ("uucp" 66 "uucp" "UUCP pseudo-user" "/var/spool/uucppublic")
   ("auditdistd" 78 "audit" "Auditdistd unprivileged user" "/var/empty")
   ("www" 80 "www" "World Wide Web Owner" "/nonexistent")
   ("ntpd" 123 "ntpd" "NTP Daemon" "/var/db/ntp")
   ("_ypldap" 160 "_ypldap" "YP LDAP unprivileged user" "/var/empty")
   ("hast" 845 "hast" "HAST unprivileged user" "/var/empty")
   ("tests" 977 "tests" "Unprivileged user for tests" "/nonexistent")
   ("nobody" 65534 "nobody" "Unprivileged user" "/nonexistent")))

(define-record-type* <account-configuration> account-configuration
  make-account-configuration
  account-configuration?
  (target   account-configuration-target)           ;linux or freebsd
  (accounts account-configuration-accounts (default '()))
  (groups   account-configuration-groups (default '()))
  (location account-configuration-location (default #f))) ;for messages

(define (root-account target)
  "Return the account of the administrator."
  (user-account
    (name "root") (uid 0) (group (if (eq? target 'freebsd) "wheel" "root"))
    (comment (if (eq? target 'freebsd) "Charlie &" "System administrator"))
    (home-directory "/root") (shell "/bin/sh") (system? #t)))

(define (complete-accounts config)
  "Return two values: all accounts and groups of CONFIG, the root account and
those of the base system included unless declared otherwise."
  (define (named accessor things name)
    (find (lambda (thing) (string=? name (accessor thing))) things))
  (define (with-defaults accessor things defaults)
    (append (remove (lambda (default) (named accessor things (accessor default)))
                    defaults)
            things))
  (let* ((target   (account-configuration-target config))
         (freebsd? (eq? target 'freebsd)))
    (values (with-defaults user-account-name
              (account-configuration-accounts config)
              (cons (root-account target)
                    (if freebsd?
                        %freebsd-base-user-accounts
                        %base-user-accounts)))
            (with-defaults user-group-name
              (account-configuration-groups config)
              (if freebsd? %freebsd-base-groups %base-groups)))))

(define (resolved config)
  "Return what '%resolve-accounts' makes of CONFIG: an alist with the keys
files, an alist of names below /etc and texts, and homes, a list of
(DIRECTORY UID GID MODE)."
  (call-with-values (lambda () (complete-accounts config))
    (lambda (accounts groups)
      (call-with-location
       (account-configuration-location config)
       %resolve-accounts (symbol->string (account-configuration-target config))
       (map user-account->alist accounts)
       (map user-group->alist groups)))))

(define (account-files config)
  "Return the alist of account files, by name below /etc, of CONFIG."
  (assq-ref (resolved config) 'files))

(define (account-homes config)
  "Return the list of (DIRECTORY UID GID MODE) of the homes to make."
  (assq-ref (resolved config) 'homes))

(define (account-activation config)
  "Return the code that brings the account files and homes up to date."
  (list
   (with-imported-modules '((gnu build activation))
     #~(begin
         (use-modules (gnu build activation))
         (activate-accounts
          '#$(account-configuration-target config)
          (list #$@(map (match-lambda
                          ((name . text)
                           #~(cons #$name #$(plain-file name text))))
                        (account-files config))))
         (activate-homes '#$(account-homes config))))))

(define account-service-type
  ;; User accounts and groups.
  (service-type
    (name 'account)
    (extensions
     (list (service-extension activation-service-type account-activation)))
    (compose concatenate)
    (extend (lambda (config more)
              (account-configuration
                (inherit config)
                (accounts (append (account-configuration-accounts config)
                                  (filter user-account? more)))
                (groups (append (account-configuration-groups config)
                                (filter user-group? more))))))
    (description "The machine's user accounts and groups.")))
