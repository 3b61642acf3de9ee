//go:build !linux && !freebsd

package tree

import "golang.org/x/sys/unix"

// dropAttributes does nothing: on these systems there are no builds.
func dropAttributes(int, *unix.Stat_t) (changed bool, err error) { return false, nil }
