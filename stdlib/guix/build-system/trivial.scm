;;; The build system that runs one expression.
;;;
;;; Commentary:
;;;
;;; The package's #:builder, a gexp or an S-expression, is all there is to do
;;; (Guix manual, "Build Systems", 'trivial-build-system').  #:modules names
;;; the modules that it uses.  In an S-expression, as in older package
;;; definitions, '%build-inputs' is the alist of the inputs' labels and file
;;; names and '%outputs' that of the outputs.
;;;
;;; Code:

(define-module (guix build-system trivial)
  #:use-module (ice-9 match)
  #:use-module (guix gexp)
  #:use-module (guix build-system)
  #:export (trivial-build-system))

(define* (lower name #:key source (inputs '()) (native-inputs '())
                (outputs '("out")) system target
                builder (modules '()) allow-other-keys?
                #:allow-other-keys)
  "Return the bag of a package built by the expression BUILDER."
  (unless builder
    (error (string-append "package " name ": the trivial build system needs \
the argument #:builder")))
  (bag
   (name name)
   (system system)
   (target target)
   (host-inputs `(,@(if source `(("source" ,source)) '()) ,@inputs))
   (build-inputs native-inputs)
   (outputs outputs)
   (arguments `(#:builder ,builder #:modules ,modules))
   (build trivial-build)))

(define* (trivial-build name inputs #:key system target (outputs '("out"))
                        builder (modules '()))
  "Return the derivation NAME that runs BUILDER."
  (define code
    (if (gexp? builder)
        builder
        #~(begin
            (define %build-inputs
              (list #$@(map (match-lambda
                              ((label thing . output)
                               #~(cons #$label
                                       #$(apply gexp-input thing output))))
                            inputs)))
            (define %outputs
              (list #$@(map (lambda (name)
                              #~(cons #$name (getenv #$name)))
                            outputs)))
            (define %output (assoc-ref %outputs "out"))
            #$builder)))
  (built-item (with-outputs code outputs) name
              #:system system #:target target #:modules modules))

(define (with-outputs code outputs)
  "Return CODE as a gexp that refers to each of OUTPUTS."
  (match outputs
    (("out") code)
    (_ #~(begin
           (list #$@(map gexp-output* outputs))
           #$code))))

(define trivial-build-system
  (build-system
    (name 'trivial)
    (description "Run one expression")
    (lower lower)))
