;;; Licenses of packages.
;;;
;;; Commentary:
;;;
;;; A license has a name, an address where its text can be read, and a
;;; comment.  Names follow Guix's module of the same name.
;;;
;;; Code:

(define-module (guix licenses)
  #:use-module (srfi srfi-9)
  #:export (license license? license-name license-uri license-comment
            gpl1 gpl1+ gpl2 gpl2+ gpl3 gpl3+
            lgpl2.0 lgpl2.0+ lgpl2.1 lgpl2.1+ lgpl3 lgpl3+
            agpl3 agpl3+ asl2.0 asl1.1 bsd-0 bsd-2 bsd-3 bsd-4 isc
            expat x11 zlib mpl1.1 mpl2.0 public-domain cc0 fdl1.3+
            ncurses psfl artistic2.0 perl-license boost1.0 unlicense wtfpl2
            ofl1.1 silofl1.1 openssl cddl1.0 epl1.0 ruby vim
            fsf-free non-copyleft fsdg-compatible))

(define-record-type <license>
  (license name uri comment)
  license?
  (name    license-name)
  (uri     license-uri)
  (comment license-comment))

(define-syntax-rule (define-licenses (id name uri) ...)
  (begin (define id (license name uri #f)) ...))

(define-licenses
  (gpl1     "GPL 1"      "https://www.gnu.org/licenses/old-licenses/gpl-1.0.html")
  (gpl1+    "GPL 1+"     "https://www.gnu.org/licenses/old-licenses/gpl-1.0.html")
  (gpl2     "GPL 2"      "https://www.gnu.org/licenses/old-licenses/gpl-2.0.html")
  (gpl2+    "GPL 2+"     "https://www.gnu.org/licenses/old-licenses/gpl-2.0.html")
  (gpl3     "GPL 3"      "https://www.gnu.org/licenses/gpl.html")
  (gpl3+    "GPL 3+"     "https://www.gnu.org/licenses/gpl.html")
  (lgpl2.0  "LGPL 2.0"   "https://www.gnu.org/licenses/old-licenses/lgpl-2.0.html")
  (lgpl2.0+ "LGPL 2.0+"  "https://www.gnu.org/licenses/old-licenses/lgpl-2.0.html")
  (lgpl2.1  "LGPL 2.1"   "https://www.gnu.org/licenses/old-licenses/lgpl-2.1.html")
  (lgpl2.1+ "LGPL 2.1+"  "https://www.gnu.org/licenses/old-licenses/lgpl-2.1.html")
  (lgpl3    "LGPL 3"     "https://www.gnu.org/licenses/lgpl.html")
  (lgpl3+   "LGPL 3+"    "https://www.gnu.org/licenses/lgpl.html")
  (agpl3    "AGPL 3"     "https://www.gnu.org/licenses/agpl-3.0.html")
  (agpl3+   "AGPL 3+"    "https://www.gnu.org/licenses/agpl-3.0.html")
  (asl1.1   "ASL 1.1"    "https://www.apache.org/licenses/LICENSE-1.1")
  (asl2.0   "ASL 2.0"    "https://www.apache.org/licenses/LICENSE-2.0")
  (bsd-0    "BSD-0"      "https://spdx.org/licenses/0BSD.html")
  (bsd-2    "FreeBSD"    "https://www.freebsd.org/copyright/freebsd-license.html")
  (bsd-3    "Modified BSD" "https://spdx.org/licenses/BSD-3-Clause.html")
  (bsd-4    "Original BSD" "https://spdx.org/licenses/BSD-4-Clause.html")
  (isc      "ISC"        "https://spdx.org/licenses/ISC.html")
  (expat    "Expat"      "https://spdx.org/licenses/MIT.html")
  (x11      "X11"        "https://spdx.org/licenses/X11.html")
  (zlib     "Zlib"       "https://spdx.org/licenses/Zlib.html")
  (mpl1.1   "MPL 1.1"    "https://www.mozilla.org/MPL/1.1/")
  (mpl2.0   "MPL 2.0"    "https://www.mozilla.org/MPL/2.0/")
  (public-domain "Public Domain" #f)
  (cc0      "CC0"        "https://creativecommons.org/publicdomain/zero/1.0/")
  (fdl1.3+  "FDL 1.3+"   "https://www.gnu.org/licenses/fdl.html")
  (ncurses  "X11 (ncurses)" "https://spdx.org/licenses/X11-distribute-modifications-variant.html")
  (psfl     "Python Software Foundation License" "https://docs.python.org/license.html")
  (artistic2.0 "Artistic License 2.0" "https://spdx.org/licenses/Artistic-2.0.html")
  (perl-license "GPL1+/Artistic" "https://dev.perl.org/licenses/")
  (boost1.0 "Boost 1.0"  "https://www.boost.org/LICENSE_1_0.txt")
  (unlicense "Unlicense" "https://unlicense.org/")
  (wtfpl2   "WTFPL 2"    "http://www.wtfpl.net/txt/copying/")
  (ofl1.1   "OFL 1.1"    "https://spdx.org/licenses/OFL-1.1.html")
  (silofl1.1 "SIL OFL 1.1" "https://spdx.org/licenses/OFL-1.1.html")
  (openssl  "OpenSSL"    "https://spdx.org/licenses/OpenSSL.html")
  (cddl1.0  "CDDL 1.0"   "https://spdx.org/licenses/CDDL-1.0.html")
  (epl1.0   "EPL 1.0"    "https://spdx.org/licenses/EPL-1.0.html")
  (ruby     "Ruby License" "https://www.ruby-lang.org/en/about/license.txt")
  (vim      "Vim"        "https://spdx.org/licenses/Vim.html"))

(define* (fsf-free uri #:optional (comment ""))
  "Return a license at URI that the FSF holds free."
  (license "FSF-free" uri comment))
(define* (non-copyleft uri #:optional (comment ""))
  "Return a lax license whose text is at URI."
  (license "non-copyleft" uri comment))
(define* (fsdg-compatible uri #:optional (comment ""))
  "Return a license at URI that fits the free system distribution guidelines."
  (license "FSDG-compatible" uri comment))
