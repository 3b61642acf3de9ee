package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"fruix/builder/plan"
	"fruix/builder/remote/protocol"
	"fruix/builder/remote/transfer"
	"fruix/store"
	"fruix/store/path"
	"fruix/store/tree"
)

// build is one build of a connection. It is there from when its stream, or the wish
// to end it, comes, whichever is first, to when the stream ends.
type build struct {
	cancelled chan struct{}
}

// entry returns the build with a number, making it if need be.
func (s *server) entry(number string) *build {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.builds[number]
	if b == nil {
		b = &build{make(chan struct{})}
		s.builds[number] = b
	}
	return b
}

// cancel ends a build. That a build has ended already, and that nobody will ever
// ask for its number again, cannot be told from a build that is still to come; the
// entry stays with the connection.
func (s *server) cancel(_ *answer, r *http.Request) error {
	b := s.entry(r.URL.Query().Get("build"))
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-b.cancelled:
	default:
		close(b.cancelled)
	}
	return nil
}

// errCancelled is why a build ends that the other side wants to end.
var errCancelled = &protocol.Failure{Cause: protocol.Cancelled, Message: "the build was cancelled"}

// build carries out a build.
func (s *server) build(w *answer, r *http.Request) error {
	number := r.URL.Query().Get("build")
	b := s.entry(number)
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.builds, number)
	}()
	text, err := s.packer.ReadText(r.Body, protocol.MaxBuild)
	if err != nil {
		return err
	}
	ask := new(protocol.Build)
	if err := json.Unmarshal(text, ask); err != nil {
		return &protocol.FormatError{Err: err}
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	go func() {
		select {
		case <-b.cancelled:
			cancel(errCancelled)
		case <-ctx.Done():
		}
	}()
	t := &task{server: s, ask: ask, req: &ask.Request, out: w.messages()}
	err = t.run(ctx)
	if errors.Is(context.Cause(ctx), errCancelled) {
		return errCancelled
	}
	return err
}

// task is a build that is being carried out.
type task struct {
	*server
	ask    *protocol.Build
	req    *plan.Request
	out    *protocol.Writer
	queued time.Duration
}

// run waits until the machine has room for the build and carries it out.
func (t *task) run(ctx context.Context) error {
	exec, err := t.accept(ctx)
	if err != nil {
		return err
	}
	came := time.Now()
	t.count(&t.server.queued, 1)
	select {
	case t.slots <- struct{}{}:
	case <-ctx.Done():
	}
	t.count(&t.server.queued, -1)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	defer func() { <-t.slots }()
	t.count(&t.running, 1)
	defer t.count(&t.running, -1)
	t.queued = time.Since(came)
	if err := t.out.Send(protocol.Started, nil); err != nil {
		return err
	}
	if err := t.out.Flush(); err != nil {
		return err
	}
	return t.outputs(ctx, exec)
}

func (s *server) count(n *int, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n += by
}

// accept checks the request, which may say anything, and chooses the executor.
func (t *task) accept(ctx context.Context) (plan.Executor, error) {
	refuse := func(format string, a ...any) error {
		return &protocol.Failure{Cause: protocol.Refused, Message: fmt.Sprintf(format, a...)}
	}
	exec := t.o.Executor
	if exec == nil {
		return nil, refuse("it builds nothing for others")
	}
	if t.ask.Keep && t.o.Keeping != nil {
		exec = t.o.Keeping
	}
	r, dir := t.req, t.o.Store.Dir()
	if r.StoreDir != dir {
		return nil, refuse("the request is for the store %s", r.StoreDir)
	}
	if len(r.Outputs) == 0 {
		return nil, refuse("the request has no outputs")
	}
	if filepath.Clean(r.BuildDir) != r.BuildDir {
		return nil, refuse("the build folder %s is not in its simplest form", r.BuildDir)
	}
	if _, err := plan.Name(dir, r.Drv); err != nil {
		return nil, refuse("%v", err)
	}
	inputs := map[string]bool{}
	for _, in := range r.Inputs {
		if _, err := path.Parse(dir, in); err != nil {
			return nil, refuse("an input: %v", err)
		}
		inputs[in] = true
	}
	seen := map[string]bool{}
	for _, o := range r.Outputs {
		if _, err := path.Parse(dir, o.Path); err != nil {
			return nil, refuse("the output %q: %v", o.Name, err)
		}
		if inputs[o.Path] || seen[o.Path] || seen[o.Name] {
			return nil, refuse("the output %q (%s) is there twice, or an input", o.Name, o.Path)
		}
		seen[o.Path], seen[o.Name] = true, true
		if o.Fixed != nil {
			if _, err := o.Fixed.Digest(); err != nil {
				return nil, refuse("the output %q: %v", o.Name, err)
			}
		}
	}
	valid, err := t.o.Store.ValidMany(ctx, r.Inputs)
	if err != nil {
		return nil, err
	}
	for _, in := range r.Inputs {
		if !valid[in] {
			return nil, &protocol.Failure{Cause: protocol.OfMachine, Message: "it lacks the input " + in}
		}
	}
	return exec, nil
}

