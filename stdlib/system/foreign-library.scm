;;; Commentary:
;;;
;;; Shared libraries (Guile manual, "Foreign Libraries").  A static binary has
;;; no dynamic loader, so that no library can be opened: the procedures here say
;;; so.  The program itself counts as a library, the one named #f; it offers the
;;; few functions of the C library that Scheme programs are known to look up and
;;; that this module and (fruix c-library) implement.
;;;
;;; Code:

(define-module (system foreign-library)
  #:use-module (system foreign)
  #:use-module (srfi srfi-9)
  #:export (guile-extensions-path ltdl-library-path guile-system-extensions-path
            lib->cyg lib->msys load-foreign-library foreign-library?
            foreign-library-pointer foreign-library-function))

(define-record-type <foreign-library>
  (make-foreign-library filename)
  foreign-library?
  (filename foreign-library-filename))

(define guile-extensions-path (make-parameter '()))
(define ltdl-library-path (make-parameter '()))
(define guile-system-extensions-path (make-parameter '()))

;; NAME, the file at its end with PREFIX in place of "lib".
(define (with-prefix prefix name)
  (and name
       (let ((start (cond ((string-rindex name (char-set #\/ #\\)) => 1+)
                          (else 0))))
         (if (string-prefix? "lib" name 0 3 start)
             (string-append (substring name 0 start) prefix
                            (substring name (+ start 3)))
             name))))

(define (lib->cyg name)
  "Return NAME as Cygwin spells it: the prefix \"lib\" becomes \"cyg\"."
  (with-prefix "cyg" name))

(define (lib->msys name)
  "Return NAME as MSYS spells it: the prefix \"lib\" becomes \"msys-\"."
  (with-prefix "msys-" name))

(define this-program (make-foreign-library #f))

(define* (load-foreign-library #:optional filename #:rest options)
  "Return the library FILENAME.  Only #f, the program itself, can be had."
  (if filename
      (scm-error 'misc-error "load-foreign-library"
                 "file ~S, message ~S"
                 (list filename "this is a static binary, which cannot load C \
libraries; use a module written in Scheme, or run a program with (ice-9 popen)")
                 #f)
      this-program))

(define (library-of lib)
  (if (foreign-library? lib) lib (load-foreign-library lib)))

(define (foreign-library-pointer lib name)
  "Return a pointer to what LIB calls NAME."
  (library-of lib)
  (or (assoc-ref (c-functions) name)
      ((@ (fruix c-library) c-library-function) name)
      (scm-error 'misc-error "foreign-library-pointer"
                 "file ~S, message ~S"
                 (list name "undefined symbol: a static binary offers no C \
functions but a few of the C library")
                 #f)))

(define* (foreign-library-function lib name #:key
                                   (return-type void) (arg-types '())
                                   return-errno?)
  "Return a procedure that calls the function NAME of LIB."
  (pointer->procedure return-type (foreign-library-pointer lib name) arg-types
                      #:return-errno? return-errno?))


;;; Functions of the C library.

(define c-functions
  (let ((functions #f))
    (lambda ()
      (unless functions
        (set! functions
          (list
           (cons "strverscmp" (procedure->pointer int strverscmp '(* *)))
           (cons "strlen" (procedure->pointer size_t strlen '(*)))
           (cons "wcswidth" (procedure->pointer int wcswidth (list '* size_t)))
           (cons "mbstowcs"
                 (procedure->pointer size_t mbstowcs (list '* '* size_t)))
           (cons "memcpy"
                 (procedure->pointer '* memcpy (list '* '* size_t))))))
      functions)))

(define (strlen pointer)
  ((@ (rnrs bytevectors) bytevector-length)
   ((@ (rnrs bytevectors) string->utf8) (pointer->string pointer))))

(define (strverscmp a b)
  ;; glibc's order of versions: digits compare as numbers, and a number with a
  ;; leading zero is a fraction, which comes before integers.
  (version-order (pointer->string a) (pointer->string b)))

(define (version-order a b)
  (define (at s i) (if (< i (string-length s)) (string-ref s i) #\nul))
  (define (digit-at? s i) (and (< i (string-length s)) (char<=? #\0 (at s i) #\9)))
  (define (run-end s i) (if (digit-at? s i) (run-end s (+ i 1)) i))
  (define (run-start s i)
    (if (and (> i 0) (digit-at? s (- i 1))) (run-start s (- i 1)) i))
  (define (difference i)
    (- (char->integer (at a i)) (char->integer (at b i))))
  (let loop ((i 0))
    (cond
     ((and (= i (string-length a)) (= i (string-length b))) 0)
     ((char=? (at a i) (at b i)) (loop (+ i 1)))
     (else
      ;; The strings agree before I.  Does a number go on there?
      (let* ((start (run-start a i))
             (inside? (< start i))
             (a-digit? (digit-at? a i))
             (b-digit? (digit-at? b i))
             (fraction? (or (and inside? (char=? (at a start) #\0))
                            (and (not inside?) a-digit? b-digit?
                                 (or (char=? (at a i) #\0)
                                     (char=? (at b i) #\0))))))
        (cond
         ((not (or a-digit? b-digit?)) (difference i))
         ((and (not inside?) (not (and a-digit? b-digit?))) (difference i))
         (fraction?
          ;; In a fraction the first digit that differs decides; zeros alone
          ;; come after zeros with more behind them.
          (let ((all-zeros? (and inside?
                                 (string-every #\0 a start i))))
            (cond ((and all-zeros? (not a-digit?)) 1)
                  ((and all-zeros? (not b-digit?)) -1)
                  (else (difference i)))))
         (else
          (let ((la (run-end a i)) (lb (run-end b i)))
            (if (= la lb) (difference i) (- la lb))))))))))

(define (wide-characters pointer n)
  (let loop ((i 0) (chars '()))
    (if (= i n)
        (reverse chars)
        (let ((c (car (parse-c-struct
                       (bytevector->pointer
                        (pointer->bytevector pointer 4 (* 4 i)))
                       (list int32)))))
          (if (zero? c)
              (reverse chars)
              (loop (+ i 1) (cons (integer->char c) chars)))))))

(define (wcswidth pointer n)
  (let loop ((chars (wide-characters pointer n)) (width 0))
    (cond ((null? chars) width)
          ((< (char->integer (car chars)) 32) -1)
          (else (loop (cdr chars) (+ width (char-width (car chars))))))))

(define (char-width c)
  ;; Columns of C on a terminal (Unicode Standard Annex 11, in broad strokes).
  (let ((n (char->integer c)))
    (cond ((memq (char-general-category c) '(Mn Me Cf)) 0)
          ((or (<= #x1100 n #x115f) (<= #x2e80 n #xa4cf) (<= #xac00 n #xd7a3)
               (<= #xf900 n #xfaff) (<= #xfe30 n #xfe6f) (<= #xff00 n #xff60)
               (<= #xffe0 n #xffe6) (<= #x1f300 n #x1f64f)
               (<= #x1f900 n #x1f9ff) (<= #x20000 n #x3fffd))
           2)
          (else 1))))

(define (mbstowcs target source n)
  (let* ((chars (string->list (pointer->string source)))
         (count (min n (length chars))))
    (unless (null-pointer? target)
      (let* ((place ((@ (fruix native memory) address->bytevector)
                     (pointer-address target))))
        (let loop ((chars chars) (i 0))
          (when (< i n)
            ((@ (rnrs bytevectors) bytevector-s32-native-set!)
             (car place) (+ (cdr place) (* 4 i))
             (if (null? chars) 0 (char->integer (car chars))))
            (unless (null? chars)
              (loop (cdr chars) (+ i 1)))))))
    (if (null-pointer? target) (length chars) count)))

(define (memcpy target source n)
  (let ((to ((@ (fruix native memory) address->bytevector)
             (pointer-address target)))
        (from ((@ (fruix native memory) address->bytevector)
               (pointer-address source))))
    ((@ (rnrs bytevectors) bytevector-copy!)
     (car from) (cdr from) (car to) (cdr to) n)
    target))
