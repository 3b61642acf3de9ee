package initrd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"fruix/interp/module"
)

// A modules is the folder of a kernel's modules, lib/modules/VERSION.
type modules struct {
	dir     string            // on this machine
	files   map[string]string // paths below dir, by the modules' names
	builtin map[string]bool   // names of what is in the kernel itself
	infos   map[string]*info  // what was read so far, by name
	// aliases holds the modules behind each alias; nil until one is asked for,
	// since that takes reading all modules.
	aliases map[string][]string
}

// openModules looks through a folder of modules.
func openModules(dir string) (*modules, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	m := &modules{dir: real, files: make(map[string]string), builtin: make(map[string]bool), infos: make(map[string]*info)}
	err = filepath.WalkDir(real, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, ok := moduleName(d.Name())
		if !ok || !d.Type().IsRegular() {
			return nil
		}
		rel, err := filepath.Rel(real, file)
		if err != nil {
			return err
		}
		// Of two with one name the first counts, save that updates/ goes
		// before kernel/ (depmod.d(5)).
		if old, twice := m.files[name]; !twice || strings.HasPrefix(rel, "updates/") && !strings.HasPrefix(old, "updates/") {
			m.files[name] = rel
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, m.readBuiltin()
}

// readBuiltin reads the list of what is in the kernel itself, one path a line
// as if it were a module (Linux, Documentation/kbuild/kbuild.rst). A folder
// without the list has no such.
func (m *modules) readBuiltin() error {
	data, err := os.ReadFile(filepath.Join(m.dir, "modules.builtin"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for line := range strings.Lines(string(data)) {
		if name, ok := moduleName(path.Base(strings.TrimSpace(line))); ok {
			m.builtin[name] = true
		}
	}
	return err
}

// builtinAliases reads the aliases of what is in the kernel itself: words
// NAME.KEY=VALUE, each ended by a NUL.
func (m *modules) builtinAliases() (map[string]bool, error) {
	out := make(map[string]bool)
	data, err := os.ReadFile(filepath.Join(m.dir, "modules.builtin.modinfo"))
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	for word := range bytes.SplitSeq(data, []byte{0}) {
		key, value, _ := strings.Cut(string(word), "=")
		if name, ok := strings.CutSuffix(key, ".alias"); ok {
			m.builtin[canonical(name)] = true
			out[canonical(value)] = true
		}
	}
	return out, err
}

// info returns what the module of a name says about itself.
func (m *modules) info(name string) (*info, error) {
	if i, ok := m.infos[name]; ok {
		return i, nil
	}
	i, err := readInfo(filepath.Join(m.dir, m.files[name]))
	if err != nil {
		return nil, err
	}
	m.infos[name] = i
	return i, nil
}

// alias returns the modules behind an alias, sorted, and whether the kernel
// itself has something of that alias.
func (m *modules) alias(name string) (list []string, builtin bool, err error) {
	if m.aliases == nil {
		if err := m.readAliases(); err != nil {
			return nil, false, err
		}
	}
	for _, n := range m.aliases[name] {
		if n == "" {
			builtin = true
		} else {
			list = append(list, n)
		}
	}
	return list, builtin, nil
}

func (m *modules) readAliases() error {
	aliases := make(map[string][]string)
	inKernel, err := m.builtinAliases()
	if err != nil {
		return err
	}
	for a := range inKernel {
		aliases[a] = []string{""}
	}
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		i, err := m.info(name)
		if err != nil {
			return err
		}
		for _, a := range i.aliases {
			aliases[canonical(a)] = append(aliases[canonical(a)], name)
		}
	}
	m.aliases = aliases
	return nil
}

// An order is a list of modules in which each comes behind what it needs.
type order struct {
	m     *modules
	names []string
	seen  map[string]bool
}

// resolve returns the paths below the folder of the modules that names stand
// for and of all that these need, in the order in which to load them.
func (m *modules) resolve(names []string) ([]string, error) {
	o := &order{m: m, seen: make(map[string]bool)}
	for _, n := range names {
		found, err := o.request(canonical(n))
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, m.unknown(n)
		}
	}
	files := make([]string, len(o.names))
	for i, n := range o.names {
		files[i] = m.files[n]
	}
	return files, nil
}

func (m *modules) unknown(name string) error {
	var known []string
	for n := range m.files {
		known = append(known, n)
	}
	for n := range m.builtin {
		known = append(known, n)
	}
	err := fmt.Errorf("there is no kernel module %q in %s", name, m.dir)
	if near := module.Nearest(canonical(name), known); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(near, " or "))
	}
	return err
}

// request adds what a name or an alias stands for. It says whether there is
// anything, be it in the kernel itself.
func (o *order) request(name string) (found bool, err error) {
	if o.m.files[name] != "" {
		return true, o.add(name)
	}
	if o.m.builtin[name] {
		return true, nil
	}
	list, found, err := o.m.alias(name)
	for _, n := range list {
		if err == nil {
			err = o.add(n)
		}
		found = true
	}
	return found, err
}

// add adds a module behind what it needs. A module that is met again while its
// needs are being added is passed over: soft dependencies may go in circles.
func (o *order) add(name string) error {
	if o.seen[name] {
		return nil
	}
	o.seen[name] = true
	i, err := o.m.info(name)
	if err != nil {
		return err
	}
	for _, soft := range i.pre { // if there are any
		if _, err := o.request(canonical(soft)); err != nil {
			return err
		}
	}
	for _, d := range i.depends {
		d = canonical(d)
		switch {
		case o.m.files[d] != "":
			if err := o.add(d); err != nil {
				return err
			}
		case !o.m.builtin[d]:
			return fmt.Errorf("the kernel module %q needs %q, which is not in %s", name, d, o.m.dir)
		}
	}
	o.names = append(o.names, name)
	for _, soft := range i.post {
		if _, err := o.request(canonical(soft)); err != nil {
			return err
		}
	}
	return nil
}
