;;; Bringing a running system up to date.
;;;
;;; Commentary:
;;;
;;; The procedures that activation code is made of.  They run on the target
;;; machine, as root, at boot and when a new system is switched to; all can
;;; be run again at any time.
;;;
;;; Code:

(define-module (gnu build activation)
  #:use-module (ice-9 match)
  #:use-module (ice-9 ftw)
  #:use-module (ice-9 rdelim)
  #:use-module (ice-9 textual-ports)
  #:use-module (srfi srfi-1)
  #:use-module (guix build utils)
  #:export (activate-current-system
            activate-booted-system
            activate-etc
            activate-accounts
            activate-homes
            activate-directories
            activate-special-files
            activate-privileged-programs))

(define (replace-link target name)
  "Make NAME a symbolic link to TARGET in one step."
  (let ((pivot (string-append name ".fruix-new")))
    (false-if-exception (delete-file pivot))
    (symlink target pivot)
    (rename-file pivot name)))

(define (replace-file name text mode)
  "Make NAME a file of MODE that holds TEXT in one step."
  (let ((pivot (string-append name ".fruix-new")))
    (false-if-exception (delete-file pivot))
    (call-with-output-file pivot
      (lambda (port)
        (chmod pivot mode)
        (display text port)))
    (rename-file pivot name)))

