;;; R6RS (rnrs records syntactic).
;;;
;;; Commentary:
;;; define-record-type in R6RS's form.  The type's name is a variable that holds
;;; the record type, so that it can be exported, and used where the procedures
;;; of the other record libraries take a type; the constructor descriptor is
;;; kept with the type.  A type of another origin, as a condition type, has the
;;; default constructor descriptor.
;;; Code:

(define-module (rnrs records syntactic)
  #:use-module (rnrs records procedural)
  #:replace ((r6:define-record-type . define-record-type)
             (r6:record-type-descriptor . record-type-descriptor)
             record-constructor-descriptor))

(define %descriptors (make-weak-key-hash-table))

(define (%keep-descriptor! rtd rcd) (hashq-set! %descriptors rtd rcd))

(define (%descriptor-of rtd)
  (or (hashq-ref %descriptors rtd)
      (let ((parent (record-type-parent rtd)))
        (make-record-constructor-descriptor
         rtd (and parent (%descriptor-of parent)) #f))))

(define-syntax-rule (r6:record-type-descriptor name) name)
(define-syntax-rule (record-constructor-descriptor name) (%descriptor-of name))

(define-syntax r6:define-record-type
  (lambda (x)
    (define known '(fields parent protocol sealed opaque nongenerative parent-rtd))
    (define (fail message form) (syntax-violation 'define-record-type message x form))
    (define (join . parts)
      (string->symbol
       (apply string-append
              (map (lambda (part)
                     (if (string? part) part (symbol->string (syntax->datum part))))
                   parts))))
    ;; The words are compared as syntax-rules compares literals: one that is
    ;; bound to something else is not meant.
    (define (word? name id)
      (and (identifier? id)
           (free-identifier=? id (datum->syntax #'r6:define-record-type name))))
    (define (clause name clauses)
      (let loop ((clauses clauses) (found #f))
        (if (null? clauses)
            found
            (syntax-case (car clauses) ()
              ((keyword . rest)
               (word? name #'keyword)
               (if found
                   (fail "the clause occurs twice" (car clauses))
                   (loop (cdr clauses) (car clauses))))
              (_ (loop (cdr clauses) found))))))
    (define (check clauses)
      (for-each
       (lambda (c)
         (syntax-case c ()
           ((keyword . rest)
            (or-map (lambda (name) (word? name #'keyword)) known)
            #t)
           (_ (fail "unknown clause" c))))
       clauses))
    ;; A field becomes (mutability name accessor mutator-or-#f).
    (define (field record spec)
      (define (accessor name) (datum->syntax record (join record "-" name)))
      (define (mutator name) (datum->syntax record (join record "-" name "-set!")))
      (syntax-case spec ()
        ((kind name)
         (and (identifier? #'name) (word? 'immutable #'kind))
         (list 'immutable #'name (accessor #'name) #f))
        ((kind name get)
         (and (identifier? #'name) (word? 'immutable #'kind))
         (list 'immutable #'name #'get #f))
        ((kind name)
         (and (identifier? #'name) (word? 'mutable #'kind))
         (list 'mutable #'name (accessor #'name) (mutator #'name)))
        ((kind name get set)
         (and (identifier? #'name) (word? 'mutable #'kind))
         (list 'mutable #'name #'get #'set))
        (name (identifier? #'name)
         (list 'immutable #'name (accessor #'name) #f))
        (_ (fail "bad field" spec))))
    (define (iota* n)
      (let loop ((i (- n 1)) (out '())) (if (< i 0) out (loop (- i 1) (cons i out)))))
    (define (build record make test clauses)
      (check clauses)
      (let* ((fields (syntax-case (clause 'fields clauses) ()
                       ((_ spec ...) (map (lambda (s) (field record s)) #'(spec ...)))
                       (_ '())))
             (numbered (map cons (iota* (length fields)) fields))
             (mutable (filter (lambda (f) (list-ref f 4)) numbered))
             (parent (clause 'parent clauses))
             (parent-rtd (clause 'parent-rtd clauses)))
        (when (and parent parent-rtd)
          (fail "parent and parent-rtd exclude each other" parent-rtd))
        (with-syntax
            ((record record) (make make) (test test)
             (((kind name) ...)
              (map (lambda (f) (list (datum->syntax record (car f)) (cadr f))) fields))
             (((index get) ...)
              (map (lambda (f) (list (car f) (list-ref f 3))) numbered))
             (((set-index set) ...)
              (map (lambda (f) (list (car f) (list-ref f 4))) mutable))
             (parent (syntax-case parent ()
                       ((_ name) #'name)
                       (#f (syntax-case parent-rtd ()
                             ((_ rtd rcd) #'rtd)
                             (#f #'#f)
                             (_ (fail "bad clause" parent-rtd))))
                       (_ (fail "bad clause" parent))))
             (parent-descriptor
              (syntax-case parent ()
                ((_ name) #'(%descriptor-of name))
                (_ (syntax-case parent-rtd ()
                     ((_ rtd rcd) #'rcd)
                     (_ #'#f)))))
             (protocol (syntax-case (clause 'protocol clauses) ()
                         ((_ expression) #'expression)
                         (_ #'#f)))
             (sealed (syntax-case (clause 'sealed clauses) ()
                       ((_ value) #'value)
                       (_ #'#f)))
             (opaque (syntax-case (clause 'opaque clauses) ()
                       ((_ value) #'value)
                       (_ #'#f)))
             (uid (syntax-case (clause 'nongenerative clauses) ()
                    ((_ id) #''id)
                    ((_) (with-syntax ((id (datum->syntax
                                            record
                                            (car (map syntax->datum
                                                      (generate-temporaries (list record)))))))
                           #''id))
                    (_ #'#f))))
          #'(begin
              (define record
                (make-record-type-descriptor
                 'record parent uid sealed opaque '#((kind name) ...)))
              (define make
                (let ((descriptor (make-record-constructor-descriptor
                                   record parent-descriptor protocol)))
                  (%keep-descriptor! record descriptor)
                  (record-constructor descriptor)))
              (define test (record-predicate record))
              (define get (record-accessor record index)) ...
              (define set (record-mutator record set-index)) ...))))
    (syntax-case x ()
      ((_ (record make test) clause ...)
       (and (identifier? #'record) (identifier? #'make) (identifier? #'test))
       (build #'record #'make #'test #'(clause ...)))
      ((_ record clause ...)
       (identifier? #'record)
       (build #'record
              (datum->syntax #'record (join "make-" #'record))
              (datum->syntax #'record (join #'record "?"))
              #'(clause ...)))
      (_ (fail "expected (define-record-type NAME CLAUSE ...)" x)))))
