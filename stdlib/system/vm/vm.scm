;;; (system vm vm): the machine that runs programs.
;;;
;;; Commentary:
;;; There is one machine and it has one engine.  Guile's hooks on each
;;; instruction do not exist here; 'trace' and the dialogue's profiler watch
;;; calls instead.
;;; Code:

(define-module (system vm vm)
  #:export (call-with-vm call-with-stack-overflow-handler))

(define (call-with-vm proc . args)
  "Call PROC with ARGS."
  (apply proc args))

(define (call-with-stack-overflow-handler limit thunk handler)
  "Call THUNK where the stack may grow by LIMIT slots.  When it would grow
further HANDLER is called, where the outer limits hold; it should leave by an
exception or an abort, or return by how many slots the limit is to be raised."
  (%call-with-stack-limit limit thunk handler))
