// Package files holds the natives for the file system (Guile manual, "File
// System"). File names are resolved against the engine's own directory, and
// an engine may forbid all of it.
package files

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := append(opening(), status()...)
	t = append(t, changing()...)
	t = append(t, directories()...)
	return append(t, names()...)
}

// Constants are the flags of (guile).
func Constants() map[string]datum.Value {
	out := map[string]datum.Value{"file-name-separator-string": datum.NewString("/")}
	for name, n := range map[string]int{
		"O_RDONLY": unix.O_RDONLY, "O_WRONLY": unix.O_WRONLY, "O_RDWR": unix.O_RDWR, "O_CREAT": unix.O_CREAT,
		"O_EXCL": unix.O_EXCL, "O_TRUNC": unix.O_TRUNC, "O_APPEND": unix.O_APPEND, "O_NONBLOCK": unix.O_NONBLOCK,
		"O_SYNC": unix.O_SYNC, "O_NOCTTY": unix.O_NOCTTY, "O_CLOEXEC": unix.O_CLOEXEC, "O_NOFOLLOW": unix.O_NOFOLLOW, "O_DIRECTORY": unix.O_DIRECTORY,
		"SEEK_SET": 0, "SEEK_CUR": 1, "SEEK_END": 2, "R_OK": 4, "W_OK": 2, "X_OK": 1, "F_OK": 0,
		"F_GETFD": unix.F_GETFD, "F_SETFD": unix.F_SETFD, "F_GETFL": unix.F_GETFL, "F_SETFL": unix.F_SETFL, "F_DUPFD": unix.F_DUPFD, "FD_CLOEXEC": unix.FD_CLOEXEC,
		"LOCK_SH": unix.LOCK_SH, "LOCK_EX": unix.LOCK_EX, "LOCK_UN": unix.LOCK_UN, "LOCK_NB": unix.LOCK_NB,
		"AT_FDCWD": unix.AT_FDCWD, "AT_SYMLINK_NOFOLLOW": unix.AT_SYMLINK_NOFOLLOW,
		"ENOENT": int(unix.ENOENT), "EEXIST": int(unix.EEXIST), "EACCES": int(unix.EACCES), "EPERM": int(unix.EPERM), "EINVAL": int(unix.EINVAL),
		"ENOTDIR": int(unix.ENOTDIR), "EISDIR": int(unix.EISDIR), "ENOTEMPTY": int(unix.ENOTEMPTY), "EAGAIN": int(unix.EAGAIN), "EINTR": int(unix.EINTR),
		"EIO": int(unix.EIO), "EBADF": int(unix.EBADF), "ECHILD": int(unix.ECHILD), "ENOMEM": int(unix.ENOMEM), "EBUSY": int(unix.EBUSY), "EXDEV": int(unix.EXDEV),
		"ENOSPC": int(unix.ENOSPC), "EROFS": int(unix.EROFS), "EMLINK": int(unix.EMLINK), "EPIPE": int(unix.EPIPE), "EDOM": int(unix.EDOM), "ERANGE": int(unix.ERANGE),
		"ENAMETOOLONG": int(unix.ENAMETOOLONG), "ENOSYS": int(unix.ENOSYS), "ELOOP": int(unix.ELOOP), "ENOTSUP": int(unix.ENOTSUP), "ECONNREFUSED": int(unix.ECONNREFUSED),
		"ECONNRESET": int(unix.ECONNRESET), "ETIMEDOUT": int(unix.ETIMEDOUT), "EADDRINUSE": int(unix.EADDRINUSE), "EWOULDBLOCK": int(unix.EWOULDBLOCK), "EINPROGRESS": int(unix.EINPROGRESS),
	} {
		out[name] = datum.Fix(int64(n))
	}
	return out
}

