;;; Commentary:
;;;
;;; Ranges of semantic versions, as npm and Cargo write them: comparisons,
;;; "^1.2", "~1.2", "1.x", "1.2 - 2.3", with "||" between alternatives.
;;;
;;; Code:

(define-module (semver ranges)
  #:use-module (ice-9 match)
  #:use-module (ice-9 regex)
  #:use-module (semver)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:export (semver-range?
            string->semver-range
            semver-range->string
            semver-range-contains?
            *semver-range-any*
            *semver-range-empty*))

;; ALTERNATIVES is a list of lists of predicates on versions, all of one list
;; to hold; TEXT is what the range was made of.
(define-record-type <semver-range>
  (make-range alternatives text)
  semver-range?
  (alternatives range-alternatives)
  (text semver-range->string))

(define *semver-range-any* (make-range '(()) "*"))
(define *semver-range-empty* (make-range '() "<0.0.0"))

(define (at-least bound)
  (lambda (version) (semver>=? version bound)))
(define (below bound)
  (lambda (version) (semver<? version bound)))

;; A version of which parts may be missing or "x".
(define partial-rx
  (make-regexp
   (string-append "^[v=]?([0-9]+|[xX*])?(\\.([0-9]+|[xX*]))?"
                  "(\\.([0-9]+|[xX*]))?(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$")))

(define (parse-partial text)
  "Return the list of major, minor and patch in TEXT, each #f when missing, and
what follows them."
  (let ((m (regexp-exec partial-rx text)))
    (unless m (error "no range of semantic versions:" text))
    (let ((part (lambda (i)
                  (let ((s (match:substring m i)))
                    (and s (string->number s))))))
      (list (part 1) (part 3) (part 5) (or (match:substring m 6) "")))))

(define (lowest parts)
  "Return the lowest version that PARTS stands for."
  (match parts
    ((major minor patch pre)
     (string->semver (format #f "~a.~a.~a~a" (or major 0) (or minor 0)
                             (or patch 0) (if patch pre ""))))))

(define (next parts)
  "Return the lowest version after all that PARTS stands for, #f if there is
none."
  (match parts
    ((#f _ _ _) #f)
    ((major #f _ _) (make-semver (+ major 1) 0 0))
    ((major minor #f _) (make-semver major (+ minor 1) 0))
    ((major minor patch _) (make-semver major minor (+ patch 1)))))

(define (caret parts)
  "Return the lowest version that is not compatible with PARTS."
  (match parts
    ((#f _ _ _) #f)
    ((0 #f _ _) (make-semver 1 0 0))
    ((0 0 #f _) (make-semver 0 1 0))
    ((0 0 patch _) (make-semver 0 0 (+ patch 1)))
    ((0 minor _ _) (make-semver 0 (+ minor 1) 0))
    ((major _ _ _) (make-semver (+ major 1) 0 0))))

(define (tilde parts)
  "Return the lowest version whose minor number is another than that of PARTS."
  (match parts
    ((#f _ _ _) #f)
    ((major #f _ _) (make-semver (+ major 1) 0 0))
    ((major minor _ _) (make-semver major (+ minor 1) 0))))

(define (between low high)
  "Return the predicates for versions from LOW up to HIGH, #f for no limit."
  (cons (at-least low) (if high (list (below high)) '())))

(define comparator-rx (make-regexp "^(>=|<=|>|<|=|\\^|~>?)?(.*)$"))

(define (comparator text)
  "Return the predicates that the comparison TEXT stands for."
  (let* ((m     (regexp-exec comparator-rx text))
         (sign  (or (match:substring m 1) ""))
         (parts (parse-partial (match:substring m 2)))
         (whole (and (second parts) (third parts))))
    (match sign
      ("^" (between (lowest parts) (caret parts)))
      ((or "~" "~>") (between (lowest parts) (tilde parts)))
      (">=" (list (at-least (lowest parts))))
      ("<" (list (below (lowest parts))))
      (">" (if whole
               (list (lambda (version) (semver>? version (lowest parts))))
               (let ((bound (next parts)))
                 (list (if bound (at-least bound) (const #f))))))
      ("<=" (if whole
                (list (lambda (version) (semver<=? version (lowest parts))))
                (let ((bound (next parts)))
                  (if bound (list (below bound)) '()))))
      (_ (cond ((not (first parts)) '())
               (whole (list (lambda (version)
                              (semver=? version (lowest parts)))))
               (else (between (lowest parts) (next parts))))))))

(define hyphen-rx (make-regexp "^ *([^ ]+) +- +([^ ]+) *$"))

(define (conjunction text)
  "Return the predicates that TEXT, one alternative, stands for."
  (let ((m (regexp-exec hyphen-rx text)))
    (if m
        (append (comparator (string-append ">=" (match:substring m 1)))
                (comparator (string-append "<=" (match:substring m 2))))
        (append-map comparator
                    (string-tokenize
                     ;; ">= 1.2" is one comparison.
                     (regexp-substitute/global #f "([<>=^~]) +" text
                                               'pre 1 'post)
                     (char-set-complement (char-set #\space #\,)))))))

(define (string->semver-range text)
  "Return the range that TEXT describes."
  (make-range (map conjunction (alternatives text)) text))

(define (alternatives text)
  "Return the texts between the signs || in TEXT."
  (let ((at (string-contains text "||")))
    (if at
        (cons (substring text 0 at) (alternatives (substring text (+ at 2))))
        (list text))))

(define (semver-range-contains? range version)
  "Return true if VERSION lies in RANGE."
  (any (lambda (predicates)
         (every (lambda (holds?) (holds? version)) predicates))
       (range-alternatives range)))
