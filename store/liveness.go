package store

import (
	"context"
	"math"
	"slices"

	"fruix/store/db"
)

// Liveness is which objects live.
type Liveness struct {
	Live, Dead []string // in order
	DeadBytes  int64    // of the archives of what is dead
}

// Liveness finds out what a collection would keep and delete.
func (s *Store) Liveness(ctx context.Context, o CollectOptions) (*Liveness, error) {
	l, err := s.liveness(ctx, o)
	if err != nil {
		return nil, err
	}
	out := &Liveness{Live: []string{}, Dead: []string{}}
	for i, p := range l.graph.Paths {
		if full := s.c.StoreDir + "/" + p; l.live(int32(i)) {
			out.Live = append(out.Live, full)
		} else {
			out.Dead = append(out.Dead, full)
			out.DeadBytes += l.graph.Sizes[i]
		}
	}
	slices.Sort(out.Live)
	slices.Sort(out.Dead)
	return out, nil
}

// liveness is a graph whose living objects are marked.
type liveness struct {
	graph *db.Graph
	// from is the object by which a living one was reached, itself for what a
	// root names, and -1 for a dead one.
	from []int32
	root map[int32]string // what names an object
	o    CollectOptions
	// outputs are those of derivations; only with KeepOutputs.
	outputs map[int32][]int32
}

func (l *liveness) live(i int32) bool { return l.from[i] >= 0 }

// liveness marks what roots reach.
func (s *Store) liveness(ctx context.Context, o CollectOptions) (*liveness, error) {
	d, err := s.database(ctx)
	if err != nil {
		return nil, err
	}
	// The roots are looked up before the graph, so that an object that is in
	// use and registered in between is not in the graph rather than dead.
	roots, err := s.allRoots(ctx, o.Without)
	if err != nil {
		return nil, err
	}
	g, err := d.Graph(ctx)
	if err != nil {
		return nil, s.explain("find out what is in use", err)
	}
	l := &liveness{graph: g, from: make([]int32, len(g.Paths)), root: map[int32]string{}, o: o}
	for i := range l.from {
		l.from[i] = -1
	}
	if o.KeepOutputs {
		l.outputs = map[int32][]int32{}
		for i := range g.Paths {
			for _, drv := range g.Derivers.Of(int32(i)) {
				l.outputs[drv] = append(l.outputs[drv], int32(i))
			}
		}
	}
	var queue []int32
	for _, r := range roots {
		if i, ok := g.Index(r.base); ok && !l.live(i) {
			l.from[i], l.root[i] = i, r.what
			queue = append(queue, i)
		}
	}
	l.mark(queue)
	return l, nil
}

// mark makes everything live that the objects in queue, which live, keep.
func (l *liveness) mark(queue []int32) {
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		reach := func(list []int32) {
			for _, j := range list {
				if !l.live(j) {
					l.from[j] = i
					queue = append(queue, j)
				}
			}
		}
		reach(l.graph.References.Of(i))
		if !l.o.DropDerivations {
			reach(l.graph.Derivers.Of(i))
		}
		reach(l.outputs[i])
	}
}

// chooseDead lists dead objects, each before those that it refers to, until
// they make up so many bytes.
func (l *liveness) chooseDead(bytes int64) []int32 {
	if bytes == 0 {
		bytes = math.MaxInt64
	}
	var order []int32
	for _, i := range l.deadOrder(nil) {
		if bytes <= 0 {
			break
		}
		bytes -= l.graph.Sizes[i]
		order = append(order, i)
	}
	return order
}

// chooseNamed lists objects with all that refers to them.
func (l *liveness) chooseNamed(s *Store, bases []string) ([]int32, error) {
	wanted := make([]bool, len(l.graph.Paths))
	var queue []int32
	for _, b := range bases {
		i, ok := l.graph.Index(b)
		if !ok {
			return nil, &NotValidError{s.c.StoreDir + "/" + b}
		}
		if l.live(i) {
			return nil, l.alive(s, i)
		}
		wanted[i] = true
		queue = append(queue, i)
	}
	referrers := l.referrers()
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, j := range referrers[i] {
			if !wanted[j] {
				wanted[j] = true // dead, or what it refers to would live
				queue = append(queue, j)
			}
		}
	}
	return l.deadOrder(wanted), nil
}

// alive explains why object i lives.
func (l *liveness) alive(s *Store, i int32) *AliveError {
	e := &AliveError{Path: s.c.StoreDir + "/" + l.graph.Paths[i]}
	for {
		e.Chain = append(e.Chain, s.c.StoreDir+"/"+l.graph.Paths[i])
		if l.from[i] == i {
			break
		}
		i = l.from[i]
	}
	slices.Reverse(e.Chain)
	e.Root = l.root[i]
	return e
}

// referrers lists for each dead object the dead objects that refer to it.
func (l *liveness) referrers() map[int32][]int32 {
	out := map[int32][]int32{}
	for i := range l.graph.Paths {
		if l.live(int32(i)) {
			continue
		}
		for _, j := range l.graph.References.Of(int32(i)) {
			if j != int32(i) {
				out[j] = append(out[j], int32(i))
			}
		}
	}
	return out
}

// deadOrder lists dead objects, those of wanted unless it is nil, each before
// those that it refers to.
func (l *liveness) deadOrder(wanted []bool) []int32 {
	const open, done = 1, 2
	state := make([]uint8, len(l.graph.Paths))
	var order []int32
	type step struct{ object, next int32 }
	var stack []step
	push := func(i int32) {
		if !l.live(i) && state[i] == 0 && (wanted == nil || wanted[i]) {
			state[i] = open
			stack = append(stack, step{i, 0})
		}
	}
	for i := range l.graph.Paths {
		push(int32(i))
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if refs := l.graph.References.Of(top.object); int(top.next) < len(refs) {
				top.next++
				push(refs[top.next-1])
				continue
			}
			state[top.object] = done
			order = append(order, top.object)
			stack = stack[:len(stack)-1]
		}
	}
	slices.Reverse(order)
	return order
}
