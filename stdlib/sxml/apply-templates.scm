;;; Transforming SXML by templates, paths of node tests with a handler.

(define-module (sxml apply-templates)
  #:use-module ((sxml xpath) #:select (node-typeof? nodeset? map-union))
  #:export (apply-templates))

(define (apply-templates tree templates)
  "Return what the handlers of TEMPLATES give for the nodes of TREE.  A template
is a list of tests of a node and the nodes around it, the outermost first, and a
procedure at its end."
  ;; What is left of the templates whose first test NODE passes.
  (define (advance node templates)
    (let loop ((l templates) (out '()))
      (cond ((null? l) (reverse out))
            ((and (pair? (car l)) ((node-typeof? (caar l)) node))
             (loop (cdr l) (cons (cdar l) out)))
            (else (loop (cdr l) out)))))
  (define (handler templates)
    (let ((found (filter procedure? templates)))
      (cond ((null? found) #f)
            ((null? (cdr found)) (car found))
            (else (error "ambiguous template match" found)))))
  (let loop ((tree tree) (active '()))
    (if (nodeset? tree)
        (map-union (lambda (node) (loop node active)) tree)
        (let* ((active (append (advance tree active) (advance tree templates)))
               (proc (handler active)))
          (cond (proc (proc tree))
                ((pair? tree) (loop (cdr tree) active))
                (else '()))))))
