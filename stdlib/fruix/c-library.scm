;;; Functions of the C library.
;;;
;;; Commentary:
;;;
;;; Programs written for Guile reach the kernel through the C library: they look
;;; up "mount" or "readdir" and call what they find.  A static binary has no such
;;; functions.  Here are stand-ins under the same names: most pass their
;;; arguments on to the kernel; those that do more in C than a system call do it
;;; in Scheme.  What is missing is not found, as on a system that lacks it.
;;;
;;; Code:

(define-module (fruix c-library)
  #:use-module (system foreign)
  #:use-module (rnrs bytevectors)
  #:use-module (fruix native memory)
  #:export (c-library-function))

(define system-function (@@ (system foreign) system-function))

(define (c-library-function name)
  "Return a pointer to the function NAME of the C library, or #f."
  (cond ((assoc-ref functions name) => system-function)
        ((system-call? name)
         (system-function (lambda arguments (ask-kernel name arguments))))
        (else #f)))

(define (ask-kernel name arguments)
  "Make the system call NAME; return its result and the error number."
  (apply system-call name (map place arguments)))

(define (place argument)
  "Return ARGUMENT as 'system-call' takes it."
  (cond ((not (pointer? argument)) argument)
        ((null-pointer? argument) #f)
        (else (memory-at argument))))

(define (memory-at pointer)
  "Return (BYTEVECTOR . OFFSET) for what POINTER points to."
  (or (address->bytevector (pointer-address pointer))
      (scm-error 'misc-error #f "~S points to no bytevector" (list pointer) #f)))

(define-syntax-rule (or-errno failure expression)
  ;; The value of EXPRESSION and 0, or FAILURE and the error number.
  (catch 'system-error
    (lambda () (values expression 0))
    (lambda args (values failure (car (list-ref args 4))))))


;;; Directories.  What C sees as a DIR is a pointer to this.

(define (open-directory name)
  "Return a pointer to the opened directory, NULL on failure."
  (or-errno %null-pointer
            (let ((name (pointer->string name)))
              (scm->pointer (vector (opendir name) name #f)))))

(define (close-directory pointer)
  "Close a directory; return 0."
  (or-errno -1 (begin (closedir (vector-ref (pointer->scm pointer) 0)) 0)))

(define (read-directory pointer)
  "Return a pointer to a 'struct dirent', NULL at the end.  It is valid until
the next call."
  (or-errno %null-pointer
            (let* ((directory (pointer->scm pointer))
                   (entry     (readdir (vector-ref directory 0))))
              (if (eof-object? entry)
                  %null-pointer
                  (let ((bv (dirent entry
                                    (in-vicinity (vector-ref directory 1)
                                                 entry))))
                    (vector-set! directory 2 bv)
                    (bytevector->pointer bv))))))

(define %name-offset 19)                ;of d_name, on 64-bit systems

(define (dirent name file)
  "Return the 'struct dirent' of the entry NAME, which is FILE."
  (let* ((bytes (string->utf8 name))
         (size  (* 8 (quotient (+ %name-offset (bytevector-length bytes) 8)
                               8)))
         (bv    (make-bytevector size 0))
         (st    (lstat file)))
    (bytevector-u64-native-set! bv 0 (stat:ino st))
    (bytevector-u16-native-set! bv 16 size)
    (bytevector-u8-set! bv 18 (or (assq-ref %file-types (stat:type st)) 0))
    (bytevector-copy! bytes 0 bv %name-offset (bytevector-length bytes))
    bv))

;; The numbers of d_type in <dirent.h>.
(define %file-types
  '((fifo . 1) (char-special . 2) (directory . 4) (block-special . 6)
    (regular . 8) (symlink . 10) (socket . 12)))

(define (make-temporary-directory template)
  "Make a directory; write its name over TEMPLATE and return that."
  (or-errno %null-pointer
            (let* ((name  (string->utf8 (mkdtemp (pointer->string template))))
                   (place (memory-at template)))
              (bytevector-copy! name 0 (car place) (cdr place)
                                (bytevector-length name))
              template)))


;;; Terminals: requests to their driver.

(define TCGETS #x5401)
(define TCSETS #x5402)

;; C's structure begins as the kernel's does, and adds the speeds.
(define %speed-mask #x100f)
(define %control-flags-offset 8)
(define %speeds-offset 52)

(define (get-terminal-attributes fd termios)
  "Fill TERMIOS with what the terminal FD is set to."
  (call-with-values
      (lambda () (ask-kernel "ioctl" (list fd TCGETS termios)))
    (lambda (result errno)
      (when (zero? result)
        (let* ((place (memory-at termios))
               (at    (lambda (offset) (+ (cdr place) offset)))
               (flags (bytevector-u32-native-ref (car place)
                                                 (at %control-flags-offset)))
               (speed (logand flags %speed-mask)))
          (bytevector-u32-native-set! (car place) (at %speeds-offset) speed)
          (bytevector-u32-native-set! (car place) (at (+ 4 %speeds-offset))
                                      speed)))
      (values result errno))))

(define (set-terminal-attributes fd actions termios)
  "Set the terminal FD to TERMIOS when ACTIONS says."
  (ask-kernel "ioctl" (list fd (+ TCSETS actions) termios)))

(define functions
  `(("opendir" . ,open-directory)
    ("closedir" . ,close-directory)
    ("readdir" . ,read-directory)
    ("readdir64" . ,read-directory)
    ("mkdtemp" . ,make-temporary-directory)
    ("tcgetattr" . ,get-terminal-attributes)
    ("tcsetattr" . ,set-terminal-attributes)))
