;;; Looking at modules as at folders.

(define-module (ice-9 ls)
  #:use-module ((srfi srfi-1) #:select (append-map delete-duplicates))
  #:export (local-definitions-in definitions-in ls lls recursive-local-define))

(define (local-definitions-in root names)
  "Return the names defined in the module at the path NAMES below ROOT, or the
value there."
  (let ((m (nested-ref-module root names)))
    (if m (module-map (lambda (name var) name) m) (nested-ref root names))))

(define (definitions-in root names)
  "As local-definitions-in, with the names that the module uses."
  (let ((m (nested-ref-module root names)))
    (if m
        (delete-duplicates
         (append (local-definitions-in m '())
                 (append-map (lambda (used)
                               (module-map (lambda (name var) name) used))
                             (module-uses m)))
         eq?)
        (nested-ref root names))))

(define (list-paths lister paths)
  (cond ((null? paths) (lister (current-module) '()))
        ((null? (cdr paths)) (lister (current-module) (car paths)))
        (else (map (lambda (path) (cons path (lister (current-module) path))) paths))))

(define (ls . paths)
  "List what is visible in the current module, or at the module paths PATHS."
  (list-paths definitions-in paths))

(define (lls . paths)
  "List what is defined in the current module, or at the module paths PATHS."
  (list-paths local-definitions-in paths))

(define (recursive-local-define name value)
  "Define VALUE at the path NAME below the current module, making modules."
  (module-define! (make-modules-in (current-module) (list-head name (- (length name) 1)))
                  (car (last-pair name))
                  value))