// path checks that files are allowed and resolves the name at args[i].
func path(c datum.Caller, who string, args []datum.Value, i int) (full, name string, err error) {
	s := state.Of(c)
	if err = s.CheckFiles(who); err != nil {
		return "", "", err
	}
	if name, err = arg.Text(who, i+1, args[i]); err != nil {
		return "", "", err
	}
	if strings.IndexByte(name, 0) >= 0 {
		return "", "", datum.OutOfRange(who, i+1, args[i])
	}
	return s.Path(name), name, nil
}

func fault(who string, err error, name string) error {
	if err == nil {
		return nil
	}
	return state.SystemError(who, err, name)
}

// named makes a native whose first argument is a file name.
func named(who string, min, max int, f func(full string, args []datum.Value) (datum.Value, error)) *datum.Primitive {
	return arg.FN(who, min, max, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		full, name, err := path(c, who, args, 0)
		if err != nil {
			return datum.Unset, err
		}
		v, err := f(full, args)
		var de *datum.Error
		if err != nil && !errors.As(err, &de) {
			err = fault(who, err, name)
		}
		return v, err
	})
}

func opening() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("open-file", 1, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			mode, rest := "r", args[1:]
			if len(rest) > 0 && rest[0].IsString() {
				mode, rest = rest[0].Str().Go(), rest[1:]
			}
			return openFile(c, "open-file", args, mode, rest)
		}),
		arg.FN("open-input-file", 1, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			return openFile(c, "open-file", args, "r", args[1:])
		}),
		arg.FN("open-output-file", 1, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			return openFile(c, "open-file", args, "w", args[1:])
		}),
		binaryOpen("open-binary-input-file", "rb"), binaryOpen("open-binary-output-file", "wb"),
		arg.FN("open", 2, 3, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			full, name, err := path(c, "open", args, 0)
			if err != nil {
				return datum.Unset, err
			}
			flags, err := arg.Int("open", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			perm := 0o666
			if v, ok := arg.Given(args, 2); ok {
				if perm, err = arg.Int("open", 3, v); err != nil {
					return datum.Unset, err
				}
			}
			f, err := os.OpenFile(full, flags, os.FileMode(perm)&0o777)
			if err != nil {
				return datum.Unset, fault("open", err, name)
			}
			return FilePort(f, name, flags).Value(), nil
		}),
		arg.FN("truncate-file", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			const who = "truncate-file"
			if args[0].Is(datum.KPort) {
				p := port.Of(args[0])
				if p.File == nil || p.Closed() {
					return datum.Unset, datum.WrongType(who, 1, args[0])
				}
				n, err := p.Seek(0, io.SeekCurrent)
				if err != nil {
					return datum.Unset, fault(who, err, "")
				}
				if v, ok := arg.Given(args, 1); ok {
					m, err := arg.Count(who, 2, v)
					if err != nil {
						return datum.Unset, err
					}
					n = int64(m)
				}
				if err := p.Flush(); err != nil {
					return datum.Unset, fault(who, err, "")
				}
				return datum.Unspecified, fault(who, p.File.Truncate(n), "")
			}
			full, name, err := path(c, who, args, 0)
			if err != nil {
				return datum.Unset, err
			}
			if len(args) < 2 {
				return datum.Unset, datum.Misc(who, "a length is needed for a file name")
			}
			n, err := arg.Count(who, 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault(who, os.Truncate(full, int64(n)), name)
		}),
		arg.FN("fcntl", 2, 3, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			if err := state.Of(c).CheckFiles("fcntl"); err != nil {
				return datum.Unset, err
			}
			fd, err := descriptor("fcntl", args[0])
			if err != nil {
				return datum.Unset, err
			}
			cmd, err := arg.Int("fcntl", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			x := 0
			if v, ok := arg.Given(args, 2); ok {
				if x, err = arg.Int("fcntl", 3, v); err != nil {
					return datum.Unset, err
				}
			}
			n, err := unix.FcntlInt(fd, cmd, x)
			return datum.Fix(int64(n)), fault("fcntl", err, "")
		}),
		arg.F2("flock", func(c datum.Caller, p, op datum.Value) (datum.Value, error) {
			if err := state.Of(c).CheckFiles("flock"); err != nil {
				return datum.Unset, err
			}
			fd, err := descriptor("flock", p)
			if err != nil {
				return datum.Unset, err
			}
			n, err := arg.Int("flock", 2, op)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("flock", unix.Flock(int(fd), n), "")
		}),
		arg.Is("isatty?", func(v datum.Value) bool {
			fd, err := descriptor("isatty?", v)
			return err == nil && isTerminal(int(fd))
		}),
		arg.F1("mkstemp!", func(c datum.Caller, v datum.Value) (datum.Value, error) { return mkstemp(c, "mkstemp!", v, true) }),
		arg.FN("mkstemp", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			return mkstemp(c, "mkstemp", args[0], false)
		}),
		arg.FN("tmpfile", 0, 0, func(c datum.Caller, _ []datum.Value) (datum.Value, error) {
			if err := state.Of(c).CheckFiles("tmpfile"); err != nil {
				return datum.Unset, err
			}
			f, err := os.CreateTemp("", "fruix")
			if err != nil {
				return datum.Unset, fault("tmpfile", err, "")
			}
			if err := os.Remove(f.Name()); err != nil {
				return datum.Unset, fault("tmpfile", err, "")
			}
			return FilePort(f, "", unix.O_RDWR).Value(), nil
		}),
	}
}

