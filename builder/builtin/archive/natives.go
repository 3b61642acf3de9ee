package archive

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// Module is the Scheme module of the natives.
const Module = "(fruix native archive)"

// Natives returns the procedures of [Module]: (%archive? FILE),
// (%unpack-archive FILE DIRECTORY SELECT STRIP), (%unpack-archive-members FILE
// DIRECTORY SELECT), which takes no offence at absent members, (%pack-archive
// DIRECTORY FILE FORMAT), (%apply-patch FILE DIRECTORY STRIP).
func Natives() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F1("%archive?", func(_ datum.Caller, file datum.Value) (datum.Value, error) {
			name, err := arg.Text("%archive?", 1, file)
			if err != nil {
				return datum.Unset, err
			}
			ok, err := Is(name)
			return datum.Bool(ok), err
		}),
		arg.FN("%unpack-archive", 4, 4, unpackNative),
		arg.F3("%unpack-archive-members", func(c datum.Caller, file, dir, members datum.Value) (datum.Value, error) {
			return unpack("%unpack-archive-members", file, dir, members, Options{Lenient: true})
		}),
		arg.F3("%pack-archive", func(_ datum.Caller, dir, file, format datum.Value) (datum.Value, error) {
			const who = "%pack-archive"
			var names [3]string
			for i, v := range []datum.Value{dir, file, format} {
				var err error
				if names[i], err = arg.Text(who, i+1, v); err != nil {
					return datum.Unset, err
				}
			}
			return datum.Unspecified, Pack(names[0], names[1], names[2])
		}),
		arg.F3("%apply-patch", func(_ datum.Caller, file, dir, strip datum.Value) (datum.Value, error) {
			const who = "%apply-patch"
			f, err := arg.Text(who, 1, file)
			if err != nil {
				return datum.Unset, err
			}
			d, err := arg.Text(who, 2, dir)
			if err != nil {
				return datum.Unset, err
			}
			if !strip.IsFix() {
				return datum.Unset, datum.WrongTypeExpecting(who, 3, strip, "integer")
			}
			return datum.Unspecified, ApplyPatch(f, d, int(strip.Fix()))
		}),
	}
}

func unpackNative(_ datum.Caller, a []datum.Value) (datum.Value, error) {
	const who = "%unpack-archive"
	if !a[3].IsFix() || a[3].Fix() < 0 {
		return datum.Unset, datum.WrongTypeExpecting(who, 4, a[3], "natural number")
	}
	return unpack(who, a[0], a[1], a[2], Options{Strip: int(a[3].Fix())})
}

// unpack calls Unpack with a list of members to select.
func unpack(who string, file, dir, members datum.Value, o Options) (datum.Value, error) {
	f, err := arg.Text(who, 1, file)
	if err != nil {
		return datum.Unset, err
	}
	d, err := arg.Text(who, 2, dir)
	if err != nil {
		return datum.Unset, err
	}
	for l := members; !l.IsNull(); l = l.Pair().Cdr {
		if !l.IsPair() {
			return datum.Unset, datum.WrongTypeExpecting(who, 3, members, "list of strings")
		}
		s, err := arg.Text(who, 3, l.Pair().Car)
		if err != nil {
			return datum.Unset, err
		}
		o.Select = append(o.Select, s)
	}
	return datum.Unspecified, Unpack(f, d, o)
}
