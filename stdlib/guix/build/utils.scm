;;; What builders need: files, directories, programs, text substitution.
;;;
;;; Commentary:
;;;
;;; This module runs inside builds.  Its interface is that of Guix's module of
;;; the same name (Guix manual, "Build Utilities").
;;;
;;; Code:

(define-module (guix build utils)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-26)
  #:use-module (ice-9 match)
  #:use-module (ice-9 regex)
  #:use-module (ice-9 rdelim)
  #:use-module (ice-9 ftw)
  #:use-module (ice-9 exceptions)
  ;; 'delete' is a literal of 'modify-phases': users must see the same one.
  #:re-export (delete alist-cons alist-delete)
  #:export (%store-directory
            store-file-name?
            strip-store-file-name
            package-name->name+version
            directory-exists?
            executable-file?
            symbolic-link?
            file-is-directory?
            file-name-predicate
            call-with-temporary-output-file
            with-directory-excursion
            mkdir-p
            install-file
            make-file-writable
            make-file-executable
            copy-recursively
            delete-file-recursively
            find-files
            dump-port
            which
            search-input-file
            search-input-directory
            set-path-environment-variable
            search-path-as-list
            list->search-path-as-string
            alist-cons-before
            alist-cons-after
            alist-replace
            alist-delete*
            modify-phases
            &invoke-error
            invoke-error?
            invoke
            invoke/quiet
            substitute
            substitute*
            patch-shebang
            patch-shebangs
            wrap-program
            every*))


;;;
;;; Names.
;;;

(define (%store-directory)
  "Return the directory of the store in this build."
  (or (getenv "NIX_STORE") "/frx/store"))

(define (store-file-name? file)
  "Return #t if FILE lies in the store."
  (string-prefix? (string-append (%store-directory) "/") file))

(define (strip-store-file-name file)
  "Return FILE, /frx/store/HASH-NAME/..., as NAME/... ."
  (if (store-file-name? file)
      (let ((start (+ (string-length (%store-directory)) 1 33)))
        (if (> (string-length file) start)
            (substring file start)
            file))
      file))

