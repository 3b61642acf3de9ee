;;; Processes of Guile (manual, "Processes", "Pipes", "Runtime Environment", "User
;;; Information", "Time").

(use-modules (conformance) (ice-9 popen) (ice-9 rdelim) (ice-9 textual-ports))

(define (key thunk) (catch #t thunk (lambda (key . args) key)))

;; The engine of the tests has no environment of its own.
(setenv "PATH" "/usr/local/bin:/usr/bin:/bin")

;;; Running programs.
(test 0 (system* "true"))
(test 3 (status:exit-val (system "exit 3")))
(test 127 (status:exit-val (system* "no-such-program-at-all")))
(test '(#f 15) (let ((s (system "kill -TERM $$"))) (list (status:exit-val s) (status:term-sig s))))
(test "out\n" (let* ((p (open-input-pipe "echo out")) (s (get-string-all p))) (close-pipe p) s))
(test 4 (status:exit-val (close-pipe (open-input-pipe "exit 4"))))
(test 0 (let ((p (open-output-pipe "read x; test \"$x\" = in")))
          (display "in\n" p)
          (close-pipe p)))
(test '("there" 0) (let ((p (open-pipe* OPEN_BOTH "cat")))
                     (display "there\n" p)
                     (force-output p)
                     (let ((line (read-line p))) (list line (close-pipe p)))))
(test "HELLO\n" (call-with-values (lambda () (pipeline '(("echo" "hello") ("tr" "a-z" "A-Z"))))
                  (lambda (from to pids)
                    (let ((s (get-string-all from)))
                      (close-port to)
                      (for-each waitpid pids)
                      s))))
(not-in-guile "spawn is of Guile 3.0.9"
  (test '(7 "x=1\n")
        (let* ((ends (pipe))
               (pid (spawn "sh" '("sh" "-c" "echo x=$x; exit 7")
                           #:environment '("x=1") #:output (cdr ends))))
          (close-port (cdr ends))
          (let ((s (get-string-all (car ends))))
            (list (status:exit-val (cdr (waitpid pid))) s))))
  (test '(0 9) (let* ((pid (spawn "sleep" '("sleep" "60")))
                      (before (car (waitpid pid WNOHANG))))
                 (kill pid SIGKILL)
                 (list before (status:term-sig (cdr (waitpid pid))))))
  (test 'wrong-type-arg (key (lambda () (spawn "true" '("true") #:error (%make-void-port "w")))))
  (test 'system-error (key primitive-fork)))
(test ECHILD (catch 'system-error (lambda () (waitpid 999999)) (lambda args (system-error-errno args))))

;;; The environment.
(setenv "SUITE" "one")
(test '("one" "one" #f)
      (let* ((a (getenv "SUITE"))
             (b (let* ((p (open-input-pipe "echo $SUITE")) (s (read-line p))) (close-pipe p) s)))
        (unsetenv "SUITE")
        (list a b (getenv "SUITE"))))
(putenv "SUITE=two")
(test '("two" #f) (let ((v (getenv "SUITE"))) (putenv "SUITE") (list v (getenv "SUITE"))))

;;; Users, limits, the system.
(test "root" (passwd:name (getpwuid 0)))
(test 0 (passwd:uid (getpwnam "root")))
(test 'misc-error (key (lambda () (getpwnam "no-such-user"))))
(test 'system-error (key (lambda () (getgrnam "no-such-group"))))
(test #t (begin (setpwent) (let ((e (getpwent))) (endpwent) (string? (passwd:name e)))))
(test #t (call-with-values (lambda () (getrlimit 'nofile)) (lambda (soft hard) (exact-integer? soft))))
(test 'misc-error (key (lambda () (getrlimit 'no-such-limit))))
(test #t (and (exact-integer? (getpid)) (exact-integer? (getpgrp))))
(test "Linux" (utsname:sysname (uname)))

;;; Time.
(test "1970-01-01T00:00:00+0000" (strftime "%Y-%m-%dT%H:%M:%S%z" (gmtime 0)))
(test "Thu Jan  1 00:00:00 1970" (strftime "%c" (gmtime 0)))
(test "001 4 70 00" (strftime "%j %u %y %W" (gmtime 0)))
(test '(71 11 31 18000 "EST")
      (let ((t (localtime (* 86400 730) "EST5")))
        (list (tm:year t) (tm:mon t) (tm:mday t) (tm:gmtoff t) (tm:zone t))))
(test 86400 (car (mktime (gmtime 86400) "UTC0")))
(test '(99 0 2 . 10) (let* ((r (strptime "%Y-%m-%d" "1999-01-02")) (t (car r)))
                       (cons* (tm:year t) (tm:mon t) (tm:mday t) (cdr r))))
(test 'system-error (key (lambda () (strptime "%Y" "x"))))
(test #t (let ((t (times))) (and (exact-integer? (tms:clock t)) (>= (tms:utime t) 0))))
