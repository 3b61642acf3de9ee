package files

import (
	"crypto/rand"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// changing lists the natives that change the file system.
func changing() []*datum.Primitive {
	plain := func(who string, f func(string) error) *datum.Primitive {
		return named(who, 1, 1, func(full string, _ []datum.Value) (datum.Value, error) { return datum.Unspecified, f(full) })
	}
	return []*datum.Primitive{
		makeDirectory("mkdir", 0), makeDirectory("mkdirat", 1),
		plain("rmdir", unix.Rmdir), plain("delete-file", unix.Unlink),
		two("rename-file", true, unix.Rename), two("link", true, unix.Link), two("symlink", false, unix.Symlink),
		arg.FN("rename-file-at", 4, 4, renameAt), arg.FN("delete-file-at", 2, 3, deleteAt),
		arg.FN("symlinkat", 3, 3, symlinkAt),
		arg.FN("copy-file", 2, -1, copyFile),
		named("readlink", 1, 1, func(full string, _ []datum.Value) (datum.Value, error) {
			s, err := os.Readlink(full)
			return datum.NewString(s), err
		}),
		arg.F2("chmod", chmod), arg.FN("chmodat", 3, 4, chmodAt),
		arg.F3("chown", chown), arg.FN("chown-at", 4, 5, chownAt),
		named("lchown", 3, 3, func(full string, args []datum.Value) (datum.Value, error) {
			uid, gid, err := owner("lchown", args, 1)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, unix.Lchown(full, uid, gid)
		}),
		arg.FN("utime", 1, 6, utime),
		arg.FN("umask", 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			s := state.Of(c)
			if err := s.CheckProcesses("umask"); err != nil {
				return datum.Unset, err
			}
			if v, ok := arg.Given(args, 0); ok {
				n, err := arg.Index("umask", 1, v, 0o1000)
				if err != nil {
					return datum.Unset, err
				}
				return datum.Fix(int64(s.SetUmask(n))), nil
			}
			mask, own := s.Umask()
			if !own {
				mask = unix.Umask(0o22)
				unix.Umask(mask)
			}
			return datum.Fix(int64(mask)), nil
		}),
		named("mknod", 4, 4, makeNode),
		plain("%chroot", unix.Chroot),
	}
}

// two makes a native of two file names. With the first of them only text, it
// is not resolved.
func two(who string, resolveFirst bool, f func(a, b string) error) *datum.Primitive {
	return arg.FN(who, 2, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		a, rawA, err := path(c, who, args, 0)
		if err != nil {
			return datum.Unset, err
		}
		b, rawB, err := path(c, who, args, 1)
		if err != nil {
			return datum.Unset, err
		}
		if !resolveFirst {
			a = rawA
		}
		if err := f(a, b); err != nil {
			return datum.Unset, fault(who, err, rawB)
		}
		return datum.Unspecified, nil
	})
}

// makeDirectory makes mkdir and mkdirat.
func makeDirectory(who string, at int) *datum.Primitive {
	return arg.FN(who, 1+at, 2+at, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		dir, full, name, err := place(c, who, args, at)
		if err != nil {
			return datum.Unset, err
		}
		perm := 0o777
		if v, ok := arg.Given(args, at+1); ok {
			if perm, err = arg.Count(who, at+2, v); err != nil {
				return datum.Unset, err
			}
		}
		mask, own := state.Of(c).Umask()
		err = unix.Mkdirat(dir, full, uint32(perm&^mask))
		if err == nil && own {
			err = chmodDirectory(dir, full, uint32(perm&^mask))
		}
		return datum.Unspecified, fault(who, err, name)
	})
}

