package numbers

import (
	"math"
	"strconv"

	"fruix/interp/array"
	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// random lists the natives for random numbers (Guile manual, "Random Number
// Generation"); the state defaults to the value of *random-state*, which
// always starts from the same seed.
func random() []*datum.Primitive {
	t := []*datum.Primitive{
		arg.FN("random", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := generator(c, "random", args, 1)
			if err != nil {
				return datum.Unset, err
			}
			return s.Random(args[0])
		}),
		arg.FN("copy-random-state", 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := generator(c, "copy-random-state", args, 0)
			if err != nil {
				return datum.Unset, err
			}
			return state.RandomValue(s.Copy()), nil
		}),
		arg.F1("seed->random-state", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			switch {
			case v.IsString():
				return state.RandomValue(num.NewRandomState(v.Str().Go())), nil
			case v.IsNumber():
				return state.RandomValue(num.NewRandomState(num.Format(v, 10))), nil
			}
			return datum.Unset, datum.WrongTypeExpecting("seed->random-state", 1, v, "string or number")
		}),
		arg.F0("random-state-from-platform", func(c datum.Caller) (datum.Value, error) {
			return state.RandomValue(num.NewRandomState(strconv.FormatInt(state.Of(c).Now().UnixNano(), 10))), nil
		}),
		arg.FN("random-state->datum", 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := generator(c, "random-state->datum", args, 0)
			if err != nil {
				return datum.Unset, err
			}
			return datum.List(datum.Sym(mwc), datum.Fix(int64(s.W)), datum.Fix(int64(s.C))), nil
		}),
		arg.F1("datum->random-state", datumToState),
	}
	for name, f := range map[string]func(*num.RandomState) float64{
		"random:uniform": (*num.RandomState).Uniform, "random:normal": (*num.RandomState).Normal, "random:exp": (*num.RandomState).Exp,
	} {
		t = append(t, arg.FN(name, 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := generator(c, name, args, 0)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Flo(f(s)), nil
		}))
	}
	return append(t,
		fillRandom("random:normal-vector!", func(*num.RandomState, []float64) {}),
		// Normal numbers have no preferred direction: scaled to length one, they
		// are a point of the sphere.
		fillRandom("random:hollow-sphere!", func(_ *num.RandomState, x []float64) { scale(x, 1) }),
		fillRandom("random:solid-sphere!", func(s *num.RandomState, x []float64) {
			scale(x, math.Pow(s.Uniform(), 1/float64(len(x))))
		}))
}

// mwc names the generator in the datum of a state.
const mwc = "multiply-with-carry"

// generator is the optional state at args[i].
func generator(c datum.Caller, who string, args []datum.Value, i int) (*num.RandomState, error) {
	pos, v := i+1, state.Of(c).Random.Value
	if given, ok := arg.Given(args, i); ok {
		v = given
	}
	if v.Is(datum.KOpaque) {
		if s, ok := v.Opaque().Go.(*num.RandomState); ok {
			return s, nil
		}
	}
	return nil, datum.WrongTypeExpecting(who, pos, v, "random-state")
}

func datumToState(_ datum.Caller, v datum.Value) (datum.Value, error) {
	if parts, err := arg.List("datum->random-state", 1, v); err == nil && len(parts) == 3 && parts[0] == datum.Sym(mwc) {
		w, ok := num.Uint64(parts[1])
		c, ok2 := num.Uint64(parts[2])
		if ok && ok2 && w <= math.MaxUint32 && c <= math.MaxUint32 {
			return state.RandomValue(&num.RandomState{W: uint32(w), C: uint32(c)}), nil
		}
	}
	return datum.Unset, datum.WrongTypeExpecting("datum->random-state", 1, v, "datum of random-state->datum")
}

// fillRandom makes a native (who vector [state]) that fills a vector with
// normal numbers that finish has changed.
func fillRandom(who string, finish func(s *num.RandomState, x []float64)) *datum.Primitive {
	return arg.FN(who, 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		s, err := generator(c, who, args, 1)
		if err != nil {
			return datum.Unset, err
		}
		w, ok := array.Of(args[0])
		if !ok || w.Rank() != 1 {
			return datum.Unset, datum.WrongTypeExpecting(who, 1, args[0], "array of rank 1")
		}
		x := make([]float64, w.Count())
		for i := range x {
			x[i] = s.Normal()
		}
		finish(s, x)
		for i, f := range x {
			if w.Literal || !w.Set(w.Row(i), datum.Flo(f)) {
				return datum.Unset, datum.WrongTypeExpecting(who, 1, args[0], "mutable array of floats")
			}
		}
		return datum.Unspecified, nil
	})
}

// scale makes the length of x what it is told.
func scale(x []float64, length float64) {
	sum := 0.0
	for _, f := range x {
		sum += f * f
	}
	for i := range x {
		x[i] *= length / math.Sqrt(sum)
	}
}
