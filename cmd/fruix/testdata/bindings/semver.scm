;;; (semver) and (semver ranges): semver.org 2.0.0, section 11, and npm's ranges.

(use-modules (conformance) (semver) (semver ranges))

(define order '("1.0.0-alpha" "1.0.0-alpha.1" "1.0.0-alpha.beta" "1.0.0-beta" "1.0.0-beta.2"
                "1.0.0-beta.11" "1.0.0-rc.1" "1.0.0" "1.0.1" "1.2.0" "2.0.0"))
(test #t (apply semver<? (map string->semver order)))
(test order (map (lambda (s) (semver->string (string->semver s))) order))
(test #t (semver=? (string->semver "1.0.0+a") (string->semver "1.0.0+b")))
(test-error (string->semver "1.0"))
(test-error (string->semver "01.0.0"))

(define-syntax-rule (test-range range (inside ...) (outside ...))
  (begin
    (test '(range (inside ...) ())
          (list range
                (filter (lambda (v) (semver-range-contains? (string->semver-range range) (string->semver v)))
                        '(inside ...))
                (filter (lambda (v) (semver-range-contains? (string->semver-range range) (string->semver v)))
                        '(outside ...))))))

(test-range "^1.2.3" ("1.2.3" "1.9.0") ("1.2.2" "2.0.0"))
(test-range "^0.2.3" ("0.2.3" "0.2.9") ("0.3.0"))
(test-range "^0.0.3" ("0.0.3") ("0.0.4"))
(test-range "~1.2" ("1.2.0" "1.2.9") ("1.3.0"))
(test-range "1.x" ("1.0.0" "1.9.9") ("2.0.0" "0.9.0"))
(test-range "*" ("0.0.1" "9.0.0") ())
(test-range "1.2.3 - 2.3" ("1.2.3" "2.3.9") ("2.4.0" "1.2.2"))
(test-range ">= 1.2, < 1.5" ("1.2.0" "1.4.9") ("1.5.0"))
(test-range "<1.0.0 || >=2" ("0.9.0" "2.1.0") ("1.5.0"))
(test-range "=1.2.3" ("1.2.3") ("1.2.4"))
(test-range ">1.2" ("1.3.0") ("1.2.9"))
