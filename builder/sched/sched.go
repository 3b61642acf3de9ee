// Package sched runs jobs that depend on one another, as many at a time as
// allowed. It knows nothing of derivations: what enters is a graph of names, a
// function, and a gate that lets jobs in where there are several places that can do
// them; what leaves is how each job ended.
package sched

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Job is something to do after others are done.
type Job struct {
	ID   string
	Deps []string // ids of other jobs of the graph; repetitions do not matter
}

// Options bound a run.
type Options struct {
	Workers   int  // how many jobs at a time; less than 1 means 1
	KeepGoing bool // after a failure, do what does not depend on it
	Gate      Gate // decides in place of Workers how many; may be nil
}

// A Gate decides which of the jobs that are ready may run now. It is asked from one
// goroutine.
type Gate interface {
	// Kind names what a job needs. Jobs of one kind are let in or not alike: when
	// one is not, the others are not tried.
	Kind(id string) string
	// Enter says whether a job may run now. If so, it runs at once; what runs
	// tells the gate itself when it has ended.
	Enter(id string) bool
	// Changed receives when Enter may answer otherwise than before. It is asked
	// again after every job that has ended, anyway.
	Changed() <-chan struct{}
	// Settled is called when no job will enter for now: since the last one did, or
	// since Settled was last called, Enter has refused one of each kind that is ready.
	// When it was asked for none, none is ready, or none shall run any more.
	Settled()
}

// ErrAgain is what a job returns that could not be done where the gate let it in, but
// may be done elsewhere: it is ready again.
var ErrAgain = errors.New("to be done elsewhere")

// ErrLost is what a job returns, wrapped, whose failure ends nothing but what depends on
// it, whatever KeepGoing says.
var ErrLost = errors.New("could not be done")

// workers is the gate that lets so many in at a time.
type workers struct{ free int }

func (*workers) Kind(string) string       { return "" }
func (*workers) Changed() <-chan struct{} { return nil }
func (*workers) Settled()                 {}
func (w *workers) Enter(string) bool {
	if w.free == 0 {
		return false
	}
	w.free--
	return true
}

// Result tells how jobs ended. Every job is in exactly one of the lists.
type Result struct {
	Done []string // in order of completion
	// Failed holds the errors of the jobs that returned one.
	Failed map[string]error
	// Blocked holds, for each job that was not run because a job it depends
	// on (directly or not) failed, the id of one that did.
	Blocked map[string]string
	// Left are jobs that were not run, or not to their end, because another
	// one failed or the context was cancelled.
	Left []string
}

// CycleError is a graph in which jobs wait for one another for ever.
type CycleError struct{ IDs []string } // the first is repeated at the end

func (e *CycleError) Error() string {
	ids := e.IDs
	const most = 10
	if n := len(ids) - most; n > 0 {
		ids = slices.Concat(ids[:most-1], []string{fmt.Sprintf("%d more", n)}, ids[len(ids)-1:])
	}
	return "each of these needs the next: " + strings.Join(ids, " -> ")
}

// UnknownError is a dependency on a job that is not in the graph.
type UnknownError struct{ ID, Dep string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("job %s depends on %s, which is no job", e.ID, e.Dep)
}

type node struct {
	id      string
	index   int   // in the order given
	users   []int // who waits for this one
	waiting int   // how many it waits for
	height  int   // length of the longest chain of users: the critical path
	deps    []int
}

// Run does every job by calling do, each once, after those that it depends on
// succeeded. Of jobs that are ready, those on which the longest chain of
// others waits go first, then those that stand first in jobs. do is called
// from several goroutines; its context is that of Run, and is cancelled too
// when another job failed and Options.KeepGoing is off. Run returns when every
// call has. The error is a [*CycleError] or an [*UnknownError], before
// anything has run.
func Run(ctx context.Context, jobs []Job, o Options, do func(ctx context.Context, id string) error) (*Result, error) {
	nodes, err := graph(jobs)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	gate, slots := o.Gate, (*workers)(nil)
	if gate == nil {
		slots = &workers{max(o.Workers, 1)}
		gate = slots
	}
	r := &run{
		nodes: nodes, res: &Result{Failed: map[string]error{}, Blocked: map[string]string{}},
		keep: o.KeepGoing, cancel: cancel, gate: gate, ready: map[string]*queue{}, left: len(nodes),
	}
	for _, n := range nodes {
		if n.waiting == 0 {
			r.push(n)
		}
	}
	r.loop(ctx, do, slots)
	r.finish()
	return r.res, nil
}

