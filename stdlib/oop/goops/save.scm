;;; Writing objects as a program that makes them again.
;;;
;;; Commentary:
;;;
;;; (save-objects ALIST FILE [EXCLUDED [USES]]) writes to FILE, a name or a port, a
;;; program that defines each name of ALIST, ((NAME . OBJECT) ...), as an object
;;; like the one given.  What is referred to more than once is so afterwards,
;;; cycles too.  In the place of each of the objects EXCLUDED stands #f; USES are
;;; modules that the program uses.  (load-objects FILE) runs such a program in a
;;; module of its own and gives the ALIST.
;;;
;;; The slots of an object that are its own and bound are saved.  Other kinds of
;;; data that `read' does not know are taught by methods:
;;;
;;;   (enumerate! OBJECT ENV) calls (enumerate-component! PART ENV) for every part
;;;   of OBJECT, and returns #t if (write-readably OBJECT ...) writes a datum, #f
;;;   if it writes an expression.
;;;
;;;   (write-readably OBJECT PORT ENV) writes it.  A part is written by
;;;   (write-component PART PATCH PORT ENV), with a quote in front of it if
;;;   (literal? PART ENV).  PATCH is an expression that stores PART where it
;;;   belongs, as a list that holds OBJECT and PART themselves; it runs at the end
;;;   when PART is not there yet.
;;;
;;; An object that (readable EXPRESSION) made is saved as this expression.
;;;
;;; Code:

(define-module (oop goops save)
  #:use-module (oop goops)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module ((oop goops internal) #:select (*unbound*))
  #:export (save-objects load-objects restore make-unbound
            enumerate! enumerate-component! write-readably
            write-component write-component-procedure
            literal? readable make-readable))

(define (make-unbound) "Return what an unbound slot holds." *unbound*)

(define-syntax-rule (restore class (slot ...) value ...)
  (restore-instance class '(slot ...) (list value ...)))

(define (restore-instance class slots values)
  (let ((object (allocate-instance class '())))
    (for-each (lambda (slot value) (slot-set! object slot value)) slots values)
    object))

;;; What is known while objects are saved.

;; EXCLUDED is a table of objects, FOUND one from objects to what is known of
;; them.  ORDER holds them with parts before wholes, the last first; CONTAINERS
;; those that are being enumerated, the innermost first.  PATCHES are what is
;; left to be stored.
(define-record-type <environment>
  (make-environment excluded found order containers patches)
  environment?
  (excluded excluded)
  (found found)
  (order order set-order!)
  (containers containers set-containers!)
  (patches patches set-patches!))

;; NAME is #f, #t where there has to be one, and the symbol in the end; STATE is
;; one of new, open (its parts are being enumerated), waiting and defined; DATUM?
;; is what enumerate! returned.
(define-record-type <info>
  (make-info name state datum?)
  info?
  (name info-name set-info-name!)
  (state info-state set-info-state!)
  (datum? info-datum? set-info-datum!))

(define (info-of object environment) (hashq-ref (found environment) object))

(define (immediate? object)
  (or (null? object) (number? object) (boolean? object) (symbol? object)
      (char? object) (keyword? object) (unspecified? object) (eof-object? object)))

(define (excluded? object environment)
  (and (hashq-get-handle (excluded environment) object) #t))

;;; Objects that are saved as the expressions that made them.

(define readables (make-weak-key-hash-table))

(define-syntax-rule (readable expression)
  (make-readable expression 'expression))

(define (make-readable object expression)
  "Have OBJECT saved as EXPRESSION, a datum; return OBJECT."
  (hashq-set! readables object (list expression))
  object)

(define (readable-form object)
  (let ((expression (and (not (immediate? object)) (hashq-ref readables object))))
    (and expression `(readable ,(car expression)))))

;;; Enumeration finds out what has to have a name.

(define-generic enumerate!)
(define-generic write-readably)

