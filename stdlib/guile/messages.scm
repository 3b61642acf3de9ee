;;; Translated messages (Guile manual, "Gettext Support").  Catalogues of other
;;; languages are not read: what a program says stays in the language that it was
;;; written in.  The domain and its folder are kept, for programs that ask.

(define %text-domain "messages")
(define %text-domains '()) ; (DOMAIN . FOLDER)
(define %text-encodings '()) ; (DOMAIN . ENCODING)

(define* (gettext text #:optional domain category)
  "Return the translation of TEXT: TEXT itself."
  (if (not (string? text)) (%wrong-type "gettext" 1 text))
  text)

(define* (ngettext text plural n #:optional domain category)
  "Return TEXT when N is 1, and PLURAL otherwise."
  (if (not (string? text)) (%wrong-type "ngettext" 1 text))
  (if (not (string? plural)) (%wrong-type "ngettext" 2 plural))
  (if (not (and (integer? n) (exact? n))) (%wrong-type "ngettext" 3 n))
  (if (= n 1) text plural))

(define* (textdomain #:optional domain)
  "Set the domain that messages are looked up in, if DOMAIN is given; return it."
  (if domain (set! %text-domain domain))
  %text-domain)

(define* (bindtextdomain domain #:optional folder)
  "Set the folder of DOMAIN's catalogues, if FOLDER is given; return it, or #f."
  (if folder (set! %text-domains (acons domain folder %text-domains)))
  (assoc-ref %text-domains domain))

(define* (bind-textdomain-codeset domain #:optional encoding)
  "Set the encoding of DOMAIN's messages, if ENCODING is given; return it, or #f."
  (if encoding (set! %text-encodings (acons domain encoding %text-encodings)))
  (assoc-ref %text-encodings domain))
