;;; Commentary:
;;;
;;; The names of Guile-Charting that Guix uses.  Cairo is not here.
;;;
;;; Code:

(define-module (charting)
  #:use-module (fruix unavailable))

(define-unavailable "cairo"
  "write the numbers to a file and draw them with another program"
  make-chart make-bar-chart make-page-map make-performance-chart
  make-scatter-plot)
