;;; (gcrypt hash) and its kin: examples of FIPS 180-4, FIPS 202, RFC 1321, RFC 4648.

(use-modules (conformance) (gcrypt hash) (gcrypt base16) (gcrypt base64) (gcrypt random)
             (rnrs bytevectors) (ice-9 binary-ports))

(define abc (string->utf8 "abc"))
(define (hex name)
  (bytevector->base16-string (bytevector-hash abc (lookup-hash-algorithm name))))

(test "900150983cd24fb0d6963f7d28e17f72" (hex 'md5))
(test "a9993e364706816aba3e25717850c26c9cd0d89d" (hex 'sha1))
(test "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" (hex 'sha256))
(test "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" (hex 'sha3-256))
;; The check values that are customary for CRCs, of "123456789".
(test #vu8(#x21 #xcf #x02)
      (bytevector-hash (string->utf8 "123456789") (hash-algorithm crc24-rfc2440)))
(test #vu8(#xcb #xf4 #x39 #x26)
      (bytevector-hash (string->utf8 "123456789") (hash-algorithm crc32)))
(test-error (hash-algorithm rot13))
(test #f (lookup-hash-algorithm 'rot13))
(test '(sha256 32) (let ((a (hash-algorithm sha256))) (list (hash-algorithm-name a) (hash-size a))))
(test (sha256 abc)
      (call-with-values (lambda () (open-sha256-port))
        (lambda (port get) (put-bytevector port abc) (close-port port) (get))))
(test (sha256 abc) (port-sha256 (open-bytevector-input-port abc)))
(test (list abc (sha1 abc))
      (call-with-values
          (lambda ()
            (open-hash-input-port (hash-algorithm sha1) (open-bytevector-input-port abc)))
        (lambda (port get)
          (let ((bytes (get-bytevector-all port)))
            (list bytes (get))))))

(test #vu8(0 255 16) (base16-string->bytevector "00fF10"))
(test-error (base16-string->bytevector "0"))
(test-error (base16-string->bytevector "0g"))

(for-each (lambda (plain coded)
            (test coded (base64-encode (string->utf8 plain)))
            (test plain (utf8->string (base64-decode coded))))
          '("" "f" "fo" "foo" "foob" "fooba" "foobar")
          '("" "Zg==" "Zm8=" "Zm9v" "Zm9vYg==" "Zm9vYmE=" "Zm9vYmFy"))
(test "-_8" (base64-encode #vu8(251 255) 0 2 #f #t base64url-alphabet))
(test-error (base64-decode "Zg="))
(test-error (base64-decode "Z*=="))
(test-values ("KEY" #vu8(1 2 3))
  (call-with-input-string
      (call-with-output-string (lambda (port) (put-delimited-base64 port "KEY" #vu8(1 2 3))))
    get-delimited-base64))

(test 20 (bytevector-length (gen-random-bv 20)))
(test #f (equal? (gen-random-bv 20) (gen-random-bv 20)))
