;;; Commentary:
;;;
;;; Code coverage (Guile manual, "Code Coverage").  The machine here does not
;;; count which lines run; programs that can measure coverage load, and learn so
;;; when they ask for it.
;;;
;;; Code:

(define-module (system vm coverage)
  #:export (with-code-coverage
            coverage-data?
            instrumented-source-files
            instrumented/executed-lines
            line-execution-counts
            procedure-execution-count
            coverage-data->lcov))

(define (cannot who)
  (scm-error 'misc-error who
             "the lines that run are not counted; use statprof, which samples"
             '() #f))

(define (with-code-coverage thunk)
  "Raise an error: coverage cannot be measured."
  (cannot "with-code-coverage"))

(define (coverage-data? obj) "Return #f." #f)

(define (instrumented-source-files data)
  "Raise an error: DATA cannot have been collected."
  (cannot "instrumented-source-files"))
(define (instrumented/executed-lines data file)
  "Raise an error: DATA cannot have been collected."
  (cannot "instrumented/executed-lines"))
(define (line-execution-counts data file)
  "Raise an error: DATA cannot have been collected."
  (cannot "line-execution-counts"))
(define (procedure-execution-count data proc)
  "Raise an error: DATA cannot have been collected."
  (cannot "procedure-execution-count"))
(define* (coverage-data->lcov data port #:key (modules '()))
  "Raise an error: DATA cannot have been collected."
  (cannot "coverage-data->lcov"))
