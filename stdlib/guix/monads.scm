;;; Monads, as far as store computations need them.
;;;
;;; Commentary:
;;;
;;; A monad is a pair of procedures, 'bind' and 'return', and notation for
;;; chaining computations through them (Guix manual, "The Store Monad").  The
;;; store monad of (guix store) is an instance: its values are procedures that
;;; take the store.
;;;
;;; Code:

(define-module (guix monads)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-26)
  #:export (make-monad
            monad?
            monad-bind
            monad-return
            define-monad
            with-monad
            >>=
            return
            mlet
            mlet*
            mbegin
            mwhen
            munless
            mparameterize
            lift0 lift1 lift2 lift3 lift4 lift
            mapm
            mapm/accumulate-builds
            foldm
            sequence
            anym
            %identity-monad
            %state-monad
            state-return
            state-bind
            current-state
            set-current-state
            state-push
            state-pop
            run-with-state))

(define-record-type <monad>
  (make-monad bind return)
  monad?
  (bind monad-bind)
  (return monad-return))

(define-syntax define-monad
  (syntax-rules (bind return)
    "Define NAME as the monad with the given bind and return procedures."
    ((_ name (bind b) (return r))
     (define name (make-monad b r)))))

(define-syntax-parameter >>=
  (lambda (s)
    (syntax-violation '>>= "used outside of 'with-monad'" s)))

(define-syntax-parameter return
  (lambda (s)
    (syntax-violation 'return "used outside of 'with-monad'" s)))

(define (bind-all monad value procedures)
  "Feed the monadic VALUE to each of PROCEDURES in turn."
  (if (null? procedures)
      value
      (bind-all monad
                ((monad-bind monad) value (car procedures))
                (cdr procedures))))

(define-syntax-rule (with-monad monad body ...)
  (let ((m monad))
    (syntax-parameterize
        ((>>= (syntax-rules ()
                ((_ value procedure (... ...))
                 (bind-all m value (list procedure (... ...))))))
         (return (lambda (s)
                   (syntax-case s ()
                     ((_ value) #'((monad-return m) value))
                     (_ #'(monad-return m))))))
      body ...)))

(define-syntax mlet*
  (syntax-rules (-> <-)
    "Bind variables in sequence: (VAR MVALUE) or (VAR <- MVALUE) to the result
of a monadic value, (VAR -> VALUE) to a plain one."
    ((_ monad () body ...)
     (with-monad monad body ...))
    ((_ monad ((var -> value) rest ...) body ...)
     (let ((var value)) (mlet* monad (rest ...) body ...)))
    ((_ monad ((var <- mvalue) rest ...) body ...)
     (mlet* monad ((var mvalue) rest ...) body ...))
    ((_ monad ((var mvalue) rest ...) body ...)
     (let ((m monad))
       ((monad-bind m) (with-monad m mvalue)
        (lambda (var) (mlet* m (rest ...) body ...)))))))

(define-syntax mlet
  (lambda (s)
    "Like 'mlet*', but no variable is visible to the others' values."
    (syntax-case s (-> <-)
      ((_ monad (binding ...) body ...)
       (let loop ((bindings #'(binding ...)) (sequential '()) (final '()))
         (syntax-case bindings (-> <-)
           (()
            #`(mlet* monad #,(reverse sequential)
                (let #,(reverse final) body ...)))
           (((var -> value) . rest)
            (with-syntax (((tmp) (generate-temporaries #'(var))))
              (loop #'rest (cons #'(tmp -> value) sequential)
                    (cons #'(var tmp) final))))
           (((var <- mvalue) . rest)
            (with-syntax (((tmp) (generate-temporaries #'(var))))
              (loop #'rest (cons #'(tmp mvalue) sequential)
                    (cons #'(var tmp) final))))
           (((var mvalue) . rest)
            (with-syntax (((tmp) (generate-temporaries #'(var))))
              (loop #'rest (cons #'(tmp mvalue) sequential)
                    (cons #'(var tmp) final))))))))))

(define-syntax mbegin
  (syntax-rules ()
    "Bind the monadic expressions in sequence; the last one's value counts."
    ((_ monad mexp) (with-monad monad mexp))
    ((_ monad mexp rest ...)
     (let ((m monad))
       ((monad-bind m) (with-monad m mexp)
        (lambda (unused) (mbegin m rest ...)))))))

(define-syntax-rule (mwhen condition mexp0 mexp ...)
  (if condition
      (>>= mexp0 (lambda (unused) mexp) ...)
      (return *unspecified*)))

(define-syntax-rule (munless condition mexp0 mexp ...)
  (if condition
      (return *unspecified*)
      (>>= mexp0 (lambda (unused) mexp) ...)))

(define-syntax-rule (mparameterize monad ((parameter value)) body ...)
  (let ((m monad))
    ((monad-bind m) ((monad-return m) (parameter))
     (lambda (before)
       (parameter value)
       ((monad-bind m) (mbegin m body ...)
        (lambda (result)
          (parameter before)
          ((monad-return m) result)))))))

(define (lift procedure monad)
  "Return PROCEDURE with its result returned in MONAD."
  (lambda arguments
    ((monad-return monad) (apply procedure arguments))))
(define lift0 lift)
(define lift1 lift)
(define lift2 lift)
(define lift3 lift)
(define lift4 lift)

(define (foldm monad mproc init lst)
  "Fold the monadic procedure MPROC, of an element and the result so far, over
LST, from left to right."
  (let loop ((lst lst) (result init))
    (if (null? lst)
        ((monad-return monad) result)
        ((monad-bind monad) (mproc (car lst) result)
         (lambda (result) (loop (cdr lst) result))))))

(define (mapm monad mproc lst)
  "Return the monadic list of MPROC's results for the elements of LST."
  ((monad-bind monad)
   (foldm monad
          (lambda (item result)
            ((monad-bind monad) (mproc item)
             (lambda (value)
               ((monad-return monad) (cons value result)))))
          '() lst)
   (lambda (reversed) ((monad-return monad) (reverse reversed)))))

(define (sequence monad lst)
  "Return the monadic list of the values of LST, a list of monadic values."
  (mapm monad (lambda (mvalue) mvalue) lst))

(define (anym monad mproc lst)
  "Return the first result of MPROC over LST that is true, or #f."
  (let loop ((lst lst))
    (if (null? lst)
        ((monad-return monad) #f)
        ((monad-bind monad) (mproc (car lst))
         (lambda (value)
           (if value
               ((monad-return monad) value)
               (loop (cdr lst))))))))

(define (mapm/accumulate-builds mproc lst)
  "Like 'mapm' in the store monad: a monadic value is a procedure of the
store."
  (lambda (store)
    (values (map (lambda (item)
                   (call-with-values (lambda () ((mproc item) store))
                     (lambda (value . rest) value)))
                 lst)
            store)))

(define (identity-bind value procedure) (procedure value))
(define (identity-return value) value)
(define-monad %identity-monad
  (bind identity-bind)
  (return identity-return))

;; A value of the state monad takes the state and returns two values: the
;; result and the state after it.
(define (state-bind mvalue mproc)
  "Bind the state-monadic MVALUE to the procedure MPROC."
  (lambda (state)
    (call-with-values (lambda () (mvalue state))
      (lambda (value state) ((mproc value) state)))))
(define (state-return value)
  "Return VALUE, the state unchanged."
  (lambda (state) (values value state)))
(define-monad %state-monad
  (bind state-bind)
  (return state-return))

(define (current-state)
  "Return the state as a monadic value."
  (lambda (state) (values state state)))
(define (set-current-state value)
  "Make VALUE the state; the monadic value is the state before."
  (lambda (state) (values state value)))
(define (state-push item)
  "Push ITEM onto the state, a list."
  (lambda (state) (values state (cons item state))))
(define (state-pop)
  "Pop the first element of the state, a list."
  (lambda (state) (values (car state) (cdr state))))
(define* (run-with-state mvalue #:optional (state '()))
  "Run MVALUE from STATE and return its value and the final state."
  (mvalue state))
