;;; SRFI 119: wisp, by the name of its document.

(define-module (srfi srfi-119)
  #:use-module (language wisp)
  #:re-export (wisp-scheme-read-chunk wisp-scheme-read-all
               wisp-scheme-read-file-chunk wisp-scheme-read-file
               wisp-scheme-read-string))
