// Package sched runs jobs that depend on one another, as many at a time as
// allowed. It knows nothing of derivations: what enters is a graph of names
// and a function, what leaves is how each job ended.
package sched

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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
	return "jobs depend on each other in a circle: " + strings.Join(e.IDs, " -> ")
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
	r := &run{nodes: nodes, res: &Result{Failed: map[string]error{}, Blocked: map[string]string{}}, keep: o.KeepGoing, cancel: cancel}
	r.cond = sync.NewCond(&r.mu)
	for _, n := range nodes {
		if n.waiting == 0 {
			heap.Push(&r.ready, n)
		}
	}
	r.left = len(nodes)
	// Wake the workers that wait for a job when there will be none.
	stop := context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stopped = true
		r.cond.Broadcast()
	})
	defer stop()
	var wg sync.WaitGroup
	for range min(max(o.Workers, 1), len(nodes)) {
		wg.Go(func() { r.work(ctx, do) })
	}
	wg.Wait()
	r.finish()
	return r.res, nil
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
	for !slices.Contains(trail, i) {
		trail = append(trail, i)
		d := slices.IndexFunc(nodes[i].deps, func(k int) bool { return missing[k] > 0 })
		i = nodes[i].deps[d]
	}
	var ids []string
	for _, k := range append(trail[slices.Index(trail, i):], i) {
		ids = append(ids, nodes[k].id)
	}
	return &CycleError{ids}
}

type run struct {
	nodes  []*node
	keep   bool
	cancel context.CancelFunc

	mu      sync.Mutex
	cond    *sync.Cond
	ready   queue
	left    int  // jobs that may still be run
	stopped bool // no more jobs are to be started
	res     *Result
}

// work is one worker.
func (r *run) work(ctx context.Context, do func(context.Context, string) error) {
	for {
		n := r.take(ctx)
		if n == nil {
			return
		}
		err := do(ctx, n.id)
		r.done(n, err, err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()))
	}
}

// take waits for a job; nil means that there will be none.
func (r *run) take(ctx context.Context) *node {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.ready.Len() == 0 && r.left > 0 && !r.stopped {
		r.cond.Wait()
	}
	if r.stopped || ctx.Err() != nil || r.ready.Len() == 0 {
		return nil
	}
	return heap.Pop(&r.ready).(*node)
}

// done records how a job ended. One that was cancelled counts as not run.
func (r *run) done(n *node, err error, cancelled bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left--
	switch {
	case cancelled:
		r.stopped = true
	case err != nil:
		r.res.Failed[n.id] = err
		r.block(n)
		if !r.keep {
			r.stopped = true
			r.cancel()
		}
	default:
		r.res.Done = append(r.res.Done, n.id)
		for _, u := range n.users {
			user := r.nodes[u]
			if user.waiting--; user.waiting == 0 && r.res.Blocked[user.id] == "" {
				heap.Push(&r.ready, user)
			}
		}
	}
	r.cond.Broadcast()
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

// queue is the heap of jobs that are ready.
type queue []*node

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].height != q[j].height {
		return q[i].height > q[j].height
	}
	return q[i].index < q[j].index
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*node)) }
func (q *queue) Pop() any {
	old := *q
	n := old[len(old)-1]
	*q = old[:len(old)-1]
	return n
}
