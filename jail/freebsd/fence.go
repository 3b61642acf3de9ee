package freebsd

import (
	"maps"
	"slices"
	"strconv"

	"fruix/jail"
)

// jailSysInherit is JAIL_SYS_INHERIT of sys/jail.h: what the host has.
const jailSysInherit = 2

// fencePlan is the plan of a fence: a jail whose root, name and network are those of the
// machine. What runs in it as the user can do what that user can, but to processes that
// are not in it, and all of it is ended with the jail.
//
// Root opens the folders of dirs, as the descriptors that they are to have, when the
// process is in the jail: nobody enters one with a folder open.
func fencePlan(name string, user *jail.HostUser, dirs map[int]string) *plan {
	b := &planner{}
	b.undone(call{opJail, []string{
		"path=/", "name=" + name, "persist",
		"host:" + strconv.Itoa(jailSysInherit),
		"ip4:" + strconv.Itoa(jailSysInherit), "ip6:" + strconv.Itoa(jailSysInherit),
		"children.max:0", "enforce_statfs:1",
		"allow.noset_hostname", "allow.nosysvipc", "allow.noraw_sockets", "allow.nochflags", "allow.nomount",
		"allow.noquotas", "allow.nosocket_af", "allow.nomlock", "allow.noreserved_ports", "allow.noread_msgbuf",
	}}, call{opUnjail, []string{name, strconv.Itoa(user.UID)}})
	gid, uid := strconv.Itoa(user.GID), strconv.Itoa(user.UID)
	b.Start.Calls = []call{{opMask, []string{"022"}}, {opAttach, []string{name}}, {opChdir, []string{"/"}}}
	for _, fd := range slices.Sorted(maps.Keys(dirs)) {
		b.Start.Calls = append(b.Start.Calls, call{opOpen, []string{dirs[fd], strconv.Itoa(fd)}})
	}
	b.Start.Calls = append(b.Start.Calls, call{opGroups, []string{gid}}, call{opGroup, []string{gid}}, call{opUser, []string{uid}}, call{opDie, nil})
	return &b.plan
}
