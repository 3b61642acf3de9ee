package files

import (
	"path/filepath"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/prim/state"
)

// portName is the name of a port on the file full, which a program called
// name, as %file-port-name-canonicalization wants it: relative to the first
// folder of the load path that the file lies in, or absolute and without
// links. It stays as it is where that cannot be told.
func portName(c datum.Caller, full, name string) string {
	s := state.Of(c)
	how := c.FluidRef(s.PortNames)
	if !how.IsSymbol() {
		return name
	}
	switch how.Symbol().Name {
	case "absolute":
		if real, err := canonical(full); err == nil {
			return real
		}
	case "relative":
		if below, ok := belowLoadPath(s, full); ok {
			return below
		}
	}
	return name
}

// canonical is an absolute name without links.
func canonical(full string) (string, error) {
	abs, err := filepath.Abs(full)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// belowLoadPath cuts off the folder of the load path that full lies in. The
// entry "", the working directory, counts for nothing: names would depend on
// where a program was started.
func belowLoadPath(s *state.State, full string) (string, bool) {
	real, err := canonical(full)
	if err != nil {
		return "", false
	}
	for _, dir := range s.LoadPath() {
		if dir == "" {
			continue
		}
		if d, err := canonical(s.Path(dir)); err == nil {
			dir = d
		}
		if below, ok := strings.CutPrefix(real, strings.TrimSuffix(dir, "/")+"/"); ok && below != "" {
			return below, true
		}
	}
	return "", false
}
