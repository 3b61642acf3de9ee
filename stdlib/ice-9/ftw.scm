;;; Walking file trees.

(define-module (ice-9 ftw)
  #:export (ftw nftw file-system-fold file-system-tree scandir))

(define (%entries dir)
  (catch 'system-error
    (lambda () (%directory-entries dir))
    (lambda args #f)))

(define* (scandir name #:optional (select? (const #t)) (entry<? string<?))
  (let ((entries (%entries name)))
    (and entries
         (sort (filter select? (cons* "." ".." entries)) entry<?))))

(define (%join dir name)
  (if (string-suffix? "/" dir) (string-append dir name) (string-append dir "/" name)))

(define (%errno args) (car (list-ref args 4)))

(define* (file-system-fold enter? leaf down up skip error init file-name
                           #:optional (stat lstat))
  (let walk ((path file-name) (result init))
    (let ((st (catch 'system-error
                (lambda () (stat path))
                (lambda args (%errno args)))))
      (cond ((integer? st) (error path #f st result))
            ((not (eq? (stat:type st) 'directory)) (leaf path st result))
            ((not (enter? path st result)) (skip path st result))
            (else
             (let ((entries (catch 'system-error
                              (lambda () (%directory-entries path))
                              (lambda args (%errno args)))))
               (if (integer? entries)
                   (error path st entries result)
                   (let loop ((entries entries) (result (down path st result)))
                     (if (null? entries)
                         (up path st result)
                         (loop (cdr entries)
                               (walk (%join path (car entries)) result)))))))))))

(define* (file-system-tree file-name #:optional (enter? (lambda (n s) #t)) (stat lstat))
  (let walk ((path file-name) (name (basename file-name)))
    (let ((st (catch 'system-error (lambda () (stat path)) (lambda args #f))))
      (cond ((not st) #f)
            ((and (eq? (stat:type st) 'directory) (enter? path st))
             (cons* name st
                    (let loop ((entries (or (%entries path) '())))
                      (if (null? entries)
                          '()
                          (let ((tree (walk (%join path (car entries)) (car entries))))
                            (if tree (cons tree (loop (cdr entries))) (loop (cdr entries))))))))
            (else (list name st))))))

;; A test, of a stat object and a name, whether that file was seen before.  Some
;; file systems have no inode numbers; there the name counts.
(define (visited?-proc size)
  (let ((seen (make-hash-table size)))
    (lambda (st name)
      (and st
           (let ((key (if (zero? (stat:ino st))
                          name
                          (cons (stat:dev st) (stat:ino st)))))
             (or (hash-ref seen key #f)
                 (begin (hash-set! seen key #t) #f)))))))

(define (option-size options)
  (cond ((memq 'hash-size options) => cadr)
        (else 211)))

(define (without-slash name)
  (if (and (> (string-length name) 1) (string-suffix? "/" name))
      (string-drop-right name 1)
      name))

;; Two values: the stat object of a file and what kind of file it is.
(define (examine name physical? directory stale)
  (define (kind st)
    (cond ((not (eq? (stat:type st) 'directory)) 'regular)
          ((access? name R_OK) directory)
          (else 'directory-not-readable)))
  (let ((st (lstat* name)))
    (cond ((not st) (values #f 'invalid-stat))
          ((eq? (stat:type st) 'symlink)
           (let ((target (stat name #f)))
             (cond ((not target) (values st stale))
                   (physical? (values st 'symlink))
                   (else (values target (kind target))))))
          (else (values st (kind st))))))

(define (lstat* name)
  (catch 'system-error (lambda () (lstat name)) (lambda args #f)))

(define (ftw file-name proc . options)
  "Call PROC with the name, the stat object and the kind of FILE-NAME and of
everything below it; a value other than #t ends the walk and is its value.  An
option hash-size is followed by the number of files to expect."
  (let ((visited? (visited?-proc (option-size options)))
        (tag (make-prompt-tag "ftw")))
    (call-with-prompt tag
      (lambda ()
        (let walk ((path (without-slash file-name)))
          (call-with-values (lambda () (examine path #f 'directory 'symlink))
            (lambda (st flag)
              (unless (visited? st path)
                (let ((value (proc path st flag)))
                  (unless (eq? value #t) (abort-to-prompt tag value)))
                (when (eq? flag 'directory)
                  (for-each (lambda (name) (walk (%join path name)))
                            (or (%entries path) '())))))))
        #t)
      (lambda (k value) value))))

(define (nftw file-name proc . options)
  "As ftw; PROC also gets where the last part of the name begins and how deep it
lies.  Options: depth for directories after what is in them, mount to stay in one file
system, physical not to follow links, chdir to call PROC in the directory of each file,
hash-size followed by a number."
  (let* ((depth? (memq 'depth options)) (physical? (memq 'physical options))
         (home (getcwd))
         (device (let ((st (lstat* file-name))) (and st (stat:dev st))))
         (visited? (visited?-proc (option-size options)))
         (tag (make-prompt-tag "nftw")))
    (define (go-to path base)
      (when (memq 'chdir options)
        (let ((directory (substring path 0 base)))
          (cond ((string-null? directory) (if #f #f))
                ((absolute-file-name? path) (chdir directory))
                (else (chdir (%join home directory)))))))
    (define (tell path st flag base level)
      (go-to path base)
      (let ((value (proc path st flag base level)))
        (when (memq 'chdir options) (chdir home))
        (unless (eq? value #t) (abort-to-prompt tag value))))
    (define (walk path base level)
      (call-with-values
          (lambda ()
            (examine path physical? (if depth? 'directory-processed 'directory)
                     'stale-symlink))
        (lambda (st flag)
          (define (enter)
            (when (memq flag '(directory directory-processed))
              (for-each (lambda (name)
                          (walk (%join path name) (+ 1 (string-length path)) (+ level 1)))
                        (or (%entries path) '()))))
          (unless (or (visited? st path)
                      (and (memq 'mount options) st (not (eqv? device (stat:dev st)))))
            (cond (depth? (enter) (tell path st flag base level))
                  (else (tell path st flag base level) (enter)))))))
    (let ((value (call-with-prompt tag
                   (lambda () (walk (without-slash file-name) 0 0) #t)
                   (lambda (k value) value))))
      (chdir home)
      value)))