// Order returns the ids of jobs, each behind those that it depends on; of those that
// could come next the one that stands first in jobs does. The error is that of Run.
func Order(jobs []Job) ([]string, error) {
	nodes, err := graph(jobs)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(nodes))
	next := make([]int, 0, len(nodes)) // a heap of indices
	ready := (*indices)(&next)
	for _, n := range nodes {
		if n.waiting == 0 {
			heap.Push(ready, n.index)
		}
	}
	for ready.Len() > 0 {
		n := nodes[heap.Pop(ready).(int)]
		ids = append(ids, n.id)
		for _, u := range n.users {
			if nodes[u].waiting--; nodes[u].waiting == 0 {
				heap.Push(ready, u)
			}
		}
	}
	return ids, nil
}

// indices is a heap of numbers.
type indices []int

func (x indices) Len() int           { return len(x) }
func (x indices) Less(i, j int) bool { return x[i] < x[j] }
func (x indices) Swap(i, j int)      { x[i], x[j] = x[j], x[i] }
func (x *indices) Push(v any)        { *x = append(*x, v.(int)) }
func (x *indices) Pop() any {
	old := *x
	v := old[len(old)-1]
	*x = old[:len(old)-1]
	return v
}

// graph checks and links the jobs.
func graph(jobs []Job) ([]*node, error) {
	nodes := make([]*node, len(jobs))
	index := make(map[string]int, len(jobs))
	for i, j := range jobs {
		if _, ok := index[j.ID]; ok {
			return nil, fmt.Errorf("job %s occurs twice", j.ID)
		}
		index[j.ID] = i
		nodes[i] = &node{id: j.ID, index: i}
	}
	for i, j := range jobs {
		seen := make(map[int]bool, len(j.Deps))
		for _, d := range j.Deps {
			k, ok := index[d]
			if !ok {
				return nil, &UnknownError{j.ID, d}
			}
			if seen[k] {
				continue
			}
			seen[k] = true
			nodes[i].deps = append(nodes[i].deps, k)
			nodes[i].waiting++
			nodes[k].users = append(nodes[k].users, i)
		}
	}
	return nodes, heights(nodes)
}

// heights computes critical paths by walking in reverse topological order, and
// finds circles.
func heights(nodes []*node) error {
	order := make([]int, 0, len(nodes))
	missing := make([]int, len(nodes))
	for i, n := range nodes {
		missing[i] = n.waiting
		if n.waiting == 0 {
			order = append(order, i)
		}
	}
	for at := 0; at < len(order); at++ {
		for _, u := range nodes[order[at]].users {
			if missing[u]--; missing[u] == 0 {
				order = append(order, u)
			}
		}
	}
	if len(order) < len(nodes) {
		return circle(nodes, missing)
	}
	for _, i := range slices.Backward(order) {
		for _, u := range nodes[i].users {
			nodes[i].height = max(nodes[i].height, nodes[u].height+1)
		}
	}
	return nil
}

// circle names one circle among the nodes that still miss something: each of
// them has a dependency of the same kind, so following those must come back.
func circle(nodes []*node, missing []int) error {
	i := slices.IndexFunc(missing, func(m int) bool { return m > 0 })
	var trail []int
	at := map[int]int{} // where in the trail
	for {
		if _, back := at[i]; back {
			break
		}
		at[i] = len(trail)
		trail = append(trail, i)
		d := slices.IndexFunc(nodes[i].deps, func(k int) bool { return missing[k] > 0 })
		i = nodes[i].deps[d]
	}
	var ids []string
	for _, k := range append(trail[at[i]:], i) {
		ids = append(ids, nodes[k].id)
	}
	return &CycleError{ids}
}

type run struct {
	nodes   []*node
	keep    bool
	cancel  context.CancelFunc
	gate    Gate
	ready   map[string]*queue // by kind; none is empty
	kinds   byFirst           // the same
	left    int               // jobs that may still be run, or run now
	stopped bool              // no more jobs are to be started
	res     *Result
}

// outcome is how a job ended.
type outcome struct {
	n   *node
	err error
}

// loop starts jobs and takes their outcomes. slots, if not nil, is the gate that
// must be told of them.
func (r *run) loop(ctx context.Context, do func(context.Context, string) error, slots *workers) {
	outcomes, running := make(chan outcome), 0
	over := ctx.Done()
	for {
		for n := r.take(ctx); n != nil; n = r.take(ctx) {
			running++
			go func() { outcomes <- outcome{n, do(ctx, n.id)} }()
		}
		r.gate.Settled()
		if running == 0 && (r.left == 0 || r.stopped) {
			return
		}
		select {
		case o := <-outcomes:
			running--
			if slots != nil {
				slots.free++
			}
			r.done(ctx, o)
		case <-r.gate.Changed():
		case <-over:
			r.stopped, over = true, nil
		}
	}
}

