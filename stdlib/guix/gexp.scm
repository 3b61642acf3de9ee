;;; G-expressions: code for builders with store items spliced in.
;;;
;;; Commentary:
;;;
;;; A gexp is written #~(...) and is code that will run later, in a build.
;;; Inside it, #$x stands for the store path of X, a package, an origin, a
;;; file-like object or another gexp; #$output for the path that the build
;;; must make.  Lowering a gexp yields its code as an S-expression together
;;; with the derivations and store items it needs (Guix manual,
;;; "G-Expressions").
;;;
;;; What may be spliced is open: 'define-gexp-compiler' says for a record type
;;; how its instances become derivations or store items.
;;;
;;; Code:

(define-module (guix gexp)
  #:use-module (ice-9 match)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module (srfi srfi-11)
  #:use-module (srfi srfi-26)
  #:use-module (guix monads)
  #:use-module (guix store)
  #:use-module (guix derivations)
  #:use-module (guix modules)
  #:use-module (guix utils)
  #:use-module (guix diagnostics)
  #:use-module (fruix native store)
  #:export (gexp
            ungexp
            ungexp-splicing
            ungexp-native
            ungexp-native-splicing
            gexp?
            sexp->gexp
            gexp->approximate-sexp
            gexp-input
            gexp-input?
            gexp-input-thing
            gexp-input-output
            gexp-input-native?
            gexp-location
            gexp-output*
            with-imported-modules
            with-extensions
            with-parameters
            let-system
            define-gexp-compiler
            gexp-compiler?
            file-like?
            lower-object
            lower-item
            lower-gexp
            lowered-gexp?
            lowered-gexp-sexp
            lowered-gexp-inputs
            lowered-gexp-sources
            lowered-gexp-load-path
            gexp->derivation
            gexp->file
            gexp->script
            text-file*
            imported-files
            imported-modules
            compiled-modules
            built-item

            plain-file plain-file? plain-file-name plain-file-content
            local-file local-file? local-file-name local-file-absolute-file-name
            local-file-recursive?
            computed-file computed-file? computed-file-name computed-file-gexp
            program-file program-file? program-file-name program-file-gexp
            scheme-file scheme-file? scheme-file-name scheme-file-gexp
            file-append file-append? file-append-base file-append-suffix
            raw-derivation-file raw-derivation-file?
            mixed-text-file
            file-union
            directory-union
            references-file
            assume-valid-file-name))


;;;
;;; G-expressions and what they refer to.
;;;

(define-record-type <gexp>
  (make-gexp references modules extensions proc location)
  gexp?
  (references gexp-references)          ;list of <gexp-input> or <gexp-output>
  (modules    gexp-self-modules)        ;list of module names or (NAME => FILE)
  (extensions gexp-self-extensions)     ;list of lowerable objects
  (proc       gexp-proc)                ;code from the references' code
  (location   gexp-location))           ;alist of source properties or #f

(set-record-type-printer! <gexp>
  (lambda (gexp port)
    (format port "#<gexp ~s>" (gexp->approximate-sexp gexp))))

(define-record-type <gexp-input>
  (%gexp-input thing output native?)
  gexp-input?
  (thing   gexp-input-thing)
  (output  gexp-input-output)
  (native? gexp-input-native?))

