package module

import (
	"io/fs"
	"strconv"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/source"
)

// Registry holds all modules of one engine and knows how to load more.
type Registry struct {
	// Guile is the base module, (guile); its public interface offers all of it.
	Guile *Module
	// Current is the current module.
	Current *Module
	// LoadPath lists directories that are searched before Stdlib. Once the
	// variable %load-path of (guile) is set, that list is what counts.
	LoadPath []string
	Stdlib   fs.FS
	// Run reads, expands and evaluates a whole file, form by form, with Current
	// saved and restored around it. The definitions of a file that is part of
	// Stdlib may be deferred. The façade sets it.
	Run func(key string, f *source.File, stdlib bool) error
	// Needs is told the name of each module that is asked for, and whether it
	// is to be loaded or only whether it could be matters; nil when nobody
	// wants to know.
	Needs func(key string, load bool)
	// Force evaluates the definition of a lazily defined variable. The façade
	// sets it.
	Force func(l *Lazy) error
	// Merge makes one generic function of two, or of two accessors; ok is false
	// when the values are none. The façade sets it.
	Merge func(name *datum.Symbol, accessors bool, v1, v2 datum.Value) (v datum.Value, ok bool, err error)
	// Journal is told of every change of a module; nil when nobody wants to
	// know.
	Journal func(Change)
	// Fixed says that the load path is LoadPath, whatever programs do to the
	// variable %load-path, and that nothing outside of it is read.
	Fixed bool
	// Warn is called with a line for the user; nil to keep silent.
	Warn func(text string)

	modules     map[string]*Module
	forwards    map[forwardKey]*datum.Variable
	outside     map[*datum.Variable]*Module // the forwards of public interfaces
	lazy        map[*datum.Variable]*Lazy
	generation  uint64
	anonymous   int
	warned      map[string]bool
	guests      map[string]bool
	directories map[string]*Module // places in the tree of names without a module
	tried       map[string]bool    // module keys whose file is being or was loaded
	found       map[string]*located
	cached      map[*datum.Symbol]bool // names that modules have found in interfaces
	passing     bool                   // an interface offers what it uses
	foundIn     []string               // the load path that found is about
}

type forwardKey struct {
	m   *Module
	sym *datum.Symbol
}

// baseSize is about how many names the base module has.
const baseSize = 2500

// NewRegistry makes a registry with the modules (guile) and (guile-user), the
// latter being current.
func NewRegistry() *Registry {
	r := &Registry{
		modules:     map[string]*Module{},
		forwards:    map[forwardKey]*datum.Variable{},
		outside:     map[*datum.Variable]*Module{},
		lazy:        map[*datum.Variable]*Lazy{},
		warned:      map[string]bool{},
		tried:       map[string]bool{},
		directories: map[string]*Module{},
		found:       map[string]*located{},
		cached:      map[*datum.Symbol]bool{},
	}
	r.Guile = r.make(datum.List(datum.Sym("guile")), "(guile)")
	r.Guile.vars = make(map[*datum.Symbol]*datum.Variable, baseSize)
	// All of (guile) is public: its interface shares the table of variables.
	r.Guile.public.vars = r.Guile.vars
	user := r.Make(datum.List(datum.Sym("guile-user")))
	user.Use(r.Guile.public)
	user.Use(r.compiler())
	r.Current = user
	r.tried["(guile)"], r.tried["(guile-user)"] = true, true
	return r
}

// compiler is what (guile-user) has of the compiler: as in Guile, two names that
// load it.
func (r *Registry) compiler() *Module {
	iface, err := r.Resolve(Import{
		Name:     datum.List(datum.Sym("system"), datum.Sym("base"), datum.Sym("compile")),
		Autoload: []*datum.Symbol{datum.Intern("compile"), datum.Intern("compile-file")},
	})
	if err != nil {
		panic(err) // nothing is loaded yet
	}
	return iface
}

