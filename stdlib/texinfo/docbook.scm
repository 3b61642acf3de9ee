;;; DocBook as SXML to Texinfo as data.
;;;
;;; Commentary:
;;; A DocBook document is a tree of sections within sections; a Texinfo document
;;; is a sequence of headings and blocks.  These procedures do the usual part of
;;; the way from one to the other, in this order: flatten the tree, drop what is
;;; empty, make headings of titles, and apply the stylesheet with pre-post-order.
;;; Code:

(define-module (texinfo docbook)
  #:export (*sdocbook->stexi-rules* *sdocbook-block-commands*
            sdocbook-flatten filter-empty-elements replace-titles))

(define (element? x) (and (pair? x) (symbol? (car x))))

(define (attributes? x) (and (pair? x) (memq (car x) '(@ %)) #t))

;; What BODY holds besides attributes at its start.
(define (content body)
  (if (and (pair? body) (attributes? (car body)))
      (cdr body)
      body))

;;; The stylesheet.

;; DocBook's names of what Texinfo calls otherwise.
(define names
  '((parameter . var) (replaceable . var) (type . code) (function . code)
    (literal . samp) (emphasis . emph) (simpara . para) (programlisting . example)
    (firstterm . dfn) (filename . file) (quote . cite) (application . cite)
    (symbol . code) (note . cartouche) (envar . env)))

(define (keep . node) node)
(define (inner tag first . rest) (if (null? rest) first (cons first rest)))
(define (without-attributes tag . body) (cons tag (content body)))
(define (renamed to) (lambda (tag . body) (cons to body)))

;; A list TO, whose items DocBook calls listitem.
(define (list-rule to)
  (cons (list (cons 'listitem (renamed 'item))) (renamed to)))

(define (link tag . body)
  (let ((url (and (pair? body) (attributes? (car body)) (assq 'url (cdar body)))))
    (if url
        `(uref (% ,url (title ,@(cdr body))))
        (car body))))

(define (other tag . body)
  (let ((name (assq tag names)))
    (cond (name
           (unless (eq? body (content body))
             (warn "Ignoring attributes of" tag (car body)))
           (cons (cdr name) (content body)))
          (else
           (warn "No Texinfo is known for" tag)
           `(c (% (all ,(object->string (cons tag body)))))))))

(define *sdocbook->stexi-rules*
  `((@ *preorder* . ,keep)
    (% *preorder* . ,keep)
    (para . ,without-attributes)
    (orderedlist . ,(list-rule 'enumerate))
    (itemizedlist . ,(list-rule 'itemize))
    (acronym . ,(lambda (tag . body) `(acronym (% (acronym . ,body)))))
    (term . ,inner)
    (informalexample . ,inner)
    (section . ,keep)
    (subsection . ,keep)
    (subsubsection . ,keep)
    (ulink . ,link)
    (*text* . ,inner)
    (*default* . ,other)))

;;; Sections and blocks.

(define *sdocbook-block-commands*
  '(para programlisting informalexample indexterm variablelist orderedlist
    refsect1 refsect2 refsect3 refsect4 title example note itemizedlist
    informaltable))

(define (block? node) (and (memq (car node) *sdocbook-block-commands*) #t))

(define (sdocbook-flatten sdocbook)
  "Return a list of the blocks of the element @var{sdocbook} in their order, none
within another: each holds what it held besides blocks."
  ;; The blocks below NODE, itself among them, and NODE without them.
  (define (flatten node)
    (let loop ((rest (content (cdr node))) (kept '()) (blocks '()))
      (cond ((null? rest)
             (let ((bare (cons (car node)
                               (if (eq? (cdr node) (content (cdr node)))
                                   (reverse kept)
                                   (cons (cadr node) (reverse kept))))))
               (if (block? node)
                   (values (cons bare (concatenate blocks)) #f)
                   (values (concatenate blocks) bare))))
            ((element? (car rest))
             (call-with-values (lambda () (flatten (car rest)))
               (lambda (found bare)
                 (loop (cdr rest)
                       (if bare (cons bare kept) kept)
                       (cons found blocks)))))
            (else (loop (cdr rest) (cons (car rest) kept) blocks)))))
  (define (concatenate reversed) (apply append (reverse reversed)))
  (call-with-values (lambda () (flatten sdocbook))
    (lambda (blocks bare) blocks)))

(define (filter-empty-elements sdocbook)
  "Return the list @var{sdocbook} without the elements that hold nothing."
  (filter (lambda (x) (not (and (pair? x) (null? (cdr x))))) sdocbook))

(define headings
  '((refsect1 . chapter) (refsect2 . section) (refsect3 . subsection)
    (refsect4 . subsubsection)))

(define (replace-titles sdocbook)
  "Return the list @var{sdocbook} with one heading of Texinfo for each section
and the title that follows it."
  (let loop ((rest sdocbook) (out '()))
    (if (null? rest)
        (reverse out)
        (let ((heading (and (pair? (car rest)) (assq (caar rest) headings))))
          (if (and heading (pair? (cdr rest)) (pair? (cadr rest)))
              (loop (cddr rest) (cons (cons (cdr heading) (cdadr rest)) out))
              (loop (cdr rest) (cons (car rest) out)))))))