// chmodDirectory changes the mode of a directory that has just been made. In a folder
// where others may write it may be something else by now, so no link is followed.
func chmodDirectory(dir int, name string, mode uint32) error {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == unix.EACCES { // the kernel's mask has made it so that it cannot be read
		return unix.Fchmodat(dir, name, mode, 0)
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Fchmod(fd, mode)
}

// renameAt is (rename-file-at dir1 name1 dir2 name2); #f stands for the working
// directory.
func renameAt(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "rename-file-at"
	var dirs [2]int
	var names [2]string
	for i := range 2 {
		full, name, err := path(c, who, args, 2*i+1)
		if err != nil {
			return datum.Unset, err
		}
		dirs[i], names[i] = unix.AT_FDCWD, full
		if v := args[2*i]; v != datum.False {
			if dirs[i], err = directoryFD(who, 2*i+1, v); err != nil {
				return datum.Unset, err
			}
			names[i] = name
		}
	}
	return datum.Unspecified, fault(who, unix.Renameat(dirs[0], names[0], dirs[1], names[1]), names[1])
}

func deleteAt(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "delete-file-at"
	dir, full, name, err := place(c, who, args, 1)
	if err != nil {
		return datum.Unset, err
	}
	flags, err := flagsAt(who, args, 2)
	if err != nil {
		return datum.Unset, err
	}
	return datum.Unspecified, fault(who, unix.Unlinkat(dir, full, flags), name)
}

func flagsAt(who string, args []datum.Value, i int) (int, error) {
	if v, ok := arg.Given(args, i); ok {
		return arg.Int(who, i+1, v)
	}
	return 0, nil
}

// symlinkAt is (symlinkat dir target name).
func symlinkAt(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "symlinkat"
	target, err := arg.Text(who, 2, args[1])
	if err != nil {
		return datum.Unset, err
	}
	dir, full, name, err := place(c, who, []datum.Value{args[0], args[2]}, 1)
	if err != nil {
		return datum.Unset, err
	}
	return datum.Unspecified, fault(who, unix.Symlinkat(target, dir, full), name)
}

func chmod(c datum.Caller, o, m datum.Value) (datum.Value, error) {
	n, err := arg.Count("chmod", 2, m)
	if err != nil {
		return datum.Unset, err
	}
	if o.Is(datum.KPort) || o.IsFix() {
		fd, err := descriptor(c, "chmod", o)
		if err != nil {
			return datum.Unset, err
		}
		return datum.Unspecified, fault("chmod", unix.Fchmod(fd, uint32(n)), "")
	}
	full, name, err := path(c, "chmod", []datum.Value{o}, 0)
	if err != nil {
		return datum.Unset, err
	}
	return datum.Unspecified, fault("chmod", unix.Chmod(full, uint32(n)), name)
}

// chmodAt is (chmodat dir name mode [flags]).
func chmodAt(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "chmodat"
	dir, full, name, err := place(c, who, args, 1)
	if err != nil {
		return datum.Unset, err
	}
	n, err := arg.Count(who, 3, args[2])
	if err != nil {
		return datum.Unset, err
	}
	flags, err := flagsAt(who, args, 3)
	if err != nil {
		return datum.Unset, err
	}
	return datum.Unspecified, fault(who, unix.Fchmodat(dir, full, uint32(n), flags), name)
}

func owner(who string, args []datum.Value, i int) (uid, gid int, err error) {
	if uid, err = arg.Int(who, i+1, args[i]); err == nil {
		gid, err = arg.Int(who, i+2, args[i+1])
	}
	return uid, gid, err
}

func chown(c datum.Caller, o, u, g datum.Value) (datum.Value, error) {
	uid, gid, err := owner("chown", []datum.Value{o, u, g}, 1)
	if err != nil {
		return datum.Unset, err
	}
	if o.Is(datum.KPort) || o.IsFix() {
		fd, err := descriptor(c, "chown", o)
		if err != nil {
			return datum.Unset, err
		}
		return datum.Unspecified, fault("chown", unix.Fchown(fd, uid, gid), "")
	}
	full, name, err := path(c, "chown", []datum.Value{o}, 0)
	if err != nil {
		return datum.Unset, err
	}
	return datum.Unspecified, fault("chown", unix.Chown(full, uid, gid), name)
}

// chownAt is (chown-at dir name owner group [flags]).
func chownAt(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "chown-at"
	dir, full, name, err := place(c, who, args, 1)
	if err != nil {
		return datum.Unset, err
	}
	uid, gid, err := owner(who, args, 2)
	if err != nil {
		return datum.Unset, err
	}
	flags, err := flagsAt(who, args, 4)
	if err != nil {
		return datum.Unset, err
	}
	return datum.Unspecified, fault(who, unix.Fchownat(dir, full, uid, gid, flags), name)
}

func makeNode(full string, args []datum.Value) (datum.Value, error) {
	kinds := map[string]uint32{"regular": unix.S_IFREG, "fifo": unix.S_IFIFO, "char-special": unix.S_IFCHR, "block-special": unix.S_IFBLK, "socket": unix.S_IFSOCK, "directory": unix.S_IFDIR}
	k, ok := kinds[symbolName(args[1])]
	if !ok {
		return datum.Unset, datum.OutOfRange("mknod", 2, args[1])
	}
	perm, err := arg.Count("mknod", 3, args[2])
	if err != nil {
		return datum.Unset, err
	}
	dev, err := arg.Count("mknod", 4, args[3])
	if err != nil {
		return datum.Unset, err
	}
	return datum.Unspecified, mknod(full, k|uint32(perm), dev)
}

func symbolName(v datum.Value) string {
	if v.IsSymbol() {
		return v.Symbol().Name
	}
	return ""
}

// utime is (utime file [atime [mtime [atimens [mtimens [flags]]]]]).
func utime(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "utime"
	now := state.Of(c).Now()
	seconds := func(i int) (int64, int64, error) {
		v, ok := arg.Given(args, i)
		if !ok {
			return now.Unix(), int64(now.Nanosecond()), nil
		}
		n, ok := num.Int64(v)
		if !ok {
			return 0, 0, datum.WrongType(who, i+1, v)
		}
		ns := int64(0)
		if v, ok := arg.Given(args, i+2); ok {
			if ns, ok = num.Int64(v); !ok {
				return 0, 0, datum.WrongType(who, i+3, v)
			}
		}
		return n, ns, nil
	}
	as, an, err := seconds(1)
	if err != nil {
		return datum.Unset, err
	}
	ms, mn, err := seconds(2)
	if err != nil {
		return datum.Unset, err
	}
	flags, err := flagsAt(who, args, 5)
	if err != nil {
		return datum.Unset, err
	}
	times := [2]time.Time{time.Unix(as, an), time.Unix(ms, mn)}
	if args[0].Is(datum.KPort) || args[0].IsFix() {
		fd, err := descriptor(c, who, args[0])
		if err != nil {
			return datum.Unset, err
		}
		tv := []unix.Timeval{unix.NsecToTimeval(times[0].UnixNano()), unix.NsecToTimeval(times[1].UnixNano())}
		return datum.Unspecified, fault(who, unix.Futimes(fd, tv), "")
	}
	full, name, err := path(c, who, args, 0)
	if err != nil {
		return datum.Unset, err
	}
	ts := []unix.Timespec{unix.NsecToTimespec(times[0].UnixNano()), unix.NsecToTimespec(times[1].UnixNano())}
	return datum.Unspecified, fault(who, unix.UtimesNanoAt(unix.AT_FDCWD, full, ts, flags), name)
}

// copyFile is (copy-file from to #:copy-on-write): with #t the file system must
// share the contents, with auto, which is the default, it may.
func copyFile(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "copy-file"
	from, _, err := path(c, who, args, 0)
	if err != nil {
		return datum.Unset, err
	}
	to, name, err := path(c, who, args, 1)
	if err != nil {
		return datum.Unset, err
	}
	share := datum.Sym("auto")
	for rest := args[2:]; len(rest) > 0; rest = rest[2:] {
		if len(rest) < 2 || !rest[0].Is(datum.KKeyword) || rest[0].Keyword().Name.Name != "copy-on-write" {
			return datum.Unset, &datum.Error{Key: "keyword-argument-error", Who: who, Message: "Unrecognized keyword", Rest: datum.List(rest[0]), Payload: datum.Unset}
		}
		share = rest[1]
	}
	if share != datum.True && share != datum.False && share != datum.Sym("auto") {
		return datum.Unset, datum.Misc(who, "invalid value for #:copy-on-write: ~S", share)
	}
	return datum.Unspecified, fault(who, copyContents(from, to, share), name)
}

func copyContents(from, to string, share datum.Value) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, st.Mode().Perm())
	if err != nil {
		return err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	if share != datum.False {
		if err := clone(int(out.Fd()), int(in.Fd())); err == nil || share == datum.True {
			return err
		}
	}
	_, err = io.Copy(out, in)
	return err
}

// randomText is n letters and digits by chance.
func randomText(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	for i, x := range b {
		b[i] = letters[int(x)%len(letters)]
	}
	return string(b)
}

// terminalName finds the device of a terminal.
func terminalName(fd int) (string, error) {
	var want, st unix.Stat_t
	if err := unix.Fstat(fd, &want); err != nil {
		return "", err
	}
	for _, dir := range []string{"/dev/pts", "/dev"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			name := dir + "/" + e.Name()
			if unix.Lstat(name, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == want.Rdev && name != "/dev/tty" {
				return name, nil
			}
		}
	}
	return "", unix.ENODEV
}
