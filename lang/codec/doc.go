// Package codec gives the engine what Guile programs take from C libraries:
// hash functions, message authentication, random bytes, and compressed streams.
// The natives are those of (fruix native codec); the modules (gcrypt …),
// (zlib), (lzlib) and (zstd) of the library offer them under the interfaces
// that the bindings of the C libraries have in Guile.
//
// What enters and leaves are bytevectors. Streams are objects that are fed and
// asked in turns, so that the ports at both ends may be of any kind.
package codec

import (
	"io"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// Module is the name of the Scheme module that holds the natives.
const Module = "(fruix native codec)"

// Registry is what the natives are registered with; *interp.Engine has it.
type Registry interface {
	Register(module string, prims ...*datum.Primitive)
}

// Register defines the natives of [Module]. random is where random bytes come
// from.
func Register(r Registry, random io.Reader) {
	r.Register(Module, hashNatives()...)
	r.Register(Module, streamNatives()...)
	r.Register(Module, arg.F1("%random-bytes", func(_ datum.Caller, n datum.Value) (datum.Value, error) {
		size, err := arg.Size("%random-bytes", 1, n)
		if err != nil {
			return datum.Unset, err
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(random, b); err != nil {
			return datum.Unset, datum.Misc("%random-bytes", "no random bytes: ~A", datum.NewString(err.Error()))
		}
		return datum.NewBytevector(b), nil
	}))
}

// slice is the part of a bytevector that (bv start count) says, arguments pos
// and the two after it.
func slice(who string, pos int, bv, start, count datum.Value) ([]byte, error) {
	v, err := arg.Bytes(who, pos, bv)
	if err != nil {
		return nil, err
	}
	from, err := arg.Index(who, pos+1, start, len(v.B)+1)
	if err != nil {
		return nil, err
	}
	n, err := arg.Index(who, pos+2, count, len(v.B)-from+1)
	if err != nil {
		return nil, err
	}
	return v.B[from : from+n], nil
}
