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

(define (%flag st)
  (case (stat:type st)
    ((directory) 'directory)
    ((symlink) 'symlink)
    (else 'regular)))

(define (ftw file-name proc . options)
  (let walk ((path file-name))
    (let ((st (stat path #f)))
      (if (not st)
          (proc path st 'invalid-stat)
          (let ((entries (and (eq? (stat:type st) 'directory) (%entries path))))
            (and (proc path st
                       (cond (entries 'directory)
                             ((eq? (stat:type st) 'directory) 'directory-not-readable)
                             (else 'regular)))
                 (or (not entries)
                     (and-map (lambda (name) (walk (%join path name))) entries))))))))

(define (nftw file-name proc . options)
  (let ((depth? (memq 'depth options)) (physical? (memq 'physical options)))
    (let walk ((path file-name) (level 0))
      (let* ((st (if physical? (lstat path #f) (stat path #f)))
             (base (or (let ((i (string-rindex path #\/))) (and i (+ i 1))) 0))
             (entries (and st (eq? (stat:type st) 'directory) (%entries path)))
             (visit (lambda (flag) (eq? #t (proc path st flag base level))))
             (descend (lambda ()
                        (or (not entries)
                            (and-map (lambda (name) (walk (%join path name) (+ level 1)))
                                     entries)))))
        (cond ((not st) (visit 'invalid-stat))
              ((not entries) (visit (%flag st)))
              (depth? (and (descend) (visit 'directory-processed)))
              (else (and (visit 'directory) (descend))))))))
