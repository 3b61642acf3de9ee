//go:build linux

package linux

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// hardLimit returns the greatest value that this process may give a resource.
func hardLimit(resource int) (uint64, error) {
	var l syscall.Rlimit
	err := syscall.Getrlimit(resource, &l)
	return l.Max, err
}

// setLimits sets the limits of PID 1, for the program to inherit.
func (c *program) setLimits(p *plan, hard func(resource int) (uint64, error)) error {
	l := p.Spec.Limits
	for _, limit := range []struct {
		name     string
		resource int
		value    uint64
		set      bool
	}{
		// Of a limit of one byte no file comes, and unlike zero it also keeps the
		// kernel from starting the host's program for core dumps, which would read
		// what a hostile process wrote: core(5), "Piping core dumps to a program".
		{"core dumps", unix.RLIMIT_CORE, 1, true},
		{"file size", unix.RLIMIT_FSIZE, l.FileSize, l.FileSize != 0},
		{"open files", unix.RLIMIT_NOFILE, l.OpenFiles, l.OpenFiles != 0},
		{"processor time", unix.RLIMIT_CPU, uint64((l.CPU + time.Second - 1) / time.Second), l.CPU > 0},
		{"processes", unix.RLIMIT_NPROC, l.Processes, l.Processes != 0},
		{"data", unix.RLIMIT_DATA, l.Memory, l.Memory != 0 && p.MemoryEach},
		{"address space", unix.RLIMIT_AS, l.AddressSpace, l.AddressSpace != 0},
	} {
		if !limit.set {
			continue
		}
		most, err := hard(limit.resource)
		if err != nil {
			return &jail.SetupError{Step: "read the limit of", Path: limit.name, Err: err}
		}
		v := min(limit.value, most)
		c.call(step{"set the limit of", limit.name}, unix.SYS_PRLIMIT64,
			number(0), number(limit.resource), memory(c, syscall.Rlimit{Cur: v, Max: v}), number(0))
	}
	return nil
}
