;;; (disarchive git-hash): the hash of the text "hi", as git hash-object gives it, and
;;; of the empty tree.

(use-modules (conformance) (disarchive git-hash) (gcrypt base16))

(define directory (mkdtemp (string-append (or (getenv "TMPDIR") "/tmp") "/fruix-git-XXXXXX")))
(define file (string-append directory "/a"))
(test "4b825dc642cb6eb9a060e54bf8d69288fbee4904" (bytevector->base16-string (git-hash-directory directory)))
(call-with-output-file file (lambda (port) (display "hi\n" port)))
(test "45b983be36b73c0788dc9cbcb76cbb80fc7bb057" (bytevector->base16-string (git-hash-file file)))
(test "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
      (bytevector->base16-string (git-hash-directory directory #:select? (lambda (file st) #f))))
(delete-file file)
(rmdir directory)