// descriptor is the file descriptor of a port or number.
func descriptor(who string, v datum.Value) (uintptr, error) {
	if v.Is(datum.KPort) && port.Of(v).File != nil && !port.Of(v).Closed() {
		return port.Of(v).File.Fd(), nil
	}
	if v.IsFix() && v.Fix() >= 0 {
		return uintptr(v.Fix()), nil
	}
	return 0, datum.WrongTypeExpecting(who, 1, v, "file port")
}

// FilePort makes a port over an open file; flags tell its direction as of
// open(2).
func FilePort(f *os.File, name string, flags int) *port.Port {
	var p *port.Port
	switch flags & unix.O_ACCMODE {
	case unix.O_RDONLY:
		p = port.NewReader(f, name, f.Close)
	case unix.O_WRONLY:
		p = port.NewWriter(f, name, f.Close)
	default:
		p = port.NewReadWriter(f, f, name, f.Close)
	}
	p.File = f
	return p
}

func binaryOpen(name, mode string) *datum.Primitive {
	return arg.F1(name, func(c datum.Caller, v datum.Value) (datum.Value, error) {
		return openFile(c, "open-file", []datum.Value{v}, mode, nil)
	})
}

// openFile opens with a mode of fopen(3) and Guile's keywords.
func openFile(c datum.Caller, who string, args []datum.Value, mode string, keys []datum.Value) (datum.Value, error) {
	full, name, err := path(c, who, args, 0)
	if err != nil {
		return datum.Unset, err
	}
	if mode == "" {
		return datum.Unset, datum.OutOfRange(who, 2, args[1])
	}
	plus := strings.Contains(mode, "+")
	flags := unix.O_RDONLY
	switch mode[0] {
	case 'r':
		if plus {
			flags = unix.O_RDWR
		}
	case 'w':
		flags = unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC
	case 'a':
		flags = unix.O_WRONLY | unix.O_CREAT | unix.O_APPEND
	default:
		return datum.Unset, datum.OutOfRange(who, 2, datum.NewString(mode))
	}
	if plus && mode[0] != 'r' {
		flags = flags&^unix.O_WRONLY | unix.O_RDWR
	}
	f, err := os.OpenFile(full, flags, 0o666)
	if err != nil {
		return datum.Unset, fault(who, err, name)
	}
	p := FilePort(f, name, flags)
	if strings.Contains(mode, "b") {
		p.Binary, p.Encoding = true, "ISO-8859-1"
	}
	if strings.Contains(mode, "0") {
		p.Buffering = port.None
	}
	if strings.Contains(mode, "l") {
		p.Buffering = port.Line
	}
	for ; len(keys) >= 2 && keys[0].Is(datum.KKeyword); keys = keys[2:] {
		switch keys[0].Keyword().Name.Name {
		case "encoding":
			if keys[1].IsString() {
				p.Encoding = strings.ToUpper(keys[1].Str().Go())
			}
		case "binary":
			if keys[1].Truthy() {
				p.Binary, p.Encoding = true, "ISO-8859-1"
			}
		}
	}
	return p.Value(), nil
}

