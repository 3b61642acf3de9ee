//go:build !linux

package main

import (
	le "encoding/binary"
	"time"

	"golang.org/x/sys/unix"

	"fruix/builder/remote/protocol"
)

// hostStatus says how this machine is, by FreeBSD's sysctl(3).
func hostStatus(s *protocol.Status) {
	s.Time = time.Now()
	// struct loadavg: three fixed-point numbers, padding, and their scale as a
	// long.
	if b, err := unix.SysctlRaw("vm.loadavg"); err == nil && len(b) >= 24 {
		if scale := float64(le.LittleEndian.Uint64(b[16:])); scale > 0 {
			for i := range 3 {
				s.Load = append(s.Load, float64(le.LittleEndian.Uint32(b[4*i:]))/scale)
			}
		}
	}
	if n, err := unix.SysctlUint64("hw.physmem"); err == nil {
		s.Memory = int64(n)
	}
	page, err := unix.SysctlUint32("vm.stats.vm.v_page_size")
	if err != nil {
		return
	}
	for _, name := range []string{"vm.stats.vm.v_free_count", "vm.stats.vm.v_inactive_count"} {
		if n, err := unix.SysctlUint32(name); err == nil {
			s.MemoryFree += int64(n) * int64(page)
		}
	}
}
