// Package files holds the natives for the file system (Guile manual, "File
// System"). File names are resolved against the engine's own directory, and
// an engine may forbid all of it.
package files

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := append(opening(), status()...)
	t = append(t, control()...)
	t = append(t, changing()...)
	t = append(t, directories()...)
	return append(t, names()...)
}

// Constants are the flags of (guile).
func Constants() map[string]datum.Value {
	out := map[string]datum.Value{"file-name-separator-string": datum.NewString("/")}
	for name, n := range map[string]int{
		"O_RDONLY": unix.O_RDONLY, "O_WRONLY": unix.O_WRONLY, "O_RDWR": unix.O_RDWR, "O_CREAT": unix.O_CREAT,
		"O_EXCL": unix.O_EXCL, "O_TRUNC": unix.O_TRUNC, "O_APPEND": unix.O_APPEND, "O_NONBLOCK": unix.O_NONBLOCK, "O_NDELAY": unix.O_NONBLOCK,
		"O_SYNC": unix.O_SYNC, "O_NOCTTY": unix.O_NOCTTY, "O_CLOEXEC": unix.O_CLOEXEC, "O_NOFOLLOW": unix.O_NOFOLLOW, "O_DIRECTORY": unix.O_DIRECTORY,
		"SEEK_SET": 0, "SEEK_CUR": 1, "SEEK_END": 2, "R_OK": 4, "W_OK": 2, "X_OK": 1, "F_OK": 0,
		"F_GETFD": unix.F_GETFD, "F_SETFD": unix.F_SETFD, "F_GETFL": unix.F_GETFL, "F_SETFL": unix.F_SETFL, "F_DUPFD": unix.F_DUPFD, "FD_CLOEXEC": unix.FD_CLOEXEC,
		"LOCK_SH": unix.LOCK_SH, "LOCK_EX": unix.LOCK_EX, "LOCK_UN": unix.LOCK_UN, "LOCK_NB": unix.LOCK_NB,
		"AT_FDCWD": unix.AT_FDCWD, "AT_SYMLINK_NOFOLLOW": unix.AT_SYMLINK_NOFOLLOW,
		"AT_REMOVEDIR": unix.AT_REMOVEDIR, "AT_SYMLINK_FOLLOW": unix.AT_SYMLINK_FOLLOW, "AT_EACCESS": unix.AT_EACCESS,
	} {
		out[name] = datum.Fix(int64(n))
	}
	for _, m := range []map[string]int{systemConstants(), errorNumbers()} {
		for name, n := range m {
			out[name] = datum.Fix(int64(n))
		}
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
