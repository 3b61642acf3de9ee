package target

import (
	"time"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
)

// Natives are the procedures of the module (fruix native system), which
// scripts of a system and (shepherd system) use. What fails raises an error
// that says what could not be done.
func Natives() []*datum.Primitive {
	return []*datum.Primitive{
		// (%mount SOURCE POINT TYPE FLAGS OPTIONS): FLAGS are strings.
		arg.FN("%mount", 5, 5, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			t, err := texts("%mount", 1, a[0], a[1], a[2])
			if err != nil {
				return datum.Unset, err
			}
			flags, err := Texts("%mount", 4, a[3])
			if err != nil {
				return datum.Unset, err
			}
			options, err := arg.Text("%mount", 5, a[4])
			if err != nil {
				return datum.Unset, err
			}
			return done(Mount{t[0], t[1], t[2], flags, options}.Do())
		}),
		arg.F2("%unmount", func(_ datum.Caller, a, lazy datum.Value) (datum.Value, error) {
			return withText("%unmount", a, func(s string) error { return Unmount(s, lazy.Truthy()) })
		}),
		one("%remount-read-only", RemountReadOnly),
		arg.F0("%mount-points", func(datum.Caller) (datum.Value, error) {
			points, err := Mounts()
			if err != nil {
				return datum.Unset, datum.AsError("%mount-points", err)
			}
			return Strings(points), nil
		}),
		// (%swap-on DEVICE PRIORITY DISCARD?): PRIORITY is -1 for none.
		arg.F3("%swap-on", func(_ datum.Caller, a, priority, discard datum.Value) (datum.Value, error) {
			p, err := arg.Int("%swap-on", 2, priority)
			if err != nil {
				return datum.Unset, err
			}
			return withText("%swap-on", a, func(s string) error { return SwapOn(s, p, discard.Truthy()) })
		}),
		one("%swap-off", SwapOff),
		one("%set-host-name", SetHostName),
		one("%interface-up", InterfaceUp),
		two("%interface-address", InterfaceAddress),
		two("%set-kernel-setting", SetKernelSetting),
		arg.F1("%load-modules", func(_ datum.Caller, a datum.Value) (datum.Value, error) {
			names, err := Texts("%load-modules", 1, a)
			if err != nil {
				return datum.Unset, err
			}
			return done(LoadModules(names))
		}),
		// (%find-device SPECIFICATION SECONDS) waits for it at most so long.
		arg.F2("%find-device", func(_ datum.Caller, a, seconds datum.Value) (datum.Value, error) {
			wait, err := Seconds("%find-device", 2, seconds)
			if err != nil {
				return datum.Unset, err
			}
			spec, err := arg.Text("%find-device", 1, a)
			if err != nil {
				return datum.Unset, err
			}
			path, err := FindDevice(spec, wait)
			if err != nil {
				return datum.Unset, datum.AsError("", err)
			}
			return datum.NewString(path), nil
		}),
		arg.F0("%sync", func(datum.Caller) (datum.Value, error) {
			Sync()
			return datum.Unspecified, nil
		}),
		// (%stop-machine HOW): power-off, reboot or halt, without ado.
		arg.F1("%stop-machine", func(_ datum.Caller, a datum.Value) (datum.Value, error) {
			name, err := arg.Sym("%stop-machine", 1, a)
			if err != nil {
				return datum.Unset, err
			}
			for _, p := range []Power{PowerOff, Reboot, Halt} {
				if p.String() == name.Name {
					return done(Stop(p))
				}
			}
			return datum.Unset, datum.WrongTypeExpecting("%stop-machine", 1, a, "power-off, reboot or halt")
		}),
	}
}

func done(err error) (datum.Value, error) {
	if err != nil {
		return datum.Unset, datum.AsError("", err)
	}
	return datum.True, nil
}

func withText(who string, v datum.Value, f func(string) error) (datum.Value, error) {
	s, err := arg.Text(who, 1, v)
	if err != nil {
		return datum.Unset, err
	}
	return done(f(s))
}

func one(name string, f func(string) error) *datum.Primitive {
	return arg.F1(name, func(_ datum.Caller, a datum.Value) (datum.Value, error) { return withText(name, a, f) })
}

func two(name string, f func(a, b string) error) *datum.Primitive {
	return arg.F2(name, func(_ datum.Caller, a, b datum.Value) (datum.Value, error) {
		t, err := texts(name, 1, a, b)
		if err != nil {
			return datum.Unset, err
		}
		return done(f(t[0], t[1]))
	})
}

func texts(who string, pos int, vs ...datum.Value) ([]string, error) {
	out := make([]string, len(vs))
	for i, v := range vs {
		var err error
		if out[i], err = arg.Text(who, pos+i, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Texts checks that v, argument pos of who, is a list of strings or symbols.
func Texts(who string, pos int, v datum.Value) ([]string, error) {
	items, err := arg.List(who, pos, v)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(items))
	for i, x := range items {
		if out[i], err = Name(who, pos, x); err != nil {
			return nil, datum.WrongTypeExpecting(who, pos, v, "list of strings or symbols")
		}
	}
	return out, nil
}

// Name checks for a string or a symbol.
func Name(who string, pos int, v datum.Value) (string, error) {
	if v.IsSymbol() {
		return v.Symbol().Name, nil
	}
	if !v.IsString() {
		return "", datum.WrongTypeExpecting(who, pos, v, "string or symbol")
	}
	return v.Str().Go(), nil
}

// Strings makes a list of strings.
func Strings(list []string) datum.Value {
	out := make([]datum.Value, len(list))
	for i, s := range list {
		out[i] = datum.NewString(s)
	}
	return datum.List(out...)
}

// Seconds checks for a time in seconds that is a real number, not negative.
func Seconds(who string, pos int, v datum.Value) (time.Duration, error) {
	if !num.IsReal(v) {
		return 0, datum.WrongTypeExpecting(who, pos, v, "number of seconds")
	}
	x, err := num.Inexact(v)
	if err != nil {
		return 0, err
	}
	f := x.Flo()
	if !(f >= 0 && f < 1e9) {
		return 0, datum.OutOfRange(who, pos, v)
	}
	return time.Duration(f * float64(time.Second)), nil
}
