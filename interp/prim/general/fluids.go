package general

import (
	"strconv"
	"sync/atomic"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

func fluidOf(who string, pos int, v datum.Value) (*datum.Fluid, error) {
	if !v.Is(datum.KFluid) {
		return nil, datum.WrongTypeExpecting(who, pos, v, "fluid")
	}
	return v.Fluid(), nil
}

// bound is the value of a fluid that must have one.
func bound(who string, v, x datum.Value) (datum.Value, error) {
	if x == datum.Unset {
		return datum.Unset, &datum.Error{Key: "unbound-fluid", Who: who, Message: "Unbound fluid: ~S",
			Irritants: []datum.Value{v}, Rest: datum.False, Payload: datum.Unset}
	}
	return x, nil
}

// fluids are the natives of fluids and parameters (Guile manual, "Fluids and
// Dynamic States"); package threads has those of dynamic states.
func fluids() []*datum.Primitive {
	var count atomic.Int64
	maker := func(name string, local bool) *datum.Primitive {
		return arg.FN(name, 0, 1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			f := &datum.Fluid{Default: datum.False, Local: local, Name: strconv.FormatInt(count.Add(1), 10)}
			if v, ok := arg.Given(args, 0); ok {
				f.Default = v
			}
			return f.Value(), nil
		})
	}
	set := func(c datum.Caller, name string, v, x datum.Value) (datum.Value, error) {
		f, err := fluidOf(name, 1, v)
		if err == nil {
			c.FluidSet(f, x)
		}
		return datum.Unspecified, err
	}
	return []*datum.Primitive{
		arg.Is("fluid?", func(v datum.Value) bool { return v.Is(datum.KFluid) }),
		maker("make-fluid", false), maker("make-thread-local-fluid", true),
		arg.F0("make-unbound-fluid", func(datum.Caller) (datum.Value, error) {
			return (&datum.Fluid{Default: datum.Unset, Name: strconv.FormatInt(count.Add(1), 10)}).Value(), nil
		}),
		arg.Is("fluid-thread-local?", func(v datum.Value) bool { return v.Is(datum.KFluid) && v.Fluid().Local }),
		arg.F1("fluid-ref", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			f, err := fluidOf("fluid-ref", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return bound("fluid-ref", v, c.FluidRef(f))
		}),
		arg.F2("fluid-set!", func(c datum.Caller, v, x datum.Value) (datum.Value, error) { return set(c, "fluid-set!", v, x) }),
		arg.F1("fluid-unset!", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			return set(c, "fluid-unset!", v, datum.Unset)
		}),
		arg.F1("fluid-bound?", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			f, err := fluidOf("fluid-bound?", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Bool(c.FluidRef(f) != datum.Unset), nil
		}),
		// Parameters: the converter has been applied to the first value by
		// make-parameter, which is Scheme.
		arg.Is("parameter?", func(v datum.Value) bool { return v.Is(datum.KParameter) }),
		arg.F2("%make-parameter", func(_ datum.Caller, f, conv datum.Value) (datum.Value, error) {
			x, err := fluidOf("%make-parameter", 1, f)
			if err != nil {
				return datum.Unset, err
			}
			return datum.NewParameter(x, conv), nil
		}),
		parameterPart("parameter-fluid", func(p *datum.Parameter) datum.Value { return p.Fluid.Value() }),
		parameterPart("parameter-converter", func(p *datum.Parameter) datum.Value { return p.Converter }),
	}
}

func parameterPart(who string, f func(*datum.Parameter) datum.Value) *datum.Primitive {
	return arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		if !v.Is(datum.KParameter) {
			return datum.Unset, datum.WrongTypeExpecting(who, 1, v, "parameter")
		}
		return f(v.Parameter()), nil
	})
}
