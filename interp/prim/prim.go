// Package prim gathers the natives that make up the base module (guile).
package prim

import (
	"runtime"

	"fruix/interp/datum"
	"fruix/interp/prim/files"
	"fruix/interp/prim/general"
	"fruix/interp/prim/lists"
	"fruix/interp/prim/numbers"
	"fruix/interp/prim/ports"
	"fruix/interp/prim/process"
	"fruix/interp/prim/records"
	"fruix/interp/prim/sockets"
	"fruix/interp/prim/state"
	"fruix/interp/prim/tables"
	"fruix/interp/prim/text"
	"fruix/interp/prim/times"
	"fruix/interp/prim/vectors"
	"fruix/interp/prim/weaks"
)

// Guile lists the natives of the base module. Each call makes fresh objects.
// They expect the engine to hold a *state.State as extension state.Key.
func Guile() []*datum.Primitive {
	var t []*datum.Primitive
	for _, table := range [][]*datum.Primitive{
		general.Table(), lists.Table(), numbers.Table(), text.Table(), vectors.Table(), tables.Table(), records.Table(), records.Structs(),
		ports.Table(), files.Table(), process.Table(), sockets.Table(), times.Table(), weaks.Base(),
	} {
		t = append(t, table...)
	}
	return t
}

// Constants are the variables of the base module that are no natives: port
// parameters of the engine with state s, character sets, flags.
func Constants(s *state.State) map[string]datum.Value {
	out := map[string]datum.Value{
		"most-positive-fixnum": datum.Fix(datum.MaxFixnum),
		"most-negative-fixnum": datum.Fix(datum.MinFixnum),

		"internal-time-units-per-second": datum.Fix(1000000000),

		"%host-type": datum.NewString(hostType(runtime.GOARCH, runtime.GOOS)),
	}
	for _, m := range []map[string]datum.Value{s.Parameters(), text.Charsets(), text.RegexpConstants(), files.Constants(), process.Constants(), sockets.Constants()} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// hostType is the GNU triplet of a machine, as config.guess has it.
func hostType(arch, os string) string {
	cpu := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "riscv64": "riscv64"}[arch]
	if cpu == "" {
		cpu = arch
	}
	if os == "linux" {
		return cpu + "-unknown-linux-gnu"
	}
	return cpu + "-unknown-" + os
}
