;;; R6RS, libraries, chapter 6: records.
(use-modules (conformance) (rnrs base) (rnrs records syntactic)
             (rnrs records procedural) (rnrs records inspection))

;; 6.2, syntactic layer
(define-record-type (point make-point point?)
  (fields (immutable x point-x) (mutable y point-y set-point-y!)))
(define p1 (make-point 1 2))
(test #t (point? p1))
(test #f (point? 'no))
(test 1 (point-x p1))
(test 5 (begin (set-point-y! p1 5) (point-y p1)))
(test #t (record-type-descriptor? (record-type-descriptor point)))
(test #f (record-field-mutable? (record-type-descriptor point) 0))
(test #t (record-field-mutable? (record-type-descriptor point) 1))
(test '#(x y) (record-type-field-names (record-type-descriptor point)))

(define-record-type plain (fields a (mutable b)))
(test '(1 2) (let ((r (make-plain 1 2))) (list (plain-a r) (plain-b r))))
(test 3 (let ((r (make-plain 1 2))) (plain-b-set! r 3) (plain-b r)))

(define-record-type (cpoint make-cpoint cpoint?)
  (parent point)
  (protocol (lambda (new) (lambda (x y colour) ((new x y) (list 'rgb colour)))))
  (fields colour))
(define cp (make-cpoint 1 2 'red))
(test #t (point? cp))
(test #f (cpoint? p1))
(test '(1 2 (rgb red)) (list (point-x cp) (point-y cp) (cpoint-colour cp)))

(define-record-type (ex1 make-ex1 ex1?)
  (protocol (lambda (new) (lambda args (new args))))
  (fields (immutable f ex1-f)))
(test '(1 2 3) (ex1-f (make-ex1 1 2 3)))

(define-record-type (unit-vector make-unit-vector unit-vector?)
  (protocol (lambda (new)
              (lambda (x y z)
                (let ((l (sqrt (+ (* x x) (* y y) (* z z)))))
                  (new (/ x l) (/ y l) (/ z l))))))
  (fields (immutable x ux) (immutable y uy) (immutable z uz)))
(test 1 (ux (make-unit-vector 3 0 0)))

;; Protocols along a chain of three, each with its own arguments.
(define-record-type a (fields x) (protocol (lambda (new) (lambda (x) (new (* 2 x))))))
(define-record-type b (parent a) (fields y))
(define-record-type c (parent b) (fields z)
  (protocol (lambda (new) (lambda (x) ((new x (+ x 1)) (+ x 2))))))
(not-in-guile "forgets the protocol of a parent's parent"
  (test '(6 4) (let ((r (make-b 3 4))) (list (a-x r) (b-y r))))
  (test '(10 6 7) (let ((r (make-c 5))) (list (a-x r) (b-y r) (c-z r)))))

(define-record-type secret (opaque #t) (fields s))
(test #f (record? (make-secret 1)))
(test-error (record-rtd (make-secret 1)))
(test #t (record? p1))
(define-record-type closed (sealed #t) (fields s))
(test #t (record-type-sealed? (record-type-descriptor closed)))
(test-error (make-record-type-descriptor 'sub (record-type-descriptor closed) #f #f #f '#()))

;; 6.3, procedural layer
(define :point (make-record-type-descriptor
                'point #f #f #f #f '#((mutable x) (mutable y))))
(define :point-cd (make-record-constructor-descriptor :point #f #f))
(define make-p (record-constructor :point-cd))
(define p? (record-predicate :point))
(define p-x (record-accessor :point 0))
(define p-y (record-accessor :point 1))
(define p-x-set! (record-mutator :point 0))
(define q (make-p 1 2))
(test #t (p? q))
(test '(1 2) (list (p-x q) (p-y q)))
(test 5 (begin (p-x-set! q 5) (p-x q)))
(define :point2 (make-record-type-descriptor
                 'point2 :point #f #f #f '#((mutable x) (mutable y))))
(define make-p2 (record-constructor (make-record-constructor-descriptor :point2 #f #f)))
(define p2-xx (record-accessor :point2 0))
(define p2-yy (record-accessor :point2 1))
(define r (make-p2 1 2 3 4))
(test #t (p? r))
(test '(1 2 3 4) (list (p-x r) (p-y r) (p2-xx r) (p2-yy r)))
(define :point-cd/abs
  (make-record-constructor-descriptor
   :point #f (lambda (new) (lambda (x y) (new (abs x) (abs y))))))
(test '(1 2) (let ((v ((record-constructor :point-cd/abs) -1 -2))) (list (p-x v) (p-y v))))
(define :cpoint (make-record-type-descriptor 'cpoint :point #f #f #f '#((mutable rgb))))
(define make-cp (record-constructor
                 (make-record-constructor-descriptor
                  :cpoint :point-cd/abs
                  (lambda (p) (lambda (x y c) ((p x y) (list 'rgb c)))))))
(define cp-rgb (record-accessor :cpoint 0))
(test '(1 3 (rgb red)) (let ((v (make-cp -1 -3 'red))) (list (p-x v) (p-y v) (cp-rgb v))))
(test #t (eq? (make-record-type-descriptor 'n #f 'uid-of-n #f #f '#((mutable x)))
              (make-record-type-descriptor 'n #f 'uid-of-n #f #f '#((mutable x)))))
(test-error (make-record-type-descriptor 'n #f 'uid-of-n #f #f '#((mutable z))))
(test 'uid-of-n
      (record-type-uid (make-record-type-descriptor 'n #f 'uid-of-n #f #f '#((mutable x)))))

;; 6.4, inspection
(test #t (eq? (record-rtd p1) (record-type-descriptor point)))
(test 'point (record-type-name (record-type-descriptor point)))
(test #t (eq? (record-type-descriptor point)
              (record-type-parent (record-type-descriptor cpoint))))
(test #t (record-type-generative? (record-type-descriptor point)))

;; The words of clauses are not meant where they are bound to something else.
(test-error (eval '(let ((fields #f)) (define-record-type shadowed (fields a)) 1) (current-module)))
(test-error (eval '(let ((immutable #f)) (define-record-type shadowed (fields (immutable a))) 1) (current-module)))
