// Package linux makes jails from Linux namespaces, as root and as an ordinary
// user, with one and the same set-up.
//
// # How a jail comes up
//
// The calling process starts its own executable again (/proc/self/exe, under
// a private argv[0]) in new user, mount, PID, network, IPC, UTS and cgroup
// namespaces; see namespaces(7) and user_namespaces(7). That process is PID 1
// of the jail: it reads a plan from a pipe, builds a root file system in
// memory, bind-mounts what the plan names, moves into it with pivot_root(2),
// gives up every capability and starts the program. It reports over a second
// pipe, reaps orphans, and ends with the program; the kernel then kills
// whatever is left in the PID namespace. When the caller dies, PID 1 sees the
// end of the first pipe and ends as well.
//
// # Users
//
// Inside, there is exactly one user and one group (jail.DefaultUID and
// jail.DefaultGID unless the Spec says otherwise); everything else appears as
// the overflow user 65534. An ordinary caller's own user is mapped to that
// number. For root the build user of the Spec is mapped to it, and root itself
// is not mapped at all, so that the program has no way back. PID 1 holds its
// capabilities only in the new user namespace and as that same user, through
// ambient capabilities, and so the two cases differ in one thing only: what
// root can reach but the build user cannot is opened by the caller, with
// open_tree(2), and handed in as a detached mount; see also idmaps.
//
// One difference remains: an ordinary caller's supplementary groups cannot be
// dropped, and appear inside as the overflow group.
package linux
