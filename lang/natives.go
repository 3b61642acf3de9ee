package lang

import (
	"path/filepath"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/store"
	"fruix/store/hash"
	"fruix/store/nixbase32"
)

// Module is the name of the Scheme module that holds the natives.
const Module = "(fruix native store)"

// Registry is what the natives are registered with; *interp.Engine has it.
type Registry interface {
	Register(module string, prims ...*datum.Primitive)
}

// Register defines the natives of [Module] for the session.
func Register(r Registry, s *Session) {
	r.Register(Module, s.storeNatives()...)
	r.Register(Module, s.derivationNatives()...)
	r.Register(Module, s.workerNatives()...)
	r.Register(Module, encodingNatives()...)
}

func str(s string) datum.Value { return datum.NewString(s) }

// storeNatives add things to the store and ask about it.
func (s *Session) storeNatives() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F0("%store-directory", func(datum.Caller) (datum.Value, error) { return str(s.Store.Dir()), nil }),
		arg.F0("%host-system", func(datum.Caller) (datum.Value, error) { return str(s.Host), nil }),
		arg.F0("%builder-version", func(datum.Caller) (datum.Value, error) { return str(s.BuilderVersion), nil }),
		arg.F3("%add-text", s.addText),
		arg.F3("%add-bytes", s.addBytes),
		arg.FN("%add-file", 4, 4, s.addFile),
		arg.F2("%add-tree", s.addTree),
		arg.F1("%runtime", func(c datum.Caller, system datum.Value) (datum.Value, error) {
			name, err := arg.Text("%runtime", 1, system)
			if err != nil {
				return datum.Unset, err
			}
			p, err := s.runtime(c.Context(), name)
			return str(p), err
		}),
		arg.F1("%module-source", s.moduleSourceNative),
		arg.F1("%valid-path?", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			p, err := arg.Text("%valid-path?", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if err := s.Flush(c.Context()); err != nil {
				return datum.Unset, err
			}
			ok, err := s.Store.IsValid(c.Context(), p)
			return datum.Bool(ok), err
		}),
		arg.F1("%path-references", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			p, err := arg.Text("%path-references", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if err := s.Flush(c.Context()); err != nil {
				return datum.Unset, err
			}
			refs, err := s.Store.References(c.Context(), p)
			return stringList(refs), err
		}),
	}
}

// addText is (%add-text NAME TEXT REFERENCES).
func (s *Session) addText(c datum.Caller, name, text, refs datum.Value) (datum.Value, error) {
	const who = "%add-text"
	n, err := arg.Text(who, 1, name)
	if err != nil {
		return datum.Unset, err
	}
	t, err := arg.Text(who, 2, text)
	if err != nil {
		return datum.Unset, err
	}
	r, err := stringsOf(who, 3, refs)
	if err != nil {
		return datum.Unset, err
	}
	p, err := s.text(n, []byte(t), r)
	return str(p), err
}

// addBytes is (%add-bytes NAME BYTEVECTOR REFERENCES); it is a text of bytes.
func (s *Session) addBytes(c datum.Caller, name, bytes, refs datum.Value) (datum.Value, error) {
	const who = "%add-bytes"
	n, err := arg.Text(who, 1, name)
	if err != nil {
		return datum.Unset, err
	}
	if !bytes.Is(datum.KBytevector) {
		return datum.Unset, datum.WrongTypeExpecting(who, 2, bytes, "bytevector")
	}
	r, err := stringsOf(who, 3, refs)
	if err != nil {
		return datum.Unset, err
	}
	p, err := s.text(n, bytes.Bytevector().B, r)
	return str(p), err
}