// push makes a job ready.
func (r *run) push(n *node) {
	kind := r.gate.Kind(n.id)
	q := r.ready[kind]
	if q == nil {
		q = &queue{kind: kind, jobs: jobs{n}}
		r.ready[kind] = q
		heap.Push(&r.kinds, q)
		return
	}
	heap.Push(&q.jobs, n)
	heap.Fix(&r.kinds, q.index)
}

// take returns the first job that the gate lets in; nil means that there is none now.
func (r *run) take(ctx context.Context) *node {
	if r.stopped || ctx.Err() != nil {
		return nil
	}
	var refused []*queue
	defer func() {
		for _, q := range refused {
			heap.Push(&r.kinds, q)
		}
	}()
	for len(r.kinds) > 0 {
		q := heap.Pop(&r.kinds).(*queue)
		if !r.gate.Enter(q.jobs[0].id) {
			refused = append(refused, q)
			continue
		}
		n := heap.Pop(&q.jobs).(*node)
		if len(q.jobs) > 0 {
			heap.Push(&r.kinds, q)
		} else {
			delete(r.ready, q.kind)
		}
		return n
	}
	return nil
}

// done records how a job ended. One that was cancelled counts as not run.
func (r *run) done(ctx context.Context, o outcome) {
	n, err := o.n, o.err
	switch {
	case errors.Is(err, ErrAgain) && !r.stopped:
		r.push(n)
		return
	case err != nil && ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, ErrAgain)):
		r.left--
		r.stopped = true
	case err != nil:
		r.left--
		r.res.Failed[n.id] = err
		r.block(n)
		if !r.keep && !errors.Is(err, ErrLost) {
			r.stopped = true
			r.cancel()
		}
	default:
		r.left--
		r.res.Done = append(r.res.Done, n.id)
		for _, u := range n.users {
			user := r.nodes[u]
			if user.waiting--; user.waiting == 0 && r.res.Blocked[user.id] == "" {
				r.push(user)
			}
		}
	}
}

// block marks everything that depends on n.
func (r *run) block(n *node) {
	stack := []*node{n}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, u := range top.users {
			user := r.nodes[u]
			if r.res.Blocked[user.id] == "" {
				r.res.Blocked[user.id] = n.id
				r.left--
				stack = append(stack, user)
			}
		}
	}
}

// finish fills in what was left.
func (r *run) finish() {
	seen := make(map[string]bool, len(r.nodes))
	for _, id := range r.res.Done {
		seen[id] = true
	}
	for _, n := range r.nodes {
		_, failed := r.res.Failed[n.id]
		_, blocked := r.res.Blocked[n.id]
		if !seen[n.id] && !failed && !blocked {
			r.res.Left = append(r.res.Left, n.id)
		}
	}
}

// compare orders jobs that are ready.
func compare(x, y *node) int {
	if x.height != y.height {
		return y.height - x.height
	}
	return x.index - y.index
}

// queue holds the jobs of a kind that are ready.
type queue struct {
	kind  string
	jobs  jobs
	index int // in byFirst
}

// jobs is a heap of jobs.
type jobs []*node

func (q jobs) Len() int           { return len(q) }
func (q jobs) Less(i, j int) bool { return compare(q[i], q[j]) < 0 }
func (q jobs) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *jobs) Push(x any)        { *q = append(*q, x.(*node)) }
func (q *jobs) Pop() any {
	old := *q
	n := old[len(old)-1]
	*q = old[:len(old)-1]
	return n
}

// byFirst is a heap of kinds, by their first jobs.
type byFirst []*queue

func (x byFirst) Len() int           { return len(x) }
func (x byFirst) Less(i, j int) bool { return compare(x[i].jobs[0], x[j].jobs[0]) < 0 }
func (x byFirst) Swap(i, j int) {
	x[i], x[j] = x[j], x[i]
	x[i].index, x[j].index = i, j
}
func (x *byFirst) Push(v any) {
	q := v.(*queue)
	q.index = len(*x)
	*x = append(*x, q)
}
func (x *byFirst) Pop() any {
	old := *x
	q := old[len(old)-1]
	old[len(old)-1] = nil
	*x = old[:len(old)-1]
	return q
}
