package module

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/source"
)

// extensions are tried in this order for the file of a module.
var extensions = []string{".scm", ".sls", ".sld"}

// Load returns the module of that name, loading its file when the module does
// not exist yet. A module whose file is still being loaded is returned as far
// as it is, so that modules may use each other.
func (r *Registry) Load(name datum.Value) (*Module, error) {
	name = Canonical(name)
	key := Key(name)
	r.need(key, true)
	if !r.tried[key] {
		// A module that was made by natives may have a file that completes it.
		if err := r.loadFile(name, key); err != nil {
			return nil, err
		}
	}
	if m := r.modules[key]; m != nil {
		return m, nil
	}
	if m, err := r.submodule(name); m != nil || err != nil {
		if own := r.modules[key]; own != nil {
			m = own
		}
		return m, err
	}
	return nil, r.missing(name, key)
}

// loadFile runs the file of a module, if there is one.
func (r *Registry) loadFile(name datum.Value, key string) error {
	if r.Run == nil || !ValidName(name) {
		return nil
	}
	stem, ok := stem(name)
	if !ok {
		return nil
	}
	f, embedded, err := r.take(key, stem)
	if err != nil || f == nil {
		return err
	}
	r.tried[key] = true
	before := r.modules[key]
	if err := r.Run(key, f, embedded); err != nil {
		// The next use tries again, from the start.
		delete(r.tried, key)
		if before == nil {
			delete(r.modules, key)
			r.generation++
		}
		return err
	}
	if m := r.modules[key]; m == nil {
		delete(r.tried, key)
		return &Error{
			Message: "the file " + f.Name + " does not define the module " + key,
			Hint:    "its first form should be (define-module " + key + " …)",
		}
	} else {
		m.embedded = embedded
		if m.Filename == "" {
			m.Filename = f.Name
		}
	}
	return nil
}

// stem is the relative path of a module's file without its extension.
func stem(name datum.Value) (string, bool) {
	var parts []string
	for ; name.IsPair(); name = name.Pair().Cdr {
		p := partText(name.Pair().Car)
		if p == "" || p == "." || p == ".." || strings.ContainsAny(p, "/\\\x00") {
			return "", false
		}
		parts = append(parts, p)
	}
	return strings.Join(parts, "/"), len(parts) > 0
}

// open finds and reads the file of a module or of load-from-path, and tells
// whether it is part of Stdlib; nil without an error when there is none.
func (r *Registry) open(stem string) (f *source.File, embedded bool, err error) {
	if r.Fixed && !fs.ValidPath(stem) {
		return nil, false, nil
	}
	for _, dir := range r.Dirs() {
		for _, ext := range extensions {
			path := filepath.Join(dir, filepath.FromSlash(stem)+ext)
			text, err := os.ReadFile(path)
			if err == nil {
				return &source.File{Name: path, Text: port.SourceText(text)}, false, nil
			}
			if !absent(err) {
				return nil, false, &Error{Message: "cannot read module file: " + err.Error(), Cause: err}
			}
		}
	}
	if r.Stdlib != nil {
		for _, ext := range extensions {
			text, err := fs.ReadFile(r.Stdlib, stem+ext)
			if err == nil {
				return &source.File{Name: stem + ext, Text: text}, true, nil
			}
			if !absent(err) {
				return nil, false, &Error{Message: "cannot read module file: " + err.Error(), Cause: err}
			}
		}
	}
	return nil, false, nil
}

// absent reports whether an error means that the search goes on.
func absent(err error) bool {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return true
	}
	// A directory named a.scm, or a file where a directory is expected.
	var pe *fs.PathError
	return errors.As(err, &pe) && (strings.Contains(pe.Err.Error(), "is a directory") || strings.Contains(pe.Err.Error(), "not a directory"))
}

func (r *Registry) need(key string, load bool) {
	if r.Needs != nil {
		r.Needs(key, load)
	}
}