(define* (package-name->name+version name #:optional (delimiter #\-))
  "Return two values, the name and the version in NAME, such as \"foo-1.2\";
the version is #f when there is none."
  (let loop ((start (string-length name)))
    (match (string-rindex name delimiter 0 start)
      (#f (values name #f))
      (index
       (if (and (< (+ 1 index) (string-length name))
                (char-numeric? (string-ref name (+ 1 index))))
           (values (substring name 0 index)
                   (substring name (+ 1 index)))
           (loop index))))))


;;;
;;; Files and directories.
;;;

(define (stat-type file)
  "Return the type of FILE, a symbol, following links; #f when it is absent."
  (and=> (stat file #f) stat:type))

(define (directory-exists? directory)
  "Return #t if DIRECTORY exists and is a directory."
  (eq? 'directory (stat-type directory)))
(define (file-is-directory? file)
  "Return #t if FILE is a directory."
  (directory-exists? file))
(define (executable-file? file)
  "Return #t if FILE is a regular file that someone may execute."
  (let ((s (stat file #f)))
    (and s (eq? 'regular (stat:type s))
         (not (zero? (logand (stat:mode s) #o111))))))
(define (symbolic-link? file)
  "Return #t if FILE is a symbolic link."
  (eq? 'symlink (stat:type (lstat file))))

(define-syntax-rule (with-directory-excursion directory body ...)
  "Evaluate BODY with DIRECTORY as the current directory."
  (let ((before (getcwd)))
    (dynamic-wind
      (lambda () (chdir directory))
      (lambda () body ...)
      (lambda () (chdir before)))))

(define* (mkdir-p directory #:optional mode)
  "Create DIRECTORY and the directories above it that are missing."
  (let loop ((pending (list directory)))
    (match pending
      (() #t)
      ((first . rest)
       (cond ((or (string-null? first) (directory-exists? first))
              (loop rest))
             (else
              (let ((parent (dirname first)))
                (if (or (string=? parent first) (directory-exists? parent))
                    (begin
                      (catch 'system-error
                        (lambda ()
                          (if mode (mkdir first mode) (mkdir first)))
                        (lambda arguments
                          (unless (directory-exists? first)
                            (apply throw arguments))))
                      (loop rest))
                    (loop (cons parent pending))))))))))

(define (install-file file directory)
  "Copy FILE into DIRECTORY, which is made when missing."
  (mkdir-p directory)
  (let ((target (string-append directory "/" (basename file))))
    (copy-file file target)
    (chmod target (logand #o777 (stat:mode (stat file))))))

(define (make-file-writable file)
  "Let the owner of FILE write it."
  (chmod file (logior #o200 (logand #o7777 (stat:mode (lstat file))))))
(define (make-file-executable file)
  "Let everybody execute FILE."
  (chmod file (logior #o111 (logand #o7777 (stat:mode (stat file))))))

(define (directory-entries directory)
  "Return the sorted names in DIRECTORY, without '.' and '..'."
  (scandir directory
           (lambda (name) (not (member name '("." ".."))))))

(define* (copy-recursively source destination
                           #:key (log (current-output-port))
                           (follow-symlinks? #f)
                           (copy-file copy-file)
                           (keep-mtime? #f) (keep-permissions? #t)
                           (select? (const #t)))
  "Copy the directory or file SOURCE to DESTINATION.  SELECT? says by name and
'stat' what is copied; LOG is a port for the names, or #f."
  (define stat* (if follow-symlinks? stat lstat))
  (define (finish file s)
    (when keep-permissions? (chmod file (logand #o7777 (stat:mode s))))
    (when keep-mtime? (utime file (stat:mtime s) (stat:mtime s))))
  (let copy ((from source) (to destination) (s (stat* source)))
    (case (stat:type s)
      ((directory)
       (mkdir-p to)
       (for-each (lambda (name)
                   (let* ((file (string-append from "/" name))
                          (s    (stat* file)))
                     (when (select? file s)
                       (copy file (string-append to "/" name) s))))
                 (directory-entries from))
       (finish to s))
      ((symlink)
       (when log (format log "`~a' -> `~a'~%" from to))
       (when (false-if-exception (lstat to)) (delete-file to))
       (symlink (readlink from) to))
      (else
       (when log (format log "`~a' -> `~a'~%" from to))
       (copy-file from to)
       (finish to s)))))

(define* (delete-file-recursively directory #:key follow-mounts?)
  "Delete DIRECTORY and all below it, read-only directories included."
  (let delete ((file directory))
    (let ((s (lstat file)))
      (case (stat:type s)
        ((directory)
         (when (zero? (logand #o200 (stat:mode s)))
           (chmod file #o700))
         (for-each (lambda (name) (delete (string-append file "/" name)))
                   (directory-entries file))
         (rmdir file))
        (else (delete-file file))))))

(define (file-name-predicate regexp)
  "Return a procedure of a file name and its 'stat' that is true when the base
name matches REGEXP."
  (let ((rx (if (regexp? regexp) regexp (make-regexp regexp))))
    (lambda (file stat)
      (regexp-exec rx (basename file)))))

(define* (find-files directory #:optional (predicate (const #t))
                     #:key (stat lstat) directories? fail-on-error?)
  "Return the sorted list of the files below DIRECTORY for which PREDICATE, a
regular expression for base names or a procedure of a name and its 'stat', is
true."
  (let ((wanted? (if (procedure? predicate)
                     predicate
                     (file-name-predicate predicate))))
    (define (visit file result)
      (let ((s (false-if-exception (stat file))))
        (cond ((not s)
               (when fail-on-error?
                 (error "find-files: cannot read" file))
               result)
              ((eq? 'directory (stat:type s))
               (let ((result (if (and directories? (wanted? file s))
                                 (cons file result)
                                 result)))
                 (fold (lambda (name result)
                         (visit (string-append file "/" name) result))
                       result (directory-entries file))))
              ((wanted? file s) (cons file result))
              (else result))))
    (if (false-if-exception (stat directory))
        (sort (visit directory '()) string<?)
        (begin
          (when fail-on-error?
            (error "find-files: cannot read" directory))
          '()))))

(define* (dump-port in out #:key (buffer-size 65536) progress)
  "Copy what is left to read of IN to OUT."
  (let loop ()
    (let ((block (get-bytevector-n* in buffer-size)))
      (unless (eof-object? block)
        (put-bytevector* out block)
        (loop)))))

(define (get-bytevector-n* port n)
  ((@ (ice-9 binary-ports) get-bytevector-n) port n))
(define (put-bytevector* port bytes)
  ((@ (ice-9 binary-ports) put-bytevector) port bytes))

(define (call-with-temporary-output-file proc)
  "Call PROC with the name of a fresh temporary file and a port to write it;
delete it afterwards."
  (let* ((template (string-append (or (getenv "TMPDIR") "/tmp")
                                  "/build-file.XXXXXX"))
         (port     (mkstemp! (string-copy template)))
         (file     (port-filename port)))
    (dynamic-wind
      (lambda () #t)
      (lambda () (proc file port))
      (lambda ()
        (false-if-exception (close-port port))
        (false-if-exception (delete-file file))))))


;;;
;;; Search paths and inputs.
;;;

(define (search-path-as-list files input-dirs)
  "Return the existing ones of FILES below INPUT-DIRS."
  (append-map (lambda (input)
                (filter file-exists?
                        (map (cut string-append input "/" <>) files)))
              (delete-duplicates input-dirs)))

(define (list->search-path-as-string lst separator)
  "Return the strings LST joined by SEPARATOR."
  (if separator (string-join lst separator) (car lst)))

(define* (set-path-environment-variable variable files input-dirs
                                        #:key (separator ":"))
  "Set VARIABLE to the existing FILES below INPUT-DIRS."
  (match (search-path-as-list files input-dirs)
    (() (unsetenv variable))
    (found (setenv variable (list->search-path-as-string found separator)))))

(define (which program)
  "Return the file name of PROGRAM in $PATH, or #f."
  (find executable-file?
        (map (cut string-append <> "/" program)
             (string-split (or (getenv "PATH") "") #\:))))

(define (search-input inputs file found? what)
  (or (any (match-lambda
             ((_ . directory)
              (let ((name (string-append directory "/" file)))
                (and (found? name) name))))
           inputs)
      (error (format #f "no ~a ~a in the inputs ~a" what file
                     (map car inputs)))))
(define (search-input-file inputs file)
  "Return the name of FILE in one of INPUTS, an alist of labels and
directories; raise an error when none has it."
  (search-input inputs file file-exists? "file"))
(define (search-input-directory inputs directory)
  "Return the name of DIRECTORY in one of INPUTS."
  (search-input inputs directory directory-exists? "directory"))


;;;
;;; Phases.
;;;

(define* (alist-cons-before reference key value alist
                            #:optional (key=? equal?))
  "Insert (KEY . VALUE) in ALIST before the first pair whose key is
REFERENCE."
  (let-values* alist reference key=?
               (lambda (before pair after)
                 (append before (cons* (cons key value) pair after)))))

(define* (alist-cons-after reference key value alist
                           #:optional (key=? equal?))
  "Insert (KEY . VALUE) in ALIST after the first pair whose key is
REFERENCE."
  (let-values* alist reference key=?
               (lambda (before pair after)
                 (append before (cons* pair (cons key value) after)))))

(define* (alist-replace key value alist #:optional (key=? equal?))
  "Replace the first pair in ALIST whose key is KEY."
  (let-values* alist key key=?
               (lambda (before pair after)
                 (append before (cons (cons key value) after)))))

(define (alist-delete* key alist)
  "Return ALIST without the pairs whose key is KEY."
  (remove (lambda (pair) (equal? (car pair) key)) alist))

(define (let-values* alist key key=? receive)
  "Call RECEIVE with the pairs before KEY's in ALIST, its pair, and the
rest."
  (let loop ((before '()) (rest alist))
    (match rest
      (() (error (format #f "no phase ~s; there are ~s" key (map car alist))))
      ((pair . after)
       (if (key=? (car pair) key)
           (receive (reverse before) pair after)
           (loop (cons pair before) after))))))

(define-syntax modify-phases
  (syntax-rules (delete replace add-before add-after)
    "Return PHASES changed by clauses (delete NAME), (replace NAME PROC),
(add-before NAME NEW PROC), (add-after NAME NEW PROC)."
    ((_ phases) phases)
    ((_ phases (delete name) clause ...)
     (modify-phases (alist-delete* name phases) clause ...))
    ((_ phases (replace name proc) clause ...)
     (modify-phases (alist-replace name proc phases) clause ...))
    ((_ phases (add-before name new proc) clause ...)
     (modify-phases (alist-cons-before name new proc phases) clause ...))
    ((_ phases (add-after name new proc) clause ...)
     (modify-phases (alist-cons-after name new proc phases) clause ...))))

(define (every* predicate lst)
  "Like 'every', but PREDICATE is applied to all of LST."
  (fold (lambda (item result) (and (predicate item) result)) #t lst))


;;;
;;; Programs.
;;;

(define &invoke-error
  (make-exception-type '&invoke-error &error
                       '(program arguments exit-status term-signal
                         stop-signal)))
(define make-invoke-error (record-constructor &invoke-error))
(define invoke-error? (exception-predicate &invoke-error))

(define (invoke program . arguments)
  "Run PROGRAM with ARGUMENTS; raise an error unless it exits with 0."
  (let ((status (apply system* program arguments)))
    (unless (zero? status)
      (raise-exception
       (make-exception
        (make-invoke-error program arguments
                           (status:exit-val status)
                           (status:term-sig status)
                           (status:stop-sig status))
        (make-exception-with-message
         (format #f "~a failed with ~a: ~a" program
                 (cond ((status:exit-val status)
                        => (lambda (code) (format #f "exit code ~a" code)))
                       ((status:term-sig status)
                        => (lambda (signal) (format #f "signal ~a" signal)))
                       (else "an unknown status"))
                 (string-join (cons program arguments)))))))
    #t))

(define (invoke/quiet program . arguments)
  "Like 'invoke', for programs whose output is of no interest."
  (apply invoke program arguments))


;;;
;;; Text.
;;;

(define (substitute file pattern+procs)
  "For each (PATTERN . PROC) of PATTERN+PROCS replace in FILE every line with
matches of PATTERN, a regular expression or a string, by what PROC returns for
the line and the list of its matches."
  (let* ((rx+procs (map (match-lambda
                          ((pattern . proc)
                           (cons (if (regexp? pattern)
                                     pattern
                                     (make-regexp pattern regexp/extended))
                                 proc)))
                        pattern+procs))
         (mode (logand #o7777 (stat:mode (stat file))))
         (temporary (string-append file ".substitute")))
    (call-with-input-file file
      (lambda (in)
        (call-with-output-file temporary
          (lambda (out)
            (let loop ((line (read-line in 'concat)))
              (unless (eof-object? line)
                (display
                 (fold (match-lambda*
                         (((rx . proc) line)
                          (match (list-matches rx line)
                            (() line)
                            (matches (proc line matches)))))
                       line rx+procs)
                 out)
                (loop (read-line in 'concat))))))))
    (chmod temporary mode)
    (rename-file temporary file)))

(define-syntax let-matches
  ;; Bind VARS to the submatches of MATCH from INDEX on; _ is not bound.
  (syntax-rules (_)
    ((let-matches index match (_ vars ...) body ...)
     (let-matches (+ 1 index) match (vars ...) body ...))
    ((let-matches index match (var vars ...) body ...)
     (let ((var (match:substring match index)))
       (let-matches (+ 1 index) match (vars ...) body ...)))
    ((let-matches index match () body ...)
     (begin body ...))))

(define-syntax substitute*
  (syntax-rules ()
    "Replace text in FILE, a name or a list of names:
((REGEXP WHOLE SUBMATCH ...) BODY ...), where BODY's string takes the place of
each match."
    ((_ file ((regexp match-var ...) body ...) ...)
     (let ((substitute-one
            (lambda (name)
              (substitute
               name
               (list (cons regexp
                           (lambda (line matches)
                             (let loop ((matches matches) (start 0) (parts '()))
                               (match matches
                                 (()
                                  (string-concatenate-reverse
                                   (cons (substring line start) parts)))
                                 ((m . rest)
                                  (let ((text (let-matches 0 m (match-var ...)
                                                body ...)))
                                    (loop rest (match:end m)
                                          (cons* text
                                                 (substring line start
                                                            (match:start m))
                                                 parts))))))))
                     ...)))))
       (match file
         ((names (... ...)) (for-each substitute-one names))
         (name (substitute-one name)))))))

(define* (patch-shebang file #:optional
                        (path (string-split (or (getenv "PATH") "") #\:))
                        #:key (keep-mtime? #t))
  "If FILE is a script, make its first line name an interpreter found in the
directories PATH.  Return #t if it was changed."
  (define (first-line)
    (call-with-input-file file
      (lambda (port)
        (and (eqv? #\# (read-char port))
             (eqv? #\! (read-char port))
             (read-line port)))))
  (match (false-if-exception (first-line))
    ((? string? line)
     (match (string-tokenize line)
       ((interpreter arguments ...)
        (let* ((env?  (string-suffix? "/env" interpreter))
               (name  (if (and env? (pair? arguments))
                          (first arguments)
                          (basename interpreter)))
               (rest  (if (and env? (pair? arguments))
                          (cdr arguments)
                          arguments))
               (found (find executable-file?
                            (map (cut string-append <> "/" name) path))))
          (and found (not (string=? found interpreter))
               (let ((s (stat file)))
                 (substitute file
                             (list (cons (string-append "^#!.*$")
                                         (let ((done? #f))
                                           (lambda (line matches)
                                             (if done?
                                                 line
                                                 (begin
                                                   (set! done? #t)
                                                   (string-append
                                                    "#!" (string-join
                                                          (cons found rest))
                                                    "\n"))))))))
                 (when keep-mtime?
                   (utime file (stat:mtime s) (stat:mtime s)))
                 #t))))
       (_ #f)))
    (_ #f)))

(define (patch-shebangs directory . path)
  "Patch the scripts below DIRECTORY."
  (for-each (lambda (file) (apply patch-shebang file path))
            (find-files directory
                        (lambda (file s)
                          (and (eq? 'regular (stat:type s))
                               (executable-file? file))))))

(define (wrap-program program . variables)
  "Replace PROGRAM by a shell script that sets VARIABLES and runs it:
(VARIABLE SEPARATOR? POSITION? (VALUE ...)) with POSITION =, prefix or
suffix."
  (let ((real (string-append (dirname program) "/." (basename program)
                             "-real")))
    (rename-file program real)
    (call-with-output-file program
      (lambda (port)
        (format port "#!~a~%" (or (which "sh") "/bin/sh"))
        (for-each
         (match-lambda
           ((name separator '= (values ...))
            (format port "export ~a=\"~a\"~%" name
                    (string-join values separator)))
           ((name separator 'prefix (values ...))
            (format port "export ~a=\"~a${~a:+~a}$~a\"~%" name
                    (string-join values separator) name separator name))
           ((name separator 'suffix (values ...))
            (format port "export ~a=\"$~a${~a:+~a}~a\"~%" name name name
                    separator (string-join values separator)))
           ((name position (values ...))
            (format port "export ~a=\"~a${~a:+:}$~a\"~%" name
                    (string-join values ":") name name)))
         variables)
        (format port "exec -a \"$0\" \"~a\" \"$@\"~%" real)))
    (chmod program #o755)))
