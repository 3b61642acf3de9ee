package times

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// measures lists the natives that tell what time the process has used, and
// tzset.
func measures() []*datum.Primitive {
	t := []*datum.Primitive{
		// The zone is looked up in the engine's environment whenever it is
		// needed.
		arg.F0("tzset", func(datum.Caller) (datum.Value, error) { return datum.Unspecified, nil }),
		arg.F0("times", func(c datum.Caller) (datum.Value, error) {
			self, children, err := usage()
			if err != nil {
				return datum.Unset, state.SystemError("times", err, "")
			}
			n := func(d time.Duration) datum.Value { return num.Int(int64(d)) }
			return datum.NewVector([]datum.Value{
				n(time.Since(state.Of(c).Started)), n(self[0]), n(self[1]), n(children[0]), n(children[1]),
			}), nil
		}),
		arg.F0("get-internal-run-time", func(datum.Caller) (datum.Value, error) {
			self, _, err := usage()
			if err != nil {
				return datum.Unset, state.SystemError("get-internal-run-time", err, "")
			}
			return num.Int(int64(self[0] + self[1])), nil
		}),
	}
	for i, f := range []string{"clock", "utime", "stime", "cutime", "cstime"} {
		who := "tms:" + f
		t = append(t, arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KVector) || len(v.Vector().Items) != 5 {
				return datum.Unset, datum.WrongType(who, 1, v)
			}
			return v.Vector().Items[i], nil
		}))
	}
	return t
}

// usage is the time of the processor that the process and the programs that it
// has waited for have used, for themselves and in the system.
func usage() (self, children [2]time.Duration, err error) {
	for who, to := range map[int]*[2]time.Duration{unix.RUSAGE_SELF: &self, unix.RUSAGE_CHILDREN: &children} {
		var r unix.Rusage
		if err = unix.Getrusage(who, &r); err != nil {
			return self, children, err
		}
		to[0], to[1] = time.Duration(r.Utime.Nano()), time.Duration(r.Stime.Nano())
	}
	return self, children, nil
}

// localZone is the zone of the machine, for programs whose environment names
// none.
func localZone() *time.Location {
	text, err := os.ReadFile("/etc/localtime")
	if err != nil {
		return time.UTC
	}
	loc, err := time.LoadLocationFromTZData("Local", text)
	if err != nil {
		return time.UTC
	}
	return loc
}
