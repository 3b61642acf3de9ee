;;; How objects, classes, generic functions and methods are written.

(define-module (oop goops write)
  #:use-module (oop goops kernel)
  #:use-module (oop goops classes)
  #:use-module (oop goops dispatch)
  #:use-module (oop goops syntax)
  #:use-module (oop goops protocol)
  #:export (write-object display-address))

(define (display-address object port)
  "Write the address of OBJECT to PORT."
  (display (number->string (object-address object) 16) port))

(define (name-of class)
  (let ((name (class-name class)))
    (if (unbound? name) '??? name)))

;; Writes #<KIND part ...> with the address of OBJECT at the end.
(define (write-tagged kind parts object port)
  (display "#<" port)
  (display kind port)
  (for-each (lambda (part) (display #\space port) (display part port)) parts)
  (display #\space port)
  (display-address object port)
  (display #\> port))

(define-method (write object port)
  (write-tagged 'instance '() object port))

;; The generic function behind write, for objects.
(define write-object (primitive-generic-generic write))

(define-method (write (object <object>) port)
  (write-tagged (name-of (class-of object)) '() object port))

(define-method (write (slot <slot>) port)
  (write-tagged (name-of (class-of slot)) (list (slot-definition-name slot)) slot port))

(define-method (write (class <class>) port)
  (write-tagged (name-of (class-of class)) (list (name-of class)) class port))

(define-method (write (gf <generic>) port)
  (display "#<" port)
  (display (name-of (class-of gf)) port)
  (let ((name (generic-function-name gf)))
    (when name
      (display #\space port)
      (display name port)))
  (display " (" port)
  (display (length (generic-function-methods gf)) port)
  (display ")>" port))

(define-method (write (m <method>) port)
  (write-tagged (name-of (class-of m))
                (list (let loop ((l (method-specializers m)))
                        (cond ((pair? l) (cons (name-of (car l)) (loop (cdr l))))
                              ((null? l) '())
                              (else (name-of l)))))
                m port))

(define-method (display object port)
  (write-object object port))
