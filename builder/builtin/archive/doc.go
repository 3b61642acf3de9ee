// Package archive unpacks sources, packs trees and applies patches for builder
// scripts: the natives behind (guix build archive) and (guix build patch).
//
// It reads tar (version 7, POSIX ustar and pax, GNU's long names and sparse
// files), cpio (new, with checksums, portable, and binary of either byte
// order), either of them plain or compressed with gzip, bzip2, xz, zstd, lzip or
// lzma; zip; and Debian's binary packages, deb(5), whose data member is such a
// tar. The kind is told from the first bytes, never from the name.
//
// An archive is taken to be hostile. What is unpacked stays below the target
// directory, whatever names and links the archive holds: names that would lead
// out are refused, and links are never followed out. It has no owner, set-id
// bits or devices: a store item could not keep them. How much comes out is
// bounded by [Limits].
package archive
