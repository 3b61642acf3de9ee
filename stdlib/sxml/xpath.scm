;;; Queries of SXML trees in the manner of XPath.
;;;
;;; Commentary:
;;; A converter is a procedure of a node or a nodeset, a list of nodes, that gives
;;; a nodeset.  A test is a procedure of a node.  (sxpath path) makes a converter
;;; of a path.
;;; Code:

(define-module (sxml xpath)
  #:use-module ((srfi srfi-1) #:select (append-map append-reverse))
  #:export (nodeset? node-typeof? node-eq? node-equal? node-pos take-until
            take-after map-union node-reverse node-trace select-kids node-self
            node-join node-reduce node-or node-closure node-parent sxpath)
  #:replace (filter))

(define (nodeset? x)
  "Tell whether X is a nodeset: a list that is no element."
  (or (null? x)
      (and (pair? x) (not (symbol? (car x))))))

(define (as-nodeset x)
  (if (nodeset? x) x (list x)))

;;; Tests.

(define (node-typeof? criterion)
  "Return a test: * passes elements, *any* everything, *text* strings, other
symbols elements of the name."
  (lambda (node)
    (case criterion
      ((*) (and (pair? node) (not (memq (car node) '(@ *PI*)))))
      ((*any*) #t)
      ((*text*) (string? node))
      (else (and (pair? node) (eq? criterion (car node)))))))

(define (node-eq? other)
  "Return a test that passes OTHER, by eq?."
  (lambda (node) (eq? other node)))

(define (node-equal? other)
  "Return a test that passes what is equal? to OTHER."
  (lambda (node) (equal? other node)))

;;; Converters.

(define (node-pos n)
  "Return a converter that takes the Nth node, the first being 1; negative N
counts from the end."
  (lambda (nodeset)
    (cond ((not (nodeset? nodeset)) '())
          ((null? nodeset) nodeset)
          ((zero? n) (error "node-pos: positions begin with 1"))
          (else
           (let* ((size (length nodeset))
                  (i (if (positive? n) (- n 1) (+ size n))))
             (if (< -1 i size) (list (list-ref nodeset i)) '()))))))

(define (filter pred?)
  "Return a converter that takes the nodes that PRED? is true of; a nodeset counts
as true if it is not empty."
  (lambda (nodeset)
    (let loop ((l (as-nodeset nodeset)) (out '()))
      (if (null? l)
          (reverse! out)
          (let ((result (pred? (car l))))
            (loop (cdr l)
                  (if (and result (not (null? result))) (cons (car l) out) out)))))))

(define (take-until pred?)
  "Return a converter that takes the nodes before the first that PRED? is true of."
  (lambda (nodeset)
    (let loop ((l (as-nodeset nodeset)) (out '()))
      (cond ((null? l) (reverse! out))
            ((let ((r (pred? (car l)))) (and r (not (null? r)))) (reverse! out))
            (else (loop (cdr l) (cons (car l) out)))))))

(define (take-after pred?)
  "Return a converter that takes the nodes behind the first that PRED? is true of."
  (lambda (nodeset)
    (let loop ((l (as-nodeset nodeset)))
      (cond ((null? l) '())
            ((let ((r (pred? (car l)))) (and r (not (null? r)))) (cdr l))
            (else (loop (cdr l)))))))

(define (map-union proc lst)
  "Return the nodes and nodesets that PROC gives for the members of LST, in one
nodeset."
  (let loop ((l lst) (out '()))
    (if (null? l)
        (reverse! out)
        (let ((result (proc (car l))))
          (loop (cdr l)
                (if (nodeset? result)
                    (append-reverse result out)
                    (cons result out)))))))

(define (node-reverse node-or-nodeset)
  "Return the nodeset with its nodes in reverse order."
  (reverse (as-nodeset node-or-nodeset)))

(define (node-trace title)
  "Return a converter that prints what it is given, with TITLE, and gives it on."
  (lambda (nodeset)
    (display "\n-->")
    (display title)
    (display " :")
    (write nodeset)
    (newline)
    nodeset))

(define (select-kids test?)
  "Return a converter that takes the children that pass TEST?."
  (lambda (node)
    (cond ((null? node) node)
          ((not (pair? node)) '())
          ((symbol? (car node)) ((filter test?) (cdr node)))
          (else (map-union (select-kids test?) node)))))

(define (node-self test?)
  "Return a converter that takes the nodes themselves that pass TEST?."
  (filter test?))

(define (node-join . selectors)
  "Return the converter that applies SELECTORS to each node, one after the other."
  (lambda (nodeset)
    (let loop ((nodeset nodeset) (selectors selectors))
      (if (null? selectors)
          nodeset
          (loop (if (nodeset? nodeset)
                    (map-union (car selectors) nodeset)
                    ((car selectors) nodeset))
                (cdr selectors))))))

(define (node-reduce . converters)
  "Return the converter that applies CONVERTERS to the whole nodeset, one after
the other."
  (lambda (nodeset)
    (let loop ((nodeset nodeset) (converters converters))
      (if (null? converters)
          nodeset
          (loop ((car converters) nodeset) (cdr converters))))))

(define (node-or . converters)
  "Return the converter that joins what CONVERTERS give."
  (lambda (node-or-nodeset)
    (append-map (lambda (converter) (as-nodeset (converter node-or-nodeset)))
                converters)))

(define (node-closure test?)
  "Return a converter that takes the descendants that pass TEST?, those of one
level before those of the next."
  (lambda (node)
    (let loop ((parents node) (out '()))
      (if (null? parents)
          (reverse! out)
          (loop (as-nodeset ((select-kids (node-typeof? '*)) parents))
                (append-reverse (as-nodeset ((select-kids test?) parents)) out))))))

(define (node-parent root)
  "Return a converter that takes the parents, which are searched below ROOT."
  (lambda (node)
    (if (nodeset? node)
        (map-union (node-parent root) node)
        (let search ((pending (as-nodeset root)))
          (cond ((null? pending) '())
                ((not (pair? (car pending))) (search (cdr pending)))
                ((or (memq node (cdar pending))
                     ;; An attribute's parent is the element.
                     (and (pair? (cdar pending))
                          (pair? (cadar pending))
                          (eq? '@ (car (cadar pending)))
                          (memq node (cdr (cadar pending)))))
                 (list (car pending)))
                (else
                 (search (append
                          (append-map (lambda (kid)
                                        (cond ((not (pair? kid)) '())
                                              ((eq? (car kid) '@) (list kid))
                                              (else (list kid))))
                                      (cdar pending))
                          (cdr pending)))))))))

;;; Paths.

(define (sxpath path)
  "Return the converter of PATH, a list of steps: a name or * or *text* takes
children, // descends to any depth, (equal? x) and (eq? x) take children that are
x, a converter is applied, and (step condition ...) keeps the nodes that pass all
conditions, which are positions or paths."
  (lambda (nodeset)
    (let loop ((nodeset nodeset) (path path))
      (cond
       ((null? path) nodeset)
       ((eq? '// (car path))
        (loop ((node-or (node-self (node-typeof? '*any*))
                        (node-closure (node-typeof? '*any*)))
               nodeset)
              (cdr path)))
       (else (loop ((step (car path)) nodeset) (cdr path)))))))

(define (step x)
  (cond ((symbol? x) (select-kids (node-typeof? x)))
        ((procedure? x) x)
        ((and (pair? x) (eq? 'equal? (car x))) (select-kids (apply node-equal? (cdr x))))
        ((and (pair? x) (eq? 'eq? (car x))) (select-kids (apply node-eq? (cdr x))))
        ((pair? x) (conditional (car x) (cdr x)))
        (else (error "sxpath: invalid step:" x))))

(define (conditional first conditions)
  (let ((select (if (symbol? first)
                    (select-kids (node-typeof? first))
                    (sxpath first)))
        (filters (map (lambda (condition)
                        (cond ((number? condition) (node-pos condition))
                              ((symbol? condition) (filter (sxpath (list condition))))
                              (else (filter (sxpath condition)))))
                      conditions)))
    (define (one node)
      (let loop ((nodes (as-nodeset (select node))) (filters filters))
        (if (null? filters)
            nodes
            (loop ((car filters) nodes) (cdr filters)))))
    (lambda (node-or-nodeset)
      (if (nodeset? node-or-nodeset)
          (map-union one node-or-nodeset)
          (one node-or-nodeset)))))