// addFile is (%add-file NAME FILE RECURSIVE? SELECT), where SELECT is #f or a
// procedure of an absolute file name.
func (s *Session) addFile(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "%add-file"
	name, err := arg.Text(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	file, err := arg.Text(who, 2, args[1])
	if err != nil {
		return datum.Unset, err
	}
	opts := store.AddOptions{Recursive: args[2].Truthy()}
	var failed error
	if args[3].Truthy() {
		sel := args[3]
		opts.Filter = func(rel string) bool {
			if rel == "" || failed != nil {
				return failed == nil
			}
			v, err := c.Apply(sel, str(filepath.Join(file, rel)))
			if err != nil {
				failed = err
				return false
			}
			return v.Truthy()
		}
	}
	p, err := s.Store.AddPath(c.Context(), name, file, opts)
	if failed != nil {
		err = failed
	}
	return str(p), err
}

// addTree is (%add-tree NAME ((PATH . CONTENT) ...)), where CONTENT is a
// string or a bytevector.
func (s *Session) addTree(c datum.Caller, name, files datum.Value) (datum.Value, error) {
	const who = "%add-tree"
	n, err := arg.Text(who, 1, name)
	if err != nil {
		return datum.Unset, err
	}
	var list []File
	err = each(who, 2, files, func(v datum.Value) error {
		if !v.IsPair() {
			return datum.WrongTypeExpecting(who, 2, v, "pair of a path and a content")
		}
		p, err := arg.Text(who, 2, v.Pair().Car)
		if err != nil {
			return err
		}
		f := File{Path: p}
		switch content := v.Pair().Cdr; {
		case content.IsString():
			f.Content = []byte(content.Str().Go())
		case content.Is(datum.KBytevector):
			f.Content = content.Bytevector().B
		default:
			return datum.WrongTypeExpecting(who, 2, content, "string or bytevector")
		}
		list = append(list, f)
		return nil
	})
	if err != nil {
		return datum.Unset, err
	}
	p, err := s.AddFiles(c.Context(), n, list)
	return str(p), err
}

// moduleSourceNative is (%module-source NAME): the text, or #f.
func (s *Session) moduleSourceNative(_ datum.Caller, name datum.Value) (datum.Value, error) {
	const who = "%module-source"
	var parts []string
	err := each(who, 1, name, func(v datum.Value) error {
		sym, err := arg.Sym(who, 1, v)
		if err == nil {
			parts = append(parts, sym.Name)
		}
		return err
	})
	if err != nil {
		return datum.Unset, err
	}
	text, ok, err := s.moduleSource(strings.Join(parts, "/") + ".scm")
	if err != nil || !ok {
		return datum.False, err
	}
	return str(text), nil
}

// encodingNatives convert between bytes and text.
func encodingNatives() []*datum.Primitive {
	encode := func(name string, f func([]byte) string) *datum.Primitive {
		return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KBytevector) {
				return datum.Unset, datum.WrongTypeExpecting(name, 1, v, "bytevector")
			}
			return str(f(v.Bytevector().B)), nil
		})
	}
	decode := func(name string, f func(string) ([]byte, error)) *datum.Primitive {
		return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			t, err := arg.Text(name, 1, v)
			if err != nil {
				return datum.Unset, err
			}
			b, err := f(t)
			if err != nil {
				return datum.Unset, datum.Misc(name, "~A", str(err.Error()))
			}
			return datum.NewBytevector(b), nil
		})
	}
	return []*datum.Primitive{
		encode("%bytevector->nix-base32", nixbase32.EncodeToString),
		decode("%nix-base32->bytevector", nixbase32.DecodeString),
		encode("%bytevector->base16", encodeHex),
		decode("%base16->bytevector", decodeHex),
		encode("%sha256-base16", func(b []byte) string { return hash.Sum(hash.SHA256, b).Hex() }),
		arg.F1("%sha256", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KBytevector) {
				return datum.Unset, datum.WrongTypeExpecting("%sha256", 1, v, "bytevector")
			}
			return datum.NewBytevector(hash.Sum(hash.SHA256, v.Bytevector().B).Sum), nil
		}),
	}
}

// text adds a text to the batch.
func (s *Session) text(name string, content []byte, refs []string) (string, error) {
	b, err := s.batch()
	if err != nil {
		return "", err
	}
	return b.AddText(name, content, refs)
}
