package files

import (
	"os"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

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
		named("mkdtemp", 1, 1, mkdtemp),
	}
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
			s, err := canonical(full)
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
