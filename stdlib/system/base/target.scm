;;; Commentary:
;;;
;;; The machine that code is made for (Guile manual, "Compiling Scheme Code",
;;; cross-compilation).  A machine is named by a triplet such as
;;; "aarch64-linux-gnu": processor, vendor, system; where the vendor is left out, as here, Guile counts the
;;; kernel as vendor, and so does this module.
;;;
;;; Code:

(define-module (system base target)
  #:use-module (rnrs bytevectors)
  #:export (target-type with-target with-native-target
            target-cpu target-vendor target-os
            target-endianness target-word-size
            target-max-size-t target-max-size-t/scm target-max-vector-length
            target-most-negative-fixnum target-most-positive-fixnum
            target-fixnum?))

(define %target-type (make-fluid %host-type))

(define (target-type)
  "Return the triplet of the machine that code is made for."
  (fluid-ref %target-type))

(define (with-target target thunk)
  "Call THUNK with TARGET, a triplet, as the machine that code is made for."
  (unless (and (string? target)
               (<= 3 (length (string-split target #\-))))
    (scm-error 'misc-error "with-target" "invalid target: ~S" (list target) #f))
  (with-fluids ((%target-type target))
    (thunk)))

(define (with-native-target thunk)
  "Call THUNK with this machine as the one that code is made for."
  (with-fluids ((%target-type %host-type))
    (thunk)))

(define (target-part n)
  (list-ref (string-split (target-type) #\-) n))

(define (target-cpu)
  "Return the processor of the target, the first part of its triplet."
  (target-part 0))

(define (target-vendor)
  "Return the vendor of the target, the second part."
  (target-part 1))

(define (target-os)
  "Return the system of the target, all from the third part on."
  (string-join (cddr (string-split (target-type) #\-)) "-"))

(define (cpu-matches? cpu . prefixes)
  (or-map (lambda (prefix) (string-prefix? prefix cpu)) prefixes))

(define (target-endianness)
  "Return the byte order of the target: 'little or 'big."
  (let ((cpu (target-cpu)))
    (cond
     ((cpu-matches? cpu "x86_64" "riscv" "loongarch" "alpha" "i3" "i4" "i5"
                    "i6" "ia64" "sh" "wasm")
      'little)
     ((cpu-matches? cpu "aarch64_be" "armeb") 'big)
     ((cpu-matches? cpu "arm" "aarch64" "mipsel" "mips64el" "mipsisa32r6el"
                    "powerpcle" "powerpc64le" "ppc64le" "bfin" "cris")
      'little)
     ((cpu-matches? cpu "sparc" "powerpc" "ppc" "mips" "hppa" "m68k" "s390"
                    "or1k")
      'big)
     (else
      (scm-error 'misc-error "target-endianness"
                 "unknown CPU endianness ~A" (list cpu) #f)))))

(define (target-word-size)
  "Return the size in bytes of a pointer of the target."
  (let ((cpu (target-cpu))
        (os (target-os)))
    (cond
     ((string-suffix? "gnux32" os) 4)
     ((cpu-matches? cpu "mips64")
      (if (or (string-suffix? "gnuabi64" os) (not (string-suffix? "gnu" os)))
          8
          4))
     ((or (string-suffix? "64" cpu)
          (cpu-matches? cpu "aarch64" "x86_64" "riscv64" "loongarch64" "alpha"
                        "ia64" "powerpc64" "ppc64" "s390x" "sparc64"))
      8)
     ((cpu-matches? cpu "arm" "i3" "i4" "i5" "i6" "mips" "powerpc" "ppc"
                    "riscv32" "sparc" "s390" "hppa" "m68k" "sh" "or1k" "wasm32")
      4)
     (else
      (scm-error 'misc-error "target-word-size"
                 "unknown CPU word size ~A" (list cpu) #f)))))

(define (target-max-size-t)
  "Return the largest size of an object in bytes."
  (- (expt 2 (* 8 (target-word-size))) 1))

(define (target-max-size-t/scm)
  "Return the largest number of words in an object."
  (quotient (target-max-size-t) (target-word-size)))

(define (target-max-vector-length)
  "Return the greatest length of a vector."
  (- (expt 2 (- (* 8 (target-word-size)) 8)) 1))

(define (target-most-negative-fixnum)
  "Return the least fixnum."
  (- (expt 2 (- (* 8 (target-word-size)) 3))))

(define (target-most-positive-fixnum)
  "Return the greatest fixnum."
  (- (expt 2 (- (* 8 (target-word-size)) 3)) 1))

(define (target-fixnum? n)
  "Return true if N is a fixnum of the target."
  (and (exact-integer? n)
       (<= (target-most-negative-fixnum) n (target-most-positive-fixnum))))
