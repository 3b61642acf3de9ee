;;; Loading files (Guile manual, "Loading", "Load Paths", "Compilation").
;;; Fruix compiles what it loads each time and keeps no object files, so that
;;; the variables of Guile's cache say so and are otherwise not looked at.

(define current-reader (make-fluid #f))

(define (%read-and-run file reader)
  (call-with-input-file file
    (lambda (port)
      (save-module-excursion
       (lambda ()
         (let loop ((last (if #f #f)))
           (let ((form (reader port)))
             (if (eof-object? form)
                 last
                 (call-with-values (lambda () (primitive-eval form))
                   (lambda (v . rest) (loop v)))))))))))

(define (primitive-load file)
  (if %load-hook (%load-hook file))
  (let ((reader (fluid-ref current-reader)))
    (if reader
        (%read-and-run file reader)
        ((%file-sequence file)))))

(define* (load-in-vicinity directory file #:optional reader)
  (let ((name (if (or (absolute-file-name? file) (string-null? directory))
                  file
                  (in-vicinity directory file))))
    (save-module-excursion
     (lambda ()
       (with-fluids ((current-reader reader))
         (primitive-load name))))))

(define (%source-directory syntax)
  (let* ((source (syntax-source syntax))
         (file (and source (assq-ref source 'filename))))
    (if (and file (string-index file #\/)) (dirname file) "")))

(define-syntax load
  (lambda (x)
    (with-syntax ((directory (%source-directory x)))
      (syntax-case x ()
        ((_ arg ...)
         #'(load-in-vicinity directory arg ...))
        (id
         (identifier? #'id)
         #'(lambda args (apply load-in-vicinity directory args)))))))

(define (primitive-load-path file . rest)
  (let ((absent (and (pair? rest) (car rest))))
    (cond ((and (not (eq? absent #t)) (pair? rest)
                (not (%search-load-path file)))
           (and (procedure? absent) (absent)))
          (else
           (if (and %load-hook (%search-load-path file))
               (%load-hook (%search-load-path file)))
           ((%path-sequence file))))))

(define (load-from-path file) (primitive-load-path file))

(define (load-compiled file)
  (let ((header (call-with-input-file file
                  (lambda (port)
                    (let loop ((chars '()))
                      (let ((c (read-char port)))
                        (if (or (eof-object? c) (char=? c #\newline)
                                (> (length chars) 100))
                            (reverse-list->string chars)
                            (loop (cons c chars)))))))))
    (if (not (string=? header ";;; Fruix object file"))
        (scm-error 'misc-error "load-compiled"
                   "~S: this is no object file of Fruix's compile-file"
                   (list file) #f))
    ((%file-sequence file))))

(define %load-verbosely #f)

(define (assert-load-verbosity v) (set! %load-verbosely v))

(define (%load-announce file)
  (if %load-verbosely
      (let ((port (current-error-port)))
        (display ";;; loading " port)
        (display file port)
        (newline port)
        (force-output port))))

(define %load-hook %load-announce)

(define %load-extensions '(".scm" ""))

(define %load-compiled-extensions '(".go"))

(define %load-compiled-path '())

(define %load-should-auto-compile #f)

(define %fresh-auto-compile #f)

(define %compile-fallback-path #f)

(define (%warn-auto-compilation-enabled) (if #f #f))

(define %auto-compilation-options '(#:warnings ()))

(define (%site-dir) (%package-data-dir))

(define (%global-site-dir) (%package-data-dir))

(define (%library-dir) (%package-data-dir))

(define (%package-data-dir) "/usr/share/guile")

(define (%site-ccache-dir) "/usr/lib/guile/3.0/site-ccache")

(define (load-user-init)
  (let* ((home (or (getenv "HOME") "/"))
         (file (in-vicinity home ".guile")))
    (if (file-exists? file) (primitive-load file))))

(define (try-load-module name . version)
  (and (resolve-module name #t #:ensure #f) #t))

(define (try-module-autoload name . version)
  (and (resolve-module name #t #:ensure #f) #t))

(define (%extension-of file extensions)
  (let loop ((l extensions))
    (and (pair? l)
         (or (and (not (string-null? (car l)))
                  (string-suffix? (car l) file)
                  (car l))
             (loop (cdr l))))))

(define (%plain-file? name)
  (and (file-exists? name)
       (not (file-is-directory? name))))

(define* (search-path path file #:optional (extensions '(""))
                      (require-extensions? #f))
  (let* ((present (%extension-of file extensions))
         (extensions (cond (present '(""))
                           ((null? extensions) '(""))
                           (require-extensions? (delete "" extensions))
                           (else extensions)))
         (try (lambda (stem)
                (let loop ((l extensions))
                  (and (pair? l)
                       (let ((name (string-append stem (car l))))
                         (if (%plain-file? name) name (loop (cdr l)))))))))
    (if (absolute-file-name? file)
        (if (and require-extensions? (not present))
            (try file)
            (and (%plain-file? file) file))
        (let loop ((l path))
          (and (pair? l)
               (or (try (in-vicinity (car l) file))
                   (loop (cdr l))))))))

(define* (parse-path text #:optional (tail '()))
  (if text
      (append (string-split text #\:) tail)
      tail))

(define (parse-path-with-ellipsis text base)
  (let loop ((l (string-split text #\:)))
    (cond ((null? l) '())
          ((string=? (car l) "...") (append base (cdr l)))
          (else (cons (car l) (loop (cdr l)))))))
