package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"time"

	"fruix/builder/plan"
	"fruix/builder/remote/protocol"
	"fruix/builder/remote/transfer"
	"fruix/store"
)

// ExecuteOptions are about one build.
type ExecuteOptions struct {
	// Keep says that the build folder is to be kept, over there, when the build
	// fails.
	Keep bool
	// Grace is how much longer than over there this side waits before it ends a
	// build for its constraints; 0 means a while.
	Grace time.Duration
}

// patience is for how long this side waits for a build that it has cancelled to end. What
// does not answer by then has its stream closed, which ends the build as well. It is short,
// as an interrupt ends everything within a second.
const patience = 400 * time.Millisecond

// Execute carries out a build on the other side; see plan.Executor. The summary is
// nil unless the build went well. An error that is neither the build's nor this
// machine's is a *plan.UnavailableError.
func (l *Link) Execute(ctx context.Context, r *plan.Request, pio plan.IO, o ExecuteOptions) (*plan.Result, *protocol.Summary, error) {
	if err := l.Provide(ctx, r.Inputs); err != nil {
		return nil, nil, l.verdict(ctx, err)
	}
	e := &execution{l: l, r: r, io: pio, o: o, number: l.number.Add(1), places: map[string]string{}}
	res, sum, err := e.run(ctx)
	if err != nil {
		return nil, nil, l.verdict(ctx, err)
	}
	return res, sum, nil
}

// verdict says whose fault an error is.
func (l *Link) verdict(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var failed *plan.FailedError
	var kept *plan.KeptError
	var file *fs.PathError
	if errors.As(err, &failed) || errors.As(err, &kept) || errors.As(err, &file) {
		return err
	}
	var lost *LostError
	return &plan.UnavailableError{Place: l.o.Name, Err: err, Lost: errors.As(err, &lost)}
}

// execution is one build.
type execution struct {
	l      *Link
	r      *plan.Request
	io     plan.IO
	o      ExecuteOptions
	number uint64
	places map[string]string // of outputs that have come, by path
}

func (e *execution) run(ctx context.Context) (*plan.Result, *protocol.Summary, error) {
	text, err := json.Marshal(protocol.Build{Request: *e.r, Fresh: e.io.Fresh, Keep: e.o.Keep})
	if err != nil {
		return nil, nil, err
	}
	var body bytes.Buffer
	if err := e.l.packer.WriteText(&body, text); err != nil {
		return nil, nil, err
	}
	// The stream outlives ctx for a moment: it says when nothing runs any more.
	stream, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	defer context.AfterFunc(e.l.alive, abandon)()
	end := func() {
		timer := time.AfterFunc(patience, abandon)
		defer timer.Stop()
		e.l.cancel(stream, e.number)
		<-stream.Done()
	}
	defer context.AfterFunc(ctx, end)()
	answer, err := e.l.ask(stream, http.MethodPost, "/build?build="+strconv.FormatUint(e.number, 10), &body)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Close()
	return e.read(ctx, stream, answer, end)
}

// read takes what the build says and makes.
func (e *execution) read(ctx, stream context.Context, answer io.Reader, end func()) (*plan.Result, *protocol.Summary, error) {
	in := e.l.packer.NewReader(answer)
	// Over there the constraints hold from when the build starts. Should that
	// side not keep them, this one does, a little later.
	limited, to, stop := ctx, e.io, func() {}
	defer func() { stop() }()
	begun, going := false, false
	broken := func(err error) error {
		cause := context.Cause(limited)
		if err != nil && ctx.Err() == nil && (errors.Is(cause, plan.ErrTimeout) || errors.Is(cause, plan.ErrSilent) || errors.Is(cause, plan.ErrLog)) {
			return killed(cause)
		}
		return err
	}
	for {
		kind, content, err := in.Next()
		if err != nil {
			return nil, nil, broken(e.l.errorOf(stream, protocol.Ended(err)))
		}
		switch kind {
		case protocol.Started:
			if !begun {
				begun, going = true, true
				var limits *plan.Limits
				limited, to, limits = e.constraints().Limit(ctx, e.io)
				forget := context.AfterFunc(limited, end)
				stop = func() {
					forget() // that limits are kept no more ends nothing
					limits.Stop()
				}
			}
		case protocol.Log:
			if !going {
				return nil, nil, &protocol.FormatError{Err: errors.New("the log of a build that does not go on")}
			}
			if _, err := to.Log.Write(content); err != nil {
				return nil, nil, err
			}
		case protocol.Object:
			stop()
			going = false
			if err := e.take(ctx, content, in.Body()); err != nil {
				return nil, nil, broken(e.l.errorOf(stream, err))
			}
		case protocol.Done:
			sum, err := protocol.Decode[protocol.Summary](content)
			if err != nil {
				return nil, nil, err
			}
			return e.result(sum), sum, nil
		case protocol.Failed:
			f, err := protocol.Decode[protocol.Failure](content)
			if err != nil {
				return nil, nil, err
			}
			return nil, nil, broken(e.failure(f))
		default:
			return nil, nil, &protocol.FormatError{Err: fmt.Errorf("a message of kind %q from a build", kind)}
		}
	}
}

