;;; Folds over trees.

(define-module (sxml fold)
  #:use-module ((srfi srfi-1) #:select (fold))
  #:export (foldt foldts foldts* fold-values foldts*-values fold-layout))

(define (atom? x) (not (pair? x)))

(define (foldt fup fhere tree)
  "Return what FUP gives for the list of what became of the parts of TREE, FHERE
being for those that are no pairs."
  (if (atom? tree)
      (fhere tree)
      (fup (map (lambda (kid) (foldt fup fhere kid)) tree))))

(define (foldts fdown fup fhere seed tree)
  "Fold over TREE: FDOWN gives the seed for the parts of a pair, FUP the seed
after them from the one before, theirs and the pair, FHERE that after an atom."
  (if (pair? tree)
      (fup seed
           (fold (lambda (kid seed) (foldts fdown fup fhere seed kid))
                 (fdown seed tree)
                 tree)
           tree)
      (fhere seed tree)))

(define (foldts* fdown fup fhere seed tree)
  "As foldts; FDOWN also gives the tree to go on with."
  (if (pair? tree)
      (call-with-values (lambda () (fdown seed tree))
        (lambda (kid-seed tree)
          (fup seed
               (fold (lambda (kid seed) (foldts* fdown fup fhere seed kid))
                     kid-seed
                     tree)
               tree)))
      (fhere seed tree)))

(define (fold-values proc list . seeds)
  "Fold with as many seeds as PROC, of an element and the seeds, gives values."
  (if (null? list)
      (apply values seeds)
      (call-with-values (lambda () (apply proc (car list) seeds))
        (lambda seeds (apply fold-values proc (cdr list) seeds)))))

(define (foldts*-values fdown fup fhere tree . seeds)
  "As foldts*, with several seeds, which come behind the tree; FDOWN gives the
tree first."
  (if (pair? tree)
      (call-with-values (lambda () (apply fdown tree seeds))
        (lambda (tree . kid-seeds)
          (call-with-values
              (lambda ()
                (apply fold-values
                       (lambda (kid . seeds)
                         (apply foldts*-values fdown fup fhere kid seeds))
                       tree kid-seeds))
            (lambda kid-seeds (apply fup tree (append seeds kid-seeds))))))
      (apply fhere tree seeds)))

(define (lookup alist key default)
  (let ((entry (assq key alist)))
    (if entry (cdr entry) default)))

(define (fold-layout tree bindings params layout stylesheet)
  "Return TREE transformed by BINDINGS, and the last layout.

A binding is (tag (kind . handler) ...), kind being pre-layout, post, bindings,
pre or macro; (*default* . post); or (*text* . handler).  A pre-layout handler
gets the element, the stack of parameters and the layout, and gives that of the
parts.  A post handler gets the tag, parameters, the layout before and after the
parts and what became of these, and gives the next layout and the result.  A text
handler gets text, parameters and layout, and gives layout and result.  A pre
handler is applied to the element and gives the result, a macro handler likewise
an element to go on with.  Attributes and the entries of STYLESHEET are put on
the stack of parameters."
  (define (no-binding . args)
    (error "no binding available" args))
  (define (attributes tree)
    (if (and (pair? (cdr tree)) (pair? (cadr tree)) (eq? (caadr tree) '@))
        (cdadr tree)
        #f))
  (define (element tree bindings params layout)
    (let* ((tag (car tree))
           (own (lookup bindings tag #f))
           (macro (and own (lookup own 'macro #f)))
           (pre (and own (lookup own 'pre #f))))
      (cond (macro (element (apply macro tree) bindings params layout))
            (pre (values layout (apply pre tree)))
            (else
             (let* ((attrs (attributes tree))
                    (style (lookup stylesheet tag '()))
                    (inner-params (cons (append (or attrs '()) style) params))
                    (inner-bindings (append (if own (lookup own 'bindings '()) '())
                                            bindings))
                    (inner-layout
                     (if own
                         ((lookup own 'pre-layout (lambda (tree params layout) layout))
                          tree params layout)
                         layout))
                    (fallback (lookup bindings '*default* no-binding))
                    (post (if own (lookup own 'post fallback) fallback)))
               (call-with-values
                   (lambda ()
                     (parts (if attrs (cddr tree) (cdr tree))
                            inner-bindings inner-params inner-layout))
                 (lambda (last-layout kids)
                   (post tag inner-params layout last-layout kids))))))))
  (define (parts kids bindings params layout)
    (let loop ((kids kids) (layout layout) (out '()))
      (if (null? kids)
          (values layout (reverse out))
          (call-with-values (lambda () (node (car kids) bindings params layout))
            (lambda (layout result)
              (loop (cdr kids) layout (cons result out)))))))
  (define (node tree bindings params layout)
    (if (pair? tree)
        (element tree bindings params layout)
        ((lookup bindings '*text* no-binding) tree params layout)))
  (call-with-values (lambda () (node tree bindings (list params) layout))
    (lambda (layout result) (values result layout))))
