package state

import (
	"errors"
	"io/fs"
	"syscall"

	"fruix/interp/datum"
)

// Errno returns the error number behind a Go error, 0 when there is none.
func Errno(err error) syscall.Errno {
	var n syscall.Errno
	switch {
	case errors.As(err, &n):
		return n
	case errors.Is(err, fs.ErrNotExist):
		return syscall.ENOENT
	case errors.Is(err, fs.ErrExist):
		return syscall.EEXIST
	case errors.Is(err, fs.ErrPermission):
		return syscall.EACCES
	}
	return 0
}

// SystemError is Guile's system-error for a failed call: key, procedure,
// "~A: ~S" with the system's text and the file, and the error number.
func SystemError(who string, err error, file string) error {
	n := Errno(err)
	text := err.Error()
	if n != 0 {
		text = Strerror(n)
	}
	e := &datum.Error{Key: "system-error", Who: who, Message: "~A",
		Irritants: []datum.Value{datum.NewString(text)}, Rest: datum.List(datum.Fix(int64(n))), Payload: datum.Unset, Cause: err}
	if file != "" {
		e.Message = "~A: ~S"
		e.Irritants = append(e.Irritants, datum.NewString(file))
	}
	return e
}

// Strerror is the text of an error number with a capital first letter, as
// the C library has it.
func Strerror(n syscall.Errno) string {
	s := n.Error()
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		s = string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
