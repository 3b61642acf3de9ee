//go:build !linux

package crashtest

// watchedMain says that commands cannot be watched here.
func watchedMain() bool { return false }
