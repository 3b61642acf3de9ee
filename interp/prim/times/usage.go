package times

import (
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// cpu is the processor time that who has taken: getrusage(2).
func cpu(who int) (user, system time.Duration) {
	var u unix.Rusage
	if unix.Getrusage(who, &u) != nil {
		return 0, 0
	}
	return time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano())
}

// usage are the natives that tell of processor time (Guile manual, "Time"). The
// unit of internal time is a nanosecond. The times are those of the process, which
// may hold several engines.
func usage() []*datum.Primitive {
	ns := func(d time.Duration) datum.Value { return num.Int(int64(d)) }
	t := []*datum.Primitive{
		arg.F0("get-internal-run-time", func(datum.Caller) (datum.Value, error) {
			user, system := cpu(unix.RUSAGE_SELF)
			return ns(user + system), nil
		}),
		arg.F0("times", func(c datum.Caller) (datum.Value, error) {
			user, system := cpu(unix.RUSAGE_SELF)
			childUser, childSystem := cpu(unix.RUSAGE_CHILDREN)
			return datum.NewVector([]datum.Value{
				ns(time.Since(state.Of(c).Started)), ns(user), ns(system), ns(childUser), ns(childSystem),
			}), nil
		}),
	}
	for i, name := range []string{"tms:clock", "tms:utime", "tms:stime", "tms:cutime", "tms:cstime"} {
		t = append(t, arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KVector) || len(v.Vector().Items) != 5 {
				return datum.Unset, datum.WrongTypeExpecting(name, 1, v, "value of times")
			}
			return v.Vector().Items[i], nil
		}))
	}
	return t
}
