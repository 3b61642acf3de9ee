// Package stdlib carries the library of Fruix that is written in Scheme. It
// holds no Go code but what embeds the files: module (a b) is a/b.scm.
package stdlib

import "embed"

// FS holds the library, one folder per first part of a module's name; the
// folder guile is the boot library.
//
//go:embed fruix gnu guile guix ice-9 language oop rnrs rnrs.scm scheme shepherd srfi statprof.scm sxml system texinfo texinfo.scm web
//go:embed avahi avahi.scm charting.scm disarchive gcrypt gdbm.scm git git.scm gnutls.scm json json.scm lzlib.scm semver semver.scm sqlite3.scm ssh zlib.scm zstd.scm
var FS embed.FS
