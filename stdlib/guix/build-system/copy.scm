;;; The build system that copies files into place.
;;;
;;; Commentary:
;;;
;;; #:install-plan lists (SOURCE TARGET [FILTER...]) entries that say which
;;; files of the unpacked source go where below the output (Guix manual,
;;; "Build Systems", 'copy-build-system').  The phases are 'unpack', 'install'
;;; and what #:phases adds.
;;;
;;; Code:

(define-module (guix build-system copy)
  #:use-module (ice-9 match)
  #:use-module (guix gexp)
  #:use-module (guix build-system)
  #:export (copy-build-system
            %copy-build-system-modules))

(define %copy-build-system-modules
  ;; What the builder imports.
  '((guix build copy-build-system)
    (guix build utils)))

(define* (lower name #:key source (inputs '()) (native-inputs '())
                (outputs '("out")) system target
                (install-plan ''(("." "./")))
                (phases '%standard-phases)
                (modules '((guix build copy-build-system)
                           (guix build utils)))
                #:allow-other-keys)
  "Return the bag of a package whose files are copied."
  (unless source
    (error (string-append "package " name ": the copy build system needs a \
source")))
  (bag
   (name name)
   (system system)
   (target target)
   (host-inputs `(("source" ,source) ,@inputs))
   (build-inputs native-inputs)
   (outputs outputs)
   (arguments `(#:install-plan ,install-plan
                #:phases ,phases
                #:modules ,modules))
   (build copy-build)))

(define* (copy-build name inputs #:key system target (outputs '("out"))
                     install-plan phases modules)
  "Return the derivation NAME that copies as INSTALL-PLAN says."
  (built-item
   (with-imported-modules %copy-build-system-modules
     #~(begin
         (use-modules #$@modules)
         (copy-build #:source #+(match (assoc "source" inputs)
                                  ((_ source . output) source))
                     #:inputs (list #$@(map (match-lambda
                                              ((label thing . output)
                                               #~(cons #$label
                                                       #$(apply gexp-input thing
                                                                output))))
                                            inputs))
                     #:outputs (list #$@(map (lambda (name)
                                               #~(cons #$name
                                                       #$(gexp-output* name)))
                                             outputs))
                     #:install-plan #$install-plan
                     #:phases #$phases)))
   name #:system system #:target target))

(define copy-build-system
  (build-system
    (name 'copy)
    (description "Copy files into place")
    (lower lower)))
