;;; Evaluating the forms in a string.

(define-module (ice-9 eval-string)
  #:use-module (system base compile)
  #:replace (eval-string))

(define* (eval-string str #:key (module (current-module)) (file #f) (line #f)
                      (column #f) (lang 'scheme) (compile? #f))
  "Evaluate all forms in STR, in MODULE, and return the values of the last.
FILE, LINE and COLUMN say where the text comes from, for errors."
  (call-with-input-string str
    (lambda (port)
      (when file (set-port-filename! port file))
      (when line (set-port-line! port line))
      (when column (set-port-column! port column))
      (save-module-excursion
       (lambda ()
         (set-current-module module)
         (let loop ((values-of-last (lambda () *unspecified*)))
           (let ((form (read-syntax port)))
             (if (eof-object? form)
                 (values-of-last)
                 (let ((results (call-with-values
                                    (lambda () (eval form (current-module)))
                                  list)))
                   (loop (lambda () (apply values results))))))))))))
