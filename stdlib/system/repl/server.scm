;;; Dialogues over sockets.
;;;
;;; Commentary:
;;;
;;; Editors connect to a server and talk with the program that runs. A server
;;; takes connections of this machine alone, and refuses web browsers, which
;;; pages of others could make send programs. `fruix repl --listen' starts one.
;;; All clients share one engine: one evaluates at a time, and each has a current
;;; module and a value history of its own.
;;;
;;; See the section "REPL Servers" in Guile's manual.
;;;
;;; Code:

(define-module (system repl server)
  #:export (make-tcp-server-socket make-unix-domain-server-socket
            run-server spawn-server stop-server-and-clients!))

(define (native name)
  (let ((module (resolve-module '(fruix native repl) #f #:ensure #f)))
    (or (and module (module-variable module name)
             (variable-ref (module-variable module name)))
        (scm-error 'misc-error (symbol->string name)
                   "this program holds no dialogue; run it with `fruix repl'" '() #f))))

(define* (make-tcp-server-socket #:key host addr (port 37146))
  "Return a server that listens on PORT of this machine; 0 lets the system
choose. It takes connections once `run-server' or `spawn-server' runs it."
  (when (or (and host (not (member host '("localhost" "127.0.0.1" "::1"))))
            (and addr (not (eqv? addr #x7f000001))))
    (scm-error 'misc-error "make-tcp-server-socket"
               "a dialogue is offered to this machine alone, not on ~S" (list (or host addr)) #f))
  ((native 'listen-tcp) port))

(define* (make-unix-domain-server-socket #:key (path "/tmp/guile-socket"))
  "Return a server that listens on the socket at PATH, which is removed when the
server stops."
  ((native 'listen-unix) path))

(define* (spawn-server #:optional (server (make-tcp-server-socket)))
  "Let SERVER take connections from now on, beside the program."
  ((native 'spawn-server) server))

(define* (run-server #:optional (server (make-tcp-server-socket)))
  "Let SERVER take connections until it is stopped."
  ((native 'run-server) server))

(define (stop-server-and-clients!)
  "Stop all servers and end the dialogues of their clients."
  ((native 'stop-servers)))
