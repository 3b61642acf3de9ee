package freebsd

import (
	"strconv"

	"fruix/jail"
)

// jailSysInherit is JAIL_SYS_INHERIT of sys/jail.h: what the host has.
const jailSysInherit = 2

// fencePlan is the plan of a fence: a jail whose root, name and network are those of the
// machine. What runs in it as the user can do what that user can, but to processes that
// are not in it, and all of it is ended with the jail.
func fencePlan(name string, user *jail.HostUser) *plan {
	b := &planner{}
	b.undone(call{opJail, []string{
		"path=/", "name=" + name, "persist",
		"host:" + strconv.Itoa(jailSysInherit),
		"ip4:" + strconv.Itoa(jailSysInherit), "ip6:" + strconv.Itoa(jailSysInherit),
		"children.max:0", "enforce_statfs:1",
		"allow.noset_hostname", "allow.nosysvipc", "allow.noraw_sockets", "allow.nochflags", "allow.nomount",
		"allow.noquotas", "allow.nosocket_af", "allow.nomlock", "allow.noreserved_ports", "allow.noread_msgbuf",
	}}, call{opUnjail, []string{name, strconv.Itoa(user.UID)}})
	return &b.plan
}
