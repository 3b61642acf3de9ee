;;; The store, seen from Scheme.
;;;
;;; Commentary:
;;;
;;; Store items are named by their logical path, a string.  The functions here
;;; add texts and files to the store of the running evaluation; the object
;;; that 'open-connection' returns stands for it where Guix's interface wants
;;; a connection.  A value of '%store-monad' is a procedure of the store that
;;; returns the result and the store (Guix manual, "The Store", "The Store
;;; Monad").
;;;
;;; Code:

(define-module (guix store)
  #:use-module (guix monads)
  #:use-module (fruix native store)
  #:re-export (return >>= mlet mlet* mbegin mwhen munless with-monad)
  #:export (%store-prefix
            %store-monad
            store-bind
            store-return
            store-lift
            run-with-store
            with-store
            open-connection
            close-connection
            store-path?
            direct-store-path?
            store-path-package-name
            store-path-hash-part
            add-text-to-store
            add-to-store
            text-file
            interned-file
            current-system
            set-current-system
            %current-system
            %current-target-system
            build-things
            valid-path?
            references))

(define %current-system
  ;; The system that derivations are made for, such as "x86_64-linux".
  (make-parameter (%host-system)))

(define %current-target-system
  ;; A GNU triplet when cross-compiling, else #f.
  (make-parameter #f))

(define (%store-prefix)
  "Return the logical name of the store's directory."
  (%store-directory))

(define (open-connection . rest)
  "Return the object that stands for the store of this evaluation."
  'store)
(define (close-connection store)
  "Do nothing: there is no connection to close."
  *unspecified*)
(define-syntax-rule (with-store store body ...)
  (let ((store (open-connection))) body ...))

(define (store-path? path)
  "Return #t if PATH, a string, lies in the store."
  (string-prefix? (string-append (%store-prefix) "/") path))

(define (direct-store-path? path)
  "Return #t if PATH is a store item itself, not a file below one."
  (and (store-path? path)
       (not (string-index path #\/ (+ 1 (string-length (%store-prefix)))))))

(define (store-path-base path)
  "Return the HASH-NAME part of PATH, or #f if it is not a store item's."
  (and (store-path? path)
       (let* ((rest (substring path (+ 1 (string-length (%store-prefix)))))
              (end  (or (string-index rest #\/) (string-length rest))))
         (and (> end 33) (substring rest 0 end)))))

(define (store-path-hash-part path)
  "Return the hash part of the store item PATH, or #f."
  (and=> (store-path-base path) (lambda (base) (substring base 0 32))))

(define (store-path-package-name path)
  "Return PATH's name without the hash part, or #f."
  (and=> (store-path-base path) (lambda (base) (substring base 33))))

(define (store-bind mvalue mproc)
  "Bind the store computation MVALUE to the procedure MPROC."
  (lambda (store)
    (call-with-values (lambda () (mvalue store))
      (lambda (value . rest) ((mproc value) store)))))
(define (store-return value)
  "Return VALUE as a store computation."
  (lambda (store) (values value store)))
(define-monad %store-monad
  (bind store-bind)
  (return store-return))

(define (store-lift procedure)
  "Return PROCEDURE, whose first argument is the store, as a monadic one."
  (lambda arguments
    (lambda (store)
      (values (apply procedure store arguments) store))))

(define* (run-with-store store mvalue #:key system target
                         (guile-for-build #f))
  "Run the store computation MVALUE and return its value."
  (parameterize ((%current-system (or system (%current-system)))
                 (%current-target-system target))
    (call-with-values (lambda () (mvalue store))
      (lambda (value . rest) value))))

(define* (add-text-to-store store name text #:optional (references '()))
  "Add TEXT, a string, under NAME; return its store path."
  (%add-text name text references))

(define* (add-to-store store name recursive? hash-algo file
                       #:key (select? (const #t)))
  "Add the contents of FILE under NAME; return the store path."
  (unless (equal? hash-algo "sha256")
    (error "add-to-store: only sha256 is supported, not" hash-algo))
  (%add-file name file recursive? (name-selector select?)))

(define (name-selector select?)
  "Return SELECT?, a procedure of a file name and its 'stat', as one of the name
alone."
  (lambda (file) (select? file (lstat file))))

(define* (text-file name text #:optional (references '()))
  "Return as a monadic value the path of a store file holding TEXT."
  (lambda (store)
    (values (%add-text name text references) store)))

(define* (interned-file file #:optional name
                        #:key (recursive? #t) (select? (const #t)))
  "Return as a monadic value the path of FILE once added to the store."
  (lambda (store)
    (values (%add-file (or name (basename file)) file recursive?
                       (name-selector select?))
            store)))

(define (current-system)
  "Return the current system as a monadic value."
  (lambda (store) (values (%current-system) store)))
(define (set-current-system system)
  "Make SYSTEM current; the monadic value is unspecified."
  (lambda (store)
    (values (%current-system system) store)))

(define* (build-things store things #:optional mode)
  "Build THINGS, a list of derivations or their file names."
  (%build things))

(define (valid-path? store path)
  "Return #t if PATH is a valid store item."
  (%valid-path? path))

(define (references store path)
  "Return the list of store items that PATH refers to."
  (%path-references path))
