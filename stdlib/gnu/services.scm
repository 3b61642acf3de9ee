;;; Services and how they compose.
;;;
;;; Commentary:
;;;
;;; A service is an instance of a service type.  Types extend one another:
;;; the type of a daemon may extend the one that keeps accounts, the one that
;;; fills /etc and the one that starts Shepherd services.  The services of an
;;; operating system form a graph whose sink is the system itself; folding it
;;; gives the value of each service with all its extensions composed in
;;; (Guix manual, "Service Composition", "Service Reference").
;;;
;;; Which file a value ends up in is decided by the few types defined here:
;;; 'system-service-type' (the sink), 'boot', 'activation', 'etc', 'profile',
;;; 'special-files' and, for FreeBSD, 'rc-conf' and 'loader-conf'.
;;;
;;; Code:

(define-module (gnu services)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module (srfi srfi-26)
  #:use-module (guix records)
  #:use-module (guix gexp)
  #:use-module (guix utils)
  #:use-module (guix diagnostics)
  #:use-module (fruix native osmodel)
  #:export (service-extension
            service-extension?
            service-extension-target
            service-extension-compute
            service-type
            service-type?
            service-type-name
            service-type-extensions
            service-type-compose
            service-type-extend
            service-type-default-value
            service-type-description
            service-type-location
            service
            service?
            service-kind
            service-value
            service-parameters
            simple-service
            modify-services
            delete-service
            service-back-edges
            fold-services
            instantiate-missing-services

            system-service-type
            boot-service-type
            activation-service-type
            etc-service-type
            profile-service-type
            special-files-service-type
            extra-special-file
            rc-conf-service-type
            loader-conf-service-type))


;;;
;;; Types and services.
;;;

(define-record-type <service-extension>
  (service-extension target compute)
  service-extension?
  (target  service-extension-target)    ;<service-type>
  (compute service-extension-compute))  ;value of the extending -> extension

