;;; (system vm frame): the variables of frames.

(define-module (system vm frame)
  #:use-module (srfi srfi-9)
  #:re-export (frame? frame-previous frame-procedure-name frame-arguments
               frame-source frame-instruction-pointer frame-address
               frame-num-locals)
  #:export (frame-bindings frame-lookup-binding binding-name binding-index
            binding-ref binding-slot binding-representation
            frame-call-representation frame-environment
            frame-object-binding frame-object-name))

(define-record-type <binding>
  (make-binding frame index name value)
  binding?
  (frame binding-frame)
  (index binding-index)
  (name binding-name)
  (value binding-ref))

(define (binding-slot binding) (binding-index binding))

(define (binding-representation binding)
  "How a variable is kept: always as a value of the language."
  'scm)

(define (frame-bindings frame)
  "Return the variables that FRAME's procedure saw at that point."
  (let loop ((vars (%frame-variables frame)) (i 0))
    (if (null? vars)
        '()
        (cons (make-binding frame i (caar vars) (cdar vars))
              (loop (cdr vars) (+ i 1))))))

(define (frame-lookup-binding frame name)
  "Return FRAME's variable of that NAME, or #f."
  (let loop ((bindings (frame-bindings frame)))
    (and (pair? bindings)
         (if (eq? (binding-name (car bindings)) name)
             (car bindings)
             (loop (cdr bindings))))))

(define* (frame-call-representation frame #:key (top-frame? #t))
  "Return FRAME's call as a list: the name of its procedure and the arguments."
  (cons (or (frame-procedure-name frame) '_) (frame-arguments frame)))

(define (frame-environment frame)
  "Return an association list of FRAME's variables."
  (map (lambda (b) (cons (binding-name b) (binding-ref b))) (frame-bindings frame)))

(define (frame-object-binding frame obj)
  "Return a variable of FRAME whose value is OBJ, or #f."
  (let loop ((bindings (frame-bindings frame)))
    (and (pair? bindings)
         (if (eq? (binding-ref (car bindings)) obj)
             (car bindings)
             (loop (cdr bindings))))))

(define (frame-object-name frame obj)
  "Return the name of a variable of FRAME whose value is OBJ, or #f."
  (let ((binding (frame-object-binding frame obj)))
    (and binding (binding-name binding))))
