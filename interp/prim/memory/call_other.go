//go:build !linux

package memory

// systemCalls is empty where the numbers of system calls are no part of the
// system's interface.
var systemCalls map[string]uintptr