// constraints are those that this side enforces.
func (e *execution) constraints() plan.Constraints {
	later := func(d time.Duration) time.Duration {
		if d <= 0 {
			return 0
		}
		if e.o.Grace > 0 {
			return d + e.o.Grace
		}
		return d + d/10 + 20*time.Second
	}
	c := e.r.Constraints
	c.Timeout, c.MaxSilent = later(c.Timeout), later(c.MaxSilent)
	return c
}

// killed is the error of a build that was ended for its constraints.
func killed(cause error) error {
	return &plan.FailedError{Status: "killed", Err: fmt.Errorf("the builder was killed: %w", cause)}
}

// failure makes the error that a failure over there is here.
func (e *execution) failure(f *protocol.Failure) error {
	if f.Cause != protocol.OfBuild {
		if f.Cause == protocol.OfMachine {
			e.l.supply.forget()
		}
		return f
	}
	failed := &plan.FailedError{Status: f.Status}
	switch {
	case f.Limit == "timeout":
		failed.Err = fmt.Errorf("the builder was killed: %w", plan.ErrTimeout)
	case f.Limit == "silence":
		failed.Err = fmt.Errorf("the builder was killed: %w", plan.ErrSilent)
	case f.Message != "":
		failed.Err = errors.New(f.Message)
	}
	if f.Kept != "" {
		return &plan.KeptError{Err: failed, Dir: e.l.o.Name + ":" + f.Kept}
	}
	return failed
}

// take unpacks an output.
func (e *execution) take(ctx context.Context, content []byte, body io.Reader) error {
	described, err := protocol.Decode[protocol.Info](content)
	if err != nil {
		return err
	}
	info, _, err := transfer.Understand(e.r.StoreDir, described)
	if err != nil {
		return err
	}
	place, err := e.place(info)
	if err != nil {
		return err
	}
	if e.io.Fetched != nil && info.NarSize >= worthTelling {
		body = &metered{r: body, tell: func(n int64) { e.io.Fetched(e.l.o.Name, n, info.NarSize) }}
	}
	if err := transfer.Unpack(ctx, info, body, place); err != nil {
		return err
	}
	e.places[info.Path] = place
	return nil
}

// worthTelling is the size of an archive that people may have to wait for.
const worthTelling = 4 << 20

// place is where an output that comes is put.
func (e *execution) place(i *store.Info) (string, error) {
	wanted := false
	for _, o := range e.r.Outputs {
		wanted = wanted || o.Path == i.Path
	}
	if !wanted || e.places[i.Path] != "" {
		return "", &protocol.FormatError{Err: fmt.Errorf("%s is no output that was asked for, or comes twice", i.Path)}
	}
	dir := filepath.Join(e.io.Scratch, "store")
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return filepath.Join(dir, path.Base(i.Path)), nil
}

// result says where the outputs lie. One that did not come lies nowhere.
func (e *execution) result(sum *protocol.Summary) *plan.Result {
	res := &plan.Result{Outputs: map[string]string{}, User: sum.User, System: sum.System, MaxRSS: sum.MaxRSS}
	for _, o := range e.r.Outputs {
		res.Outputs[o.Name] = filepath.Join(e.io.Scratch, "store", path.Base(o.Path))
	}
	return res
}

// metered tells how much has been read.
type metered struct {
	r    io.Reader
	n    int64
	tell func(int64)
}

func (m *metered) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	m.n += int64(n)
	m.tell(m.n)
	return n, err
}