(define* (gexp-input thing #:optional (output "out") #:key native?)
  "Return an input of a gexp: OUTPUT of THING, for the build machine when
NATIVE? is true."
  (%gexp-input thing output native?))

(define-record-type <gexp-output>
  (gexp-output name)
  gexp-output?
  (name gexp-output-name))

(define (gexp-output* name)
  "Return the object that stands for the output NAME of the build in which it
is spliced."
  (gexp-output name))

(define (gexp->approximate-sexp gexp)
  "Return the code of GEXP with placeholders for what it refers to, for
people to read."
  (apply (gexp-proc gexp)
         (map (match-lambda
                ((? gexp-output? output) `(output ,(gexp-output-name output)))
                ((? gexp-input? input)
                 (let loop ((thing (gexp-input-thing input)))
                   (cond ((gexp? thing) (gexp->approximate-sexp thing))
                         ((list? thing)
                          (map (lambda (item)
                                 (loop (if (gexp-input? item)
                                           (gexp-input-thing item)
                                           item)))
                               thing))
                         ((self-quoting? thing) thing)
                         (else '(*approximate*))))))
              (gexp-references gexp))))

(define (sexp->gexp sexp)
  "Return a gexp whose code is SEXP."
  (make-gexp '() '() '() (lambda () sexp) #f))

(define-syntax-parameter current-imported-modules
  (identifier-syntax '()))
(define-syntax-parameter current-imported-extensions
  (identifier-syntax '()))

(define-syntax-rule (with-imported-modules modules body ...)
  "Evaluate BODY; the gexps in it can use MODULES, a list of module names,
each of which may be given as ((NAME ...) => FILE-LIKE)."
  (syntax-parameterize ((current-imported-modules (identifier-syntax modules)))
    body ...))

(define-syntax-rule (with-extensions extensions body ...)
  "Evaluate BODY; the gexps in it can use the Scheme libraries of the packages
EXTENSIONS."
  (syntax-parameterize ((current-imported-extensions
                         (identifier-syntax extensions)))
    body ...))

(define-syntax ungexp
  (lambda (s) (syntax-violation 'ungexp "used outside of 'gexp'" s)))
(define-syntax ungexp-splicing
  (lambda (s) (syntax-violation 'ungexp-splicing "used outside of 'gexp'" s)))
(define-syntax ungexp-native
  (lambda (s) (syntax-violation 'ungexp-native "used outside of 'gexp'" s)))
(define-syntax ungexp-native-splicing
  (lambda (s)
    (syntax-violation 'ungexp-native-splicing "used outside of 'gexp'" s)))

(define-syntax gexp
  (lambda (s)
    "Return a gexp for the code EXP; see the commentary of this module."
    (define references '())             ;((TEMPORARY . EXPRESSION) ...)

    (define (reference! expression)
      (let ((temporary (car (generate-temporaries '(reference)))))
        (set! references (cons (cons temporary expression) references))
        temporary))

    (define (colon thing)
      ;; The place of the colon in THING, the "lib" of #$glibc:lib, or #f.
      (and (identifier? thing)
           (let* ((text  (symbol->string (syntax->datum thing)))
                  (index (string-rindex text #\:)))
             (and index (< 0 index (- (string-length text) 1)) index))))

    (define (split-output keyword thing)
      ;; Return (KEYWORD OBJECT OUTPUT) for THING, written OBJECT:OUTPUT.
      (let ((text (symbol->string (syntax->datum thing))))
        #`(#,keyword
           #,(datum->syntax thing
                            (string->symbol (substring text 0 (colon thing))))
           #,(substring text (+ 1 (colon thing))))))

    ;; Return the expression that makes EXP's code, or #f when EXP has no
    ;; escapes and can be quoted as it stands.
    (define (escape exp)
      (syntax-case exp (ungexp ungexp-native)
        ((ungexp thing)
         (colon #'thing)
         (escape (split-output #'ungexp #'thing)))
        ((ungexp-native thing)
         (colon #'thing)
         (escape (split-output #'ungexp-native #'thing)))
        ((ungexp name)
         (and (identifier? #'name) (eq? 'output (syntax->datum #'name)))
         (reference! #'(gexp-output "out")))
        ((ungexp name string)
         (and (identifier? #'name) (eq? 'output (syntax->datum #'name)))
         (reference! #'(gexp-output string)))
        ((ungexp thing)
         (reference! #'(make-input thing "out" #f)))
        ((ungexp thing output)
         (reference! #'(make-input thing output #f)))
        ((ungexp-native thing)
         (reference! #'(make-input thing "out" #t)))
        ((ungexp-native thing output)
         (reference! #'(make-input thing output #t)))
        (_ #f)))

    (define (substitute exp)
      (syntax-case exp (ungexp ungexp-native
                        ungexp-splicing ungexp-native-splicing)
        ((ungexp . _) (escape exp))
        ((ungexp-native . _) (escape exp))
        (((ungexp-splicing thing ...) . rest)
         (splice #'(ungexp thing ...) #'rest))
        (((ungexp-native-splicing thing ...) . rest)
         (splice #'(ungexp-native thing ...) #'rest))
        ((head . tail)
         (let* ((head* (substitute #'head))
                (tail* (substitute #'tail)))
           (and (or head* tail*)
                #`(cons #,(or head* #''head) #,(or tail* #''tail)))))
        (#(element ...)
         (let ((elements (substitute #'(element ...))))
           (and elements #`(list->vector #,elements))))
        (_ #f)))

    (define (splice escaped rest)
      (let* ((temporary (escape escaped))
             (tail (or (substitute rest) #`'#,rest)))
        #`(append #,temporary #,tail)))

    (syntax-case s ()
      ((_ exp)
       (let* ((code (or (substitute #'exp) #''exp))
              (found (reverse references)))
         #`(make-gexp (list #,@(map cdr found))
                      current-imported-modules
                      current-imported-extensions
                      (lambda #,(map car found) #,code)
                      (current-source-location)))))))

(define (make-input thing output native?)
  "Return THING as an input unless it is one already."
  (match thing
    ((? gexp-input?) thing)
    ((? gexp-output?) thing)
    (_ (%gexp-input thing output native?))))

(define (gexp-attribute gexp self-attribute)
  "Return the union of SELF-ATTRIBUTE of GEXP and of the gexps within it."
  (define seen (make-hash-table))
  (let loop ((thing gexp) (result '()))
    (match thing
      ((? gexp?)
       (if (hashq-ref seen thing)
           result
           (begin
             (hashq-set! seen thing #t)
             (fold loop (append (reverse (self-attribute thing)) result)
                   (gexp-references thing)))))
      ((? gexp-input?) (loop (gexp-input-thing thing) result))
      ((? pair?) (if (list? thing) (fold loop result thing) result))
      (_ result))))

(define (check-modules gexp)
  "Return the modules that GEXP itself imports."
  (let ((modules (gexp-self-modules gexp)))
    (unless (and (list? modules) (every pair? modules))
      (raise-error (format #f "with-imported-modules: ~s is no list of module \
names such as (guix build utils)" modules)
                   #:location (gexp-location gexp)))
    modules))

(define (gexp-modules gexp)
  "Return the modules that GEXP and the gexps in it import."
  (delete-duplicates (reverse (gexp-attribute gexp check-modules))))

(define (gexp-extensions gexp)
  "Return the extensions that GEXP and the gexps in it use."
  (delete-duplicates (reverse (gexp-attribute gexp gexp-self-extensions)) eq?))


;;;
;;; Lowering objects.
;;;

(define-record-type <gexp-compiler>
  (gexp-compiler type lower expand)
  gexp-compiler?
  (type   gexp-compiler-type)
  (lower  gexp-compiler-lower)          ;object system target -> item
  (expand gexp-compiler-expand))        ;object item output -> code

(define %compilers
  ;; From record types to compilers.
  (make-hash-table))

(define (register-compiler! compiler)
  (hashq-set! %compilers (gexp-compiler-type compiler) compiler))

(define (lookup-compiler object)
  "Return the compiler for OBJECT, or #f."
  (and (struct? object)
       (hashq-ref %compilers (struct-vtable object))))

(define (file-like? object)
  "Return #t if OBJECT leads to a file: if it can be spliced into a gexp and
become a file name."
  (->bool (or (lookup-compiler object) (derivation? object))))

(define (default-expander object item output)
  "Return the file name of OUTPUT of the lowered ITEM."
  (match item
    ((? derivation?) (derivation->output-path item output))
    ((? string?) item)
    ((? file-like?) (expand-object item output))))

(define-syntax define-gexp-compiler
  (syntax-rules (=> compiler expander)
    "Define NAME as the compiler for records of the type of PARAM:

  (define-gexp-compiler (NAME (PARAM <type>) SYSTEM TARGET) BODY ...)

BODY returns a derivation, a store file name, another lowerable object, or a
store-monadic value of one of these."
    ((_ (name (param record-type) system target) body ...)
     (define-gexp-compiler name record-type
       compiler => (lambda (param system target) body ...)
       expander => default-expander))
    ((_ name record-type
        compiler => compile
        expander => expand)
     (begin
       (define name (gexp-compiler record-type compile expand))
       (register-compiler! name)))))

(define (run-if-monadic value)
  "Return the result of VALUE if it is a store computation, else VALUE."
  (if (procedure? value)
      (run-with-store 'store value)
      value))

(define %lowered
  ;; Lowered objects, by object and then by system and target.
  (make-weak-key-hash-table))

(define (lower-object* object system target)
  "Return OBJECT lowered for SYSTEM and TARGET: a derivation, a store file
name, or an object whose expander knows what to do with it."
  (if (or (derivation? object) (string? object))
      object
      (let* ((cache (hashq-ref %lowered object '()))
             (key   (cons system target)))
        (match (assoc key cache)
          ((_ . item) item)
          (#f
           (match (lookup-compiler object)
             (#f (error (format #f "~s cannot be lowered: it is neither a \
package nor another file-like object" object)))
             (compiler
              (let ((item (run-if-monadic
                           ((gexp-compiler-lower compiler)
                            object system target))))
                (let ((item (if (and (not (derivation? item)) (struct? item))
                                (lower-object* item system target)
                                item)))
                  (hashq-set! %lowered object
                              (acons key item
                                     (hashq-ref %lowered object '())))
                  item)))))))))

(define* (lower-item object #:key (system (%current-system)) target)
  "Return OBJECT lowered: a derivation or a store file name."
  (lower-object* object system target))

(define* (lower-object object #:optional (system (%current-system))
                       #:key target)
  "Return as a store-monadic value OBJECT lowered for SYSTEM."
  (lambda (store)
    (values (lower-object* object system target) store)))

(define* (expand-object object output
                        #:key (system (%current-system)) target)
  "Return the file name that OUTPUT of OBJECT has in code."
  (if (derivation? object)
      (derivation->output-path object output)
      (let ((item (lower-object* object system target)))
        (match (lookup-compiler object)
          (#f (default-expander object item output))
          (compiler ((gexp-compiler-expand compiler) object item output))))))


;;;
;;; Lowering gexps.
;;;

(define-record-type <lowered-gexp>
  (lowered-gexp sexp inputs sources load-path)
  lowered-gexp?
  (sexp      lowered-gexp-sexp)
  (inputs    lowered-gexp-inputs)       ;((derivation . output) ...)
  (sources   lowered-gexp-sources)      ;list of store file names
  (load-path lowered-gexp-load-path))   ;list of directories

(define (self-quoting? x)
  (or (symbol? x) (string? x) (keyword? x) (pair? x) (null? x) (char? x)
      (number? x) (boolean? x) (bytevector? x) (vector? x)
      (unspecified? x)))

(define (unlowerable thing gexp)
  (raise-error (format #f "in a gexp: ~s is neither a file-like object nor \
something that can be written as code" thing)
               #:location (and gexp (gexp-location gexp))))

(define* (lower-gexp exp #:key (system (%current-system)) target
                     (module-path '()) extra-modules)
  "Return EXP, a gexp, lowered for SYSTEM and TARGET."
  (define inputs '())
  (define sources '())
  (define known (make-hash-table))

  (define (add-input! drv output)
    (let ((key (string-append (derivation-file-name drv) "!" output)))
      (unless (hash-ref known key)
        (hash-set! known key #t)
        (set! inputs (cons (cons drv output) inputs)))))
  (define (add-source! file)
    (unless (hash-ref known file)
      (hash-set! known file #t)
      (set! sources (cons file sources))))

  (define (note-item! item output)
    (match item
      ((? derivation?) (add-input! item output))
      ((? string?) (when (direct-store-path? item) (add-source! item)))))

  (define (code reference within)
    (match reference
      ((? gexp-output?)
       `((@ (guile) getenv) ,(gexp-output-name reference)))
      ((? gexp-input?)
       (thing->code (gexp-input-thing reference)
                    (gexp-input-output reference)
                    (if (gexp-input-native? reference) #f target)
                    within))))

  (define (thing->code thing output target within)
    (cond ((gexp? thing) (gexp->sexp thing))
          ((gexp-input? thing) (code thing within))
          ((gexp-output? thing) (code thing within))
          ((derivation? thing)
           (add-input! thing output)
           (derivation->output-path thing output))
          ((lookup-compiler thing)
           => (lambda (compiler)
                (let ((item (lower-object* thing system target)))
                  (note-item! item output)
                  ((gexp-compiler-expand compiler) thing item output))))
          ((list? thing)
           (map (lambda (item) (thing->code item output target within))
                thing))
          ((pair? thing)
           (cons (thing->code (car thing) output target within)
                 (thing->code (cdr thing) output target within)))
          ((self-quoting? thing)
           (when (and (string? thing) (direct-store-path? thing))
             (add-source! thing))
           thing)
          (else (unlowerable thing within))))

  (define (gexp->sexp gexp)
    (apply (gexp-proc gexp)
           (map (lambda (reference) (code reference gexp))
                (gexp-references gexp))))

  (let* ((sexp       (gexp->sexp exp))
         (modules    (delete-duplicates
                      (append (gexp-modules exp) (or extra-modules '()))))
         (imported   (and (pair? modules)
                          (call-with-location
                           (gexp-location exp)
                           modules->store modules #:module-path module-path
                           #:system system)))
         (extensions (map (lambda (extension)
                            (let ((item (lower-object* extension system #f)))
                              (note-item! item "out")
                              (string-append (expand-object extension "out")
                                             "/share/guile/site/3.0")))
                          (gexp-extensions exp))))
    (when imported (note-item! imported "out"))
    (lowered-gexp sexp (reverse inputs) (reverse sources)
                  (append (if imported
                              (list (match imported
                                      ((? string?) imported)
                                      ((? derivation?)
                                       (derivation->output-path imported))))
                              '())
                          extensions))))

(define (sexp->text sexp)
  "Return SEXP as the text of a program."
  (call-with-output-string
    (lambda (port) (write sexp port) (newline port))))

(define* (gexp->item name exp #:key (system (%current-system)) target
                     hash (hash-algo 'sha256) recursive?
                     (env-vars '()) modules (module-path '())
                     references-graphs allowed-references
                     disallowed-references leaked-env-vars
                     local-build? (substitutable? #t)
                     (script-name (string-append name "-builder"))
                     (properties '()))
  "Return the derivation NAME that runs the gexp EXP."
  (let* ((lowered (lower-gexp exp #:system system #:target target
                              #:module-path module-path
                              #:extra-modules modules))
         (graphs  (map (match-lambda
                         ((file thing output)
                          (cons file (lower-reference
                                      (gexp-input thing output)
                                      system target)))
                         ((file thing)
                          (cons file (lower-reference thing system target)))
                         ((file . thing)
                          (cons file (lower-reference thing system target))))
                       (or references-graphs '())))
         (script  (%add-text script-name (sexp->text (lowered-gexp-sexp lowered))
                             '()))
         (items   (map second graphs)))
    (derivation 'store name "builtin:scheme"
                `(,@(append-map (lambda (directory) (list "-L" directory))
                                (lowered-gexp-load-path lowered))
                  ,script)
                #:system system
                #:inputs (append (map (match-lambda
                                        ((drv . output) (list drv output)))
                                      (lowered-gexp-inputs lowered))
                                 (filter-map (match-lambda
                                               ((_ (? derivation? drv) output _)
                                                (list drv output))
                                               (_ #f))
                                             graphs))
                #:sources (cons script
                                (append (lowered-gexp-sources lowered)
                                        (filter string? items)))
                #:env-vars (cons (cons "FRUIX_BUILDER" (%builder-version))
                                 env-vars)
                #:references-graphs (and (pair? graphs)
                                         (map (match-lambda
                                                ((file _ _ path)
                                                 (cons file path)))
                                              graphs))
                #:allowed-references
                (lower-references allowed-references system target)
                #:disallowed-references
                (lower-references disallowed-references system target)
                #:leaked-env-vars leaked-env-vars
                #:properties properties
                #:hash hash #:hash-algo hash-algo #:recursive? recursive?
                #:local-build? local-build?
                #:substitutable? substitutable?
                #:outputs (gexp-outputs exp))))

(define (lower-reference thing system target)
  "Return what THING, a file-like object or an input with an output of one,
comes to: a list of its lowered item, the output, and the output's path."
  (match thing
    ((? gexp-input? input)
     (let ((object (gexp-input-thing input))
           (output (gexp-input-output input))
           (target (if (gexp-input-native? input) #f target)))
       (list (lower-object* object system target) output
             (expand-object object output #:system system #:target target))))
    (_ (list (lower-object* thing system target) "out"
             (expand-object thing "out" #:system system #:target target)))))

(define (lower-references references system target)
  "Return REFERENCES, a list of names of outputs, of file-like objects and of
inputs, as a list of strings, or #f if it is #f."
  (and references
       (map (match-lambda
              ((? string? output) output)
              (thing (third (lower-reference thing system target))))
            references)))

(define (gexp-outputs exp)
  "Return the names of the outputs that EXP refers to, \"out\" at least."
  (let ((names (let loop ((thing exp) (result '()))
                 (match thing
                   ((? gexp?) (fold loop result (gexp-references thing)))
                   ((? gexp-output?) (cons (gexp-output-name thing) result))
                   ((? gexp-input?) (loop (gexp-input-thing thing) result))
                   ((? pair?) (if (list? thing) (fold loop result thing) result))
                   (_ result)))))
    (match (sort (delete-duplicates names) string<?)
      (() '("out"))
      (names names))))

(define* (gexp->derivation name exp #:rest rest)
  "Return as a store-monadic value the derivation NAME that runs EXP, a gexp,
with the builder language of Fruix.  Keywords: #:system, #:target, #:modules,
#:module-path, #:hash, #:hash-algo, #:recursive?, #:env-vars,
#:references-graphs (an alist of file names and objects, each optionally with
an output), #:allowed-references and #:disallowed-references (lists of objects
and of names of outputs), #:leaked-env-vars, #:local-build?, #:substitutable?,
#:script-name, #:properties."
  (lambda (store)
    (values (apply gexp->item name exp (known-keywords rest)) store)))

(define (known-keywords arguments)
  "Drop from ARGUMENTS the keywords of Guix that have no meaning here."
  (strip-keyword-arguments
   '(#:graft? #:guile-for-build #:effective-version #:deprecation-warnings)
   arguments))

(define (built-item exp name . rest)
  "Return the derivation NAME of the gexp EXP; a direct 'gexp->derivation'."
  (apply gexp->item name exp rest))


;;;
;;; Modules for builders.
;;;

(define* (modules->store modules #:key (module-path '())
                         (system (%current-system))
                         (name "module-import"))
  "Return the store item with the sources of MODULES, module names or (NAME =>
FILE-LIKE), and of all modules that they use from (guix build ...) and their
like."
  (let*-values (((given plain)
                 (partition (match-lambda ((_ '=> _) #t) (_ #f)) modules))
                ((closure)
                 ;; Modules of the language itself are in every builder.
                 (source-module-closure
                  plain module-path
                  #:select? (lambda (module)
                              (or (guix-module-name? module)
                                  (and (member module plain)
                                       (not (language-module? module)))))))
                ((sources)
                 (map (lambda (module)
                        (cons (module->source-file-name module)
                              (module-source module module-path)))
                      closure)))
    (if (null? given)
        (%add-tree name sources)
        (files->item (append (map (match-lambda
                                    ((module '=> file)
                                     (list (module->source-file-name module)
                                           file)))
                                  given)
                             (map (match-lambda
                                    ((file . text)
                                     (list file (plain-file (basename file)
                                                            text))))
                                  sources))
                     name system))))

(define (language-module? module)
  "Return #t if MODULE, a name, is one of Scheme's or Guile's own."
  (memq (first module) '(guile ice-9 rnrs scheme srfi system)))

(define* (imported-modules modules #:key (name "module-import")
                           (system (%current-system)) (module-path '()))
  "Return as a store-monadic value the item that holds MODULES' sources."
  (lambda (store)
    (values (modules->store modules #:module-path module-path #:name name
                            #:system system)
            store)))

(define* (compiled-modules modules #:rest rest)
  "Like 'imported-modules': builders run module sources directly."
  (apply imported-modules modules rest))

(define* (imported-files files #:key (name "file-import"))
  "Return as a store-monadic value a directory with FILES, an alist of final
paths and file names or file-like objects."
  (lambda (store)
    (values (files->item (map (match-lambda
                                ((path . (? string? file))
                                 (list path (local-file* file)))
                                ((path . file) (list path file)))
                              files)
                         name (%current-system))
            store)))

(define (local-file* file)
  (%local-file file file (basename file) #t (const #t) #f))


;;;
;;; File-like objects.
;;;

(define-record-type <plain-file>
  (%plain-file name content references)
  plain-file?
  (name       plain-file-name)
  (content    plain-file-content)       ;string or bytevector
  (references plain-file-references))

(define (plain-file name content)
  "Return a file-like object: the store file NAME that holds CONTENT, a string
or a bytevector."
  (check-item-name 'plain-file name)
  (unless (or (string? content) (bytevector? content))
    (error "plain-file: the content must be a string or a bytevector, not"
           content))
  (%plain-file name content '()))

(define-gexp-compiler (plain-file-compiler (file <plain-file>) system target)
  (match (plain-file-content file)
    ((? string? text)
     (%add-text (plain-file-name file) text (plain-file-references file)))
    (bytes
     (%add-bytes (plain-file-name file) bytes
                 (plain-file-references file)))))

(define-record-type <local-file>
  (%local-file file absolute name recursive? select? location)
  local-file?
  (file       local-file-file)
  (absolute   local-file-absolute-file-name)
  (name       local-file-name)
  (recursive? local-file-recursive?)
  (select?    local-file-select?)
  (location   local-file-location))

(define-syntax local-file
  (lambda (s)
    "Return a file-like object for the host's FILE, added to the store as NAME.
A relative FILE is looked up beside the source file in which this form stands.
With #:recursive? #t it may be a directory, and keeps executable bits;
#:select? is a procedure of a file name and its 'stat' that says what goes in."
    (syntax-case s ()
      ((_ file rest ...)
       #'(make-local-file (source-properties->location
                           (current-source-location))
                          file (current-source-directory) rest ...))
      (id (identifier? #'id)
          #'(lambda (file . rest)
              (apply make-local-file #f file (getcwd) rest))))))

(define* (make-local-file location file directory
                          #:optional (name (and (string? file)
                                                (basename file)))
                          #:key recursive? (select? (const #t)))
  "Make the object that 'local-file' at LOCATION describes, relative to
DIRECTORY."
  (unless (string? file)
    (error "local-file: the file name must be a string, not" file))
  (check-item-name 'local-file name)
  (let ((absolute (if (string-prefix? "/" file)
                      file
                      (string-append (or directory (getcwd)) "/" file))))
    (%local-file file absolute name recursive? select? location)))

(define (check-local-file file)
  "Raise an error that points at the declaration of FILE, a <local-file>,
unless it is there and of the right kind."
  (let ((name (local-file-absolute-file-name file)))
    (define (complain what hint)
      (raise-error (format #f "local-file: ~a ~a" name what)
                   #:location (local-file-location file) #:hint hint))
    (match (stat name #f)
      (#f (complain "does not exist"
                    "a relative name is looked up beside the file that \
declares it"))
      (found (when (and (eq? 'directory (stat:type found))
                        (not (local-file-recursive? file)))
               (complain "is a directory"
                         "add #:recursive? #t to take all that is in it"))))))

(define-gexp-compiler (local-file-compiler (file <local-file>) system target)
  (check-local-file file)
  (%add-file (local-file-name file) (local-file-absolute-file-name file)
             (local-file-recursive? file)
             (let ((select? (local-file-select? file)))
               (and (local-file-recursive? file)
                    (lambda (name) (select? name (lstat name)))))))

(define (check-item-name constructor name)
  "Raise an error unless NAME, given to CONSTRUCTOR, can be that of a store
item."
  (unless (string? name)
    (error (format #f "~a: the name must be a string, not ~s" constructor
                   name)))
  (let ((bad (string-index name
                           (lambda (c)
                             (not (or (char<=? #\a c #\z) (char<=? #\A c #\Z)
                                      (char<=? #\0 c #\9)
                                      (string-index "+-._?=" c)))))))
    (when (or bad (string-null? name))
      (error (format #f "~a: ~s is no name for the store; letters, digits and \
+ - . _ ? = are possible" constructor name)))))

(define (check-object constructor name gexp)
  "Raise an error unless NAME is a string and GEXP a gexp; CONSTRUCTOR was
given them."
  (check-item-name constructor name)
  (unless (gexp? gexp)
    (error (format #f "~a: ~s is no gexp; write #~~(...)" constructor gexp))))

(define-record-type <computed-file>
  (%computed-file name gexp options)
  computed-file?
  (name    computed-file-name)
  (gexp    computed-file-gexp)
  (options computed-file-options))

(define* (computed-file name gexp #:key guile (local-build? #t) (options '()))
  "Return a file-like object: the item NAME that the code of GEXP makes as
#$output.  OPTIONS are keyword arguments of 'gexp->derivation'."
  (check-object 'computed-file name gexp)
  (%computed-file name gexp (append options `(#:local-build? ,local-build?))))

(define-gexp-compiler (computed-file-compiler (file <computed-file>)
                                              system target)
  (apply gexp->item (computed-file-name file) (computed-file-gexp file)
         #:system system #:target target
         (known-keywords (computed-file-options file))))

(define-record-type <program-file>
  (%program-file name gexp module-path)
  program-file?
  (name        program-file-name)
  (gexp        program-file-gexp)
  (module-path program-file-module-path))

(define* (program-file name gexp #:key guile (module-path '()))
  "Return a file-like object: an executable script NAME that runs GEXP with
the Scheme of the target system."
  (check-object 'program-file name gexp)
  (%program-file name gexp module-path))

(define (gexp->script-item name exp system target module-path)
  "Return the derivation of the executable script NAME that runs EXP."
  (let* ((lowered (lower-gexp exp #:system system #:target target
                              #:module-path module-path))
         (runtime (%runtime system)))
    (text-item name
               (string-append
                "#!" runtime "/bin/fruix-scheme\n!#\n"
                (match (lowered-gexp-load-path lowered)
                  (() "")
                  (directories
                   (sexp->text
                    `(set! %load-path (append ',directories %load-path)))))
                (sexp->text (lowered-gexp-sexp lowered)))
               #:executable? #t
               #:inputs (lowered-gexp-inputs lowered)
               #:sources (cons runtime
                               (append (lowered-gexp-sources lowered)
                                       (filter direct-store-path?
                                               (lowered-gexp-load-path
                                                lowered))))
               #:system system)))

(define* (text-item name text #:key executable? (inputs '()) (sources '())
                    (system (%current-system)))
  "Return the derivation of a file NAME that holds TEXT and may refer to
INPUTS, a list of (DERIVATION . OUTPUT), and SOURCES."
  (let* ((exp `(call-with-output-file (getenv "out")
                 (lambda (port)
                   (display ,text port)
                   ,@(if executable?
                         '((chmod port #o555))
                         '()))))
         (script (%add-text (string-append name "-builder")
                            (sexp->text exp) '())))
    (derivation 'store name "builtin:scheme" (list script)
                #:system system
                #:inputs (map (match-lambda
                                ((drv . output) (list drv output)))
                              inputs)
                #:sources (cons script (delete script sources))
                #:env-vars `(("FRUIX_BUILDER" . ,(%builder-version)))
                #:local-build? #t)))

(define-gexp-compiler (program-file-compiler (file <program-file>)
                                             system target)
  (gexp->script-item (program-file-name file) (program-file-gexp file)
                     system target (program-file-module-path file)))

(define* (gexp->script name exp #:key guile (module-path '())
                       (system (%current-system)) target)
  "Return as a store-monadic value the executable script NAME running EXP."
  (lambda (store)
    (values (gexp->script-item name exp system target module-path) store)))

(define-record-type <scheme-file>
  (%scheme-file name gexp splice?)
  scheme-file?
  (name    scheme-file-name)
  (gexp    scheme-file-gexp)
  (splice? scheme-file-splice?))

(define* (scheme-file name gexp #:key splice? guile set-load-path?)
  "Return a file-like object: the file NAME that holds the code of GEXP; with
SPLICE? it is a list of expressions to write one after another."
  (%scheme-file name gexp splice?))

(define (gexp->file-item name exp splice? system target)
  (let* ((lowered (lower-gexp exp #:system system #:target target))
         (sexp    (lowered-gexp-sexp lowered)))
    (text-item name
               (if splice?
                   (string-concatenate (map sexp->text sexp))
                   (sexp->text sexp))
               #:inputs (lowered-gexp-inputs lowered)
               #:sources (lowered-gexp-sources lowered)
               #:system system)))

(define-gexp-compiler (scheme-file-compiler (file <scheme-file>) system target)
  (gexp->file-item (scheme-file-name file) (scheme-file-gexp file)
                   (scheme-file-splice? file) system target))

(define* (gexp->file name exp #:key splice? set-load-path? (module-path '())
                     (system (%current-system)) target)
  "Return as a store-monadic value the file NAME that holds EXP's code."
  (lambda (store)
    (values (gexp->file-item name exp splice? system target) store)))

(define-record-type <file-append>
  (%file-append base suffix)
  file-append?
  (base   file-append-base)
  (suffix file-append-suffix))

(define (file-append base . suffix)
  "Return a file-like object for the file BASE/SUFFIX...: the name of BASE, a
file-like object, with the strings SUFFIX appended."
  (for-each (lambda (part)
              (unless (or (string? part) (file-like? part) (gexp? part))
                (error "file-append: a suffix must be a string, not" part)))
            suffix)
  (%file-append base suffix))

(define-gexp-compiler file-append-compiler <file-append>
  compiler => (lambda (object system target)
                (lower-object* (file-append-base object) system target))
  expander => (lambda (object item output)
                (let ((base (expand-object* (file-append-base object)
                                            item output)))
                  (string-concatenate
                   (cons base (map suffix->string
                                   (file-append-suffix object)))))))

(define (suffix->string suffix)
  (match suffix
    ((? string?) suffix)
    (_ (error "file-append: a suffix must be a string, not" suffix))))

(define (expand-object* object item output)
  "Return the file name of OUTPUT of OBJECT, whose lowered form is ITEM."
  (match (lookup-compiler object)
    (#f (default-expander object item output))
    (compiler ((gexp-compiler-expand compiler) object item output))))

(define-record-type <raw-derivation-file>
  (raw-derivation-file obj)
  raw-derivation-file?
  (obj raw-derivation-file-object))

(define-gexp-compiler raw-derivation-file-compiler <raw-derivation-file>
  compiler => (lambda (file system target)
                (lower-object* (raw-derivation-file-object file)
                               system target))
  expander => (lambda (file item output)
                (match item
                  ((? derivation?) (derivation-file-name item))
                  ((? string?) item))))

(define-record-type <system-binding>
  (system-binding proc)
  system-binding?
  (proc system-binding-proc))

(define-syntax let-system
  (syntax-rules ()
    "Bind SYSTEM, or SYSTEM and TARGET, to what the gexp around is lowered
for; BODY yields a lowerable object or code."
    ((_ (system target) body ...)
     (system-binding (lambda (system target) body ...)))
    ((_ system body ...)
     (system-binding (lambda (system target) body ...)))))

(define-gexp-compiler system-binding-compiler <system-binding>
  compiler => (lambda (binding system target)
                (let ((value ((system-binding-proc binding) system target)))
                  (if (file-like? value)
                      (lower-object* value system target)
                      value)))
  expander => (lambda (binding item output)
                (match item
                  ((? derivation?) (derivation->output-path item output))
                  (_ item))))

(define-syntax-rule (with-parameters ((parameter value) ...) body ...)
  "Evaluate BODY, and lower its result, with the parameters bound."
  (parameterized (list (cons parameter (lambda () value)) ...)
                 (lambda () body ...)))

(define-record-type <parameterized>
  (parameterized bindings thunk)
  parameterized?
  (bindings parameterized-bindings)
  (thunk    parameterized-thunk))

(define (call-with-bindings bindings thunk)
  (match bindings
    (() (thunk))
    (((parameter . value) . rest)
     (parameterize ((parameter (value)))
       (call-with-bindings rest thunk)))))

(define-gexp-compiler parameterized-compiler <parameterized>
  compiler => (lambda (object system target)
                (call-with-bindings
                 (parameterized-bindings object)
                 (lambda ()
                   (let ((system (if (assq %current-system
                                           (parameterized-bindings object))
                                     (%current-system)
                                     system))
                         (target (if (assq %current-target-system
                                           (parameterized-bindings object))
                                     (%current-target-system)
                                     target)))
                     (lower-object* ((parameterized-thunk object))
                                    system target)))))
  expander => (lambda (object item output)
                (default-expander object item output)))

(define-record-type <assumed-file>
  (assume-valid-file-name name)
  assumed-file?
  (name assumed-file-name))

(define-gexp-compiler (assumed-file-compiler (file <assumed-file>)
                                             system target)
  (assumed-file-name file))


;;;
;;; Files made of others.
;;;

(define (mixed-text-file name . parts)
  "Return a file-like object: the file NAME holding PARTS, strings and
file-like objects or gexps that stand for their file names."
  (for-each (lambda (part)
              (when (or (procedure? part) (boolean? part) (list? part)
                        (unspecified? part))
                (error (format #f "mixed-text-file ~s: ~s is neither a string \
nor a file-like object" name part))))
            parts)
  (computed-file name
                 #~(call-with-output-file #$output
                     (lambda (port)
                       (for-each (lambda (part) (display part port))
                                 (list #$@parts))))))

(define* (text-file* name #:rest parts)
  "Return 'mixed-text-file' as a store-monadic value."
  (lambda (store)
    (values (lower-item (apply mixed-text-file name parts)) store)))

(define (file-union name files)
  "Return a file-like object: the directory NAME of symbolic links to FILES, a
list of (FILE-NAME OBJECT), where FILE-NAME may hold slashes."
  (for-each (match-lambda
              (((? string?) _) #t)
              (entry (error "file-union: bad entry, expected \
(FILE-NAME OBJECT):" entry)))
            files)
  (let loop ((names (sort (map first files) string<?)))
    (match names
      ((a b . rest)
       (when (string=? a b)
         (error (format #f "file-union ~s: ~s is given twice" name a)))
       (loop (cons b rest)))
      (_ #t)))
  (computed-file name
                 (with-imported-modules '((guix build utils))
                   #~(begin
                       (use-modules (guix build utils))
                       (mkdir #$output)
                       (chdir #$output)
                       (for-each (lambda (file target)
                                   (mkdir-p (dirname file))
                                   (symlink target file))
                                 '(#$@(map first files))
                                 (list #$@(map second files)))))))

(define (files->item files name system)
  "Return the derivation of a directory NAME with copies of FILES, a list of
(PATH FILE-LIKE)."
  (gexp->item name
              #~(begin
                  (define (make-parents file)
                    (let ((parent (dirname file)))
                      (unless (file-exists? parent)
                        (make-parents parent)
                        (mkdir parent))))
                  (mkdir #$output)
                  (chdir #$output)
                  (for-each (lambda (path file)
                              (make-parents path)
                              (copy-file file path))
                            '(#$@(map first files))
                            (list #$@(map second files))))
              #:system system #:local-build? #t))

(define* (directory-union name things #:key (copy? #f) (quiet? #f)
                          (resolve-collision 'warn-about-collision))
  "Return a file-like object: the directory NAME that is the union of THINGS,
file-like objects that are directories, linked or, with COPY?, copied."
  (match things
    ((one) one)
    (_
     (computed-file name
                    (with-imported-modules '((guix build union)
                                             (guix build utils))
                      #~(begin
                          (use-modules (guix build union))
                          (union-build #$output (list #$@things)
                                       #:create-all-directories? #f
                                       #:copy? #$copy?)))))))

(define* (references-file item #:optional (name "references"))
  "Return a file-like object: a file with the list of the store items in the
closure of ITEM."
  (computed-file name
                 #~(begin
                     (use-modules (ice-9 rdelim))
                     (let ((paths
                          (call-with-input-file "graph"
                            (lambda (port)
                              (let loop ((paths '()))
                                (let ((path (read-line port)))
                                  (if (eof-object? path)
                                      (sort paths string<?)
                                      (let* ((deriver (read-line port))
                                             (count (string->number
                                                     (read-line port))))
                                        (let skip ((n count))
                                          (when (> n 0)
                                            (read-line port)
                                            (skip (- n 1))))
                                        (loop (cons path paths))))))))))
                     (call-with-output-file #$output
                       (lambda (port) (write paths port)))))
                 #:options `(#:references-graphs (("graph" . ,item)))))
