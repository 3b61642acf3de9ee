package main

import (
	"fmt"
	"os"
	"path/filepath"

	"fruix/interp"
)

// moduleCache says where compiled modules are kept: in the folder that
// FRUIX_CACHE names, else in fruix/modules of the person's cache folder. An
// empty FRUIX_CACHE keeps nothing.
func moduleCache(getenv func(string) string, lookup func(string) (string, bool)) interp.Cache {
	dir, set := lookup("FRUIX_CACHE")
	if !set {
		switch xdg, home := getenv("XDG_CACHE_HOME"), getenv("HOME"); {
		case filepath.IsAbs(xdg):
			dir = filepath.Join(xdg, "fruix", "modules")
		case filepath.IsAbs(home):
			dir = filepath.Join(home, ".cache", "fruix", "modules")
		}
	}
	build := thisBuild()
	if dir == "" || build == "" {
		return interp.Cache{}
	}
	return interp.Cache{Dir: dir, Build: build}
}

// thisBuild identifies the running program by the file that it was started
// from; "" when that is not known.
func thisBuild() string {
	name, err := os.Executable()
	if err != nil {
		return ""
	}
	info, err := os.Stat(name)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s %s %d %d", version, name, info.Size(), info.ModTime().UnixNano())
}
