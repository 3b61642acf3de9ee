package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"fruix/builder/remote/protocol"
)

// hostStatus says how this machine is (sysinfo(2), proc(5)).
func hostStatus(s *protocol.Status) {
	s.Time = time.Now()
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return
	}
	for _, l := range info.Loads {
		s.Load = append(s.Load, float64(l)/(1<<unix.SI_LOAD_SHIFT))
	}
	s.Uptime = time.Duration(info.Uptime) * time.Second
	s.Memory = int64(info.Totalram) * int64(info.Unit)
	s.MemoryFree = available()
}

// available is how much memory can be had, caches included: what proc(5) calls
// MemAvailable.
func available() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "MemAvailable:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return n << 10
		}
	}
	return 0
}
