//go:build linux && (amd64 || arm64)

package linux

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// evaluate runs a filter as the kernel would: classic BPF with the instructions
// that filters here use, Documentation/networking/filter.rst.
func evaluate(t *testing.T, prog []unix.SockFilter, arch, number uint32, args ...uint64) uint32 {
	t.Helper()
	data := make([]byte, 64)
	binary.LittleEndian.PutUint32(data[offNumber:], number)
	binary.LittleEndian.PutUint32(data[offArch:], arch)
	for i, a := range args {
		binary.LittleEndian.PutUint64(data[offArgs+8*i:], a)
	}
	var acc uint32
	for pc := 0; pc < len(prog); pc++ {
		in := prog[pc]
		var yes bool
		switch in.Code {
		case bpfLoad:
			acc = binary.LittleEndian.Uint32(data[in.K:])
			continue
		case bpfReturn:
			return in.K
		case unix.BPF_JMP | unix.BPF_JA:
			pc += int(in.K)
			continue
		case bpfEqual:
			yes = acc == in.K
		case bpfAtLeast:
			yes = acc >= in.K
		case bpfBits:
			yes = acc&in.K != 0
		default:
			t.Fatalf("instruction %d is unknown: %+v", pc, in)
		}
		if yes {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
	t.Fatal("the filter ends without a word")
	return 0
}

func TestFilter(t *testing.T) {
	tables := callTables()
	prog := filter(tables)
	if len(prog) > 4096 {
		t.Fatalf("%d instructions are more than the kernel takes", len(prog))
	}
	for _, n := range tables {
		check := func(want uint32, call int, args ...uint64) {
			t.Helper()
			if call < 0 {
				return
			}
			if got := evaluate(t, prog, n.arch, uint32(call), args...); got != want {
				t.Errorf("architecture %#x, call %d, arguments %#x: %#x, want %#x", n.arch, call, args, got, want)
			}
		}
		check(allow, 0x3ff) // some call of the future
		check(allow, n.clone, unix.CLONE_VM|unix.CLONE_THREAD)
		check(refuse, n.clone, unix.CLONE_VM|unix.CLONE_NEWUSER)
		check(refuse, n.unshare, unix.CLONE_NEWUSER)
		check(missing, n.clone3)
		for call, at := range map[int]int{n.chmod: 1, n.fchmod: 1, n.fchmodat: 2, n.fchmodat2: 2, n.mknod: 1, n.mknodat: 2, n.creat: 1} {
			args := make([]uint64, 6)
			args[at] = 0o755
			check(allow, call, args...)
			for _, bit := range []uint64{0o4000, 0o2000} {
				args[at] = 0o755 | bit
				check(refuse, call, args...)
			}
		}
		for call, at := range map[int]int{n.open: 1, n.openat: 2} {
			args := make([]uint64, 6)
			args[at], args[at+1] = unix.O_RDONLY, 0o4755
			check(allow, call, args...)
			args[at] = unix.O_RDWR | unix.O_CREAT
			check(refuse, call, args...)
			args[at] = unix.O_RDWR | unix.O_TMPFILE
			check(refuse, call, args...)
			args[at+1] = 0o755
			check(allow, call, args...)
		}
		for family, want := range map[uint64]uint32{
			unix.AF_UNIX: allow, unix.AF_INET: allow, unix.AF_INET6: allow, unix.AF_NETLINK: allow,
			unix.AF_VSOCK: unknown, unix.AF_PACKET: unknown, unix.AF_ALG: unknown, 0: unknown,
		} {
			check(want, n.socket, family)
		}
		for request, want := range map[uint64]uint32{
			unix.TCGETS: allow, unix.FICLONE: allow, unix.FS_IOC_GETFLAGS: allow,
			unix.FS_IOC_SETFLAGS: unasked, 0x40046602: unasked, 0x401c5820: unasked,
			unix.FS_IOC_ENABLE_VERITY: unasked, unix.FS_IOC_SET_ENCRYPTION_POLICY: unasked,
		} {
			check(want, n.ioctl, 0, request)
		}
		for _, call := range n.missing {
			check(missing, call)
		}
		if n.tooHigh != 0 {
			check(missing, int(n.tooHigh)+1)
		}
	}
	if got := evaluate(t, prog, unix.AUDIT_ARCH_S390X, 1); got != missing {
		t.Errorf("another processor's call: %#x", got)
	}
}
