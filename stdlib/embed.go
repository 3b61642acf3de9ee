// Package stdlib carries the library of Fruix that is written in Scheme. It
// holds no Go code but what embeds the files: module (a b) is a/b.scm.
package stdlib

import "embed"

// FS holds the library, one folder per first part of a module's name; the
// folder guile is the boot library.
//
//go:embed fruix gcrypt gnu guile guix ice-9 json json.scm language lzlib.scm oop rnrs rnrs.scm scheme shepherd srfi sxml system texinfo texinfo.scm zlib.scm zstd.scm
var FS embed.FS
