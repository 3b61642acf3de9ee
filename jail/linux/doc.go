// Package linux makes jails from Linux namespaces, as root and as an ordinary
// user, with one and the same set-up.
//
// # How a jail comes up
//
// A Spec becomes a plan, in which everything is resolved that needs a look at the
// host; the plan becomes a program, a list of system calls; and that an executable
// (see the package stub), which lives in memory and contains nothing else. It is the
// privileged part of Fruix, all of it: compile and what it calls.
//
// The process that executes it, the keeper, enters new user, mount, PID, network,
// IPC, UTS and cgroup namespaces (namespaces(7), user_namespaces(7)), has the caller
// map the user, and forks. Its child is PID 1 of the jail: it builds a root file
// system in memory, bind-mounts what the plan names, moves into it with
// pivot_root(2), gives up every capability and starts the program. It reports over a
// pipe, reaps orphans, and ends with the program; the kernel then kills whatever is
// left in the PID namespace. When the caller dies or wants no more, the keeper sees
// the end of another pipe and kills PID 1; when the keeper is killed, the kernel
// kills PID 1.
//
// # Users
//
// Inside, there is exactly one user and one group (jail.DefaultUID and
// jail.DefaultGID unless the Spec says otherwise); everything else appears as
// the overflow user 65534. An ordinary caller's own user is mapped to that
// number. For root the build user of the Spec is mapped to it, and root itself
// is not mapped at all, so that the program has no way back. PID 1 holds its
// capabilities only in the new user namespace, and root's PID 1 becomes that same
// user before it does anything, so the two cases differ in one thing only: what
// root can reach but the build user cannot is opened by the caller, with
// open_tree(2), and handed in as a detached mount; see also idmaps.
//
// One difference remains: an ordinary caller's supplementary groups cannot be
// dropped, and appear inside as the overflow group.
package linux