(define %no-default (list 'no-default))

(define-record-type* <service-type> %service-type make-service-type
  service-type?
  (name          service-type-name)     ;symbol
  (extensions    service-type-extensions (default '()))
  (compose       service-type-compose (default #f)) ;list of extensions -> one
  (extend        service-type-extend (default #f))  ;value extension -> value
  (default-value service-type-default-value (default %no-default))
  (description   service-type-description (default #f))
  (location      service-type-location (default #f) (innate)))

(define-syntax service-type
  (lambda (s)
    "Return a type of services."
    (syntax-case s ()
      ((_ field ...)
       #`(%service-type
          field ...
          (#,(datum->syntax s 'location)
           (source-properties->location (current-source-location))))))))

(set-record-type-printer! <service-type>
  (lambda (type port)
    (format port "#<service-type ~a>" (service-type-name type))))

(define-record-type <service>
  (make-service kind value location)
  service?
  (kind     service-kind)
  (value    service-value)
  (location service-location))

(define service-parameters service-value)

(set-record-type-printer! <service>
  (lambda (service port)
    (format port "#<service ~a>" (service-type-name (service-kind service)))))

(define (complain location template . arguments)
  "Raise an error that points at LOCATION, a <location> or #f."
  (raise-error (apply format #f template arguments) #:location location))

(define* (service-of type location #:optional (value %no-default))
  "Return the service of TYPE with VALUE or TYPE's default."
  (unless (service-type? type)
    (complain location "service: ~s is not a service type" type))
  (let ((value (if (eq? value %no-default)
                   (service-type-default-value type)
                   value)))
    (when (eq? value %no-default)
      (complain location "service ~a has no default value; give one: \
(service ~a-service-type VALUE)"
                (service-type-name type) (service-type-name type)))
    (make-service type value location)))

(define-syntax service
  (lambda (s)
    "Return the service of TYPE with VALUE, by default the type's default
value."
    (syntax-case s ()
      ((_ type value ...)
       #'(service-of type
                     (source-properties->location (current-source-location))
                     value ...))
      (id (identifier? #'id)
          #'(lambda (type . value) (apply service-of type #f value))))))

(define (simple-service name target value)
  "Return a service that does nothing but extend TARGET with VALUE."
  (make-service (%service-type
                 (name name)
                 (extensions (list (service-extension target
                                                      (lambda (value) value))))
                 (description "An extension of another service."))
                value #f))


;;;
;;; Changing lists of services.
;;;

(define (delete-service services type)
  "Return SERVICES without those of TYPE, of which there must be one."
  (let ((rest (remove (lambda (service) (eq? type (service-kind service)))
                      services)))
    (when (= (length rest) (length services))
      (error (format #f "modify-services: no service of type ~a"
                     (service-type-name type))))
    rest))

(define (change-service services type change)
  (unless (any (lambda (service) (eq? type (service-kind service))) services)
    (error (format #f "modify-services: no service of type ~a"
                   (service-type-name type))))
  (map (lambda (service)
         (if (eq? type (service-kind service))
             (make-service type (change (service-value service))
                           (service-location service))
             service))
       services))

(define-syntax modify-services
  (syntax-rules (delete =>)
    "Return SERVICES changed by clauses (delete TYPE) and (TYPE VARIABLE =>
EXPRESSION), where the expression is the new value."
    ((_ services) services)
    ((_ services (delete type) clause ...)
     (modify-services (delete-service services type) clause ...))
    ((_ services (type variable => expression) clause ...)
     (modify-services
      (change-service services type (lambda (variable) expression))
      clause ...))))


;;;
;;; The graph.
;;;

(define (instantiate-missing-services services)
  "Return SERVICES and, for each type that they extend, directly or not, and
that has no instance, one with the default value."
  (define (missing services)
    (let ((kinds (map service-kind services)))
      (delete-duplicates
       (remove (lambda (type) (memq type kinds))
               (append-map (lambda (service)
                             (map service-extension-target
                                  (service-type-extensions
                                   (service-kind service))))
                           services))
       eq?)))
  (let loop ((services services))
    (match (missing services)
      (() services)
      (types
       (loop (append services
                     (map (lambda (type)
                            (if (eq? (service-type-default-value type)
                                     %no-default)
                                (missing-target services type)
                                (service-of type #f)))
                          types)))))))

(define (missing-target services type)
  (let ((extending (find (lambda (service)
                           (memq type
                                 (map service-extension-target
                                      (service-type-extensions
                                       (service-kind service)))))
                         services)))
    (complain (service-location extending)
              "service ~a needs a service of type ~a, and there is none"
              (service-type-name (service-kind extending))
              (service-type-name type))))

(define (find-target services extending type)
  "Return the only service of TYPE, which the service EXTENDING extends."
  (match (filter (lambda (service) (eq? type (service-kind service)))
                 services)
    ((one) one)
    (() (missing-target services type))
    ((several ...)
     (complain (service-location extending)
               "service ~a extends ~a, of which there are ~a services: ~a"
               (service-type-name (service-kind extending))
               (service-type-name type) (length several)
               (string-join
                (map (lambda (service)
                       (match (service-location service)
                         (#f "(place unknown)")
                         (place (location->string place))))
                     several)
                ", ")))))

(define (service-back-edges services)
  "Return a procedure that gives the services which extend a given one, in
their order in SERVICES."
  (let ((edges (make-hash-table)))
    (for-each
     (lambda (service)
       (for-each
        (lambda (extension)
          (let ((target (find-target services service
                                     (service-extension-target extension))))
            (hashq-set! edges target
                        (cons service (hashq-ref edges target '())))))
        (service-type-extensions (service-kind service))))
     (reverse services))
    (lambda (service) (hashq-ref edges service '()))))

(define* (fold-services services #:key (target-type system-service-type))
  "Return the service of TARGET-TYPE with the extensions of all SERVICES, its
own and those of the services that extend it, composed into its value."
  (define extending (service-back-edges services))
  (define folded (make-hash-table))

  (define (extension-for target service)
    ;; The extensions of SERVICE, folded, that go to the type of TARGET.
    (filter-map (lambda (extension)
                  (and (eq? (service-extension-target extension)
                            (service-kind target))
                       (service-extension-compute extension)))
                (service-type-extensions (service-kind service))))

  (define (fold-service sink path)
    (when (memq sink path)
      (complain (service-location sink)
                "services extend one another in a circle: ~a"
                (string-join
                 (map (lambda (service)
                        (symbol->string
                         (service-type-name (service-kind service))))
                      (reverse (cons sink path)))
                 " -> ")))
    (or (hashq-ref folded sink)
        (let* ((type       (service-kind sink))
               (sources    (delete-duplicates (extending sink) eq?))
               (extensions (append-map
                            (lambda (source)
                              (let ((value (service-value
                                            (fold-service source
                                                          (cons sink path)))))
                                (map (lambda (compute) (compute value))
                                     (extension-for sink source))))
                            sources))
               (extend     (service-type-extend type))
               (compose    (service-type-compose type))
               (result
                (if (null? sources)
                    sink
                    (begin
                      (unless (and extend compose)
                        (complain (service-location (first sources))
                                  "service ~a cannot be extended, but ~a \
extends it"
                                  (service-type-name type)
                                  (service-type-name
                                   (service-kind (first sources)))))
                      (make-service type
                                    (extend (service-value sink)
                                            (compose extensions))
                                    (service-location sink))))))
          (hashq-set! folded sink result)
          result)))

  (match (filter (lambda (service) (eq? target-type (service-kind service)))
                 services)
    ((sink) (fold-service sink '()))
    (() (error (format #f "there is no service of type ~a"
                       (service-type-name target-type))))
    (_ (error (format #f "there are several services of type ~a"
                      (service-type-name target-type))))))


;;;
;;; The types that everything ends in.
;;;

(define (unique-names what entries)
  "Return ENTRIES, lists that begin with a name, after checking that no name
comes twice."
  (let loop ((sorted (sort (map first entries) string<?)))
    (match sorted
      ((a b . rest)
       (when (string=? a b)
         (error (format #f "~a: there are two entries ~s" what a)))
       (loop (cons b rest)))
      (_ entries))))

(define (system-directory entries)
  "Return the directory of the system: ENTRIES, lists (NAME FILE-LIKE)."
  (file-union "system" (unique-names "system" entries)))

(define system-service-type
  ;; The sink: its value lists the entries of the system's directory.
  (%service-type
   (name 'system)
   (compose concatenate)
   (extend append)
   (default-value '())
   (description "The directory of an operating system.")))

(define (boot-entry gexps)
  "Return the 'boot' entry: the program that runs GEXPS in order; none when
GEXPS is #f."
  (if gexps
      (list (list "boot" (program-file "boot" #~(begin #$@gexps))))
      '()))

(define boot-service-type
  ;; Code that brings the system up, run by process 1 after the root file
  ;; system has been mounted.  The last step becomes Shepherd.
  (%service-type
   (name 'boot)
   (extensions (list (service-extension system-service-type boot-entry)))
   (compose concatenate)
   (extend (lambda (gexps more)
             (and gexps (append gexps more))))
   (default-value '())
   (description "What is run when the system boots.")))

(define (activation-entry gexps)
  "Return the 'activate' entry: the program that runs GEXPS in order."
  (list (list "activate" (activation-program gexps))))

(define (activation-program gexps)
  (program-file "activate" #~(begin #$@gexps)))

(define (activation-boot-code gexps)
  "Return the boot step that activates the system."
  (list #~(primitive-load #$(activation-program gexps))))

(define activation-service-type
  ;; Code that makes the running system what its declaration says: it is run
  ;; at boot and when the machine switches to a new system.
  (%service-type
   (name 'activate)
   (extensions (list (service-extension system-service-type
                                        activation-entry)
                     (service-extension boot-service-type
                                        activation-boot-code)))
   (compose (lambda (extensions)
              (append-map (lambda (extension)
                            (if (list? extension) extension (list extension)))
                          extensions)))
   (extend append)
   (default-value '())
   (description "What is run when the system is activated.")))

(define (etc-entry files)
  "Return the 'etc' entry: a directory of FILES, lists (NAME FILE-LIKE).  An
entry named \".\" is a directory whose files are there as well, unless another
entry has their name."
  (call-with-values
      (lambda ()
        (partition (lambda (entry) (string=? "." (first entry))) files))
    (lambda (directories files)
      (let ((own (file-union "etc" (unique-names "/etc" files))))
        (list (list "etc"
                    (if (null? directories)
                        own
                        (completed-directory "etc" own
                                             (map second directories)))))))))

(define (completed-directory name own others)
  "Return the directory NAME of links to the entries of the directory OWN and
to those of the directories OTHERS that it lacks."
  (computed-file name
                 #~(begin
                     (use-modules (ice-9 ftw))
                     (mkdir #$output)
                     (for-each
                      (lambda (directory)
                        (for-each
                         (lambda (name)
                           (let ((link (string-append #$output "/" name)))
                             (unless (false-if-exception (lstat link))
                               (symlink (string-append directory "/" name)
                                        link))))
                         (scandir directory
                                  (lambda (name)
                                    (not (member name '("." "..")))))))
                      (list #$own #$@others)))))

(define etc-service-type
  ;; Files of /etc.
  (%service-type
   (name 'etc)
   (extensions (list (service-extension system-service-type etc-entry)))
   (compose concatenate)
   (extend append)
   (default-value '())
   (description "Files in /etc.")))

(define (profile-entry packages)
  "Return the 'profile' entry: the union of PACKAGES."
  (list (list "profile"
              (directory-union "profile"
                               (delete-duplicates packages eq?)))))

(define profile-service-type
  ;; The packages that all users have.
  (%service-type
   (name 'profile)
   (extensions (list (service-extension system-service-type profile-entry)))
   (compose concatenate)
   (extend append)
   (default-value '())
   (description "Packages for everybody.")))

(define (special-files-activation files)
  "Return code that makes symbolic links for FILES, lists (NAME TARGET)."
  (with-imported-modules '((gnu build activation))
    #~(begin
        (use-modules (gnu build activation))
        (activate-special-files (map list
                                     '(#$@(map first files))
                                     (list #$@(map second files)))))))

(define special-files-service-type
  ;; Links outside of /etc that programs count on, such as /bin/sh.
  (%service-type
   (name 'special-files)
   (extensions (list (service-extension activation-service-type
                                        special-files-activation)))
   (compose concatenate)
   (extend (lambda (files more)
             (unique-names "special files" (append files more))))
   (default-value '())
   (description "Special files, such as /bin/sh and /usr/bin/env.")))

(define (extra-special-file name target)
  "Return a service that makes the link NAME to TARGET, a file-like object."
  (simple-service (string->symbol (string-append "special-file-" name))
                  special-files-service-type
                  (list (list name target))))

(define (merge-settings what)
  "Return a procedure that appends alists of settings for the file WHAT; a
later value replaces an earlier one."
  (lambda (settings more)
    (fold (lambda (setting result)
            (match setting
              (((? string? name) . (? string? value))
               (alist-cons name value (alist-delete name result)))
              (_ (error (format #f "~a: a setting is a pair of strings, not ~s"
                                what setting)))))
          '() (append settings more))))

(define rc-conf-service-type
  ;; Settings of FreeBSD's rc.conf(5): an alist of names and values.
  (%service-type
   (name 'rc-conf)
   (extensions
    (list (service-extension
           etc-service-type
           (lambda (settings)
             `(("rc.conf" ,(plain-file "rc.conf"
                                       (%render-rc-conf settings))))))))
   (compose concatenate)
   (extend (merge-settings "rc.conf"))
   (default-value '())
   (description "Settings of FreeBSD's rc.conf.")))

(define loader-conf-service-type
  ;; Settings of FreeBSD's loader.conf(5).
  (%service-type
   (name 'loader-conf)
   (extensions
    (list (service-extension
           system-service-type
           (lambda (settings)
             `(("boot/loader.conf" ,(plain-file "loader.conf"
                                                (%render-loader-conf
                                                 settings))))))))
   (compose concatenate)
   (extend (merge-settings "loader.conf"))
   (default-value '())
   (description "Settings of FreeBSD's loader.conf.")))
