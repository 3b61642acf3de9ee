;;; Names of optimisations and their levels.  The compiler of Fruix has one way
;;; to work, and accepts the options of Guile's without a change of it.

(define-module (system base optimize)
  #:export (available-optimizations pass-optimization-level
            optimizations-for-level))

(define %passes
  '((#:resolve-primitives? . 0) (#:expand-primitives? . 1)
    (#:letrectify? . 2) (#:seal-private-bindings? . 3) (#:partial-evaluate? . 1)
    (#:eta-expand? . 2) (#:inline? . 2) (#:fold-constants? . 1)))

(define (available-optimizations . lang)
  "Return the optimisations as an alist from keyword to level."
  %passes)

(define (pass-optimization-level kw)
  "Return the level from which on optimisation KW is done."
  (or (assq-ref %passes kw) (error "unknown optimization" kw)))

(define (optimizations-for-level level)
  "Return the keyword list that says which optimisations LEVEL, 0 to 9, does."
  (let loop ((passes %passes))
    (if (null? passes)
        '()
        (cons* (caar passes) (<= (cdar passes) level) (loop (cdr passes))))))
