;;; Pipes to and from other programs.

(define-module (ice-9 popen)
  #:use-module (ice-9 binary-ports)
  #:export (port/pid-table open-pipe* open-pipe close-pipe open-input-pipe
            open-output-pipe open-input-output-pipe pipeline))

(define port/pid-table (make-weak-key-hash-table))

(define (pipe->fdes)
  (let ((ends (pipe)))
    (cons (port->fdes (car ends)) (port->fdes (cdr ends)))))

(define* (piped-process program args #:optional from to)
  "Start PROGRAM with the strings ARGS and return its process id.  Its output goes
into the pipe FROM and its input comes from the pipe TO, pairs of descriptors; the
program's ends are closed here."
  (let ((pid (%piped-process program args from to)))
    (when from (close-fdes (cdr from)))
    (when to (close-fdes (car to)))
    pid))

(define (open-process mode program . args)
  "Start PROGRAM with the strings ARGS.  Three values: a port with its output, a port
that leads to its input, each #f unless MODE asks for it, and its process id."
  (let* ((from (and (member mode (list OPEN_READ OPEN_BOTH)) (pipe)))
         (to (and (member mode (list OPEN_WRITE OPEN_BOTH)) (pipe)))
         (pid (%piped-process program args from to)))
    (when from (close-port (cdr from)))
    (when to
      (close-port (car to))
      (setvbuf (cdr to) 'none))
    (values (and from (car from)) (and to (cdr to)) pid)))

;; One port for both directions.
(define (joined input output)
  (let ((port (make-custom-binary-input/output-port
               "pipe"
               (lambda (bytes start count)
                 (let ((n (get-bytevector-some! input bytes start count)))
                   (if (eof-object? n) 0 n)))
               (lambda (bytes start count)
                 (put-bytevector output bytes start count)
                 count)
               #f #f
               (lambda () (close-port input) (close-port output)))))
    (set-port-encoding! port (port-encoding input))
    (set-port-encoding! input "ISO-8859-1")
    (set-port-encoding! output "ISO-8859-1")
    (%set-port-property! port 'popen-output output)
    (%set-port-binary! port #f)
    (setvbuf port 'none)
    port))

(define (open-pipe* mode program . args)
  "A port to or from PROGRAM, which is started with the strings ARGS; MODE is
OPEN_READ, OPEN_WRITE or OPEN_BOTH."
  (call-with-values (lambda () (apply open-process mode program args))
    (lambda (input output pid)
      (let ((port (or (and input output (joined input output))
                      input output (%make-void-port mode))))
        (%set-port-property! port 'popen-pid pid)
        (hashq-set! port/pid-table port pid)
        port))))

(define (open-pipe command mode)
  "A port to or from COMMAND, a line for the shell; MODE as in open-pipe*."
  (open-pipe* mode "/bin/sh" "-c" command))

(define (close-pipe port)
  "Close PORT, which open-pipe has made, wait for the program to end, and return its
status."
  (let ((pid (%port-property port 'popen-pid)))
    (unless pid
      (error "close-pipe: not an open port of (ice-9 popen)" port))
    (%set-port-property! port 'popen-pid #f)
    (hashq-remove! port/pid-table port)
    (catch 'system-error
      (lambda () (close-port port))
      ;; The program did not want to read all of it.
      (lambda (key . args)
        (unless (eqv? EPIPE (system-error-errno (cons key args)))
          (apply throw key args))))
    (cdr (waitpid pid))))

(define (open-input-pipe command) "A port with the output of COMMAND." (open-pipe command OPEN_READ))
(define (open-output-pipe command) "A port that leads to COMMAND." (open-pipe command OPEN_WRITE))
(define (open-input-output-pipe command) "A port to and from COMMAND." (open-pipe command OPEN_BOTH))

(define (pipeline commands)
  "Run COMMANDS, lists of a program and its arguments, one feeding the next.  Three
values: a port with the output of the last, a port that leads to the first, and the
list of process ids."
  (let* ((ends (pipe)) (to (cdr ends)))
    (let loop ((commands commands) (input (car ends)) (pids '()))
      (if (null? commands)
          (values input to pids)
          (let* ((next (pipe))
                 (pid (spawn (caar commands) (car commands)
                             #:input input #:output (cdr next))))
            (close-port input)
            (close-port (cdr next))
            (loop (cdr commands) (car next) (cons pid pids)))))))
