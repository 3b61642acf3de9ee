package files

import (
	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// The fields of a stat object, in the order of Guile's vector.
var statFields = []string{"dev", "ino", "mode", "nlink", "uid", "gid", "rdev", "size", "atime", "mtime", "ctime",
	"blksize", "blocks", "type", "perms", "atimensec", "mtimensec", "ctimensec"}

func statValue(st *unix.Stat_t) datum.Value {
	kind := "unknown"
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		kind = "regular"
	case unix.S_IFDIR:
		kind = "directory"
	case unix.S_IFLNK:
		kind = "symlink"
	case unix.S_IFBLK:
		kind = "block-special"
	case unix.S_IFCHR:
		kind = "char-special"
	case unix.S_IFIFO:
		kind = "fifo"
	case unix.S_IFSOCK:
		kind = "socket"
	}
	n := func(i int64) datum.Value { return num.Int(i) }
	u := func(i uint64) datum.Value { return num.Uint(i) }
	as, an := st.Atim.Unix()
	ms, mn := st.Mtim.Unix()
	cs, cn := st.Ctim.Unix()
	return datum.NewVector([]datum.Value{
		u(uint64(st.Dev)), u(st.Ino), u(uint64(st.Mode)), u(uint64(st.Nlink)), u(uint64(st.Uid)), u(uint64(st.Gid)), u(uint64(st.Rdev)),
		n(st.Size), n(as), n(ms), n(cs), n(int64(st.Blksize)), n(st.Blocks), datum.Sym(kind), u(uint64(st.Mode) & 0o7777), n(an), n(mn), n(cn),
	})
}

func status() []*datum.Primitive {
	stat := func(who string, f func(string, *unix.Stat_t) error) *datum.Primitive {
		return arg.FN(who, 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			var st unix.Stat_t
			var err error
			name := ""
			if args[0].IsString() {
				var full string
				if full, name, err = path(c, who, args, 0); err != nil {
					return datum.Unset, err
				}
				err = f(full, &st)
			} else {
				if err := state.Of(c).CheckFiles(who); err != nil {
					return datum.Unset, err
				}
				var fd int
				if fd, err = descriptor(c, who, args[0]); err != nil {
					return datum.Unset, err
				}
				err = unix.Fstat(fd, &st)
			}
			if err != nil {
				if v, ok := arg.Given(args, 1); ok && v == datum.False {
					return datum.False, nil
				}
				return datum.Unset, fault(who, err, name)
			}
			return statValue(&st), nil
		})
	}
	exists := func(who string, test func(*unix.Stat_t) bool) *datum.Primitive {
		return arg.FN(who, 1, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			full, _, err := path(c, who, args, 0)
			if err != nil {
				return datum.Unset, err
			}
			var st unix.Stat_t
			return datum.Bool(unix.Stat(full, &st) == nil && test(&st)), nil
		})
	}
	t := []*datum.Primitive{
		stat("stat", unix.Stat), stat("lstat", unix.Lstat),
		arg.FN("statat", 2, 3, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			dir, full, name, err := place(c, "statat", args, 1)
			if err != nil {
				return datum.Unset, err
			}
			flags, err := flagsAt("statat", args, 2)
			if err != nil {
				return datum.Unset, err
			}
			var st unix.Stat_t
			if err := unix.Fstatat(dir, full, &st, flags); err != nil {
				return datum.Unset, fault("statat", err, name)
			}
			return statValue(&st), nil
		}),
		exists("file-exists?", func(*unix.Stat_t) bool { return true }),
		exists("file-is-directory?", func(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFDIR }),
		named("access?", 2, 2, func(full string, args []datum.Value) (datum.Value, error) {
			how, err := arg.Index("access?", 2, args[1], 8)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Bool(unix.Access(full, uint32(how)) == nil), nil
		}),
	}
	for i, f := range statFields {
		who := "stat:" + f
		t = append(t, arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KVector) || len(v.Vector().Items) != len(statFields) {
				return datum.Unset, datum.WrongTypeExpecting(who, 1, v, "stat object")
			}
			return v.Vector().Items[i], nil
		}))
	}
	return t
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, getTermios)
	return err == nil
}
