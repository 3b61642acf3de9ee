//go:build !linux

package jailtest

import (
	"testing"

	"golang.org/x/sys/unix"
)

func hostChannels(t *testing.T, _ map[string]bool) (stop func()) { return func() {} }

// deviceOf returns the number of a device, of a type that differs between
// systems.
func deviceOf(t *testing.T, name string) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		t.Fatal(err)
	}
	return uint64(st.Rdev)
}
