package native

import (
	"fruix/jail"
	"fruix/jail/freebsd"
)

// Options configure the back end.
type Options struct {
	// EUID is the effective user id of the process. FreeBSD's jails need root.
	EUID int
	// WorkDir is an existing folder of the caller's where the roots of running
	// jails are mounted.
	WorkDir string
}

// New returns the back end.
func New(o Options) jail.Jail { return freebsd.New(freebsd.Options{EUID: o.EUID, WorkDir: o.WorkDir}) }

// Limits are those of builds; the back end takes none.
func Limits() jail.Limits { return jail.Limits{} }
