;; What a program finds in Guile.
(use-modules (rnrs bytevectors) (srfi srfi-9))
