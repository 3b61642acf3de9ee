package lang

import (
	"math"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// derivationNatives make derivations, look into them and build them.
func (s *Session) derivationNatives() []*datum.Primitive {
	field := func(name string, f func(*Derivation) datum.Value) *datum.Primitive {
		return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			d, ok := AsDerivation(v)
			if !ok {
				return datum.Unset, datum.WrongTypeExpecting(name, 1, v, "derivation")
			}
			return f(d), nil
		})
	}
	return []*datum.Primitive{
		arg.FN("%derivation", 11, 11, s.derivation),
		arg.Is("%derivation?", func(v datum.Value) bool { _, ok := AsDerivation(v); return ok }),
		field("%derivation-path", func(d *Derivation) datum.Value { return str(d.Path) }),
		field("%derivation-name", func(d *Derivation) datum.Value { return str(d.Name) }),
		field("%derivation-system", func(d *Derivation) datum.Value { return str(d.System) }),
		field("%derivation-outputs", func(d *Derivation) datum.Value {
			l := datum.Null
			names := d.OutputNames()
			for i := len(names) - 1; i >= 0; i-- {
				l = datum.Cons(datum.Cons(str(names[i]), str(d.Outputs[names[i]])), l)
			}
			return l
		}),
		arg.FN("%note-hash-place", 4, 4, s.noteHashPlace),
		arg.F1("%build", func(c datum.Caller, list datum.Value) (datum.Value, error) {
			var drvs []*Derivation
			err := each("%build", 1, list, func(v datum.Value) error {
				d, ok := AsDerivation(v)
				if !ok {
					return datum.WrongTypeExpecting("%build", 1, v, "derivation")
				}
				drvs = append(drvs, d)
				return nil
			})
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, s.BuildAll(c.Context(), drvs)
		}),
	}
}

// noteHashPlace is (%note-hash-place DRV-PATH FILE LINE COLUMN): where the hash
// of a fixed output is written; lines count from 1, columns from 0.
func (s *Session) noteHashPlace(_ datum.Caller, a []datum.Value) (datum.Value, error) {
	const who = "%note-hash-place"
	drvPath, err := arg.Text(who, 1, a[0])
	if err != nil {
		return datum.Unset, err
	}
	file, err := arg.Text(who, 2, a[1])
	if err != nil {
		return datum.Unset, err
	}
	for i := 2; i < 4; i++ {
		if !a[i].IsFix() || a[i].Fix() < 0 || a[i].Fix() > math.MaxInt32 {
			return datum.Unset, datum.WrongTypeExpecting(who, i+1, a[i], "natural number")
		}
	}
	s.hashPlaces[drvPath] = HashPlace{file, int(a[2].Fix()), int(a[3].Fix()) + 1}
	return datum.Unspecified, nil
}

// derivation is (%derivation NAME BUILDER ARGS ENV INPUTS SOURCES OUTPUTS
// HASH-ALGO HASH RECURSIVE? SYSTEM): ENV is an alist of strings, INPUTS a
// list of (DERIVATION OUTPUT ...), HASH-ALGO a string or #f, HASH a
// bytevector or #f.
func (s *Session) derivation(c datum.Caller, a []datum.Value) (datum.Value, error) {
	const who = "%derivation"
	var r request
	var err error
	text := func(pos int) string {
		var t string
		if err == nil {
			t, err = arg.Text(who, pos, a[pos-1])
		}
		return t
	}
	list := func(pos int) []string {
		var l []string
		if err == nil {
			l, err = stringsOf(who, pos, a[pos-1])
		}
		return l
	}
	r.name, r.builder, r.args = text(1), text(2), list(3)
	r.sources, r.outputs, r.system = list(6), list(7), text(11)
	if a[7].Truthy() {
		r.hashAlgo = text(8)
		if !a[8].Is(datum.KBytevector) {
			return datum.Unset, datum.WrongTypeExpecting(who, 9, a[8], "bytevector")
		}
		r.hash = a[8].Bytevector().B
	}
	r.recursive = a[9].Truthy()
	if err != nil {
		return datum.Unset, err
	}
	if r.env, err = environment(who, a[3]); err != nil {
		return datum.Unset, err
	}
	if r.inputs, err = inputs(who, a[4]); err != nil {
		return datum.Unset, err
	}
	d, err := s.add(c.Context(), &r)
	if err != nil {
		return datum.Unset, err
	}
	return d.Value(), nil
}

// environment reads an alist of strings.
func environment(who string, v datum.Value) ([][2]string, error) {
	var env [][2]string
	err := each(who, 4, v, func(x datum.Value) error {
		if !x.IsPair() {
			return datum.WrongTypeExpecting(who, 4, x, "pair of strings")
		}
		name, err := arg.Text(who, 4, x.Pair().Car)
		if err != nil {
			return err
		}
		value, err := arg.Text(who, 4, x.Pair().Cdr)
		if err != nil {
			return err
		}
		env = append(env, [2]string{name, value})
		return nil
	})
	return env, err
}

// inputs reads a list of (DERIVATION OUTPUT ...).
func inputs(who string, v datum.Value) ([]input, error) {
	var all []input
	err := each(who, 5, v, func(x datum.Value) error {
		if !x.IsPair() {
			return datum.WrongTypeExpecting(who, 5, x, "list of a derivation and outputs")
		}
		d, ok := AsDerivation(x.Pair().Car)
		if !ok {
			return datum.WrongTypeExpecting(who, 5, x.Pair().Car, "derivation")
		}
		outs, err := stringsOf(who, 5, x.Pair().Cdr)
		if err != nil {
			return err
		}
		all = append(all, input{d, outs})
		return nil
	})
	return all, err
}
