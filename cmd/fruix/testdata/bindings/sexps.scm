;;; (gcrypt pk-crypto): canonical S-expressions.

(use-modules (conformance) (gcrypt pk-crypto) (rnrs bytevectors))

(define key (string->canonical-sexp
             "(public-key (ecc (curve Ed25519) (q #00ff10#)) (comment \"a b\") (n 3:x y))"))
(test 'ecc (key-type key))
(test '(public-key (ecc (curve Ed25519) (q #vu8(0 255 16))) (comment #vu8(97 32 98)) (n #vu8(120 32 121)))
      (canonical-sexp->sexp key))
(test key (string->canonical-sexp (canonical-sexp->string key)))
(test key (sexp->canonical-sexp (canonical-sexp->sexp key)))
(test '(curve Ed25519) (canonical-sexp->sexp (find-sexp-token key 'curve)))
(test #f (find-sexp-token key 'rsa))
(test '(4 public-key #t #f) (list (canonical-sexp-length key) (canonical-sexp-nth-data key 0)
                                  (canonical-sexp-list? (canonical-sexp-nth key 1))
                                  (canonical-sexp-nth key 9)))
(test (quote (#vu8(1 2))) (canonical-sexp->sexp (string->canonical-sexp "(|AQI=|)")))
(test-values (#vu8(1 2) "sha256") (hash-data->bytevector (bytevector->hash-data #vu8(1 2))))
(test-error (string->canonical-sexp "(a"))
(test-error (string->canonical-sexp "(a) b"))
(test-error (sign key key))
