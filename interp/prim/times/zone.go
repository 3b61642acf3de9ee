package times

import (
	"os"
	"time"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// tzset does nothing: the zone is looked up in the engine's environment whenever
// it is needed.
func tzset() *datum.Primitive {
	return arg.F0("tzset", func(datum.Caller) (datum.Value, error) { return datum.Unspecified, nil })
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
