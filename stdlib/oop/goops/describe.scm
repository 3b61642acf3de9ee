;;; Telling about values, objects, classes and generic functions in words.

(define-module (oop goops describe)
  #:use-module (oop goops)
  #:use-module (ice-9 format)
  #:use-module (ice-9 session)
  #:export (describe))

(define (name-of class)
  (if (slot-bound? class 'name) (class-name class) class))

(define (article-of x)
  (cond ((integer? x) "an integer")
        ((real? x) "a real")
        ((complex? x) "a complex number")
        ((null? x) "an empty list")
        ((boolean? x) (if x "a boolean value, true" "a boolean value, false"))
        ((char? x) (format #f "a character, code point ~a" (char->integer x)))
        ((symbol? x) "a symbol")
        ((list? x) "a list")
        ((pair? x) (if (pair? (cdr x)) "an improper list" "a pair"))
        ((string? x) (format #f "a string of length ~a" (string-length x)))
        ((vector? x) (format #f "a vector of length ~a" (vector-length x)))
        ((eof-object? x) "the end-of-file object")
        (else (format #f "an object of class ~a" (name-of (class-of x))))))

;; Writes TITLE and a line for each of ITEMS, or NONE.
(define (listing title none items show)
  (if (null? items)
      (format #t "(~a)~%" none)
      (begin
        (format #t "~a~%" title)
        (for-each (lambda (item) (format #t "    ~a~%" (show item))) items))))

(define-method (describe x)
  (format #t "~s is ~a.~%" x (article-of x)))

(define-method (describe (x <procedure>))
  (let ((name (procedure-name x)))
    (if name (format #t "`~s'" name) (display x))
    (format #t " is ~a procedure with " (if name "a" "an anonymous"))
    (arity x)))

(define-method (describe (x <object>))
  (format #t "~s is an instance of class ~a~%" x (name-of (class-of x)))
  (listing "Slots are:" "No slots" (class-slots (class-of x))
           (lambda (slot)
             (let ((name (slot-definition-name slot)))
               (format #f "~s = ~a" name
                       (if (slot-bound? x name)
                           (format #f "~s" (slot-ref x name))
                           "#<unbound>"))))))

(define-method (describe (x <class>))
  (format #t "~s is a class. It's an instance of ~a~%"
          (name-of x) (name-of (class-of x)))
  (listing "Superclasses are:" "No superclass" (class-direct-supers x) name-of)
  (listing "Direct slots are:" "No direct slot" (class-direct-slots x)
           slot-definition-name)
  (listing "Direct subclasses are:" "No direct subclass"
           (class-direct-subclasses x) name-of)
  (listing "Class Precedence List is:" "No precedence list"
           (class-precedence-list x) name-of)
  (if (null? (class-direct-methods x))
      (format #t "(No direct method)~%")
      (begin
        (format #t "Class direct methods are:~%")
        (for-each describe (class-direct-methods x)))))

(define-method (describe (x <generic>))
  (let ((name (generic-function-name x)) (methods (generic-function-methods x)))
    (format #t "~s is a generic function. It's an instance of ~a.~%"
            name (name-of (class-of x)))
    (if (null? methods)
        (format #t "(No method defined for ~s)~%" name)
        (begin
          (format #t "Methods defined for ~s~%" name)
          (for-each (lambda (m) (describe m #t)) methods)))))

(define-method (describe (x <method>) . without-generic)
  (format #t "    Method ~a~%" x)
  (when (null? without-generic)
    (let ((gf (method-generic-function x)))
      (if gf
          (format #t "\t     Generic: ~a~%" (generic-function-name gf))
          (format #t "\t(No generic)~%"))))
  (format #t "\tSpecializers:")
  (let loop ((l (method-specializers x)))
    (cond ((pair? l)
           (format #t " ~a" (name-of (car l)))
           (loop (cdr l)))
          ((null? l) (newline))
          (else (format #t " ~a~%" (name-of l))))))
