;;; Plans: file trees, initrds and disks as plain data.
;;;
;;; Commentary:
;;;
;;; A plan says what is to be written, and nothing about how: it is a JSON
;;; text in the store that a built-in builder executes.  Here are the words
;;; that plans are made of.  A value may be a gexp, whose code is run when the
;;; text is made, so that a plan can name what is not built yet.
;;;
;;; Code:

(define-module (fruix system plan)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix gexp)
  #:use-module (guix derivations)
  #:use-module (guix store)
  #:use-module (guix records)
  #:export (plan-directory
            plan-file
            plan-text
            plan-symlink
            plan-copy
            plan-links
            plan-closure
            plan-device
            plan-kernel-modules
            plan->file
            plan-item
            plan-item?))

(define (mode->string mode)
  (string-append "0" (number->string mode 8)))

(define* (plan-directory path #:key (mode #o755) (uid 0) (gid 0))
  "Return the entry for the directory PATH."
  `((path . ,path) (kind . "directory") (mode . ,(mode->string mode))
    (uid . ,uid) (gid . ,gid)))

(define* (plan-file path source #:key (mode #o644) (uid 0) (gid 0))
  "Return the entry for the file PATH with the bytes of SOURCE, a gexp for a
file name."
  `((path . ,path) (kind . "file") (mode . ,(mode->string mode))
    (uid . ,uid) (gid . ,gid) (source . ,source)))

(define* (plan-text path text #:key (mode #o644) (uid 0) (gid 0))
  "Return the entry for the file PATH that holds TEXT."
  `((path . ,path) (kind . "file") (mode . ,(mode->string mode))
    (uid . ,uid) (gid . ,gid) (text . ,text)))

(define (plan-symlink path target)
  "Return the entry for the symbolic link PATH to TARGET."
  `((path . ,path) (kind . "symlink") (target . ,target)))

(define (plan-copy path source)
  "Return the entry for PATH, a copy of SOURCE with all below it; a directory
that is there already gets what SOURCE holds."
  `((path . ,path) (kind . "copy") (source . ,source)))

(define (plan-links path source target)
  "Return the entry for symbolic links in the directory PATH: one for each name
in the directory SOURCE that PATH does not have yet, leading to that name below
TARGET."
  `((path . ,path) (kind . "links") (source . ,source) (target . ,target)))

(define* (plan-closure path graph #:key registrations)
  "Return the entry for PATH, the store, with the closure of GRAPH.  What
REGISTRATIONS, a name, says of it is what the store knows."
  `((path . ,path) (kind . "closure") (graph . ,graph)
    ,@(if registrations `((registrations . ,registrations)) '())))

(define (plan-device path major minor mode)
  "Return the entry for the character device PATH."
  `((path . ,path) (kind . "char-device") (mode . ,(mode->string mode))
    (major . ,major) (minor . ,minor)))

(define (plan-kernel-modules source modules)
  "Return the entry for MODULES, a list of names, and those that they need
from the directory SOURCE."
  `((path . "/lib/modules") (kind . "kernel-modules") (source . ,source)
    (modules . ,(list->vector modules))))

(define (plan-leaves plan)
  "Return the gexps and file-like objects within PLAN."
  (let loop ((thing plan) (rest '()))
    (cond ((pair? thing) (loop (car thing) (loop (cdr thing) rest)))
          ((vector? thing) (fold-right loop rest (vector->list thing)))
          ((or (gexp? thing) (file-like? thing)) (cons thing rest))
          (else rest))))

(define (constant? plan)
  "Return #t if PLAN is atoms and pairs alone, which can be quoted."
  (if (pair? plan)
      (and (constant? (car plan)) (constant? (cdr plan)))
      (not (or (vector? plan) (gexp? plan) (file-like? plan)))))

(define (plan->code plan)
  "Return PLAN, nested alists and vectors that hold gexps, as a gexp whose
value is the plan."
  (if (constant? plan)
      #~'#$plan
      (match plan
        ((? gexp?) plan)
        ((? vector?)
         #~(vector #$@(map plan->code (vector->list plan))))
        (((key . value) ...)
         #~(list #$@(map (lambda (key value)
                           #~(cons '#$key #$(plan->code value)))
                         key value)))
        ((? file-like?) plan))))

(define (plan->file name plan)
  "Return the JSON text of PLAN as a file-like object."
  (computed-file name
                 (with-imported-modules '((guix build json))
                   #~(begin
                       (use-modules (guix build json))
                       (call-with-output-file #$output
                         (lambda (port)
                           (write-json #$(plan->code plan) port)))))))

(define-record-type* <plan-item> %plan-item make-plan-item
  plan-item?
  (name    plan-item-name)
  (builder plan-item-builder)
  (plan    plan-item-plan)
  (graphs  plan-item-graphs)
  (registrations plan-item-registrations))

(define* (plan-item name builder plan #:key (graphs '()) (registrations '()))
  "Return a file-like object: what BUILDER, such as \"builtin:disk\", makes of
PLAN.  GRAPHS and REGISTRATIONS are alists of names and file-like objects: of
whose closures the plan speaks, and what the store knows of them."
  (%plan-item (name name) (builder builder) (plan plan) (graphs graphs)
              (registrations registrations)))

;; An alist of names and what lower-item gave has as its counterpart one of
;; names and store paths.
(define named-path
  (match-lambda
    ((file . (? string? path)) (cons file path))
    ((file . drv) (cons file (derivation->output-path drv)))))

(define registration-variables
  ;; The variable that asks for a file for each name, with what the store that
  ;; builds knows of the closure of a store path.
  (match-lambda
    (() '())
    (((files . paths) ...)
     `(("exportRegistrations"
        . ,(string-join (append-map list files paths)))))))

(define-gexp-compiler (plan-item-compiler (item <plan-item>) system target)
  (let* ((name    (plan-item-name item))
         (lowered (lower-gexp #~(list #$@(plan-leaves (plan-item-plan item)))
                              #:system system #:target target))
         (plan    (lower-item (plan->file (string-append name "-plan")
                                          (plan-item-plan item))
                              #:system system #:target target))
         (lower   (match-lambda
                    ((file . thing)
                     (cons file (lower-item thing #:system system
                                            #:target target)))))
         (graphs  (map lower (plan-item-graphs item)))
         (registrations (map lower (plan-item-registrations item)))
         (closures (map cdr (append graphs registrations))))
    (derivation 'store name (plan-item-builder item) '()
                #:system system
                #:inputs (cons plan
                               (append (map (match-lambda
                                              ((drv . output)
                                               (list drv output)))
                                            (lowered-gexp-inputs lowered))
                                       (filter derivation? closures)))
                #:sources (append (lowered-gexp-sources lowered)
                                  (filter string? closures))
                #:env-vars `(("plan" . ,(derivation->output-path plan))
                             ("FRUIX_BUILDER" . ,(%builder-version*))
                             ,@(registration-variables
                                (map named-path registrations)))
                #:references-graphs
                (and (pair? graphs) (map named-path graphs))
                #:local-build? #t)))

(define (%builder-version*)
  ((@ (fruix native store) %builder-version)))
