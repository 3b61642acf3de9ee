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

// ChildMain makes the calling process a jail's program, and does not return, if it was
// started for that; otherwise it returns at once. args is os.Args. Every program that
// runs jails calls it first in main.
func ChildMain(args []string) { freebsd.ChildMain(args) }

// Limits are those of builds: enough for any that does not run away.
func Limits() jail.Limits { return jail.Limits{Processes: 16384} }
