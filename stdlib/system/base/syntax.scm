;;; Commentary:
;;;
;;; Short forms for records (used by Guile's own compiler): constructors with
;;; keywords, and matching on the type.
;;;
;;; Code:

(define-module (system base syntax)
  #:export (define-type define-record define-record/keywords
            record-case))

;; Both define make-NAME, NAME? and NAME-SLOT with setters; a slot is a name or
;; (name default).  The constructor of the first takes the slots by position,
;; that of the second by keyword.
(define-syntax define-record
  (lambda (x)
    (syntax-case x ()
      ((_ (name printer) slot ...)
       #'(begin
           (define-record name slot ...)
           (set-record-type-printer! name printer)))
      ((_ name slot ...)
       (expand-record #'name #'(slot ...) #'#:optional)))))

(define-syntax define-record/keywords
  (lambda (x)
    (syntax-case x ()
      ((_ (name printer) slot ...)
       #'(begin
           (define-record/keywords name slot ...)
           (set-record-type-printer! name printer)))
      ((_ name slot ...)
       (expand-record #'name #'(slot ...) #'#:key)))))

(eval-when (expand load eval)
  (define (expand-record name slots how)
    (define stem
      ;; <foo> gives the names make-foo, foo?, foo-slot.
      (let ((s (symbol->string (syntax->datum name))))
        (if (and (string-prefix? "<" s) (string-suffix? ">" s))
            (substring s 1 (- (string-length s) 1))
            s)))
    (define (identifier . parts)
      (datum->syntax name (string->symbol (apply string-append parts))))
    (define (slot-name slot)
      (syntax-case slot () ((name default) #'name) (name #'name)))
    (define (slot-default slot)
      (syntax-case slot ()
        ((name default) #'default)
        (name #'(error "missing slot initializer" 'name))))
    (with-syntax ((name name)
                  (how how)
                  ((field ...) (map slot-name slots))
                  ((default ...) (map slot-default slots))
                  ((getter ...)
                   (map (lambda (slot)
                          (identifier stem "-"
                                      (symbol->string
                                       (syntax->datum (slot-name slot)))))
                        slots))
                  (make (identifier "make-" stem))
                  (pred (identifier stem "?")))
      #'(begin
          (define name (make-record-type 'name '(field ...)))
          (define make
            (let ((construct (record-constructor name)))
              (lambda* (how (field default) ...)
                (construct field ...))))
          (define pred (record-predicate name))
          (define getter
            (make-procedure-with-setter
             (record-accessor name 'field)
             (record-modifier name 'field)))
          ...))))

;; (define-type <super> (<name> slot...) ...) defines records; a name in place of
;; <super> alone is only a heading.
(define-syntax define-type
  (syntax-rules ()
    ((_ (name . options) (sub . slots) ...)
     (begin (define-record sub . slots) ...))
    ((_ name (sub . slots) ...)
     (begin (define-record sub . slots) ...))))

;; (record-case obj ((<name> slot...) body...) ... (else body...)).  A slot is a
;; name or (variable slot).
(define-syntax record-case
  (lambda (x)
    (syntax-case x (else)
      ((_ obj clause ...)
       (with-syntax (((test ...)
                      (map (lambda (clause)
                             (syntax-case clause (else)
                               ((else body ...) #'(else body ...))
                               (((name slot ...) body ...)
                                (with-syntax
                                    ((((var field) ...)
                                      (map (lambda (slot)
                                             (syntax-case slot ()
                                               ((var field) #'(var field))
                                               (field #'(field field))))
                                           #'(slot ...))))
                                  #'(((record-predicate name) record)
                                     (let ((var ((record-accessor name 'field)
                                                 record))
                                           ...)
                                       body ...))))))
                           #'(clause ...))))
         #'(let ((record obj)) (cond test ...)))))))