// mkstemp makes a file from a template that ends in XXXXXX; fill writes the
// name back into the template.
func mkstemp(c datum.Caller, who string, v datum.Value, fill bool) (datum.Value, error) {
	full, name, err := path(c, who, []datum.Value{v}, 0)
	if err != nil {
		return datum.Unset, err
	}
	if !strings.HasSuffix(name, "XXXXXX") {
		return datum.Unset, fault(who, unix.EINVAL, name)
	}
	dir, base := filepath.Split(full)
	if dir == "" {
		dir = "."
	}
	f, err := os.CreateTemp(dir, strings.TrimSuffix(base, "XXXXXX")+"*")
	if err != nil {
		return datum.Unset, fault(who, err, name)
	}
	got := filepath.Base(f.Name())
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		got = name[:i+1] + got
	}
	if fill {
		if v.Str().Literal {
			f.Close()
			return datum.Unset, datum.Misc(who, "string is read-only: ~s", v)
		}
		v.Str().Replace([]rune(got))
	}
	return FilePort(f, got, unix.O_RDWR).Value(), nil
}

func changing() []*datum.Primitive {
	mode := func(who string, args []datum.Value, i, def int) (os.FileMode, error) {
		v, ok := arg.Given(args, i)
		if !ok {
			return os.FileMode(def), nil
		}
		n, err := arg.Count(who, i+1, v)
		return goMode(n), err
	}
	two := func(who string, resolveFirst bool, f func(a, b string) error) *datum.Primitive {
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
	plain := func(who string, f func(string) error) *datum.Primitive {
		return named(who, 1, 1, func(full string, _ []datum.Value) (datum.Value, error) { return datum.Unspecified, f(full) })
	}
	return []*datum.Primitive{
		named("mkdir", 1, 2, func(full string, args []datum.Value) (datum.Value, error) {
			m, err := mode("mkdir", args, 1, 0o777)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, os.Mkdir(full, m)
		}),
		plain("rmdir", unix.Rmdir), plain("delete-file", unix.Unlink),
		two("rename-file", true, os.Rename), two("link", true, os.Link), two("symlink", false, os.Symlink), two("copy-file", true, copyFile),
		named("readlink", 1, 1, func(full string, _ []datum.Value) (datum.Value, error) {
			s, err := os.Readlink(full)
			return datum.NewString(s), err
		}),
		arg.F2("chmod", func(c datum.Caller, o, m datum.Value) (datum.Value, error) {
			n, err := arg.Count("chmod", 2, m)
			if err != nil {
				return datum.Unset, err
			}
			if err := state.Of(c).CheckFiles("chmod"); err != nil {
				return datum.Unset, err
			}
			if o.Is(datum.KPort) || o.IsFix() {
				fd, err := descriptor("chmod", o)
				if err != nil {
					return datum.Unset, err
				}
				return datum.Unspecified, fault("chmod", unix.Fchmod(int(fd), uint32(n)), "")
			}
			full, name, err := path(c, "chmod", []datum.Value{o}, 0)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("chmod", unix.Chmod(full, uint32(n)), name)
		}),
		chown("chown", unix.Chown), chown("lchown", unix.Lchown),
		named("utime", 1, 6, utime),
		arg.FN("umask", 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			if err := state.Of(c).CheckProcesses("umask"); err != nil {
				return datum.Unset, err
			}
			if v, ok := arg.Given(args, 0); ok {
				n, err := arg.Index("umask", 1, v, 0o1000)
				if err != nil {
					return datum.Unset, err
				}
				return datum.Fix(int64(unix.Umask(n))), nil
			}
			old := unix.Umask(0o22)
			unix.Umask(old)
			return datum.Fix(int64(old)), nil
		}),
		named("mknod", 4, 4, func(full string, args []datum.Value) (datum.Value, error) {
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
		}),
		arg.F0("sync", func(datum.Caller) (datum.Value, error) { unix.Sync(); return datum.Unspecified, nil }),
	}
}

