package vm

import (
	"runtime"
	"runtime/metrics"

	"fruix/interp/datum"
	"fruix/interp/num"
)

// overheap reports whether the heap would hold more than most bytes with extra
// ones added. What looks too much may be garbage, which is collected then.
func overheap(most, extra int64) bool {
	if heap()+extra <= most {
		return false
	}
	runtime.GC()
	return heap()+extra > most
}

// heap is how many bytes the heap holds.
func heap() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(s[0].Value.Uint64())
}

// Reserve fails when bytes more memory would go past the limit. Natives that
// make large objects at once are guarded by it, since the limit is looked at
// between steps only.
func (m *Machine) Reserve(bytes int64) error {
	if m.opts.MaxMemory > 0 && (bytes > m.opts.MaxMemory || overheap(m.opts.MaxMemory, bytes)) {
		return &Stopped{Cause: ErrMemory}
	}
	return nil
}

// MaxBits is the size of the largest integers in a machine whose memory is
// limited: operations on them take time that no step counts.
const MaxBits = 1 << 20

// checked does an operation on numbers that are not both small, unless its
// result could be too large.
func (m *Machine) checked(op func(x, y datum.Value) (datum.Value, error), x, y datum.Value) (datum.Value, error) {
	if m.opts.MaxMemory > 0 && !x.IsFix() && !y.IsFix() && num.Bits(x)+num.Bits(y) > MaxBits {
		return datum.Unset, &Stopped{Cause: ErrMemory}
	}
	if !x.IsFix() && !y.IsFix() && num.Bits(x)+num.Bits(y) > num.LongBits {
		return datum.Compute(m, func() (datum.Value, error) { return op(x, y) })
	}
	return op(x, y)
}
