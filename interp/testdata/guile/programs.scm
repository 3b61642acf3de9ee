;;; What is known about compiled procedures, who calls whom, the tree of modules,
;;; and debugging options: Guile manual, "Compiled Procedures", "Module System
;;; Reflection", "Debug Options".

(use-modules (conformance) (system vm program) (system vm debug) (system xref)
             (srfi srfi-1))

(define (plain a b) "Adds." (+ a b))
(define* (fancy a #:optional b #:key (c 1) #:rest r) (list a b c r))
(define (caller x) (plain x (helper x)))
(define (helper x) (* x 2))
(define (closed n) (lambda (x) (+ x n)))

;; Programs

(test #t (program? plain))
(test #f (program? 5))
(test 'plain (procedure-name plain))
(test '(a b) (program-lambda-list plain))
(test '(a b) (assq-ref (program-arguments-alist plain) 'required))
(test 1 (length (program-arguments-alists plain)))
(test #t (pair? (program-sources plain)))
(test #t (string? (source:file (program-source plain 0))))

;; Peers may run suites by an interpreter, whose procedures are not compiled.

(not-in-guile "the suite is interpreted there"
 (test 'plain (program-name plain))
 (test "Adds." (program-documentation plain))
 (test '(b) (assq-ref (program-arguments-alist fancy) 'optional))
 (test '(#:c) (map car (assq-ref (program-arguments-alist fancy) 'keyword)))
 (test 'r (assq-ref (program-arguments-alist fancy) 'rest))
 (test 7 (source:line (program-source plain 0)))
 (test 0 (source:column (program-source plain 0)))
 (test 8 (source:line-for-user (program-source plain 0)))
 (test '(a b)
       (assq-ref (arity-arguments-alist
                  (car (find-program-arities (car (program-address-range plain)))))
                 'required))
 (test '(41) (program-free-variables (closed 41)))
 (test 1 (program-num-free-variables (closed 41)))
 (test 41 (program-free-variable-ref (closed 41) 0))

 ;; Cross references

 (test #t (->bool (memq helper (procedure-callees caller))))
 (test #t (->bool (memq plain (procedure-callees caller))))
 (test #t
   (let ((found (assoc (module-name (current-module))
                       (procedure-callers (cons (module-name (current-module)) 'helper)))))
     (and found (->bool (memq caller found))))))

;; The tree of modules

(test #t
  (module? (hashq-ref (module-submodules (resolve-module '() #f)) 'srfi)))
(test '(srfi srfi-1)
      (module-name (hashq-ref (module-submodules (hashq-ref (module-submodules (resolve-module '() #f)) 'srfi))
                             'srfi-1)))
(test #t
  (variable? (hashq-ref (module-obarray (resolve-interface '(srfi srfi-1))) 'fold)))

;; Debugging options

(test #t (begin (debug-enable 'backwards) (->bool (memq 'backwards (debug-options)))))
(test #f (begin (debug-disable 'backwards) (->bool (memq 'backwards (debug-options)))))
(test 100 (begin (debug-set! width 100) (cadr (memq 'width (debug-options)))))
(test-error (debug-enable 'no-such-option))
(test 3 (start-stack 'here (+ 1 2)))
(test-values (1 2) (start-stack #t (values 1 2)))
