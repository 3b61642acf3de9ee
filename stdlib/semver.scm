;;; Commentary:
;;;
;;; Semantic versions (semver.org, 2.0.0) under the interface of Guile-Semver.
;;;
;;; Code:

(define-module (semver)
  #:use-module (ice-9 match)
  #:use-module (ice-9 regex)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:export (make-semver
            semver?
            semver-major
            semver-minor
            semver-patch
            semver-pre
            semver-build
            string->semver
            semver->string
            semver=?
            semver<?
            semver<=?
            semver>?
            semver>=?
            semver-compare))

;; PRE and BUILD are lists of numbers and strings.
(define-record-type <semver>
  (%make-semver major minor patch pre build)
  semver?
  (major semver-major)
  (minor semver-minor)
  (patch semver-patch)
  (pre semver-pre)
  (build semver-build))

(set-record-type-printer! <semver>
                          (lambda (version port)
                            (display "#<semver " port)
                            (display (semver->string version) port)
                            (display ">" port)))

(define* (make-semver major minor patch #:optional (pre '()) (build '()))
  "Return the version MAJOR.MINOR.PATCH with PRE and BUILD, lists of numbers and
strings."
  (%make-semver major minor patch pre build))

(define version-rx
  (make-regexp
   (string-append "^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)"
                  "(-([0-9A-Za-z.-]+))?(\\+([0-9A-Za-z.-]+))?$")))

(define (parts text)
  "Return the identifiers in TEXT, #f for none; numbers become numbers."
  (if text
      (map (lambda (part)
             (if (and (positive? (string-length part))
                      (string-every char-numeric? part))
                 (string->number part)
                 part))
           (string-split text #\.))
      '()))

(define* (string->semver text #:optional (fail (lambda (text)
                                                 (error "no semantic version:"
                                                        text))))
  "Return the version that TEXT is; call FAIL with TEXT if it is none."
  (let ((m (regexp-exec version-rx text)))
    (if m
        (%make-semver (string->number (match:substring m 1))
                      (string->number (match:substring m 2))
                      (string->number (match:substring m 3))
                      (parts (match:substring m 5))
                      (parts (match:substring m 7)))
        (fail text))))

(define (semver->string version)
  "Return VERSION as text."
  (define (join sign parts)
    (if (null? parts)
        ""
        (string-append sign (string-join (map (lambda (part)
                                                (if (number? part)
                                                    (number->string part)
                                                    part))
                                              parts)
                                         "."))))
  (string-append (number->string (semver-major version)) "."
                 (number->string (semver-minor version)) "."
                 (number->string (semver-patch version))
                 (join "-" (semver-pre version))
                 (join "+" (semver-build version))))

(define (compare-parts a b)
  "Compare two identifiers (section 11.4)."
  (cond ((and (number? a) (number? b)) (- a b))
        ((number? a) -1)
        ((number? b) 1)
        ((string<? a b) -1)
        ((string>? a b) 1)
        (else 0)))

(define (compare-pre a b)
  "Compare two lists of identifiers; none at all comes last."
  (cond ((and (null? a) (null? b)) 0)
        ((null? a) 1)
        ((null? b) -1)
        (else
         (let loop ((a a) (b b))
           (cond ((and (null? a) (null? b)) 0)
                 ((null? a) -1)
                 ((null? b) 1)
                 (else
                  (let ((order (compare-parts (car a) (car b))))
                    (if (zero? order) (loop (cdr a) (cdr b)) order))))))))

(define (semver-compare a b)
  "Return a number below, at or above 0 as A comes before, with or after B."
  (or (find (negate zero?)
            (list (- (semver-major a) (semver-major b))
                  (- (semver-minor a) (semver-minor b))
                  (- (semver-patch a) (semver-patch b))
                  (compare-pre (semver-pre a) (semver-pre b))))
      0))

(define-syntax-rule (define-relation name test doc)
  (define (name . versions)
    doc
    (or (null? versions)
        (every (lambda (a b) (test (semver-compare a b)))
               versions (cdr versions)))))

(define-relation semver=? zero? "Return true if the versions rank alike.")
(define-relation semver<? negative? "Return true if the versions ascend.")
(define-relation semver>? positive? "Return true if the versions descend.")
(define-relation semver<=? (negate positive?)
  "Return true if no version is before the one before it.")
(define-relation semver>=? (negate negative?)
  "Return true if no version is after the one before it.")
