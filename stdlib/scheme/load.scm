;;; R7RS (scheme load).

(define-module (scheme load)
  #:replace ((r7rs:load . load)))

(define* (r7rs:load file #:optional (environment (interaction-environment)))
  (save-module-excursion
   (lambda ()
     (set-current-module environment)
     (primitive-load file))))
