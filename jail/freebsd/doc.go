// Package freebsd makes jails from FreeBSD's jail(2).
//
// The root of a jail is a tmpfs(5) in a folder of its own below a work folder;
// inputs are nullfs(5) mounts in it, read-only and without set-user-id; /dev
// is a devfs(5) that shows harmless devices only. The jail has neither IPv4
// nor IPv6 and may not have jails of its own. The program is attached to it
// and runs as the build user, so that nothing inside ever runs as root; when
// it ends, jail_remove(2) kills what is left, and the mounts are undone in
// reverse order.
//
// FreeBSD has no user namespaces: making a jail takes root, and the program
// sees the numeric ids of its build user.
//
// Should fruix itself be killed, the jail and its mounts stay behind. Each
// root is locked by its owner, and the next Run removes those that nobody
// holds.
package freebsd
