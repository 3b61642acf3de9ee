// Package calls describes the operations of the worker protocol: what goes with each of
// them, and what comes back. A [Call] is the one description that both ends use: what a
// client writes with it a server reads with it, and the other way round.
//
// Users are builder/client, builder/daemon and, for programs that bring Guix's own
// (guix store), lang.
package calls
