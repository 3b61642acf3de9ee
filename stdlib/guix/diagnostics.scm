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

(define* (raise-error message #:key location hint)
  "Raise an error with MESSAGE that points at LOCATION, a <location> or #f,
and advises HINT, a string or #f."
  (raise
   (apply make-compound-condition
          (condition (&message
                      (message (if location
                                   (string-append (location->string location)
                                                  ": " message)
                                   message))))
          (append (list (condition (&error)))
                  (if location
                      (list (condition (&error-location (location location))))
                      '())
                  (if hint
                      (list (condition (&fix-hint (hint hint))))
                      '())))))

(define (warning template . arguments)
  "Print a warning."
  (format (current-error-port) "fruix: warning: ~a~%"
          (apply format #f template arguments)))

(define (leave template . arguments)
  "Raise an error with the message TEMPLATE."
  (raise (apply formatted-message template arguments)))
