;;; First packages.
;;;
;;; Commentary:
;;;
;;; Small things to build and look at.
;;;
;;; Code:

(define-module (fruix packages base)
  #:use-module (guix packages)
  #:use-module (guix gexp)
  #:use-module (guix licenses)
  #:use-module (guix build-system trivial)
  #:export (hello-script))

(define hello-script
  (package
    (name "hello-script")
    (version "1.0")
    (source #f)
    (build-system trivial-build-system)
    (arguments
     (list
      #:builder
      #~(let ((bin (string-append #$output "/bin")))
          (mkdir #$output)
          (mkdir bin)
          (symlink #$(program-file "hello"
                                   #~(begin
                                       (display "Hello, Fruix!")
                                       (newline)))
                   (string-append bin "/hello")))))
    (synopsis "Greet the world")
    (description "A script that prints a greeting, to try building with.")
    (home-page "https://www.gnu.org/software/hello/")
    (license gpl3+)))
