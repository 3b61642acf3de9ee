;;; Matching SXML by patterns that look like it.
;;;
;;; Commentary:
;;; In a pattern ,x matches any node and binds x; ,[x ...] binds the values that
;;; the whole match gives for the node, ,[proc -> x ...] those that proc gives;
;;; (tag (@ (name pattern) ...) pattern ...) matches an element, whose attributes
;;; may come in any order and be more than the pattern names, (name (pattern
;;; default)) being one that need not be there; (list pattern ...) matches a
;;; nodeset; a pattern followed by ... matches any number of nodes; . ,x at the end
;;; of a list binds what is left.  In the expressions of a clause, an expression
;;; followed by ... stands for its values for all elements of the variables in it.
;;; Code:

(define-module (sxml match)
  #:export (sxml-match sxml-match-let sxml-match-let*))

(eval-when (expand load eval)
  (define (word? x name)
    (and (identifier? x) (eq? (syntax->datum x) name)))

  (define (ellipsis? x) (word? x '...))

  ;; A variable of a pattern: its identifier, how many ellipses it is under, and
  ;; for what stands for the values of a procedure, that and all identifiers.
  (define (make-var id depth cata ids) (vector id depth cata ids))
  (define (var-id v) (vector-ref v 0))
  (define (var-depth v) (vector-ref v 1))
  (define (var-cata v) (vector-ref v 2))
  (define (var-ids v) (vector-ref v 3))
  (define (deeper v)
    (make-var (var-id v) (+ 1 (var-depth v)) (var-cata v) (var-ids v)))

  (define (temp) (car (generate-temporaries '(t))))

  ;; What is in ,X: a variable.
  (define (unquoted x self)
    (syntax-case x ()
      (id (identifier? #'id) (make-var #'id 0 #f (list #'id)))
      ((proc arrow id ...)
       (word? #'arrow '->)
       (make-var (temp) 0 #'proc #'(id ...)))
      ((id ...)
       (and-map identifier? #'(id ...))
       (make-var (temp) 0 self #'(id ...)))
      (_ (syntax-violation 'sxml-match "bad unquote in a pattern" x))))

  ;; The compilers below give an expression that matches the value of the
  ;; identifier X; NEXT is called with the variables bound so far and gives what
  ;; to do then; FAIL is an expression.
  (define (match-node pattern x vars self next fail)
    (syntax-case pattern ()
      ((u v)
       (word? #'u 'unquote)
       (let ((var (unquoted #'v self)))
         #`(let ((#,(var-id var) #,x))
             #,(next (cons var vars)))))
      ((l . pats)
       (word? #'l 'list)
       (let ((nodes (temp)))
         #`(let ((#,nodes #,x))
             (if (%nodeset? #,nodes)
                 #,(match-list #'pats nodes vars self next fail)
                 #,fail))))
      ((tag (at . attrs) . pats)
       (and (identifier? #'tag) (word? #'at '@))
       (let ((given (temp)) (kids (temp)))
         #`(if (%element? 'tag #,x)
               (let ((#,given (%attributes #,x)) (#,kids (%kids #,x)))
                 #,(match-attributes #'attrs given vars self
                                     (lambda (vars)
                                       (match-list #'pats kids vars self next fail))
                                     fail))
               #,fail)))
      ((tag . pats)
       (identifier? #'tag)
       (let ((kids (temp)))
         #`(if (%element? 'tag #,x)
               (let ((#,kids (%kids #,x)))
                 #,(match-list #'pats kids vars self next fail))
               #,fail)))
      (()
       #`(if (null? #,x) #,(next vars) #,fail))
      (literal
       #`(if (equal? #,x 'literal) #,(next vars) #,fail))))

  ;; How many nodes patterns match at least.
  (define (least pats)
    (syntax-case pats ()
      (() 0)
      ((u v) (word? #'u 'unquote) 0)
      ((p dots . more) (ellipsis? #'dots) (least #'more))
      ((p . more) (+ 1 (least #'more)))
      (_ 0)))

  (define (match-list pats l vars self next fail)
    (syntax-case pats ()
      (() #`(if (null? #,l) #,(next vars) #,fail))
      ((u v)
       (word? #'u 'unquote)
       (let ((var (unquoted #'v self)))
         #`(let ((#,(var-id var) #,l))
             #,(next (cons var vars)))))
      ((p dots . more)
       (ellipsis? #'dots)
       (let* ((inner (pattern-vars #'p self))
              (ids (map var-id inner))
              (accs (generate-temporaries ids))
              (rest (temp)) (count (temp)) (node (temp)) (loop (temp)) (failed (temp)))
         #`(let ((#,failed (lambda () #,fail)))
             (let #,loop ((#,rest #,l)
                          (#,count (- (%length #,l) #,(least #'more)))
                          #,@(map (lambda (acc) #`(#,acc '())) accs))
               (cond ((negative? #,count) (#,failed))
                     ((zero? #,count)
                      (let #,(map (lambda (id acc) #`(#,id (reverse #,acc))) ids accs)
                        #,(match-list #'more rest
                                      (append (map deeper inner) vars)
                                      self next #`(#,failed))))
                     (else
                      (let ((#,node (car #,rest)))
                        #,(match-node #'p node '() self
                                      (lambda (vars)
                                        #`(#,loop (cdr #,rest) (- #,count 1)
                                                  #,@(map (lambda (id acc)
                                                            #`(cons #,id #,acc))
                                                          (map var-id
                                                               (in-order vars inner))
                                                          accs)))
                                      #`(#,failed)))))))))
      ((p . more)
       (let ((node (temp)) (rest (temp)))
         #`(if (pair? #,l)
               (let ((#,node (car #,l)) (#,rest (cdr #,l)))
                 #,(match-node #'p node vars self
                               (lambda (vars)
                                 (match-list #'more rest vars self next fail))
                               fail))
               #,fail)))))

  ;; The variables of a pattern, found by compiling it for nothing.
  (define (pattern-vars pattern self)
    (let ((found '()))
      (match-node pattern (temp) '() self
                  (lambda (vars) (set! found vars) #'#t) #'#f)
      (reverse found)))

  ;; VARS, of a second compilation, in the order of INNER, of the first: they were
  ;; found in the same order.
  (define (in-order vars inner)
    (reverse vars))

  (define (match-attributes attrs given vars self next fail)
    (syntax-case attrs ()
      (() (next vars))
      ((u v)
       (word? #'u 'unquote)
       (let ((var (unquoted #'v self)))
         #`(let ((#,(var-id var) #,given))
             #,(next (cons var vars)))))
      (((name (u v)) . more)
       (word? #'u 'unquote)
       (match-attribute #'name #'(u v) #f #'more given vars self next fail))
      (((name (pattern default)) . more)
       (match-attribute #'name #'pattern #'default #'more given vars self next fail))
      (((name pattern) . more)
       (match-attribute #'name #'pattern #f #'more given vars self next fail))
      (_ (syntax-violation 'sxml-match "bad attribute pattern" attrs))))

  (define (match-attribute name pattern default more given vars self next fail)
    (let ((entry (temp)) (value (temp)) (rest (temp)))
      #`(let* ((#,entry (assq '#,name #,given)))
          (if #,(if default #'#t entry)
              (let ((#,value (if #,entry (%attribute-value #,entry) #,(or default #'#f)))
                    (#,rest (%without #,entry #,given)))
                #,(match-node pattern value vars self
                              (lambda (vars)
                                (match-attributes more rest vars self next fail))
                              fail))
              #,fail))))

  ;; Binds the values of procedures for nodes around BODY.
  (define (bind-catas vars body)
    (if (null? vars)
        body
        (let* ((var (car vars)) (inner (bind-catas (cdr vars) body)))
          (if (not (var-cata var))
              inner
              (with-syntax (((id ...) (var-ids var)) (node (var-id var))
                            (proc (var-cata var)) (depth (var-depth var))
                            (count (length (var-ids var))) (inner inner))
                #'(call-with-values
                      (lambda () (%cata proc node depth count))
                    (lambda (id ...) inner)))))))

  ;; Identifiers and depths of all variables that a body can see.
  (define (visible vars)
    (apply append
           (map (lambda (v)
                  (map (lambda (id) (cons id (var-depth v))) (var-ids v)))
                vars)))

  ;;; Ellipses in expressions.

  (define (has-ellipsis? x)
    (syntax-case x ()
      ((a . b) (or (has-ellipsis? #'a) (has-ellipsis? #'b)))
      (id (ellipsis? #'id))))

  ;; The identifiers of ENV under ellipses that occur in X.
  (define (occurring x env)
    (define (in? id x)
      (syntax-case x ()
        ((a . b) (or (in? id #'a) (in? id #'b)))
        (y (and (identifier? #'y) (free-identifier=? id #'y)))))
    (let loop ((env env))
      (cond ((null? env) '())
            ((and (> (cdar env) 0) (in? (caar env) x))
             (cons (caar env) (loop (cdr env))))
            (else (loop (cdr env))))))

  (define (shallower ids env)
    (map (lambda (entry)
           (if (or-map (lambda (id) (eq? id (car entry))) ids)
               (cons (car entry) (- (cdr entry) 1))
               entry))
         env))

  ;; The expression for the list of the values of X for all elements of its
  ;; variables; PROCESS makes the expression of one.
  (define (repeated x env process)
    (let ((ids (occurring x env)))
      (when (null? ids)
        (syntax-violation 'sxml-match "no variable under an ellipsis before ..." x))
      #`(map (lambda #,ids #,(process x (shallower ids env))) #,@ids)))

  (define (process x env)
    (syntax-case x ()
      (_ (not (has-ellipsis? x)) x)
      ((q template)
       (word? #'q 'quasiquote)
       (process-template #'template env))
      ((f . args)
       (direct-ellipsis? #'args)
       #`(apply #,(process #'f env) (append #,@(segments #'args env process))))
      ((a . b)
       (datum->list x (lambda (part) (process part env))))
      (_ x)))

  (define (datum->list x proc)
    (syntax-case x ()
      ((a . b) (cons (proc #'a) (datum->list #'b proc)))
      (_ x)))

  (define (direct-ellipsis? args)
    (syntax-case args ()
      ((a . b) (or (ellipsis? #'a) (direct-ellipsis? #'b)))
      (_ #f)))

  ;; Expressions of lists for the elements of ARGS.
  (define (segments args env process)
    (syntax-case args ()
      ((a dots . more)
       (ellipsis? #'dots)
       (cons (repeated #'a env process) (segments #'more env process)))
      ((a . more)
       (cons #`(list #,(process #'a env)) (segments #'more env process)))
      (_ '())))

  ;; The expression for a quasiquoted template.
  (define (process-template x env)
    (syntax-case x ()
      (_ (not (has-ellipsis? x)) #`(quasiquote #,x))
      ((u e)
       (word? #'u 'unquote)
       (process #'e env))
      (((s e) . more)
       (word? #'s 'unquote-splicing)
       #`(append #,(process #'e env) #,(process-template #'more env)))
      ((a dots . more)
       (ellipsis? #'dots)
       #`(append #,(repeated #'a env process-template) #,(process-template #'more env)))
      ((a . more)
       #`(cons #,(process-template #'a env) #,(process-template #'more env)))
      (_ #`(quasiquote #,x))))

  (define (clause-expression clause x self fail)
    (define (finish vars guards body)
      (let* ((vars (reverse vars)) (env (visible vars))
             (body (map (lambda (e) (process e env)) body)))
        (bind-catas vars
                    (if (null? guards)
                        #`(let () #,@body)
                        #`(if (and #,@guards) (let () #,@body) #,fail)))))
    (syntax-case clause ()
      ((pattern (g guard ...) body0 body ...)
       (word? #'g 'guard)
       (match-node #'pattern x '() self
                   (lambda (vars) (finish vars #'(guard ...) #'(body0 body ...))) fail))
      ((pattern body0 body ...)
       (match-node #'pattern x '() self
                   (lambda (vars) (finish vars '() #'(body0 body ...))) fail))
      (_ (syntax-violation 'sxml-match "bad clause" clause)))))

;;; What the matchers use.

(define (%nodeset? x)
  (or (null? x) (and (pair? x) (not (symbol? (car x))))))

(define (%element? tag x)
  (and (pair? x) (eq? (car x) tag)))

(define (%attributes x)
  (if (and (pair? (cdr x)) (pair? (cadr x)) (eq? '@ (caadr x)))
      (cdadr x)
      '()))

(define (%kids x)
  (if (and (pair? (cdr x)) (pair? (cadr x)) (eq? '@ (caadr x)))
      (cddr x)
      (cdr x)))

(define (%attribute-value entry)
  (if (pair? (cdr entry)) (cadr entry) ""))

(define (%without entry attributes)
  (if entry (delq entry attributes) attributes))

(define (%length l)
  (let loop ((l l) (n 0))
    (if (pair? l) (loop (cdr l) (+ n 1)) n)))

;; The COUNT values of PROC for NODE, or, under DEPTH ellipses, lists of them.
(define (%cata proc node depth count)
  (if (zero? depth)
      (proc node)
      (let ((results (map (lambda (x)
                            (call-with-values (lambda () (%cata proc x (- depth 1) count))
                              list))
                          node)))
        (apply values
               (map (lambda (i) (map (lambda (r) (list-ref r i)) results))
                    (iota count))))))

(define (%no-match x)
  (error "sxml-match: no matching clause found" x))

(define-syntax sxml-match
  (lambda (x)
    "Evaluate the first clause (pattern [(guard test ...)] form ...) whose pattern
matches."
    (syntax-case x ()
      ((_ expr clause ...)
       (let ((self (temp)) (node (temp)))
         #`(let #,self ((#,node expr))
             #,(let loop ((clauses #'(clause ...)))
                 (if (null? clauses)
                     #`(%no-match #,node)
                     (let ((next (temp)))
                       #`(let ((#,next (lambda () #,(loop (cdr clauses)))))
                           #,(clause-expression (car clauses) node self
                                                #`(#,next))))))))))))

(define-syntax sxml-match-let
  (syntax-rules ()
    "Evaluate forms with the variables of patterns bound: (sxml-match-let
((pattern expression) ...) form ...)."
    ((_ () form ...) (let () form ...))
    ((_ ((pattern expr) binding ...) form ...)
     (sxml-match expr (pattern (sxml-match-let (binding ...) form ...))))))

(define-syntax sxml-match-let*
  (syntax-rules ()
    "As sxml-match-let; each expression sees the variables before it."
    ((_ bindings form ...) (sxml-match-let bindings form ...))))