// located is the file that a module would be loaded from, as it was when it was
// last looked at.
type located struct {
	name     string
	embedded bool
	digest   [sha256.Size]byte
	file     *source.File // until it is taken
}

// Locate tells the file that a module would be loaded from or was loaded from,
// "" when there is none, and the SHA-256 of its text, zero for files of Stdlib.
func (r *Registry) Locate(key string) (name string, embedded bool, digest [sha256.Size]byte) {
	l := r.known()[key]
	if l == nil {
		l = r.look(key)
	}
	return l.name, l.embedded, l.digest
}

// Searches reports whether there are directories before Stdlib that may hold
// other files of the same names.
func (r *Registry) Searches() bool { return len(r.Dirs()) > 0 }

// known is what is known of files, as long as the load path stays the same.
func (r *Registry) known() map[string]*located {
	if dirs := r.Dirs(); !slices.Equal(dirs, r.foundIn) {
		clear(r.found)
		r.foundIn = dirs
	}
	return r.found
}

func (r *Registry) look(key string) *located {
	l := &located{}
	r.found[key] = l
	name, ok := ParseName(key)
	if !ok {
		return l
	}
	stem, ok := stem(name)
	if !ok {
		return l
	}
	if f, embedded, err := r.open(stem); f != nil && err == nil {
		l.name, l.embedded, l.file = f.Name, embedded, f
		if !embedded {
			l.digest = sha256.Sum256(f.Text)
		}
	}
	return l
}

// take is open for the loading of a module: what was read to be looked at is
// not read again.
func (r *Registry) take(key, stem string) (*source.File, bool, error) {
	if r.Needs == nil {
		return r.open(stem)
	}
	if l := r.known()[key]; l != nil && l.file != nil {
		f := l.file
		l.file = nil
		return f, l.embedded, nil
	}
	f, embedded, err := r.open(stem)
	if f != nil {
		l := &located{name: f.Name, embedded: embedded}
		if !embedded {
			l.digest = sha256.Sum256(f.Text)
		}
		r.found[key] = l
	}
	return f, embedded, err
}

// OpenPath finds a file for load-from-path and include: name as it is below
// the load path or in Stdlib, then with a module's extensions.
func (r *Registry) OpenPath(name string) (*source.File, error) {
	if !strings.Contains(name, "..") && !filepath.IsAbs(name) && (!r.Fixed || fs.ValidPath(name)) {
		for _, dir := range r.Dirs() {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if text, err := os.ReadFile(path); err == nil {
				return &source.File{Name: path, Text: text}, nil
			}
		}
		if r.Stdlib != nil && fs.ValidPath(name) {
			if text, err := fs.ReadFile(r.Stdlib, name); err == nil {
				return &source.File{Name: name, Text: text}, nil
			}
		}
		if f, _, err := r.open(name); f != nil || err != nil {
			return f, err
		}
	}
	return nil, &Error{Message: "cannot find `" + name + "' in the load path", Hint: "looked in " + r.places()}
}

// SearchPath tells which file OpenPath would read, "" when none.
func (r *Registry) SearchPath(name string) string {
	if f, err := r.OpenPath(name); err == nil {
		return f.Name
	}
	return ""
}

// loadPath is the variable by which programs see and change the load path.
var loadPath = datum.Intern("%load-path")

// PublishLoadPath sets %load-path of (guile) to LoadPath.
func (r *Registry) PublishLoadPath() {
	var dirs []datum.Value
	for _, d := range r.LoadPath {
		dirs = append(dirs, datum.NewString(d))
	}
	r.Guile.Set(loadPath, datum.List(dirs...))
}

// Dirs lists the directories to search before Stdlib.
func (r *Registry) Dirs() []string {
	v := r.Guile.vars[loadPath]
	if v == nil || r.Fixed {
		return r.LoadPath
	}
	var dirs []string
	for l := v.Value; l.IsPair(); l = l.Pair().Cdr {
		if d := l.Pair().Car; d.IsString() {
			dirs = append(dirs, d.Str().Go())
		}
	}
	return dirs
}

