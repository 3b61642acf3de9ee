// Package archive unpacks sources and applies patches for builder scripts: the
// natives behind (guix build archive) and (guix build patch).
//
// It reads tar (POSIX ustar, pax and GNU forms), plain or compressed with
// gzip, bzip2, xz or zstd; zip; and Debian's binary packages, deb(5), whose
// data member is such a tar. The kind is told from the first bytes, never from
// the name. What is unpacked stays below the target directory, whatever names
// the archive holds, and has no owner, set-id bits or devices: a store item
// could not keep them.
package archive
