;;; Documentation of objects.
;;;
;;; Commentary:
;;;
;;; What an object is about is told by its docstring, by its property
;;; 'documentation', or by a file that lists procedures with their texts.
;;; Guile keeps the latter in files named in 'documentation-files'; here the
;;; docstrings travel with the procedures, so that the list is empty until a
;;; program adds to it.
;;;
;;; See the section "Help Commands" and the module (ice-9 documentation) in
;;; Guile's manual.

(define-module (ice-9 documentation)
  #:use-module (ice-9 rdelim)
  #:export (file-commentary documentation-files search-documentation-files object-documentation))

;; Names of files with texts of procedures, each text between form feeds and
;; beginning with the procedure's name.
(define documentation-files '())

(define* (file-commentary file #:optional
                          (header "^;+ *Commentary:") (footer "^;+ *Code:")
                          (scrub "^;+"))
  "Return the text of FILE between the lines that match HEADER and FOOTER,
without what SCRUB matches at the start of each line."
  (let ((header (make-regexp header)) (footer (make-regexp footer)) (scrub (make-regexp scrub)))
    (define (scrubbed line)
      (let* ((m (regexp-exec scrub line))
             (text (if m (substring line (match:end m)) line)))
        (if (and m (string-prefix? " " text)) (substring text 1) text)))
    (call-with-input-file file
      (lambda (port)
        (let loop ((inside? #f) (lines '()))
          (let ((line (read-line port)))
            (cond ((or (eof-object? line) (and inside? (regexp-exec footer line)))
                   (string-concatenate
                    (map (lambda (l) (string-append l "\n")) (reverse lines))))
                  (inside? (loop #t (cons (scrubbed line) lines)))
                  (else (loop (->bool (regexp-exec header line)) lines)))))))))

(define (match:end m) (cdr (vector-ref m 1)))

(define* (search-documentation-files name #:optional (files documentation-files))
  "Return the text about the procedure NAME, a symbol or a string, that one of
FILES holds, or #f."
  (let ((head (string-append (if (symbol? name) (symbol->string name) name) "\n")))
    (or-map
     (lambda (file)
       (and (file-exists? file)
            (or-map (lambda (entry)
                      (let ((text (string-trim entry)))
                        (and (string-prefix? head text) text)))
                    (string-split (call-with-input-file file read-all) #\page))))
     files)))

(define (read-all port)
  (let ((text (read-delimited "" port)))
    (if (eof-object? text) "" text)))

;; Natives are shown as Guile shows its own: the parameters, then the text.
(define (native-documentation object)
  (let ((signature (and (procedure? object) (%native-signature object))))
    (and signature
         (string-append "- Scheme Procedure: " signature "\n     "
                        (procedure-documentation object) "\n"))))

(define (object-documentation object)
  "Return what is known about OBJECT as a string, or #f: its property
'documentation', the docstring of a procedure or of a macro's transformer."
  (or (native-documentation object)
      (and (procedure? object) (procedure-documentation object))
      (object-property object 'documentation)
      (and (macro? object)
           (let ((transformer (macro-transformer object)))
             (and (procedure? transformer)
                  (object-property transformer 'documentation))))
      (and (procedure? object)
           (procedure-name object)
           (search-documentation-files (procedure-name object)))))
