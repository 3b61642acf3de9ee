;;; Thunks of compiled code.
;;;
;;; Commentary:
;;;
;;; What `compile' makes of an expression with #:to 'bytecode, and what is in the
;;; object files of `compile-file', becomes a procedure without parameters here,
;;; whose call evaluates the program. There are no mapped images: code is made
;;; when a program is loaded.
;;;
;;; Code:

(define-module (system vm loader)
  #:use-module (ice-9 binary-ports)
  #:use-module (rnrs bytevectors)
  #:export (load-thunk-from-file load-thunk-from-memory
            find-mapped-elf-image all-mapped-elf-images))

(define header ";;; Fruix object file")

(define (load-thunk-from-memory bytecode)
  "Return a procedure that evaluates the program BYTECODE, which `compile' made,
or which is a bytevector with the bytes of an object file."
  (cond
   ((procedure? bytecode) bytecode)
   ((and (bytevector? bytecode) (string-prefix? header (utf8->string bytecode)))
    (lambda () (evaluate (utf8->string bytecode))))
   (else
    (scm-error 'misc-error "load-thunk-from-memory"
               "~S: this is no program that `compile' made" (list bytecode) #f))))

(define (evaluate text)
  (call-with-input-string text
    (lambda (port)
      (let loop ((last *unspecified*))
        (let ((form (read-syntax port)))
          (if (eof-object? form)
              last
              (loop (primitive-eval form))))))))

(define (load-thunk-from-file file)
  "Return a procedure that evaluates the program in the object file FILE."
  (load-thunk-from-memory (call-with-input-file file get-bytevector-all #:binary #t)))

(define (find-mapped-elf-image address) "Return #f: there are none." #f)
(define (all-mapped-elf-images) "Return the empty list: there are none." '())
