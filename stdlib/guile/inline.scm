;;; Procedures that are put in the place of their calls (Guile manual, "Inlinable
;;; Procedures").  The name is a macro: a call of it becomes the body, any other
;;; use the procedure, and inside the body the procedure, too.

(define-syntax define-inlinable
  (lambda (x)
    (define (procedure-name name)
      (datum->syntax name (symbol-append (string->symbol "% ")
                                         (syntax->datum name) '-procedure)))
    (syntax-case x ()
      ((_ (name formal ...) body0 body ...)
       (identifier? #'name)
       (with-syntax ((procedure (procedure-name #'name))
                     ((argument ...) (generate-temporaries #'(formal ...))))
         #'(begin
             (define (procedure formal ...)
               (syntax-parameterize ((name (identifier-syntax procedure)))
                 body0 body ...))
             (define-syntax-parameter name
               (lambda (x)
                 (syntax-case x ()
                   ((_ argument ...)
                    #'((lambda (formal ...)
                         (syntax-parameterize ((name (identifier-syntax procedure)))
                           body0 body ...))
                       argument ...))
                   ((_ . rest)
                    (syntax-violation 'name "Wrong number of arguments" x))
                   (id
                    (identifier? #'id)
                    #'procedure)))))))
      ((_ . definition)
       #'(define . definition)))))
