// Package wire is the format of the worker protocol, which clients of Guix and
// its daemon speak: numbers and strings, the greeting, the numbers of the
// operations, and the frames in which a daemon sends logs, data and errors.
//
// What enters and leaves are bytes and plain values; nothing here knows a store
// or opens a connection. The daemon's side is builder/daemon, the client's
// builder/client; exports of objects (store) use the same numbers and strings.
//
// Sources: Guix's nix/libstore/worker-protocol.hh (operations, frames),
// nix/nix-daemon/nix-daemon.cc (what a daemon reads and answers), guix/store.scm
// and guix/serialization.scm (what a client writes and expects).
package wire