func (r *Registry) places() string {
	places := slices.Clone(r.Dirs())
	if r.Stdlib != nil {
		places = append(places, "the modules inside fruix")
	}
	if len(places) == 0 {
		return "no directory: the load path is empty"
	}
	return strings.Join(places, ", ")
}

// missing explains that a module does not exist.
func (r *Registry) missing(name datum.Value, key string) error {
	e := &Error{Message: "no code for module " + key}
	stem, ok := stem(name)
	if !ok || !ValidName(name) {
		return e
	}
	e.Hint = "looked for " + stem + ".scm (.sls, .sld) in " + r.places()
	if d := didYouMean(Nearest(key, r.moduleNames())); d != "" {
		e.Hint = d + "; " + e.Hint
	}
	return e
}

// moduleNames lists the modules that exist or could be loaded.
func (r *Registry) moduleNames() []string {
	seen := map[string]bool{}
	for k := range r.modules {
		seen[k] = true
	}
	add := func(path string) {
		for _, ext := range extensions {
			if s, ok := strings.CutSuffix(path, ext); ok {
				seen["("+strings.ReplaceAll(s, "/", " ")+")"] = true
			}
		}
	}
	roots := make([]fs.FS, 0, len(r.Dirs())+1)
	for _, dir := range r.Dirs() {
		roots = append(roots, os.DirFS(dir))
	}
	if r.Stdlib != nil {
		roots = append(roots, r.Stdlib)
	}
	for _, root := range roots {
		// Unreadable directories only make the guess poorer; big trees that are
		// no module trees are cut off.
		count := 0
		_ = fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
			if count++; count > 20000 {
				return fs.SkipAll
			}
			if err != nil {
				return fs.SkipDir
			}
			if !d.IsDir() {
				add(path)
			} else if path != "." && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		})
	}
	return sortedKeys(seen)
}

// Exporters lists modules that export sym: those that exist, and files of
// Stdlib whose module declaration lists the name. It is for hints.
func (r *Registry) Exporters(sym *datum.Symbol) []string {
	found := map[string]bool{}
	for k, m := range r.modules {
		if m != r.Guile && m.public.vars[sym] != nil {
			found[k] = true
		}
	}
	if r.Stdlib != nil {
		_ = fs.WalkDir(r.Stdlib, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return fs.SkipDir
			}
			s, ok := strings.CutSuffix(path, ".scm")
			if d.IsDir() || !ok || strings.HasPrefix(path, "guile/") {
				return nil
			}
			if text, err := fs.ReadFile(r.Stdlib, path); err == nil && declares(string(text), sym.Name) {
				found["("+strings.ReplaceAll(s, "/", " ")+")"] = true
			}
			return nil
		})
	}
	return sortedKeys(found)
}

// declares reports whether the module declaration at the head of text lists
// name among its exports. It reads roughly: a wrong answer is a poor hint.
func declares(text, name string) bool {
	i := strings.Index(text, "(define-module")
	if i < 0 {
		return false
	}
	head := text[i:]
	if end := strings.Index(head, "\n("); end >= 0 {
		head = head[:end]
	}
	j := strings.Index(head, "#:export")
	if j < 0 {
		return false
	}
	head = head[j:]
	for {
		k := strings.Index(head, name)
		if k < 0 {
			return false
		}
		after := head[k+len(name):]
		if k > 0 && strings.ContainsAny(head[k-1:k], " \t\n(") && (after == "" || strings.ContainsAny(after[:1], " \t\n)")) {
			return true
		}
		head = head[k+1:]
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Exists reports whether a module exists or could be loaded, without loading.
func (r *Registry) Exists(name datum.Value) bool {
	name = Canonical(name)
	r.need(Key(name), false)
	if r.modules[Key(name)] != nil {
		return true
	}
	if m, err := r.submodule(name); m != nil || err != nil {
		return true
	}
	stem, ok := stem(name)
	if !ok {
		return false
	}
	f, _, err := r.open(stem)
	return f != nil && err == nil
}
