package builder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fruix/builder/log"
	"fruix/builder/plan"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/path"
)

// job is the build of one derivation, whose outputs are locked.
type job struct {
	*Builder
	at            *place
	drvPath, name string
	d             *drv.Derivation
	rules         []rule
	moved         []aside
	// fresh says that its outcome is to be compared with another.
	fresh bool
	// finish gets the outputs of a build that went well.
	finish func(context.Context, []store.Built) error
}

// run builds the outputs and gives them to finish.
func (j *job) run(ctx context.Context) error {
	if j.at.err != nil {
		return j.fail("not started", j.at.err, nil)
	}
	req, err := j.request(ctx)
	if err == nil {
		j.rules, err = rules(j.store.Dir(), j.d)
	}
	if err == nil {
		j.moved, err = setAside(req)
	}
	if err != nil {
		return j.fail("not started", err, nil)
	}
	return j.round(ctx, req, j.rounds(req), j.finish)
}

// rounds is how often a request is carried out, less than 2 meaning once. A fixed output
// proves itself by its hash, as in Guix's and Nix's daemons: more rounds would show
// nothing, and download it again.
func (j *job) rounds(req *plan.Request) int {
	if req.Fixed() != nil {
		return 1
	}
	return j.o.Rounds
}

// round builds once, and as often again as rounds says, comparing each outcome
// with this one, before finish gets it.
func (j *job) round(ctx context.Context, req *plan.Request, rounds int, finish func(context.Context, []store.Built) error) error {
	place, err := j.store.TempOutput(req.Outputs[0].Path)
	if err != nil {
		return j.fail("not started", err, nil)
	}
	// Whatever happens, nothing of the build stays but its outputs.
	defer j.store.Discard(place)
	if rounds > 1 {
		last := finish
		finish = func(ctx context.Context, first []store.Built) error {
			for range rounds - 1 {
				if err := j.round(ctx, req, 1, func(ctx context.Context, again []store.Built) error {
					return j.compare(ctx, first, again)
				}); err != nil {
					return err
				}
			}
			return last(ctx, first)
		}
	}

	w, err := log.Create(j.o.LogDir, j.drvPath, log.Options{
		Tail: j.o.LogLines, Now: j.o.Now,
		Lines: func(line []byte) { j.o.Progress.Event(Line{j.drvPath, j.name, string(line)}) },
		Control: func(c log.Control) {
			if c.Step != nil {
				j.o.Progress.Event(Step{j.drvPath, j.name, c.Step.What, c.Step.Done, c.Step.Total})
			} else {
				j.phase(c.Phase)
			}
		},
	})
	if err != nil {
		return j.fail("not started", fmt.Errorf("cannot make the log: %w", err), nil)
	}
	j.o.Progress.Event(Started{Drv: j.drvPath, Name: j.name, LogPath: w.Name(), Machine: j.at.machine, Platform: j.d.Platform})
	stop := flushNowAndThen(w)
	err = j.execute(ctx, req, place, w, finish)
	stop()
	closeErr := w.Close()
	if err == nil && closeErr != nil {
		return j.fail("log", fmt.Errorf("cannot write the log: %w", closeErr), w)
	}
	return err
}

// phase tells that a phase of the build begins.
func (j *job) phase(name string) { j.o.Progress.Event(Phase{j.drvPath, j.name, name}) }

// flushNowAndThen makes the log readable while a quiet build goes on.
func flushNowAndThen(w *log.Writer) (stop func()) {
	t := time.NewTicker(2 * time.Second)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-t.C:
				w.Flush()
			case <-done:
				return
			}
		}
	}()
	return func() { t.Stop(); close(done) }
}

func (j *job) execute(ctx context.Context, req *plan.Request, place string, w *log.Writer, finish func(context.Context, []store.Built) error) error {
	res, err := j.at.exec.Execute(ctx, req, plan.IO{
		Scratch:  scratchOf(place),
		Physical: j.store.Physical,
		Log:      w,
		// What has another name for a while is nothing that others may keep.
		Fresh: j.fresh || j.rounds(req) > 1 || len(j.moved) > 0,
		Fetched: func(location string, done, total int64) {
			j.o.Progress.Event(Fetching{j.drvPath, j.name, location, done, total})
		},
	})
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		status := "error"
		var fe *plan.FailedError
		if errors.As(err, &fe) {
			status = fe.Status
		}
		return j.fail(status, err, w)
	}
	var built []store.Built
	for _, o := range req.Outputs {
		b := store.Built{Path: o.Path, Physical: res.Outputs[o.Name], Deriver: j.drvPath, Candidates: req.Inputs}
		if o.Fixed != nil {
			digest, err := o.Fixed.Digest()
			if err != nil {
				return j.fail("error", err, w)
			}
			b.FixedHash = &store.Fixed{Recursive: o.Fixed.Recursive, Digest: digest}
		}
		built = append(built, b)
	}
	err = giveNames(j.store.Dir(), j.moved, built)
	if err == nil {
		err = finish(ctx, built)
	}
	var already *BuildError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &already):
		return err
	}
	status := finishStatus(err)
	if res.Keep != nil && status != differs {
		dir, kerr := res.Keep()
		if kerr != nil {
			err = errors.Join(err, fmt.Errorf("cannot keep the build folder: %w", kerr))
		} else {
			err = &plan.KeptError{Err: err, Dir: dir}
		}
	}
	return j.fail(status, err, w)
}

