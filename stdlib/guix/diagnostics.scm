;;; Messages about declarations.
;;;
;;; Commentary:
;;;
;;; Errors in declarations are conditions that carry a message, and where it
;;; is known the place in the source and a hint ('guix/diagnostics.scm').
;;;
;;; Code:

(define-module (guix diagnostics)
  #:use-module (srfi srfi-34)
  #:use-module (srfi srfi-35)
  #:use-module (guix utils)
  #:re-export (location
               location?
               location-file
               location-line
               location-column
               source-properties->location
               location->string)
  #:export (&error-location error-location? error-location
            &fix-hint fix-hint? condition-fix-hint
            formatted-message
            raise-error
            call-with-location
            warning
            leave))

(define-condition-type &error-location &error
  error-location?
  (location error-location))

(define-condition-type &fix-hint &condition
  fix-hint?
  (hint condition-fix-hint))

(define (formatted-message template . arguments)
  "Return an error condition whose message is TEMPLATE with ARGUMENTS."
  (condition (&error) (&message (message (apply format #f template arguments)))))

(define (place location)
  "Return LOCATION, a <location> or source properties, as a <location>."
  (if (location? location)
      location
      (source-properties->location location)))

(define* (raise-error message #:key location hint)
  "Raise an error with MESSAGE that points at LOCATION, a <location>, source
properties or #f, and advises HINT, a string or #f.  Whoever shows the error names the place."
  (raise
   (apply make-compound-condition
          (condition (&message (message message)))
          (append (list (condition (&error)))
                  (if location
                      (list (condition
                             (&error-location (location (place location)))))
                      '())
                  (if hint
                      (list (condition (&fix-hint (hint hint))))
                      '())))))

(define (call-with-location location procedure . arguments)
  "Call PROCEDURE with ARGUMENTS.  An error that names no place of its own is
raised again as one that points at LOCATION, a <location>, source properties
or #f."
  (with-exception-handler
   (lambda (exception)
     (raise-exception
      (if (and location (error? exception) (not (error-location? exception)))
          (make-compound-condition
           exception
           (condition (&error-location (location (place location)))))
          exception)))
   (lambda () (apply procedure arguments))))

(define (warning template . arguments)
  "Print a warning."
  (format (current-error-port) "fruix: warning: ~a~%"
          (apply format #f template arguments)))

(define (leave template . arguments)
  "Raise an error with the message TEMPLATE."
  (raise (apply formatted-message template arguments)))