func symbolName(v datum.Value) string {
	if v.IsSymbol() {
		return v.Symbol().Name
	}
	return ""
}

// goMode turns permission bits of the system into Go's.
func goMode(n int) os.FileMode {
	m := os.FileMode(n) & 0o777
	if n&0o4000 != 0 {
		m |= os.ModeSetuid
	}
	if n&0o2000 != 0 {
		m |= os.ModeSetgid
	}
	if n&0o1000 != 0 {
		m |= os.ModeSticky
	}
	return m
}

func chown(who string, f func(string, int, int) error) *datum.Primitive {
	return named(who, 3, 3, func(full string, args []datum.Value) (datum.Value, error) {
		uid, err := arg.Int(who, 2, args[1])
		if err != nil {
			return datum.Unset, err
		}
		gid, err := arg.Int(who, 3, args[2])
		if err != nil {
			return datum.Unset, err
		}
		return datum.Unspecified, f(full, uid, gid)
	})
}

// utime is (utime file [atime [mtime [atimens [mtimens [flags]]]]]).
func utime(full string, args []datum.Value) (datum.Value, error) {
	now := time.Now()
	get := func(i int, def int64) (int64, error) {
		if v, ok := arg.Given(args, i); ok {
			if n, ok := num.Int64(v); ok {
				return n, nil
			}
			return 0, datum.WrongType("utime", i+1, v)
		}
		return def, nil
	}
	var n [4]int64
	for i := range n {
		def := int64(0)
		if len(args) < 2 && i < 2 {
			def = now.Unix()
		} else if i == 1 {
			def = now.Unix()
		}
		var err error
		if n[i], err = get(i+1, def); err != nil {
			return datum.Unset, err
		}
	}
	flags, err := get(5, 0)
	if err != nil {
		return datum.Unset, err
	}
	ts := []unix.Timespec{unix.NsecToTimespec(n[0]*1e9 + n[2]), unix.NsecToTimespec(n[1]*1e9 + n[3])}
	return datum.Unspecified, unix.UtimesNanoAt(unix.AT_FDCWD, full, ts, int(flags))
}

func copyFile(from, to string) (err error) {
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
	_, err = io.Copy(out, in)
	return err
}

// directory is an open directory stream.
type directory struct {
	name    string
	entries []string
	pos     int
	closed  bool
}

func directories() []*datum.Primitive {
	stream := func(who string, v datum.Value) (*directory, error) {
		if v.Is(datum.KOpaque) {
			if d, ok := v.Opaque().Go.(*directory); ok {
				return d, nil
			}
		}
		return nil, datum.WrongTypeExpecting(who, 1, v, "directory stream")
	}
	return []*datum.Primitive{
		named("opendir", 1, 1, func(full string, _ []datum.Value) (datum.Value, error) {
			names, err := list(full)
			if err != nil {
				return datum.Unset, err
			}
			return datum.NewOpaque("directory", &directory{name: full, entries: append([]string{".", ".."}, names...)}), nil
		}),
		arg.Is("directory-stream?", func(v datum.Value) bool { _, err := stream("", v); return err == nil }),
		arg.F1("readdir", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			d, err := stream("readdir", v)
			if err != nil {
				return datum.Unset, err
			}
			if d.closed {
				return datum.Unset, datum.Misc("readdir", "Directory ~S is not open.", v)
			}
			if d.pos == len(d.entries) {
				return datum.EOF, nil
			}
			d.pos++
			return datum.NewString(d.entries[d.pos-1]), nil
		}),
		arg.F1("rewinddir", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			d, err := stream("rewinddir", v)
			if err == nil {
				d.pos = 0
			}
			return datum.Unspecified, err
		}),
		arg.F1("closedir", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			d, err := stream("closedir", v)
			if err == nil {
				d.closed = true
			}
			return datum.Unspecified, err
		}),
		// %directory-entries lists names but . and .., sorted by bytes.
		named("%directory-entries", 1, 1, func(full string, _ []datum.Value) (datum.Value, error) {
			names, err := list(full)
			var out []datum.Value
			for _, n := range names {
				out = append(out, datum.NewString(n))
			}
			return datum.List(out...), err
		}),
		arg.F0("getcwd", func(c datum.Caller) (datum.Value, error) {
			if err := state.Of(c).CheckFiles("getcwd"); err != nil {
				return datum.Unset, err
			}
			d, err := state.Of(c).Getwd()
			return datum.NewString(d), fault("getcwd", err, "")
		}),
		arg.FN("chdir", 1, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			_, name, err := path(c, "chdir", args, 0)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("chdir", state.Of(c).Chdir(name), name)
		}),
		named("mkdtemp", 1, 1, mkdtemp), named("mkdtemp!", 1, 1, mkdtemp),
	}
}

