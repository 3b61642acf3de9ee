;;; What procedures are made of.
;;;
;;; Commentary:
;;;
;;; A program is a procedure that was compiled from Scheme. Its sources are
;;; lists (address file line . column), where lines and columns count from 0; an
;;; address counts the words of its code. Debuggers and editors ask for these.
;;;
;;; See the section "Compiled Procedures" in Guile's manual.
;;;
;;; Code:

(define-module (system vm program)
  #:export (source:addr source:line source:column source:file source:line-for-user
            program? primitive-code?
            program-name program-documentation program-properties program-minimum-arity
            program-sources program-sources-pre-retire program-source program-address-range
            program-arguments-alist program-arguments-alists program-lambda-list
            program-arity program-arities
            arity:start arity:end arity:nreq arity:nopt arity:rest? arity:kw arity:allow-other-keys?
            program-num-free-variables program-free-variables program-free-variable-ref
            program-code print-program))

(define (source:addr source) "Return the address of SOURCE." (car source))
(define (source:file source) "Return the file of SOURCE, a string or #f." (cadr source))
(define (source:line source) "Return the line of SOURCE, counted from 0." (caddr source))
(define (source:column source) "Return the column of SOURCE, counted from 0." (cdddr source))
(define (source:line-for-user source)
  "Return the line of SOURCE, counted from 1."
  (1+ (source:line source)))

(define (program? object)
  "Return whether OBJECT is a procedure compiled from Scheme."
  (->bool (%program-sources object)))

(define (program-code program)
  "Return what stands for PROGRAM's code: the procedure itself, since code has
no address here."
  program)

(define (primitive-code? code)
  "Return whether CODE, as `program-code' gives it, is that of a native procedure."
  (not (program? code)))

(define (program-name program) (procedure-name program))
(define (program-documentation program) (procedure-documentation program))
(define (program-properties program) (procedure-properties program))
(define (program-minimum-arity program) (procedure-minimum-arity program))

(define (program-sources program)
  "Return the places that PROGRAM's code comes from, by address; the first is
that of its definition."
  (or (%program-sources program) '()))

(define program-sources-pre-retire program-sources)

(define* (program-source program ip #:optional (sources (program-sources program)))
  "Return the place that the code at address IP of PROGRAM comes from, or #f."
  (let loop ((found #f) (sources sources))
    (if (and (pair? sources) (<= (source:addr (car sources)) ip))
        (loop (car sources) (cdr sources))
        found)))

(define (program-address-range program)
  "Return a pair that stands for where PROGRAM's code lies, #f for a native
procedure: `find-program-arities' takes its car."
  (and (program? program) (cons program program)))

(define (program-arguments-alists program)
  "Return what each clause of PROGRAM takes, as alists with the keys required,
optional, keyword, allow-other-keys? and rest."
  (or (%procedure-arities program) '()))

(define* (program-arguments-alist program #:optional ip)
  "Return what the first clause of PROGRAM takes, or #f."
  (let ((all (program-arguments-alists program)))
    (and (pair? all) (car all))))

(define* (program-lambda-list program #:optional ip)
  "Return the parameters of PROGRAM as a parameter list, or #f."
  (let ((alist (program-arguments-alist program ip)))
    (and alist
         (let ((get (lambda (key) (or (assq-ref alist key) '()))))
           `(,@(get 'required)
             ,@(if (pair? (get 'optional)) (cons #:optional (get 'optional)) '())
             ,@(if (pair? (get 'keyword))
                   (cons #:key (map (lambda (k) (keyword->symbol (car k))) (get 'keyword)))
                   '())
             . ,(get 'rest))))))

;; An arity is (start end required optional rest? (allow-other-keys? . keywords)).
(define (alist->arity alist)
  (let ((get (lambda (key) (or (assq-ref alist key) '()))))
    (list 0 0 (length (get 'required)) (length (get 'optional))
          (->bool (assq-ref alist 'rest))
          (cons (assq-ref alist 'allow-other-keys?) (get 'keyword)))))

(define (program-arities program)
  "Return the arities of PROGRAM's clauses."
  (map alist->arity (program-arguments-alists program)))

(define* (program-arity program #:optional ip)
  "Return the arity of PROGRAM's first clause, or #f."
  (let ((all (program-arities program)))
    (and (pair? all) (car all))))

(define (arity:start a) (car a))
(define (arity:end a) (cadr a))
(define (arity:nreq a) (list-ref a 2))
(define (arity:nopt a) (list-ref a 3))
(define (arity:rest? a) (list-ref a 4))
(define (arity:kw a) (cdr (list-ref a 5)))
(define (arity:allow-other-keys? a) (car (list-ref a 5)))

(define (program-free-variables program)
  "Return the values of the variables around PROGRAM that it uses."
  (map cdr (%program-free-variables program)))

(define (program-num-free-variables program)
  "Return the number of variables around PROGRAM that it uses."
  (length (%program-free-variables program)))

(define (program-free-variable-ref program i)
  "Return the value of variable I around PROGRAM that it uses."
  (list-ref (program-free-variables program) i))

(define* (print-program program #:optional (port (current-output-port)))
  "Print PROGRAM as `write' does."
  (write program port))
