;;; The values of what was typed, as $1, $2, ... in the dialogue.

(define-module (ice-9 history)
  #:export (value-history-enabled? enable-value-history! disable-value-history!
            clear-value-history!))

;; Where the dialogue keeps its values.
(define (history) (resolve-module '(value-history) #f #:ensure #t))

(define enabled? #t)

(define (value-history-enabled?)
  "Tell whether values are kept."
  enabled?)

(define (enable-value-history!)
  "Make the values that are kept visible in the current module."
  (set! enabled? #t)
  (module-use! (current-module) (module-public-interface (history))))

(define (disable-value-history!)
  "Have programs not ask for values that are kept."
  (set! enabled? #f))

(define (clear-value-history!)
  "Forget the values that are kept."
  (let ((m (history)))
    (module-for-each (lambda (name var) (module-remove! m name)) m)))
