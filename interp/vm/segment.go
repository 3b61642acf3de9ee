package vm

import "fruix/interp/datum"

// segment is saved frames, the top of a list of them, and never changed. It is
// of one of two kinds:
//
//   - frames of its own: slots of the stack, the return information of the
//     topmost frame's callee last;
//   - a splice: the frames of another list, from inner down to where end
//     begins. So a composable continuation is put on a stack in constant time,
//     and only the frames that are returned to are ever copied.
type segment struct {
	slots []datum.Value
	next  *segment

	inner, end *segment
	nest       int // how many splices lie around the first frames
	size       int // slots from here down
}

func newSegment(slots []datum.Value, next *segment) *segment {
	return &segment{slots: slots, next: next, size: len(slots) + next.total()}
}

// total is how many slots lie from s down.
func (s *segment) total() int {
	if s == nil {
		return 0
	}
	return s.size
}

// maxNest bounds the splices around one frame: a loop that enters a
// continuation that was captured while the one before was running would
// otherwise return through all of them.
const maxNest = 8

// spliced is next below the frames from inner down to end.
func spliced(inner, end, next *segment) *segment {
	for inner != end && inner.inner != nil && inner.next == end {
		inner, end = inner.inner, inner.end
	}
	switch {
	case inner == end:
		return next
	case inner.nest >= maxNest:
		return newSegment(flat(nil, inner, end), next)
	}
	return &segment{next: next, inner: inner, end: end, nest: inner.nest + 1, size: inner.size - end.total() + next.total()}
}

// flat appends to slots the slots of all frames from s down to end, the lowest
// first.
func flat(slots []datum.Value, s, end *segment) []datum.Value {
	var nodes []*segment
	for ; s != end; s = s.next {
		nodes = append(nodes, s)
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		if n := nodes[i]; n.inner != nil {
			slots = flat(slots, n.inner, n.end)
		} else {
			slots = append(slots, n.slots...)
		}
	}
	return slots
}

// copied makes segments like those from s down to end, with next below, and
// tells which is which's copy.
func copied(s, end, next *segment) (*segment, map[*segment]*segment) {
	var nodes []*segment
	for ; s != end; s = s.next {
		nodes = append(nodes, s)
	}
	moved := map[*segment]*segment{end: next}
	top := next
	for i := len(nodes) - 1; i >= 0; i-- {
		n := *nodes[i]
		n.size += top.total() - n.next.total()
		n.next = top
		top = &n
		moved[nodes[i]] = top
	}
	return top, moved
}

// front gives slots that are s's topmost frames, and what lies below them.
func (s *segment) front() ([]datum.Value, *segment) {
	if s.inner == nil {
		return s.slots, s.next
	}
	slots, below := s.inner.front()
	return slots, spliced(below, s.end, s.next)
}

// view is a segment of which the topmost frames may have been taken.
type view struct {
	slots []datum.Value
	next  *segment
	node  *segment // the segment itself while nothing was taken
}

func viewOf(s *segment) view {
	if s == nil {
		return view{}
	}
	slots, next := s.front()
	return view{slots, next, s}
}

// segment gives v as an immutable segment.
func (v *view) segment() *segment {
	if v.node != nil {
		return v.node
	}
	if len(v.slots) == 0 {
		return v.next
	}
	v.node = newSegment(v.slots, v.next)
	return v.node
}
