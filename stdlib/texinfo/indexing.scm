;;; The index of a Texinfo document as data.

(define-module (texinfo indexing)
  #:use-module (sxml simple)
  #:export (stexi-extract-index))

(define definitions
  '(deftp defcv defivar deftypeivar defop deftypeop defmethod deftypemethod
    defopt defvr defvar deftypevr deftypevar deffn deftypefn defspec defmac
    defun deftypefun))

(define entries '(cindex findex vindex kindex pindex tindex))

(define (argument name node)
  (cadr (assq name (cdadr node))))

(define (stexi-extract-index tree manual-name kind)
  "Return a list of pairs: what the index of the document @var{tree} says, and the
name of the anchor where that stands, the last first.  The parser puts an anchor
before each definition and index entry; all of them count, whatever @var{kind}."
  (let loop ((rest tree) (out '()))
    (cond ((not (pair? rest)) out)
          ((not (pair? (car rest))) (loop (cdr rest) out))
          ((and (eq? 'anchor (caar rest)) (pair? (cdr rest)) (pair? (cadr rest))
                (cond ((memq (caadr rest) definitions) (argument 'name (cadr rest)))
                      ((memq (caadr rest) entries) (sxml->string (cadr rest)))
                      (else #f)))
           => (lambda (text)
                (loop (cddr rest)
                      (acons text (argument 'name (car rest)) out))))
          (else (loop (cdr rest) (loop (car rest) out))))))
