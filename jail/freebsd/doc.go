// Package freebsd makes jails from FreeBSD's jail(2).
//
// A Spec becomes a plan, plain data: every call to the kernel, in order, with the call
// that undoes it. The plan is made, and tested, on any system; carryOut carries it out
// and takes it back, in reverse, at the end or when a step fails.
//
// The root of a jail is a tmpfs(5) in a folder of its own below a work folder;
// inputs are nullfs(5) mounts in it, read-only and without set-user-id, or copies, when
// they are files and the kernel is older than FreeBSD 14; /dev is a devfs(5) that shows
// harmless devices only. The jail has neither IPv4
// nor IPv6 and may not have jails of its own. Fruix starts itself again; that process
// sets its limits, enters the jail, becomes the build user and then the program, so
// that nothing of the Spec ever runs as root. When the program ends, jail_remove(2)
// kills what is left, it is waited until no process is in it any more, and the mounts
// are undone.
//
// A fence is a jail of which root and network are the machine's, for a program that
// needs these and shall leave nothing behind.
//
// What all processes take together is bounded by rules of rctl(8), where the kernel
// accounts resources (kern.racct.enable=1 in /boot/loader.conf), and otherwise by limits
// of each process.
//
// FreeBSD has no user namespaces: making a jail takes root, and the program
// sees the numeric ids of its build user.
//
// Should fruix itself be killed, the jail and its mounts stay behind. Each
// root is locked by its owner, and the next Run removes those that nobody
// holds.
package freebsd
