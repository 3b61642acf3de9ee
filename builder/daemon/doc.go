// Package daemon serves a store to clients that may not write it, in Guix's worker
// protocol (store/wire): they ask, add, build and collect garbage, and cannot write
// or delete at will.
//
// A [Server] accepts connections from listeners (builder/socket) and learns from
// the kernel who is at the other end. Each connection is served by
// a goroutine of its own, on a view of the store of its own ([store.Store.View]):
// what it uses is kept from being collected until it ends. Two more goroutines move
// bytes between the socket and bounded buffers, so that a client which goes away is
// noticed while something is done for it, and one that stands still holds nobody
// up.
//
// What a client can do to others is bounded:
//
//   - It names objects by their paths, which are checked; contents get the path
//     that follows from them; derivations are refused whose outputs do not follow
//     from them (store). So nobody can put something else where others look for
//     their own.
//   - While its bytes are awaited, no lock is held. What it has sent by half is
//     removed when it goes.
//   - Lengths cost nothing until their bytes have come; there are limits to
//     strings, archives, connections, builds and memory, for each user.
//   - Builds that others wait for, too, go on without it ([builder.Sharing]).
//   - What is in use is never deleted, whoever asks.
//   - Objects of other machines are believed when a trusted key has signed them.
//
// The same code serves Scheme programs of this process that bring Guix's own
// (guix store): cmd connects them through a pipe.
package daemon
