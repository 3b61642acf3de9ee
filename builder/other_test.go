//go:build !linux

package builder_test

import (
	"syscall"

	"fruix/builder/builtin"
)

// apartTable is what the test binary runs in processes apart.
var apartTable builtin.Table

func asUser(id uint32) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
}