// register makes outputs valid, if they keep the derivation's rules.
func (j *job) register(ctx context.Context, built []store.Built) error {
	j.phase("registering")
	trees := make(map[string]string, len(built))
	for _, b := range built {
		trees[b.Path] = b.Physical
	}
	_, err := j.store.FinishIf(ctx, built, func(ctx context.Context, made []store.Info) error {
		return j.keep(ctx, j.rules, made, trees)
	})
	return err
}

// differs is the status of a build that gave something else than before.
const differs = "not reproducible"

// finishStatus names the way in which outputs were no good.
func finishStatus(err error) string {
	var mismatch *store.HashMismatchError
	var missing *store.MissingOutputError
	var differ *DifferError
	var forbidden *ReferenceError
	switch {
	case errors.As(err, &forbidden):
		return "forbidden reference"
	case errors.As(err, &differ):
		return differs
	case errors.As(err, &mismatch):
		return "hash mismatch"
	case errors.As(err, &missing):
		return "missing output"
	}
	return "bad output"
}

// fail makes the error of this build.
func (j *job) fail(status string, err error, w *log.Writer) error {
	e := &BuildError{Drv: j.drvPath, Name: j.name, Status: status, Err: err, Machine: j.at.machine}
	if w != nil {
		e.LogTail, e.LogPath = w.Tail(), w.Name()
	}
	var kept *plan.KeptError
	if errors.As(err, &kept) {
		e.KeptDir = kept.Dir
	}
	return e
}

// request makes the build request: it finds every input.
func (j *job) request(ctx context.Context) (*plan.Request, error) {
	direct := slices.Clone(j.d.InputSrcs)
	for _, in := range slices.Sorted(maps.Keys(j.d.InputDrvs)) {
		d, err := j.store.ReadDerivation(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, n := range j.d.InputDrvs[in] {
			o, ok := d.Outputs[n]
			if !ok {
				return nil, &OutputError{in, n, d.OutputNames()}
			}
			direct = append(direct, o.Path)
		}
	}
	inputs, err := j.store.Closure(ctx, direct...)
	if err != nil {
		return nil, err
	}
	req, err := plan.New(j.store.Dir(), j.drvPath, j.d, inputs, plan.Constraints{
		Cores: j.o.Cores, MaxSilent: j.o.MaxSilent, Timeout: j.o.Timeout,
		MaxLog: max(j.o.MaxLog, 0), Memory: j.o.Memory, Processes: j.o.Processes,
	})
	if err != nil {
		return nil, err
	}
	req.Leak(j.d.Env["impureEnvVars"], j.o.Getenv)
	return req, j.referenceGraphs(ctx, req)
}

// referenceGraphs adds the files that two variables ask for, each with words "FILE PATH
// FILE PATH …": exportReferencesGraph, as in Nix and Guix, and exportRegistrations.
func (j *job) referenceGraphs(ctx context.Context, req *plan.Request) error {
	if err := j.exportClosures(ctx, req, "exportReferencesGraph", j.graphText); err != nil {
		return err
	}
	return j.exportClosures(ctx, req, "exportRegistrations", func(ctx context.Context, closure []string) ([]byte, error) {
		return store.FreshJournal(ctx, j.store, closure)
	})
}

// exportClosures adds the files that a variable asks for. Each tells of the closure
// of its path, in the form that text gives it.
func (j *job) exportClosures(ctx context.Context, req *plan.Request, variable string, text func(ctx context.Context, closure []string) ([]byte, error)) error {
	words := strings.Fields(j.d.Env[variable])
	if len(words)%2 != 0 {
		return fmt.Errorf("%s is not a list of file names and store paths: %q", variable, j.d.Env[variable])
	}
	for i := 0; i < len(words); i += 2 {
		if err := path.CheckName(words[i]); err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
		closure, err := j.graph(ctx, req, words[i+1])
		if err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
		content, err := text(ctx, closure)
		if err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
		req.Files = append(req.Files, plan.File{Name: words[i], Content: content})
	}
	return nil
}

// graph is the closure of p, in order. The path may lie inside an object: what counts
// is the object. With a derivation comes all that its outputs need.
func (j *job) graph(ctx context.Context, req *plan.Request, p string) ([]string, error) {
	q, _, err := path.Split(j.store.Dir(), p)
	if err != nil {
		return nil, err
	}
	object := q.In(j.store.Dir())
	if _, ok := slices.BinarySearch(req.Inputs, object); !ok {
		return nil, fmt.Errorf("%s is not among the inputs", object)
	}
	closure, err := j.store.Closure(ctx, object)
	if err != nil {
		return nil, err
	}
	with := closure
	for _, p := range closure {
		if !strings.HasSuffix(p, ".drv") {
			continue
		}
		d, err := j.store.ReadDerivation(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, o := range d.Outputs {
			with = append(with, o.Path)
		}
	}
	if len(with) > len(closure) {
		return j.store.Closure(ctx, with...)
	}
	return closure, nil
}

// graphText tells of a closure, object by object: the path, the deriver (left empty,
// as it is not a property of the content), the number of references, the references;
// one a line. See Nix's manual, "Advanced attributes"; Guix's #:references-graphs uses
// the same.
func (j *job) graphText(ctx context.Context, closure []string) ([]byte, error) {
	var b bytes.Buffer
	for _, p := range closure {
		refs, err := j.store.References(ctx, p)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s\n\n%d\n", p, len(refs))
		for _, r := range refs {
			b.WriteString(r + "\n")
		}
	}
	return b.Bytes(), nil
}
