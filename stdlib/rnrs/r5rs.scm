;;; R6RS (rnrs r5rs): names of R5RS that R6RS left.

(define-module (rnrs r5rs)
  #:use-module ((scheme r5rs) #:select (null-environment
                                        scheme-report-environment))
  #:re-export (delay exact->inexact force inexact->exact modulo
               null-environment quotient remainder scheme-report-environment))
