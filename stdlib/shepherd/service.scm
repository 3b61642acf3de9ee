;;; Services of Shepherd.
;;;
;;; Commentary:
;;;
;;; The configuration language of Shepherd (GNU Shepherd manual, "Services").
;;; A service has names, requires other services, and is started and stopped
;;; by two procedures:
;;;
;;;   (register-services
;;;    (list (service '(sshd)
;;;                   #:requirement '(networking)
;;;                   #:start (make-forkexec-constructor '("sshd" "-D"))
;;;                   #:stop (make-kill-destructor))))
;;;
;;; The value of the start procedure is the running value of the service: #f
;;; means that it could not be started, the number of a process that was
;;; started for it that Shepherd supervises this process.  The stop procedure
;;; gets the running value.
;;;
;;; Order, supervision and logs are Shepherd's own, behind the natives.
;;;
;;; Code:

(define-module (shepherd service)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (fruix native shepherd)
  #:export (service
            service?
            service-provision
            service-canonical-name
            service-requirement
            service-documentation
            service-one-shot?
            service-transient?
            service-respawn?
            service-actions
            service-status
            service-running?
            service-stopped?
            service-enabled?
            service-running-value
            service-process
            register-services
            unregister-services
            lookup-service
            lookup-running
            for-each-service
            start-service
            stop-service
            start
            stop
            start-in-the-background
            enable-service
            disable-service
            perform-service-action
            action
            actions
            make-forkexec-constructor
            make-kill-destructor
            make-system-constructor
            make-system-destructor
            fork+exec-command
            default-environment-variables
            default-respawn-limit
            default-respawn-delay
            default-process-termination-grace-period
            default-pid-file-timeout
            default-service-directory
            root-service
            power-off
            halt
            reboot))

(define-record-type <service>
  (make-service provision requirement documentation one-shot? transient?
                respawn? respawn-limit respawn-delay start stop actions)
  service?
  (provision     service-provision)     ;list of symbols
  (requirement   service-requirement)   ;list of symbols
  (documentation service-documentation)
  (one-shot?     service-one-shot?)
  (transient?    service-transient?)
  (respawn?      service-respawn?)
  (respawn-limit service-respawn-limit) ;(TIMES . SECONDS), or #f: no limit
  (respawn-delay service-respawn-delay) ;seconds
  (start         service-start)
  (stop          service-stop)
  (actions       service-actions))      ;list of <action>

(define-record-type <action>
  (action name procedure documentation)
  action?
  (name          action-name)
  (procedure     action-procedure)
  (documentation action-documentation))

(define-syntax actions
  (syntax-rules ()
    "Return a list of actions from clauses (NAME DOCUMENTATION PROCEDURE) or
(NAME PROCEDURE)."
    ((_ (name documentation procedure) rest ...)
     (cons (action 'name procedure documentation) (actions rest ...)))
    ((_ (name procedure) rest ...)
     (cons (action 'name procedure "") (actions rest ...)))
    ((_) '())))

(define default-respawn-limit (make-parameter '(5 . 7)))
(define default-respawn-delay (make-parameter 0.1))
(define default-process-termination-grace-period (make-parameter 5))
(define default-pid-file-timeout (make-parameter 5))
(define default-service-directory (make-parameter "/"))
(define default-environment-variables (make-parameter (environ)))

(define (check-service provision requirement start stop respawn-limit)
  "Raise an error that names what is wrong with the parts of a service."
  (define (wrong what value)
    (error (format #f "service ~s: ~a, not ~s" provision what value)))
  (cond ((not (and (pair? provision) (list? provision)
                   (every symbol? provision)))
         (wrong "its names must be a list of symbols" provision))
        ((not (and (list? requirement) (every symbol? requirement)))
         (wrong "#:requirement must be a list of symbols" requirement))
        ((not (procedure? start))
         (wrong "#:start must be a procedure" start))
        ((not (procedure? stop))
         (wrong "#:stop must be a procedure" stop))
        ((not (or (not respawn-limit)
                  (and (pair? respawn-limit)
                       (exact-integer? (car respawn-limit))
                       (real? (cdr respawn-limit)))))
         (wrong "#:respawn-limit must be #f or a pair (TIMES . SECONDS)"
                respawn-limit))))

(define* (service provision
                  #:key
                  (documentation "")
                  (requirement '())
                  (one-shot? #f)
                  (transient? #f)
                  (respawn? #f)
                  (respawn-limit (default-respawn-limit))
                  (respawn-delay (default-respawn-delay))
                  (start (const #t))
                  (stop (const #f))
                  (actions '()))
  "Return a service that provides the names PROVISION."
  (check-service provision requirement start stop respawn-limit)
  (make-service provision requirement documentation one-shot? transient?
                respawn? respawn-limit respawn-delay start stop actions))

(define (service-canonical-name service)
  "Return the first of the names of SERVICE."
  (first (service-provision service)))

(define (register-services . services)
  "Make SERVICES, given as a list or one by one, known to Shepherd."
  (for-each (lambda (service)
              (unless (service? service)
                (error (format #f "register-services: ~s is not a service"
                               service)))
              (let ((limit (service-respawn-limit service)))
                (%register-service
                 service
                 `((provision . ,(service-provision service))
                   (requirement . ,(service-requirement service))
                   (documentation . ,(service-documentation service))
                   (one-shot? . ,(service-one-shot? service))
                   (transient? . ,(service-transient? service))
                   (respawn? . ,(service-respawn? service))
                   (respawn-count . ,(if limit (car limit) 1))
                   (respawn-window . ,(if limit (cdr limit) 0))
                   (respawn-delay . ,(service-respawn-delay service))
                   (start . ,(service-start service))
                   (stop . ,(service-stop service))))))
            (if (and (pair? services) (null? (cdr services))
                     (list? (car services)))
                (car services)
                services)))

(define (unregister-services services)
  "Make Shepherd forget SERVICES, which must be stopped."
  (for-each (lambda (service) (%unregister-service (name-of service)))
            services))

(define (name-of service)
  "Return the name of SERVICE, a service or a name."
  (if (service? service) (service-canonical-name service) service))

(define (lookup-service name)
  "Return the service that provides NAME, or #f."
  (%lookup-service name))

(define (lookup-running name)
  "Return the service that provides NAME if it runs, or #f."
  (let ((service (lookup-service name)))
    (and service (service-running? service) service)))

(define (for-each-service proc)
  "Call PROC with each service that is registered."
  (for-each proc (%services)))

(define (info service key)
  (let ((info (%service-info (name-of service))))
    (unless info
      (error (format #f "there is no service ~a" (name-of service))))
    (assq-ref info key)))

(define (service-status service)
  "Return stopped, starting, running, stopping, or, of a one-shot service that
did its work, done."
  (info service 'status))

(define (service-running? service)
  "Return #t if SERVICE runs or did its work."
  (->bool (memq (service-status service) '(running done))))

(define (service-stopped? service)
  "Return #t if SERVICE is stopped."
  (eq? 'stopped (service-status service)))

(define (service-enabled? service)
  "Return #t if SERVICE may be started."
  (info service 'enabled?))

(define (service-running-value service)
  "Return what starting SERVICE gave, #f while it is stopped."
  (info service 'value))

(define (service-process service)
  "Return the number of the process of SERVICE, or #f."
  (let ((pid (info service 'pid)))
    (and (positive? pid) pid)))

(define (start-service service . arguments)
  "Start SERVICE after what it requires, and wait until it runs.  Return its
running value, or #f if it could not be started."
  (%start-service (name-of service) arguments))

(define (stop-service service . arguments)
  "Stop SERVICE after what requires it, and wait until it is stopped.  Return
the names of the services that were stopped."
  (map string->symbol (%stop-service (name-of service) arguments)))

(define (start name . arguments)
  "Start the service that provides NAME."
  (apply start-service name arguments))

(define (stop name . arguments)
  "Stop the service that provides NAME."
  (apply stop-service name arguments))

(define (start-in-the-background services)
  "Start SERVICES, names or services, and return at once.  Services that do not
require each other are started at the same time."
  (%start-in-the-background (map name-of services)))

(define (enable-service service)
  "Let SERVICE be started."
  (%enable-service (name-of service)))

(define (disable-service service)
  "Keep SERVICE from being started."
  (%disable-service (name-of service)))

(define (perform-service-action service name . arguments)
  "Perform the action NAME of SERVICE: call its procedure with the running value
and ARGUMENTS.  Without such an action return (unknown-action . NAMES)."
  (let ((action (find (lambda (action) (eq? name (action-name action)))
                      (service-actions service))))
    (if action
        (apply (action-procedure action) (service-running-value service)
               arguments)
        (cons 'unknown-action (map action-name (service-actions service))))))


;;;
;;; Starting and stopping processes.
;;;

(define (command-list command)
  (cond ((and (list? command) (pair? command) (every string? command))
         command)
        ((string? command) (list command))
        (else
         (error (format #f "~s is not a command: a list of strings"
                        command)))))

(define (limits->list limits)
  "Return resource limits, lists (NAME SOFT HARD), with #f for no limit."
  (map (lambda (limit)
         (map (lambda (x) (if (eq? x 'unlimited) #f x)) limit))
       limits))

(define* (make-forkexec-constructor command
                                    #:key
                                    (user #f)
                                    (group #f)
                                    (supplementary-groups '())
                                    (directory (default-service-directory))
                                    (file-creation-mask #f)
                                    (create-session? #t)
                                    (new-session? create-session?)
                                    (environment-variables
                                     (default-environment-variables))
                                    (log-file #f)
                                    (pid-file #f)
                                    (pid-file-timeout
                                     (default-pid-file-timeout))
                                    (resource-limits '())
                                    (input-file #f)
                                    (controlling-terminal #f)
                                    (success? #f)
                                    (log-encoding "UTF-8"))
  "Return a procedure that starts COMMAND, a list of strings, and returns the
number of its process.  With PID-FILE, the service runs once that file is
written, and its process is the one that the file names.  What the process
writes goes to LOG-FILE, or to Shepherd's log."
  (let ((options
         `((command . ,(command-list command))
           (user . ,user)
           (group . ,group)
           (supplementary-groups . ,supplementary-groups)
           (directory . ,directory)
           (file-creation-mask . ,file-creation-mask)
           (new-session? . ,new-session?)
           (environment-variables . ,environment-variables)
           (log-file . ,log-file)
           (pid-file . ,pid-file)
           (pid-file-timeout . ,pid-file-timeout)
           (resource-limits . ,(limits->list resource-limits))
           (input-file . ,input-file)
           (controlling-terminal . ,controlling-terminal))))
    (lambda arguments
      (%spawn options))))

(define* (fork+exec-command command
                            #:key
                            (user #f)
                            (group #f)
                            (supplementary-groups '())
                            (directory (default-service-directory))
                            (file-creation-mask #f)
                            (create-session? #t)
                            (environment-variables
                             (default-environment-variables))
                            (log-file #f)
                            (resource-limits '())
                            (log-encoding "UTF-8"))
  "Start COMMAND and return the number of its process."
  ((make-forkexec-constructor command
                              #:user user
                              #:group group
                              #:supplementary-groups supplementary-groups
                              #:directory directory
                              #:file-creation-mask file-creation-mask
                              #:create-session? create-session?
                              #:environment-variables environment-variables
                              #:log-file log-file
                              #:resource-limits resource-limits)))

(define* (make-kill-destructor #:optional (signal SIGTERM)
                               #:key
                               (grace-period
                                (default-process-termination-grace-period)))
  "Return a procedure that sends SIGNAL to the process of a service and, if that
lives on after GRACE-PERIOD seconds, SIGKILL."
  (lambda (pid . arguments)
    (when (exact-integer? pid)
      (%terminate pid signal grace-period))
    #f))

(define (make-system-constructor . command)
  "Return a procedure that runs COMMAND, strings that are joined, in a shell and
succeeds if it does."
  (let ((command (string-concatenate command)))
    (lambda arguments
      (zero? (status:exit-val* (system command))))))

(define (make-system-destructor . command)
  "Return a procedure that runs COMMAND, strings that are joined, in a shell."
  (let ((command (string-concatenate command)))
    (lambda (value . arguments)
      (not (zero? (status:exit-val* (system command)))))))

(define (status:exit-val* status)
  "Return the exit code in STATUS, 255 for a process that was killed."
  (or (status:exit-val status) 255))


;;;
;;; The machine.
;;;

(define root-service 'root)

(define (power-off)
  "Stop all services and power the machine off."
  (%shut-down 'power-off))

(define (halt)
  "Stop all services and halt the machine."
  (%shut-down 'halt))

(define (reboot)
  "Stop all services and start the machine anew."
  (%shut-down 'reboot))
