;;; (ice-9 local-eval) and (ice-9 eval-string).
(use-modules (conformance) (ice-9 local-eval) (ice-9 eval-string))

(define place
  (let ((x 1) (y 2))
    (define-syntax-rule (kwote z) (quote z))
    (the-environment)))
(test '(1 2) (local-eval '(list x y) place))
(test 11 (begin (local-eval '(set! x 11) place) (local-eval 'x place)))
(not-in-guile "captures no macros of interpreted code"
  (test 'sym (local-eval '(kwote sym) place)))
(test 5 (local-eval '(let ((x 5)) x) place))
(test '(11 2 3)
      (local-eval '(list x y z)
                  (local-eval '(let ((z 3)) (the-environment)) place)))
(test 22 (begin
           (local-eval '(set! y 22)
                       (local-eval '(let ((z 3)) (the-environment)) place))
           (local-eval 'y place)))
(test 6 (local-eval '(* 2 3) (current-module)))
(test '((a c) (1 3))
      (syntax->datum
       (local-eval '#'((k ...) (v ...))
                   (syntax-case #'((a 1) (c 3)) ()
                     (((k v) ...) (the-environment))))))
(test 7 (local-compile '(+ x -4) place))
(test-error (local-eval '1 'nowhere))

(test 3 (eval-string "(+ 1 2)"))
(test-values (4 5) (eval-string "1 (values 4 5)"))
(test 9 (eval-string "(define seven-and-two 9) seven-and-two"
                     #:module (current-module)))