(define (enumerate-component! object environment)
  "Note OBJECT, a part of what is being enumerated; tell whether it is written as
a datum."
  (cond
   ((immediate? object) #t)
   ((readable-form object) #f)
   ((excluded? object environment) #t)
   ((info-of object environment)
    => (lambda (info)
         (set-info-name! info #t)
         (when (eq? (info-state info) 'open)
           ;; A cycle: what closes it is patched, and therefore named.
           (let ((container (info-of (car (containers environment)) environment)))
             (set-info-name! container #t)))
         #f))
   (else
    (let ((info (make-info #f 'open #f)))
      (hashq-set! (found environment) object info)
      (set-containers! environment (cons object (containers environment)))
      (set-info-datum! info (and (enumerate! object environment) #t))
      (set-containers! environment (cdr (containers environment)))
      (set-info-state! info 'waiting)
      (set-order! environment (cons object (order environment)))
      (info-datum? info)))))

(define (literal? object environment)
  "Tell whether what is written for OBJECT needs a quote where it is evaluated."
  (or (immediate? object)
      (excluded? object environment)
      (let ((info (info-of object environment)))
        (and info (not (info-name info)) (info-datum? info)
             (not (readable-form object))))))

;;; Writing.

(define (write-component-procedure object port environment)
  "Write OBJECT, or the name that it has; return #f, and write nothing, if it is
not defined yet."
  (let ((info (info-of object environment)))
    (cond
     ((immediate? object) (write object port) #t)
     ((readable-form object) => (lambda (form) (write form port) #t))
     ((excluded? object environment) (display #f port) #t)
     ((not (and info (info-name info))) (write-readably object port environment) #t)
     ((eq? (info-state info) 'defined) (display (info-name info) port) #t)
     (else #f))))

(define-syntax-rule (write-component object patch port environment)
  (or (write-component-procedure object port environment)
      (begin
        (display #f port)
        (add-patch! patch environment))))

(define (add-patch! patch environment)
  (set-patches! environment (cons patch (patches environment))))

;; Write a part of an expression: with a quote, if it is a datum.
(define (write-part object patch port environment)
  (when (and (literal? object environment) (not (excluded? object environment)))
    (display #\' port))
  (write-component object patch port environment))

;;; Kinds of data.

(define-method (enumerate! (object <top>) environment) #t)
(define-method (write-readably (object <top>) port environment)
  (write object port))

(define-method (enumerate! (object <string>) environment) #f)
(define-method (write-readably (object <string>) port environment)
  (write `(string-copy ,object) port))

(define-method (enumerate! (object <pair>) environment)
  (enumerate-component! (car object) environment)
  (enumerate-component! (cdr object) environment)
  #f)

;; As many pairs as nothing else refers to are one call of cons*.
(define-method (write-readably (object <pair>) port environment)
  (define (goes-on? rest)
    (and (pair? rest)
         (not (readable-form rest))
         (not (excluded? rest environment))
         (not (info-name (info-of rest environment)))))
  (display "(cons*" port)
  (let loop ((pair object))
    (display #\space port)
    (write-part (car pair) `(set-car! ,pair ,(car pair)) port environment)
    (let ((rest (cdr pair)))
      (cond ((goes-on? rest) (loop rest))
            (else
             (display #\space port)
             (write-part rest `(set-cdr! ,pair ,rest) port environment)))))
  (display #\) port))

(define-method (enumerate! (object <vector>) environment)
  (for-each (lambda (x) (enumerate-component! x environment)) (vector->list object))
  #f)
(define-method (write-readably (object <vector>) port environment)
  (display "(vector" port)
  (for-each (lambda (i)
              (let ((x (vector-ref object i)))
                (display #\space port)
                (write-part x `(vector-set! ,object ,i ,x) port environment)))
            (iota (vector-length object)))
  (display #\) port))

(define (array-of-objects? object) (eq? (array-type object) #t))

(define-method (enumerate! (object <array>) environment)
  (cond ((array-of-objects? object)
         (array-for-each (lambda (x) (enumerate-component! x environment)) object)
         #f)
        (else #t)))
(define-method (write-readably (object <array>) port environment)
  (define (rows shape indices)
    (cond ((null? shape)
           (let ((x (apply array-ref object (reverse indices))))
             (write-part x `(array-set! ,object ,x ,@(reverse indices)) port environment)))
          (else
           (display "(list" port)
           (do ((i (caar shape) (+ i 1)))
               ((> i (cadar shape)))
             (display #\space port)
             (rows (cdr shape) (cons i indices)))
           (display #\) port))))
  (cond ((array-of-objects? object)
         (display "(list->array '" port)
         (write (array-shape object) port)
         (display #\space port)
         (rows (array-shape object) '())
         (display #\) port))
        (else (write object port))))

;; The names of the slots whose values are saved.
(define (own-slots object environment)
  (filter-map (lambda (slot)
                (let ((name (slot-definition-name slot)))
                  (and (not (memq (slot-definition-allocation slot)
                                  '(#:class #:each-subclass #:virtual)))
                       (slot-bound? object name)
                       (not (excluded? (slot-ref object name) environment))
                       name)))
              (class-slots (class-of object))))

(define-method (enumerate! (object <object>) environment)
  (for-each (lambda (name) (enumerate-component! (slot-ref object name) environment))
            (own-slots object environment))
  #f)
(define-method (write-readably (object <object>) port environment)
  (let ((names (own-slots object environment)))
    (display "(restore " port)
    (display (class-name (class-of object)) port)
    (display #\space port)
    (write names port)
    (for-each (lambda (name)
                (let ((x (slot-ref object name)))
                  (display #\space port)
                  (write-part x `(slot-set! ,object ',name ,x) port environment)))
              names)
    (display #\) port)))

;; Classes and generic functions are not saved: they have names.
(define-method (enumerate! (object <class>) environment) #f)
(define-method (write-readably (object <class>) port environment)
  (display (class-name object) port))
(define-method (enumerate! (object <generic>) environment) #f)
(define-method (write-readably (object <generic>) port environment)
  (display (generic-function-name object) port))
(define-method (enumerate! (object <method>) environment) #f)
(define-method (write-readably (object <method>) port environment)
  (goops-error "a method cannot be saved: ~S" object))

;;; The program.

(define (give-names! environment)
  "Name what needs a name; return the named objects, parts before wholes."
  (let loop ((objects (reverse (order environment))) (n 0) (named '()))
    (if (null? objects)
        (reverse named)
        (let ((info (info-of (car objects) environment)))
          (cond ((info-name info)
                 (set-info-name! info (string->symbol (string-append "%o" (number->string n))))
                 (loop (cdr objects) (+ n 1) (cons (car objects) named)))
                (else (loop (cdr objects) n named)))))))

(define (write-named! named port environment)
  (for-each (lambda (object)
              (let ((info (info-of object environment)))
                (display "\n    (" port)
                (display (info-name info) port)
                (display #\space port)
                (when (info-datum? info) (display #\' port))
                (write-readably object port environment)
                (display ")" port)
                (set-info-state! info 'defined)))
            named))

(define (with-names patch environment)
  "Put the names of objects into PATCH."
  (let ((info (info-of patch environment)))
    (cond ((and info (info-name info)) => identity)
          ((pair? patch)
           (cons (with-names (car patch) environment)
                 (with-names (cdr patch) environment)))
          (else patch))))

(define-generic save-objects)
(define-generic load-objects)

(define-method (save-objects (alist <list>) (file <string>) . rest)
  (call-with-output-file file
    (lambda (port) (apply save-objects alist port rest))))

(define-method (save-objects (alist <list>) (port <output-port>) . rest)
  (let* ((environment
          (make-environment (make-hash-table) (make-hash-table) '() '() '()))
         (uses (if (= (length rest) 2) (cadr rest) '())))
    (when (pair? rest)
      (for-each (lambda (x) (hashq-set! (excluded environment) x #t)) (car rest)))
    (for-each (lambda (binding) (enumerate-component! (cdr binding) environment)) alist)
    (let ((named (give-names! environment)))
      (unless (null? uses)
        (write `(use-modules ,@uses) port)
        (newline port))
      (for-each (lambda (binding)
                  (display "(define " port)
                  (display (car binding) port)
                  (display " #f)\n" port))
                alist)
      (display "(let* (" port)
      (write-named! named port environment)
      (display ")" port)
      (for-each (lambda (binding)
                  (display "\n  (set! " port)
                  (display (car binding) port)
                  (display #\space port)
                  (write-part (cdr binding) #f port environment)
                  (display ")" port))
                alist)
      (for-each (lambda (patch)
                  (display "\n  " port)
                  (write (with-names patch environment) port))
                (reverse (patches environment)))
      (display "\n  *unspecified*)\n" port))))

(define-method (load-objects (file <string>))
  (call-with-input-file file load-objects))

(define interface (module-public-interface (current-module)))

(define-method (load-objects (port <input-port>))
  (let ((module (make-fresh-user-module)))
    (module-use! module interface)
    (module-use! module (resolve-interface '(oop goops)))
    (let loop ((names '()))
      (let ((form (read port)))
        (cond ((eof-object? form)
               (map (lambda (name) (cons name (module-ref module name))) (reverse names)))
              (else
               (eval form module)
               (loop (if (and (pair? form) (eq? (car form) 'define))
                         (cons (cadr form) names)
                         names))))))))
