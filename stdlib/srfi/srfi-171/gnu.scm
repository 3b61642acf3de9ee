;;; Transducers that Guile adds to SRFI 171.

(define-module (srfi srfi-171 gnu)
  #:use-module (srfi srfi-171 meta)
  #:export (tbatch tfold))

(define tbatch
  (case-lambda
    "Return a transducer that collects by another reduction, with a transducer
or without, until that has its last result, gives it on and starts anew."
    ((reducer)
     (tbatch (lambda (r) r) reducer))
    ((transducer reducer)
     (lambda (f)
       (let* ((inner (transducer reducer))
              (state (inner)))
         (case-lambda
           (() (f))
           ((result)
            (let ((result (if (equal? state (inner))
                              result
                              (let ((r (f result (inner state))))
                                (if (reduced? r) (unreduce r) r)))))
              (f result)))
           ((result x)
            (let ((next (inner state x)))
              (if (reduced? next)
                  (let ((batch (inner (unreduce next))))
                    (set! inner (transducer reducer))
                    (set! state (inner))
                    (f result batch))
                  (begin (set! state next) result))))))))))

(define* (tfold reducer #:optional (seed (reducer)))
  "Return a transducer that gives on the results of REDUCER so far, from SEED."
  (lambda (f)
    (let ((state seed))
      (case-lambda
        (() (f))
        ((result) (f result))
        ((result x)
         (set! state (reducer state x))
         (if (reduced? state)
             (f (reduced (unreduce state)))
             (f result state)))))))