// outputs makes the outputs and sends them.
func (t *task) outputs(ctx context.Context, exec plan.Executor) error {
	start := time.Now()
	var paths []string
	for _, o := range t.req.Outputs {
		paths = append(paths, o.Path)
	}
	keep := t.o.Keep != nil && !t.ask.Fresh
	if keep {
		lock, err := t.o.Keep.LockOutputs(ctx, paths)
		if err != nil {
			return err
		}
		defer lock.Release()
		valid, err := t.o.Store.ValidMany(ctx, paths)
		if err != nil {
			return err
		}
		if all(paths, valid) {
			// Another build has made them, perhaps one whose connection was
			// lost before they could be sent.
			return t.sendKept(ctx, paths, protocol.Summary{Queued: t.queued, Took: time.Since(start)})
		}
	}
	place, err := t.o.Store.TempOutput(paths[0])
	if err != nil {
		return err
	}
	defer t.o.Store.Discard(place)
	log := protocol.NewLogWriter(t.out)
	res, err := exec.Execute(ctx, t.req, plan.IO{Scratch: filepath.Dir(place), Physical: t.o.Store.Physical, Log: log, Fresh: t.ask.Fresh})
	log.Close()
	if err != nil {
		return buildFailure(err)
	}
	sum := protocol.Summary{Queued: t.queued, User: res.User, System: res.System, MaxRSS: res.MaxRSS}
	if keep {
		kept, err := t.register(ctx, res)
		if err != nil {
			return err
		}
		if kept {
			sum.Took = time.Since(start)
			return t.sendKept(ctx, paths, sum)
		}
	}
	return t.sendLoose(ctx, res, start, sum)
}

func all(paths []string, valid map[string]bool) bool {
	for _, p := range paths {
		if !valid[p] {
			return false
		}
	}
	return true
}

// register keeps the outputs in the store. That they are not what a store can hold
// is no error: the other side finds the same, and says so in its own words.
func (t *task) register(ctx context.Context, res *plan.Result) (kept bool, err error) {
	var built []store.Built
	for _, o := range t.req.Outputs {
		b := store.Built{Path: o.Path, Physical: res.Outputs[o.Name], Deriver: t.req.Drv, Candidates: t.req.Inputs}
		if o.Fixed != nil {
			digest, err := o.Fixed.Digest()
			if err != nil {
				return false, err
			}
			b.FixedHash = &store.Fixed{Recursive: o.Fixed.Recursive, Digest: digest}
		}
		built = append(built, b)
	}
	_, err = t.o.Keep.Finish(ctx, built)
	var missing *store.MissingOutputError
	var mismatch *store.HashMismatchError
	var noFile *store.NotAFileError
	var cycle *store.CycleError
	if errors.As(err, &missing) || errors.As(err, &mismatch) || errors.As(err, &noFile) || errors.As(err, &cycle) {
		return false, nil
	}
	return err == nil, buildFailure(err)
}

// sendKept sends outputs that are in the store.
func (t *task) sendKept(ctx context.Context, paths []string, sum protocol.Summary) error {
	if err := transfer.Send(ctx, t.o.Store, t.out, paths, nil, nil); err != nil {
		return err
	}
	return t.out.Send(protocol.Done, sum)
}

// sendLoose sends outputs as they lie in the build's scratch folder.
func (t *task) sendLoose(ctx context.Context, res *plan.Result, start time.Time, sum protocol.Summary) error {
	for _, o := range t.req.Outputs {
		place := res.Outputs[o.Name]
		if !exists(place) {
			continue // the other side misses it
		}
		info, err := transfer.Seal(ctx, o.Path, place)
		if err != nil {
			return buildFailure(err)
		}
		sum.Took = time.Since(start)
		err = t.out.SendObject(transfer.Describe(t.o.Store.Dir(), info, nil), func(w io.Writer) error {
			_, err := tree.Dump(ctx, w, place, tree.Options{})
			return err
		})
		if err != nil {
			return err
		}
	}
	return t.out.Send(protocol.Done, sum)
}

// buildFailure says of an error of an executor, or of its outputs, whose fault it is.
func buildFailure(err error) error {
	if err == nil {
		return nil
	}
	f := &protocol.Failure{Cause: protocol.OfMachine, Message: err.Error()}
	var failed *plan.FailedError
	var forbidden *tree.ForbiddenError
	switch {
	case errors.As(err, &failed):
		f.Cause, f.Status = protocol.OfBuild, failed.Status
		if failed.Err == nil {
			f.Message = "" // there is nothing to say beyond the status
		}
	case errors.As(err, &forbidden):
		f.Cause, f.Status = protocol.OfBuild, "bad output"
	}
	switch {
	case errors.Is(err, plan.ErrTimeout):
		f.Limit = "timeout"
	case errors.Is(err, plan.ErrSilent):
		f.Limit = "silence"
	}
	var kept *plan.KeptError
	if errors.As(err, &kept) {
		f.Kept = kept.Dir
	}
	return f
}

// exists says whether anything lies at place.
func exists(place string) bool {
	_, err := os.Lstat(place)
	return err == nil
}
