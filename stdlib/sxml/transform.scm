;;; Transforming SXML trees.
;;;
;;; Commentary:
;;; Bindings are an alist of the names of elements and what is done with them: a
;;; handler, called with the name and what has become of the element's parts;
;;; (*preorder* . handler), called with the parts as they are; (*macro* .
;;; handler), whose value is transformed again; (bindings . handler), with
;;; bindings that come first inside of the element.  The names *text* and
;;; *default* are for text and other elements.
;;; Code:

(define-module (sxml transform)
  #:export (SRV:send-reply foldts post-order pre-post-order replace-range))

(define (SRV:send-reply . fragments)
  "Display all FRAGMENTS, trees whose procedures are called; return whether
something was displayed."
  (let loop ((fragments fragments) (result #f))
    (cond ((null? fragments) result)
          ((not (car fragments)) (loop (cdr fragments) result))
          ((null? (car fragments)) (loop (cdr fragments) result))
          ((eq? #t (car fragments)) (loop (cdr fragments) #t))
          ((pair? (car fragments))
           (loop (cdr fragments) (loop (car fragments) result)))
          ((procedure? (car fragments))
           ((car fragments))
           (loop (cdr fragments) #t))
          (else
           (display (car fragments))
           (loop (cdr fragments) #t)))))

(define (pre-post-order tree bindings)
  "Return TREE transformed by BINDINGS."
  (let* ((default (assq '*default* bindings))
         (text (or (assq '*text* bindings) default))
         (text-handler
          (and text
               (if (procedure? (cdr text)) (cdr text) (cddr text)))))
    (define (unknown what)
      (error "Unknown binding for" what "and no default"))
    (let loop ((tree tree))
      (cond
       ((null? tree) '())
       ((not (pair? tree))
        (if text-handler (text-handler '*text* tree) (unknown '*text*)))
       ((not (symbol? (car tree))) (map loop tree))
       (else
        (let ((binding (or (assq (car tree) bindings) default (unknown (car tree)))))
          (cond
           ((not (pair? (cdr binding)))
            (apply (cdr binding) (car tree) (map loop (cdr tree))))
           ((eq? '*preorder* (cadr binding))
            (apply (cddr binding) tree))
           ((eq? '*macro* (cadr binding))
            (loop (apply (cddr binding) tree)))
           (else
            (apply (cddr binding) (car tree)
                   (pre-post-order (cdr tree) (append (cadr binding) bindings)))))))))))

(define (post-order tree bindings)
  "As pre-post-order."
  (pre-post-order tree bindings))

(define (foldts fdown fup fhere seed tree)
  "Fold over TREE: FDOWN is called with a seed and a list before its parts, FUP
with the seed before, that after its parts and the list, FHERE with a seed and
anything that is no list."
  (cond ((null? tree) seed)
        ((not (pair? tree)) (fhere seed tree))
        (else
         (let loop ((kid-seed (fdown seed tree)) (kids (cdr tree)))
           (if (null? kids)
               (fup seed kid-seed tree)
               (loop (foldts fdown fup fhere kid-seed (car kids)) (cdr kids)))))))

(define (replace-range begin-pred end-pred forest)
  "Return FOREST with ranges of nodes replaced.  BEGIN-PRED is called with a node
and gives the nodes that begin a replacement, or #f; END-PRED then is, until it
gives the nodes that come after the range in its stead.  Ranges may span levels."
  ;; Both give the new forest, and whether a range is still open at its end.
  (define (copying forest out)
    (if (null? forest)
        (values (reverse out) #f)
        (let* ((node (car forest)) (replacement (begin-pred node)))
          (cond (replacement
                 (replacing (cdr forest) (append-reverse replacement out)))
                ((pair? node)
                 (call-with-values (lambda () (copying (cdr node) '()))
                   (lambda (kids open?)
                     ((if open? replacing copying)
                      (cdr forest)
                      (cons (cons (car node) kids) out)))))
                (else (copying (cdr forest) (cons node out)))))))
  (define (replacing forest out)
    (if (null? forest)
        (values (reverse out) #t)
        (let* ((node (car forest)) (rest (end-pred node)))
          (cond (rest
                 (copying (append rest (cdr forest)) out))
                ((pair? node)
                 (call-with-values (lambda () (replacing (cdr node) '()))
                   (lambda (kids open?)
                     ;; An element that is in the range from end to end goes.
                     ((if open? replacing copying)
                      (cdr forest)
                      (if (null? kids) out (cons (cons (car node) kids) out))))))
                (else (replacing (cdr forest) out))))))
  (call-with-values (lambda () (copying forest '()))
    (lambda (forest open?) forest)))
