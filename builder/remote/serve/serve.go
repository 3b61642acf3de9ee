// Package serve is the side of a connection that has the machine: it takes objects,
// carries out builds and gives objects. Package protocol says how they are asked
// for.
//
// Whoever can start it on a store of which it may write the files could change
// that store without it, so it may believe the other side. When it does not
// (Options.Signed) it is fit for an account that may do nothing else, or not even
// write the store: it takes only objects that a trusted key has signed or that prove
// themselves, and nothing that it builds gets into the store.
package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"

	"fruix/builder/plan"
	"fruix/builder/remote/protocol"
	"fruix/builder/remote/transfer"
	"fruix/store"
	"fruix/store/path"
)

// Store is what is served: a *store.Store, or one behind a daemon.
type Store interface {
	transfer.Store
	Physical(logical string) string
	Free() (int64, error)
	// TempOutput makes room for what a build writes, of which p is the first output:
	// the path is in a folder of its own, which Discard removes.
	TempOutput(p string) (place string, err error)
	Discard(place string) error
}

// Options say what is served.
type Options struct {
	Store Store
	// Executor carries out builds; nil: none are taken. Keeping does, and keeps
	// the folders of those that fail; nil: they are not kept.
	Executor, Keeping plan.Executor
	// MaxJobs is how many builds go on at a time; less than 1 means as many as
	// the other side asks for.
	MaxJobs int
	// Take takes the objects that come. Signed says, for the other side to know,
	// that it takes only those that are signed or prove themselves.
	Take   transfer.Taker
	Signed bool
	// Keep is where outputs of builds are kept; nil: nowhere.
	Keep *store.Store
	// Sign signs what is given; nil does not.
	Sign transfer.Sign
	// Hello is what is said of this machine; versions, store and trust are
	// filled in.
	Hello protocol.Hello
	// Status tells how the machine is; may be nil.
	Status func(*protocol.Status)
}

// Refuse tells the other side why it is not served.
func Refuse(w io.Writer, reason error) error {
	h := protocol.Hello{Versions: protocol.Versions(), Refused: reason.Error()}
	return h.Write(w)
}

// Serve serves one connection until the other side ends it, or ctx ends. When it
// returns, nothing of what was asked for goes on any more. c need not be closed by the
// caller.
func Serve(ctx context.Context, c io.ReadWriteCloser, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ours := o.Hello
	ours.Versions, ours.StoreDir, ours.Signed = protocol.Versions(), o.Store.Dir(), o.Signed
	ours.MaxJobs = max(o.MaxJobs, 0)
	if err := ours.Write(c); err != nil {
		return errors.Join(err, c.Close())
	}
	in := bufio.NewReaderSize(c, 64<<10)
	theirs, err := protocol.ReadHello(in)
	if err != nil {
		return errors.Join(err, c.Close())
	}
	if _, err := protocol.Agree(&ours, theirs); err != nil {
		return errors.Join(err, c.Close())
	}
	packer, err := protocol.NewPacker()
	if err != nil {
		return errors.Join(err, c.Close())
	}
	jobs := max(theirs.Parallel, 1)
	if o.MaxJobs > 0 {
		jobs = min(jobs, o.MaxJobs)
	}
	s := &server{o: o, packer: packer, slots: make(chan struct{}, jobs), builds: map[string]*build{}}
	listener := protocol.Listen(protocol.Conn(in, c))
	server := &http.Server{
		Handler: s.handler(ctx), Protocols: protocol.Protocols(), HTTP2: protocol.HTTP2(theirs.Heartbeat),
		ErrorLog: log.New(io.Discard, "", 0),
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	err = server.Serve(listener)
	cancel()
	server.Close()
	s.end()
	if errors.Is(err, http.ErrServerClosed) {
		return context.Cause(ctx)
	}
	return nil // the other side has closed the connection
}

// server serves one connection.
type server struct {
	o      Options
	packer *protocol.Packer
	slots  chan struct{}  // one for each build that goes on
	going  sync.WaitGroup // of handlers

	mu              sync.Mutex
	ended           bool              // no handler begins any more
	builds          map[string]*build // by number
	running, queued int
}

// enter lets a handler begin unless the connection has ended: HTTP starts handlers
// whenever it comes to them, even after it was closed.
func (s *server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.going.Add(1)
	return true
}

// end lets no handler begin any more, and waits for those that have.
func (s *server) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.going.Wait()
}

// handler answers what is asked. Handlers' contexts end with the connection, and
// with ctx.
func (s *server) handler(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(w *answer, r *http.Request) error) {
		mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
			if !s.enter() {
				return // the connection has ended: nobody hears an answer
			}
			defer s.going.Done()
			rctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			defer context.AfterFunc(ctx, cancel)()
			w := &answer{server: s, rw: rw}
			if err := safely(func() error { return h(w, r.WithContext(rctx)) }); err != nil {
				w.fail(err)
			}
			if w.out != nil {
				_ = w.out.Flush()
			}
		})
	}
	handle("POST /lack", s.lack)
	handle("POST /import", s.importObjects)
	handle("POST /build", s.build)
	handle("POST /cancel", s.cancel)
	handle("POST /closure", s.closure)
	handle("POST /export", s.export)
	handle("GET /status", s.status)
	return mux
}

