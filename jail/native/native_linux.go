package native

import (
	"fruix/jail"
	"fruix/jail/linux"
)

// Options configure the back end.
type Options struct {
	// EUID is the effective user id of the process: root's jails run as build
	// users, everybody else's as themselves.
	EUID int
	// WorkDir is an existing folder of the caller's where a back end that
	// needs one keeps the roots of running jails. Linux needs none.
	WorkDir string
}

// New returns the back end.
func New(o Options) jail.Jail { return linux.New(o.EUID) }

// ChildMain makes the calling process a jail's program, and does not return, if it was
// started for that; otherwise it returns at once. args is os.Args. Every program that
// runs jails calls it first in main. Linux needs no such process.
func ChildMain(args []string) {}

// Limits are those of builds: enough for any that does not run away.
func Limits() jail.Limits { return jail.Limits{Processes: 16384} }
