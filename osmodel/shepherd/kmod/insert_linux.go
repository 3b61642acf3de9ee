package kmod

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Insert puts a module into the running kernel, init_module(2). An error wraps
// fs.ErrExist when it is there already.
func Insert(module []byte, _, params string) error {
	return unix.InitModule(module, params)
}

// InsertFile loads the module in a file, finit_module(2) when it is not
// compressed.
func InsertFile(file, params string) error {
	if filepath.Ext(file) == ".ko" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		err = unix.FinitModule(int(f.Fd()), params, 0)
		if !errors.Is(err, unix.ENOSYS) {
			return err
		}
	}
	module, err := Read(file)
	if err != nil {
		return err
	}
	return unix.InitModule(module, params)
}

// Loaded reports whether the running kernel has a module, which it shows in
// /sys/module; modules that are built in show there when they have parameters.
func Loaded(name string) bool {
	_, err := os.Stat("/sys/module/" + name)
	return err == nil
}

// BuiltIn reads the list of modules that are part of the kernel from the
// modules.builtin file of its directory; without one it is empty.
func BuiltIn(dir string) map[string]bool {
	out := map[string]bool{}
	text, err := os.ReadFile(filepath.Join(dir, "modules.builtin"))
	if err != nil {
		return out
	}
	for _, line := range strings.Fields(string(text)) {
		out[Canonical(line)] = true
	}
	return out
}
