;;; Commentary:
;;;
;;; JSON (RFC 8259) under the interface of Guile-JSON.  Objects are association
;;; lists with strings as keys, arrays are vectors, null is the symbol 'null.
;;;
;;; Code:

(define-module (json)
  #:use-module (json parser)
  #:use-module (json builder)
  #:use-module (json record)
  #:re-export (json->scm
               json-string->scm
               json-seq->scm
               json-seq-string->scm
               scm->json
               scm->json-string
               scm->json-seq
               scm->json-seq-string
               define-json-mapping
               define-json-type))
