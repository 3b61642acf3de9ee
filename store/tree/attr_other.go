//go:build !linux

package tree

// dropAttributes does nothing: on these systems what an ordinary program can
// attach to a file gives it no rights.
func dropAttributes(int) error { return nil }
