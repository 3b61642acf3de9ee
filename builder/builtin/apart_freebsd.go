package builtin

import "golang.org/x/sys/unix"

// openDescriptors lists what may be open descriptors of this process; /dev/fd shows them
// only where fdescfs(5) is mounted.
func openDescriptors() (list []int, err error) {
	const most = 1 << 20
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return nil, err
	}
	for fd := range int(min(l.Cur, most)) {
		list = append(list, fd)
	}
	return list, nil
}

// setLimit sets a limit that nobody without privileges can raise again.
func setLimit(l ApartLimit) error {
	var old unix.Rlimit
	if err := unix.Getrlimit(l.Resource, &old); err != nil {
		return err
	}
	v := min(int64(min(l.Value, 1<<62)), old.Max)
	return unix.Setrlimit(l.Resource, &unix.Rlimit{Cur: v, Max: v})
}
