// Package lang gives the engine what Scheme needs to declare builds: the
// native half of (guix store), (guix derivations), (guix gexp) and their like.
//
// What enters are plain Scheme values (names, texts, lists of derivations);
// what leaves are store paths and [Derivation] objects. The work is done for a
// [Session], which belongs to one engine and one open store: it collects texts
// and derivations in a batch, so that an evaluation costs the store one
// transaction, and flushes them before anything is built.
//
// cmd calls [Register]; nothing here is global.
package lang
