// Package trace writes the events of builds as the lines that Guix's daemon sends
// and its (guix status) reads, and reads them again: "@ build-started …" and the
// like, with what builders print between them.
//
// What enters a [Writer] is events of package builder, what leaves is text; a
// [Reader] turns it round. The daemon (builder/daemon) and its client
// (builder/client) stand at the two ends. Sources: Guix's guix/status.scm,
// nix/libstore/build.cc and guix/progress.scm. Lines that begin with "@ fruix-"
// are Fruix's own, and sent only to those who ask for them.
package trace
