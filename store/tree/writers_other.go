//go:build !linux

package tree

// checkUnwritten knows nothing here: that a build's processes have ended is what
// its jail promises.
func checkUnwritten(int) error { return nil }
