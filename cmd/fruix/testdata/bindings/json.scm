;;; (json): RFC 8259, and the interface of Guile-JSON.

(use-modules (conformance) (json))

(test '(("a" . #(1 2.5 -300.0 #t #f null)))
      (json-string->scm "{ \"a\" : [1, 2.5, -3e2, true,\tfalse,\nnull] }"))
(test "é\n\"\\/😀" (json-string->scm "\"\\u00e9\\n\\\"\\\\\\/\\ud83d\\ude00\""))
(test #() (json-string->scm "[]"))
(test '() (json-string->scm "{}"))
(test '(("a" . 1) ("b" . 2)) (json-string->scm "{\"a\":1,\"b\":2}" #:ordered #t))
(test #nil (json-string->scm "null" #:null #nil))
(test-error (json-string->scm ""))
(test-error (json-string->scm "[1,]"))
(test-error (json-string->scm "01"))
(test-error (json-string->scm "1 2"))
(test-error (json-string->scm "\"\\ud83d\""))
(test '(1 2) (call-with-input-string "1 2"
               (lambda (port)
                 (let* ((a (json->scm port #:concatenated #t))
                        (b (json->scm port #:concatenated #t)))
                   (list a b)))))
(test '(1 #(2)) (json-seq-string->scm "\x1e;1\n\x1e;[2\n\x1e;[2]\n"))

(test "{\"a\":[1,\"x\\n\\\"\",null,true],\"b\":{\"c\":0.5}}"
      (scm->json-string '(("a" . #(1 "x\n\"" null #t)) (b . (("c" . 1/2))))))
(test "\"\\u00e9\\ud83d\\ude00\\/\"" (scm->json-string "é😀/" #:unicode #t #:solidus #t))
(test "[\n  1,\n  {}\n]" (scm->json-string #(1 ()) #:pretty #t))
(test-error (scm->json-string car))
(test-error (scm->json-string (/ 1. 0.)))

(define-json-mapping <account>
  make-account account?
  json->account <=> account->json <=> scm->account <=> account->scm
  (id account-id)
  (name account-name "user_name" string->symbol symbol->string)
  (mail account-mail))

(define bob (json->account "{\"id\": 3, \"user_name\": \"bob\"}"))
(test '(3 bob #t) (list (account-id bob) (account-name bob) (unspecified? (account-mail bob))))
(test "{\"id\":3,\"user_name\":\"bob\"}" (account->json bob))
(test '(("id" . 4) ("user_name" . "al") ("mail" . "m")) (account->scm (make-account 4 'al "m")))

(define-json-type <leaf> (size))
(define-json-type <tree> (kind "tree-kind") (first "first" <leaf>) (leaves "leaves" #(<leaf>)))

(define oak (json->tree "{\"tree-kind\":\"oak\",\"first\":{\"size\":1},\"leaves\":[{\"size\":2},{\"size\":3}]}"))
(test '("oak" 1 (2 3)) (list (tree-kind oak) (leaf-size (tree-first oak)) (map leaf-size (tree-leaves oak))))
(test oak (json->tree (tree->json oak)))