(define (link-target file)
  "Return what the symbolic link FILE leads to, or #f if it is none."
  (and=> (false-if-exception (lstat file))
         (lambda (s)
           (and (eq? 'symlink (stat:type s))
                (readlink file)))))

(define (activate-current-system system)
  "Make /run/current-system lead to the store item SYSTEM."
  (mkdir-p "/run")
  (unless (equal? system (link-target "/run/current-system"))
    (replace-link system "/run/current-system")))

(define (kernel-argument name)
  "Return the value of the argument NAME=VALUE that the Linux kernel was given,
or #f."
  (let ((prefix (string-append name "=")))
    (any (lambda (argument)
           (and (string-prefix? prefix argument)
                (substring argument (string-length prefix))))
         (string-tokenize (call-with-input-file "/proc/cmdline"
                            get-string-all)))))

(define (activate-booted-system)
  "Make the system that the kernel was told to boot the current one, and
remember it as /run/booted-system."
  (match (kernel-argument "fruix.system")
    (#f (error "the kernel was given no argument fruix.system=DIRECTORY"))
    (system
     (activate-current-system system)
     (replace-link system "/run/booted-system"))))

(define %etc "/run/current-system/etc/")

(define (copy-entry source name)
  "Make NAME a file with the contents of SOURCE unless it is that already."
  (let ((text (call-with-input-file source get-string-all)))
    (unless (and (file-exists? name)
                 (not (link-target name))
                 (string=? text (call-with-input-file name get-string-all)))
      (replace-file name text #o644))))

(define* (activate-etc #:key (copied '()))
  "Link every entry of the system's etc in /etc, replacing what is there, and
remove links to entries that the system does not have any more.  Entries of
directories that exist in /etc as real directories are linked one by one.
COPIED names entries that must be files, not links."
  (define (entries directory)
    (or (scandir directory (lambda (name) (not (member name '("." "..")))))
        '()))
  (define (link-entry source name)
    (let ((file (false-if-exception (lstat name))))
      (cond ((and file (eq? 'directory (stat:type file))
                  (directory-exists? source))
             (for-each (lambda (entry)
                         (link-entry (string-append source "/" entry)
                                     (string-append name "/" entry)))
                       (entries source)))
            ((and (member (basename name) copied)
                  (string=? "/etc" (dirname name)))
             (copy-entry source name))
            ((equal? source (link-target name)) #t)
            (else
             (when (and file (not (eq? 'symlink (stat:type file))))
               (rename-file name (string-append name ".before-fruix")))
             (replace-link source name)))))
  (mkdir-p "/etc")
  (for-each (lambda (name)
              (let ((target (link-target (string-append "/etc/" name))))
                (when (and target
                           (string-prefix? %etc target)
                           (not (file-exists? target)))
                  (delete-file (string-append "/etc/" name)))))
            (entries "/etc"))
  (for-each (lambda (name)
              (link-entry (string-append %etc name)
                          (string-append "/etc/" name)))
            (entries %etc)))

(define (file-lines file)
  "Return the lines of FILE, '() when it is absent."
  (if (file-exists? file)
      (remove string-null?
              (string-split (call-with-input-file file get-string-all)
                            #\newline))
      '()))

(define (keep-passwords text current)
  "Return TEXT, lines NAME:PASSWORD:..., where accounts that are locked in it
and have a password in the lines CURRENT keep that one: a password that was
set on the machine is not lost when the system changes."
  (define passwords
    (filter-map (lambda (line)
                  (match (string-split line #\:)
                    ((name password _ ...) (cons name password))
                    (_ #f)))
                current))
  (string-concatenate
   (map (lambda (line)
          (string-append
           (match (string-split line #\:)
             ((name (or "*" "!" "!*") rest ...)
              (match (assoc-ref passwords name)
                ((or #f "*" "!" "!*") line)
                (password (string-join (cons* name password rest) ":"))))
             (_ line))
           "\n"))
        (remove string-null? (string-split text #\newline)))))

(define (secret-file target)
  "Return the name below /etc of the file that holds the passwords."
  (match target
    ('linux "shadow")
    ('freebsd "master.passwd")))

(define (activate-accounts target files)
  "Write the account FILES, an alist of names below /etc and of store files.
On FreeBSD make the databases that its libc reads from them."
  (for-each
   (match-lambda
     ((name . file)
      (let* ((text    (call-with-input-file file get-string-all))
             (place   (string-append "/etc/" name))
             (secret? (string=? name (secret-file target)))
             (text    (if secret?
                          (keep-passwords text (file-lines place))
                          text)))
        (unless (and (file-exists? place)
                     (not (link-target place))
                     (string=? text (call-with-input-file place
                                      get-string-all)))
          (replace-file place text (if secret? #o600 #o644))))))
   files)
  (when (eq? target 'freebsd)
    (update-password-databases)))

(define (newer? file other)
  "Return #t when FILE was written after OTHER, or at the same time, or OTHER
is not there."
  (or (not (file-exists? other))
      (>= (stat:mtime (stat file)) (stat:mtime (stat other)))))

(define (update-password-databases)
  "Make the databases that FreeBSD's libc reads, when master.passwd is newer:
pwd_mkdb(8) waits for the disk, which is not worth it at each boot."
  (when (or (newer? "/etc/master.passwd" "/etc/pwd.db")
            (newer? "/etc/master.passwd" "/etc/spwd.db"))
    (invoke "/usr/sbin/pwd_mkdb" "-p" "-d" "/etc" "/etc/master.passwd")))

;; A home or a special file may lie within a user's folder, who can put links in
;; the way, or move away what has just been made.  So each directory is opened from the one
;; above it, and all that is done to it is done by its descriptor.

(define (root-only? directory)
  "Return #t when nobody but root can change what lies in the open DIRECTORY."
  (let ((s (stat directory)))
    (and (zero? (stat:uid s))
         (zero? (logand #o022 (stat:mode s))))))

(define (open-directory-at above name)
  "Open the directory NAME in the open directory ABOVE.  Links in it are
followed when they can only be root's."
  (openat above name
          (logior O_RDONLY O_DIRECTORY
                  (if (root-only? above) 0 O_NOFOLLOW))))

(define (make-directory-at above name mode)
  "Make the directory NAME in the open directory ABOVE.  Return #f when there is
something of that name already."
  (catch 'system-error
    (lambda ()
      (mkdirat above name mode)
      #t)
    (lambda arguments
      (if (= EEXIST (system-error-errno arguments))
          #f
          (apply throw arguments)))))

(define (call-with-directory-above file proc)
  "Call PROC with the open directory that FILE lies in, which is made if need be,
and with the name that FILE has there.  FILE is an absolute name."
  (let loop ((directory (open "/" (logior O_RDONLY O_DIRECTORY)))
             (names     (remove (lambda (name) (member name '("" ".")))
                                (string-split file #\/))))
    (match names
      (() (close-port directory))
      ((name)
       (dynamic-wind
         (const #t)
         (lambda () (proc directory name))
         (lambda () (close-port directory))))
      ((name rest ...)
       (loop (dynamic-wind
               (const #t)
               (lambda ()
                 (make-directory-at directory name #o755)
                 (open-directory-at directory name))
               (lambda () (close-port directory)))
             rest)))))

(define (activate-homes homes)
  "Make the directories HOMES, lists (DIRECTORY UID GID MODE), that are
missing."
  (for-each
   (match-lambda
     ((directory uid gid mode)
      (call-with-directory-above
       directory
       (lambda (above name)
         (when (make-directory-at above name #o700)
           (let ((home (openat above name
                               (logior O_RDONLY O_DIRECTORY O_NOFOLLOW))))
             (dynamic-wind
               (const #t)
               (lambda ()
                 (unless (= (geteuid) (stat:uid (stat home)))
                   (error (format #f "somebody has exchanged ~a" directory)))
                 (chown home uid gid)
                 (chmod home mode))
               (lambda () (close-port home)))))))))
   homes))

(define (activate-special-files files)
  "Make the symbolic links FILES, lists (NAME TARGET), in the place of what is
there."
  (for-each
   (match-lambda
     ((file target)
      (call-with-directory-above
       file
       (lambda (above name)
         (let ((pivot (string-append name ".fruix-new")))
           (false-if-exception (delete-file-at above pivot))
           (symlinkat above target pivot)
           (rename-file-at above pivot above name))))))
   files))

(define (activate-directories directories)
  "Make DIRECTORIES, lists (DIRECTORY MODE), that are missing."
  (for-each (match-lambda
              ((directory mode)
               (unless (directory-exists? directory)
                 (mkdir-p directory)
                 (chmod directory mode))))
            directories))

(define (id-number id lookup index what)
  "Return the number of ID, which is one or a name that LOOKUP knows."
  (if (integer? id)
      id
      (vector-ref (or (false-if-exception (lookup id))
                      (error (format #f "privileged programs: there is no ~a ~s"
                                     what id)))
                  index)))

(define (install-privileged-program directory file mode user group optional?)
  "Put a copy of FILE into DIRECTORY and return its name there, or #f if there
is no FILE and it is OPTIONAL?.  The copy gets its owner before its rights, and
its name when it is complete."
  (let* ((name  (basename file))
         (place (string-append directory "/" name))
         (pivot (string-append place ".fruix-new")))
    (cond ((file-exists? file)
           (false-if-exception (delete-file pivot))
           (copy-file file pivot)
           (chmod pivot 0)
           (chown pivot
                  (id-number user getpwnam 2 "user")
                  (id-number group getgrnam 2 "group"))
           (chmod pivot mode)
           (rename-file pivot place)
           name)
          (optional? #f)
          (else
           (error (format #f "privileged programs: there is no ~a" file))))))

(define (activate-privileged-programs directory programs)
  "Make DIRECTORY hold copies of PROGRAMS, lists (FILE MODE USER GROUP
OPTIONAL?), and nothing else."
  (mkdir-p directory)
  (let ((names (filter-map (lambda (program)
                             (apply install-privileged-program
                                    directory program))
                           programs)))
    (for-each (lambda (name)
                (unless (member name names)
                  (delete-file (string-append directory "/" name))))
              (or (scandir directory (lambda (name)
                                       (not (member name '("." "..")))))
                  '()))))
