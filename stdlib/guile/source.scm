;;; Source properties (Guile manual, "Source Properties"): an alist for each
;;; object that they were set for, kept as long as the object; for others, where
;;; `read' found them.

(define %source-properties (make-weak-key-hash-table))

(define (supports-source-properties? obj)
  (not (or (symbol? obj) (keyword? obj) (char? obj) (boolean? obj) (null? obj)
           (unspecified? obj) (eof-object? obj)
           (and (exact-integer? obj)
                (<= most-negative-fixnum obj most-positive-fixnum)))))

(define (source-properties obj)
  (if (supports-source-properties? obj)
      (or (hashq-ref %source-properties obj)
          (%place-properties obj)
          '())
      '()))

(define (set-source-properties! obj alist)
  (if (supports-source-properties? obj)
      (hashq-set! %source-properties obj alist))
  alist)

(define (source-property obj key)
  (assq-ref (source-properties obj) key))

(define (set-source-property! obj key datum)
  (set-source-properties! obj
                          (assq-set! (copy-tree (source-properties obj))
                                     key datum))
  datum)

(define (cons-source original x y)
  (let ((pair (cons x y)))
    (set-source-properties! pair (source-properties original))
    pair))