func mkdtemp(full string, args []datum.Value) (datum.Value, error) {
	if !strings.HasSuffix(full, "XXXXXX") {
		return datum.Unset, unix.EINVAL
	}
	dir, base := filepath.Split(full)
	if dir == "" {
		dir = "."
	}
	d, err := os.MkdirTemp(dir, strings.TrimSuffix(base, "XXXXXX")+"*")
	if err != nil {
		return datum.Unset, err
	}
	name := args[0].Str().Go()
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return datum.NewString(name[:i+1] + filepath.Base(d)), nil
	}
	return datum.NewString(filepath.Base(d)), nil
}

// list returns the names in a directory, sorted.
func list(dir string) ([]string, error) {
	es, err := os.ReadDir(dir)
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = e.Name()
	}
	return out, err
}

func names() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F1("dirname", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Text("dirname", 1, v)
			return datum.NewString(dirname(s)), err
		}),
		arg.FN("basename", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := arg.Text("basename", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			suffix := ""
			if v, ok := arg.Given(args, 1); ok {
				if suffix, err = arg.Text("basename", 2, v); err != nil {
					return datum.Unset, err
				}
			}
			b := strings.TrimRight(s, "/")
			if b == "" && s != "" {
				return datum.NewString("/"), nil
			}
			b = b[strings.LastIndexByte(b, '/')+1:]
			if suffix != b {
				b = strings.TrimSuffix(b, suffix)
			}
			return datum.NewString(b), nil
		}),
		arg.F1("absolute-file-name?", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Text("absolute-file-name?", 1, v)
			return datum.Bool(strings.HasPrefix(s, "/")), err
		}),
		arg.Is("file-name-separator?", func(v datum.Value) bool { return v.IsChar() && v.Char() == '/' }),
		named("canonicalize-path", 1, 1, func(full string, _ []datum.Value) (datum.Value, error) {
			abs, err := filepath.Abs(full)
			if err != nil {
				return datum.Unset, err
			}
			s, err := filepath.EvalSymlinks(abs)
			return datum.NewString(s), err
		}),
		arg.FN("in-vicinity", 2, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			dir, err := arg.Text("in-vicinity", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			file, err := arg.Text("in-vicinity", 2, args[1])
			if dir != "" && !strings.HasSuffix(dir, "/") {
				dir += "/"
			}
			return datum.NewString(dir + file), err
		}),
	}
}

// dirname follows dirname(3) as Guile does.
func dirname(s string) string {
	t := strings.TrimRight(s, "/")
	i := strings.LastIndexByte(t, '/')
	switch {
	case t == "" && s != "":
		return "/"
	case i < 0:
		return "."
	}
	if d := strings.TrimRight(t[:i], "/"); d != "" {
		return d
	}
	return "/"
}
