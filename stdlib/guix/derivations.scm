;;; Derivations: the build actions that everything is lowered to.
;;;
;;; Commentary:
;;;
;;; A derivation says which program is run with which inputs, and which store
;;; items it makes (Guix manual, "Derivations").  The objects are made and
;;; kept by the native part; this module gives them Guix's interface.
;;;
;;; Code:

(define-module (guix derivations)
  #:use-module (ice-9 match)
  #:use-module (guix store)
  #:use-module (fruix native store)
  #:export (derivation
            derivation?
            derivation-name
            derivation-file-name
            derivation-system
            derivation-outputs
            derivation-output-names
            derivation->output-path
            derivation->output-paths
            built-derivations
            build-derivations))

(define (derivation? object)
  "Return #t if OBJECT is a derivation."
  (%derivation? object))

(define (derivation-name drv)
  "Return the name of DRV, without \".drv\"."
  (%derivation-name drv))

(define (derivation-file-name drv)
  "Return the store path of DRV's .drv file."
  (%derivation-path drv))

(define (derivation-system drv)
  "Return the system that DRV is built on."
  (%derivation-system drv))

(define (derivation-output-names drv)
  "Return the names of DRV's outputs, sorted."
  (map car (%derivation-outputs drv)))

(define (derivation-outputs drv)
  "Return the alist of DRV's output names and paths."
  (%derivation-outputs drv))

(define* (derivation->output-path drv #:optional (output "out"))
  "Return the store path of DRV's OUTPUT."
  (or (assoc-ref (%derivation-outputs drv) output)
      (error (format #f "derivation ~a has no output ~s; its outputs are ~a"
                     (%derivation-path drv) output
                     (string-join (derivation-output-names drv))))))

(define (derivation->output-paths drv)
  "Return the alist of DRV's output names and paths."
  (%derivation-outputs drv))

(define* (derivation store name builder args
                     #:key (system (%current-system))
                     (env-vars '()) (inputs '()) (sources '())
                     (outputs '("out"))
                     hash hash-algo recursive?
                     references-graphs allowed-references
                     disallowed-references leaked-env-vars
                     local-build? (substitutable? #t) (properties '()))
  "Return the derivation NAME that runs BUILDER with ARGS.  INPUTS lists
derivations, each optionally followed by output names: (DRV OUTPUT ...);
SOURCES lists store paths; ENV-VARS is an alist of strings.  With HASH (a
bytevector) and HASH-ALGO (a symbol) the output's contents are fixed.
ALLOWED-REFERENCES and DISALLOWED-REFERENCES list store paths and names of
outputs; LEAKED-ENV-VARS names variables that a fixed output's builder gets
from whoever has it built."
  (define (words variable strings)
    (if strings (list (cons variable (string-join strings))) '()))
  (define (input->spec input)
    (match input
      ((? %derivation? drv) (list drv "out"))
      (((? %derivation? drv)) (list drv "out"))
      (((? %derivation? drv) outputs ...) (cons drv outputs))))
  (let ((graph-vars
         (match references-graphs
           ((or #f ()) '())
           (((file . path) ...)
            `(("exportReferencesGraph"
               . ,(string-join (map (lambda (file path)
                                      (string-append file " " path))
                                    file path))))))))
    (%derivation name builder args
                 (append graph-vars
                         (if local-build? '(("preferLocalBuild" . "1")) '())
                         (if substitutable? '() '(("allowSubstitutes" . "0")))
                         (words "allowedReferences" allowed-references)
                         (words "disallowedReferences" disallowed-references)
                         (words "impureEnvVars" leaked-env-vars)
                         (match properties
                           (() '())
                           (_ `(("guix properties"
                                 . ,(object->string properties)))))
                         env-vars)
                 (map input->spec inputs) sources outputs
                 (and hash (symbol->string hash-algo)) hash recursive?
                 system)))

(define* (build-derivations store derivations #:optional mode)
  "Build DERIVATIONS and return when they are done."
  (%build derivations)
  #t)

(define (built-derivations derivations)
  "Build DERIVATIONS as a monadic value."
  (lambda (store)
    (%build derivations)
    (values #t store)))