func (r *Registry) make(name datum.Value, key string) *Module {
	m := &Module{Name: name, Key: key, Version: datum.Null, reg: r, vars: map[*datum.Symbol]*datum.Variable{}}
	m.public = &Module{Name: name, Key: key, Version: datum.Null, reg: r, vars: map[*datum.Symbol]*datum.Variable{}}
	m.public.public = m.public
	if key != "" {
		r.modules[key] = m
	}
	return m
}

// Make returns the module of that name, made empty (not even using (guile))
// when there is none. Nothing is loaded.
func (r *Registry) Make(name datum.Value) *Module {
	name = Canonical(name)
	key := Key(name)
	if m := r.modules[key]; m != nil {
		return m
	}
	m := r.make(name, key)
	r.note(Change{Kind: Made, Module: m})
	return m
}

// Fresh makes an anonymous module that uses (guile).
func (r *Registry) Fresh() *Module {
	r.anonymous++
	m := r.make(datum.False, "")
	m.Key = "(#{ module " + strconv.Itoa(r.anonymous) + "}#)"
	m.public.Key = m.Key
	m.Use(r.Guile.public)
	return m
}

// Find returns the module of that name if it exists already, else nil.
func (r *Registry) Find(name datum.Value) *Module { return r.modules[Key(Canonical(name))] }

// FindKey is Find by the text of a name, "(ice-9 match)".
func (r *Registry) FindKey(key string) *Module { return r.modules[key] }

// Modules lists all named modules, sorted by name.
func (r *Registry) Modules() []*Module {
	keys := sortedKeys(r.modules)
	out := make([]*Module, len(keys))
	for i, k := range keys {
		out[i] = r.modules[k]
	}
	return out
}

// Key is the text of a module name.
func Key(name datum.Value) string {
	var b strings.Builder
	b.WriteByte('(')
	for i := 0; name.IsPair(); i++ {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(partText(name.Pair().Car))
		name = name.Pair().Cdr
	}
	b.WriteByte(')')
	return b.String()
}

func partText(v datum.Value) string {
	switch {
	case v.IsSymbol():
		return v.Symbol().Name
	case v.IsFix():
		return strconv.FormatInt(v.Fix(), 10)
	}
	return "?"
}

// ValidName reports whether name is a non-empty list of symbols and
// non-negative integers.
func ValidName(name datum.Value) bool {
	if !name.IsPair() {
		return false
	}
	for ; name.IsPair(); name = name.Pair().Cdr {
		part := name.Pair().Car
		if !part.IsSymbol() && !(part.IsFix() && part.Fix() >= 0) {
			return false
		}
	}
	return name == datum.Null
}

// ParseName reads a module name from its text, "(fruix native store)".
func ParseName(text string) (datum.Value, bool) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "(") || !strings.HasSuffix(text, ")") {
		return datum.Null, false
	}
	var parts []datum.Value
	for _, f := range strings.Fields(text[1 : len(text)-1]) {
		if n, err := strconv.ParseInt(f, 10, 32); err == nil && n >= 0 {
			parts = append(parts, datum.Fix(n))
		} else if strings.ContainsAny(f, "()\"';") {
			return datum.Null, false
		} else {
			parts = append(parts, datum.Sym(f))
		}
	}
	return datum.List(parts...), len(parts) > 0
}

// Canonical maps the names that R7RS and R6RS give to SRFIs, (srfi 1) and
// (srfi :1 lists), to Guile's (srfi srfi-1); others are returned as they are.
func Canonical(name datum.Value) datum.Value {
	if !name.IsPair() || name.Pair().Car != datum.Sym("srfi") || !name.Pair().Cdr.IsPair() {
		return name
	}
	second := name.Pair().Cdr.Pair().Car
	switch {
	case second.IsFix():
		return datum.List(datum.Sym("srfi"), datum.Sym("srfi-"+strconv.FormatInt(second.Fix(), 10)))
	case second.IsSymbol() && strings.HasPrefix(second.Symbol().Name, ":"):
		return datum.List(datum.Sym("srfi"), datum.Sym("srfi-"+second.Symbol().Name[1:]))
	}
	return name
}
