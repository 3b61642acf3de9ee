;;; Pipes to and from other programs.

(define-module (ice-9 popen)
  #:export (open-pipe* open-pipe close-pipe open-input-pipe open-output-pipe
            open-input-output-pipe pipeline))

(define (open-pipe* mode program . args)
  (apply %open-pipe* mode program args))

(define (open-pipe command mode)
  (open-pipe* mode "/bin/sh" "-c" command))

(define (close-pipe port) (%close-pipe port))

(define (open-input-pipe command) (open-pipe command OPEN_READ))
(define (open-output-pipe command) (open-pipe command OPEN_WRITE))
(define (open-input-output-pipe command) (open-pipe command OPEN_BOTH))

;; Runs the commands, lists of strings, one feeding the next; returns the ends
;; of the pipeline and the process ids.
(define (pipeline commands)
  (let* ((ends (pipe)) (to (cdr ends)))
    (let loop ((commands commands) (input (car ends)) (pids '()))
      (if (null? commands)
          (values input to (reverse pids))
          (let* ((next (pipe))
                 (pid (spawn (caar commands) (car commands)
                             #:input input #:output (cdr next))))
            (close-port input)
            (close-port (cdr next))
            (loop (cdr commands) (car next) (cons pid pids)))))))
