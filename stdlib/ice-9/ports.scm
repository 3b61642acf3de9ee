;;; The ports of the core, as a module.

(define-module (ice-9 ports)
  #:re-export (
   %port-property %set-port-property! current-input-port current-output-port
   current-error-port current-warning-port current-load-port
   set-current-input-port set-current-output-port set-current-error-port
   port-mode port? input-port? output-port? port-closed? eof-object? close-port
   close-input-port close-output-port port-encoding set-port-encoding!
   port-conversion-strategy set-port-conversion-strategy! read-char peek-char
   unread-char unread-string setvbuf drain-input force-output char-ready? seek
   SEEK_SET SEEK_CUR SEEK_END truncate-file port-line set-port-line!
   port-column set-port-column! port-filename set-port-filename! port-for-each
   flush-all-ports %make-void-port open-file file-port? port-revealed
   set-port-revealed! adjust-port-revealed! ftell redirect-port dup->fdes dup2
   fileno isatty? fdopen primitive-move->fdes fdes->ports file-position
   file-set-position move->fdes release-port-handle dup->port dup->inport
   dup->outport dup duplicate-port fdes->inport fdes->outport port->fdes
   OPEN_READ OPEN_WRITE OPEN_BOTH *null-device* open-input-file
   open-output-file open-io-file call-with-port call-with-input-file
   call-with-output-file with-input-from-port with-output-to-port
   with-error-to-port with-input-from-file with-output-to-file
   with-error-to-file call-with-input-string with-input-from-string
   call-with-output-string with-output-to-string with-error-to-string
   the-eof-object inherit-print-state))