// safely makes an error of a panic: one build must not end those beside it.
func safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	return f()
}

// answer is the way back to the other side.
type answer struct {
	*server
	rw  http.ResponseWriter
	out *protocol.Writer
}

// messages begins an answer that consists of messages.
func (w *answer) messages() *protocol.Writer {
	w.rw.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w.rw).Flush
	w.out = w.packer.NewWriter(w.rw, flush)
	_ = flush()
	return w.out
}

// fail says what went wrong: as the last message, or instead of any answer.
func (w *answer) fail(err error) {
	var f *protocol.Failure
	if !errors.As(err, &f) {
		f = &protocol.Failure{Cause: protocol.OfMachine, Message: err.Error()}
		var format *protocol.FormatError
		if errors.As(err, &format) {
			f.Cause = protocol.Refused
		}
	}
	if w.out != nil {
		_ = w.out.Send(protocol.Failed, f)
		return
	}
	w.rw.WriteHeader(http.StatusInternalServerError)
	_ = json.NewEncoder(w.rw).Encode(f)
}

// names reads the names that a question holds, and gives full logical paths.
func (s *server) names(r *http.Request) ([]string, error) {
	text, err := s.packer.ReadText(r.Body, protocol.MaxNames)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		p, err := path.ParseBase(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, &protocol.FormatError{Err: err}
		}
		out = append(out, p.In(s.o.Store.Dir()))
	}
	return out, nil
}

// lack answers which objects are not there. Those that are stay until the
// connection ends: the store keeps what it has called valid.
func (s *server) lack(w *answer, r *http.Request) error {
	paths, err := s.names(r)
	if err != nil {
		return err
	}
	valid, err := s.o.Store.ValidMany(r.Context(), paths)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, p := range paths {
		if !valid[p] {
			text.WriteString(strings.TrimPrefix(p, s.o.Store.Dir()+"/") + "\n")
		}
	}
	return s.packer.WriteText(w.rw, []byte(text.String()))
}

// importObjects takes objects. One that is not taken does not end the stream.
func (s *server) importObjects(w *answer, r *http.Request) error {
	out, in := w.messages(), s.packer.NewReader(r.Body)
	for {
		kind, content, err := in.Next()
		if err == io.EOF {
			return out.Send(protocol.Done, nil)
		}
		if err != nil {
			return err
		}
		if kind != protocol.Object {
			return &protocol.FormatError{Err: fmt.Errorf("a message of kind %q among objects", kind)}
		}
		i, err := protocol.Decode[protocol.Info](content)
		if err != nil {
			return err
		}
		info, signatures, err := transfer.Understand(s.o.Store.Dir(), i)
		if err == nil {
			err = s.o.Take(r.Context(), info, signatures, in.Body())
		}
		switch {
		case r.Context().Err() != nil:
			return r.Context().Err()
		case err != nil:
			err = out.Send(protocol.Reject, protocol.Rejection{Name: i.Name, Reason: err.Error()})
		default:
			err = out.Send(protocol.Have, i.Name)
		}
		if err != nil {
			return err
		}
		if in.Idle() {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

// closure says what is known of objects and all they need.
func (s *server) closure(w *answer, r *http.Request) error {
	roots, err := s.names(r)
	if err != nil {
		return err
	}
	if err := s.needValid(r.Context(), roots); err != nil {
		return err
	}
	paths, err := s.o.Store.Closure(r.Context(), roots...)
	if err != nil {
		return err
	}
	infos, err := s.o.Store.InfosInOrder(r.Context(), paths)
	if err != nil {
		return err
	}
	out := w.messages()
	for _, i := range infos {
		if err := out.Send(protocol.Known, transfer.Describe(s.o.Store.Dir(), i, nil)); err != nil {
			return err
		}
	}
	return out.Send(protocol.Done, nil)
}

func (s *server) needValid(ctx context.Context, paths []string) error {
	valid, err := s.o.Store.ValidMany(ctx, paths)
	if err != nil {
		return err
	}
	for _, p := range paths {
		if !valid[p] {
			return &protocol.Failure{Cause: protocol.Refused, Message: (&store.NotValidError{Path: p}).Error()}
		}
	}
	return nil
}

// export gives objects.
func (s *server) export(w *answer, r *http.Request) error {
	paths, err := s.names(r)
	if err != nil {
		return err
	}
	if err := s.needValid(r.Context(), paths); err != nil {
		return err
	}
	out := w.messages()
	if err := transfer.Send(r.Context(), s.o.Store, out, paths, s.o.Sign, nil); err != nil {
		return err
	}
	return out.Send(protocol.Done, nil)
}

// status says how the machine is.
func (s *server) status(w *answer, _ *http.Request) error {
	st := &protocol.Status{Host: s.o.Hello.Host, Program: s.o.Hello.Program, Cores: s.o.Hello.Cores}
	s.mu.Lock()
	st.Running, st.Queued = s.running, s.queued
	s.mu.Unlock()
	if free, err := s.o.Store.Free(); err == nil {
		st.DiskFree = free
	}
	if s.o.Status != nil {
		s.o.Status(st)
	}
	return json.NewEncoder(w.rw).Encode(st)
}
