package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"fruix/builder/fetch"
	"fruix/interp/datum"
)

// addTransformations adds the options that change packages.
func (f *flags) addTransformations() {
	f.StringArrayVar(&f.withSource, "with-source", nil, "use the file, folder or address in `[PACKAGE[@VERSION]=]SOURCE` as the source of the package, which may be an input")
}

// prepareTransformation makes the procedure that the options ask for, and
// fetches what has an address. The function returned deletes that; call it when
// everything is in the store.
func (s *session) prepareTransformation(ctx context.Context) (remove func(), err error) {
	if len(s.flags.withSource) == 0 {
		return func() {}, nil
	}
	dir, err := os.MkdirTemp("", "fruix-source-")
	if err != nil {
		return nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	if s.transform, err = s.transformation(ctx, dir); err != nil {
		remove()
		return nil, err
	}
	return remove, nil
}

// transformation is the procedure; what has an address is fetched below dir.
func (s *session) transformation(ctx context.Context, dir string) (datum.Value, error) {
	options := datum.Null
	for i := len(s.flags.withSource) - 1; i >= 0; i-- {
		spec, err := s.fetchSource(ctx, s.flags.withSource[i], filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return datum.Unset, err
		}
		options = datum.Cons(datum.Cons(datum.Sym("with-source"), datum.NewString(spec)), options)
	}
	return s.call(ctx, "(guix transformations)", "options->transformation", options)
}

// fetchSource replaces the address in a --with-source by the name of a file
// below dir, which it makes. Nobody promised a hash: who names the address
// believes what it serves.
func (s *session) fetchSource(ctx context.Context, spec, dir string) (string, error) {
	pkg, location, ok := strings.Cut(spec, "=")
	if !ok || strings.Contains(pkg, "://") { // an address may hold "="
		pkg, location = "", spec
	} else {
		pkg += "="
	}
	if !strings.Contains(location, "://") {
		return spec, nil
	}
	u, err := url.Parse(location)
	if err != nil {
		return "", s.flags.usage("--with-source: %q is no address", location)
	}
	name := path.Base(u.Path)
	if name == "/" || name == "." {
		return "", s.flags.usage("--with-source: the address %q names no file", location)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	file := filepath.Join(dir, name)
	_, err = fetch.Standard(s.env.getenv).Get(ctx, fetch.Want{Name: name, Locations: []string{location}}, file)
	return pkg + file, err
}

// transformed adds the transformation to the arguments of a procedure.
func (s *session) transformed(args ...datum.Value) []datum.Value {
	if len(s.flags.withSource) > 0 {
		args = append(args, s.transform)
	}
	return args
}
