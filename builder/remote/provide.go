package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"fruix/builder/remote/protocol"
	"fruix/builder/remote/transfer"
	"fruix/store"
)

// supply knows which objects the other side has, and sends what it lacks. What
// several builds need is asked for and sent together: while one question or stream
// is under way, what is wanted next collects.
type supply struct {
	link *Link

	mu      sync.Mutex
	objects map[string]*supplied // by path; whatever was once asked about
	wanted  []string             // not asked about yet
	going   bool                 // a goroutine sees to what is wanted
}

// supplied is an object that the other side has, will have, or did not take.
type supplied struct {
	done chan struct{} // closed when it is known which
	err  error         // why it is not there
}

// RejectedError says that a machine did not take an object.
type RejectedError struct{ Path, Reason string }

func (e *RejectedError) Error() string {
	return fmt.Sprintf("it does not take %s: %s", e.Path, e.Reason)
}

// Provide makes paths valid on the other side. They must be valid here, and so must
// whatever they refer to, which must be among them or be there already. They stay
// there for as long as the connection lasts.
func (l *Link) Provide(ctx context.Context, paths []string) error {
	wait := l.supply.want(paths)
	for _, s := range wait {
		select {
		case <-s.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-l.Dead():
			return l.err
		}
		if s.err != nil {
			return s.err
		}
	}
	return nil
}

// want notes what is needed, and returns what must be waited for.
func (s *supply) want(paths []string) []*supplied {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.objects == nil {
		s.objects = map[string]*supplied{}
	}
	var wait []*supplied
	for _, p := range paths {
		o := s.objects[p]
		if o == nil {
			o = &supplied{done: make(chan struct{})}
			s.objects[p] = o
			s.wanted = append(s.wanted, p)
		}
		wait = append(wait, o)
	}
	if len(s.wanted) > 0 && !s.going {
		s.going = true
		go s.run()
	}
	return wait
}

// run sees to what is wanted until there is nothing more.
func (s *supply) run() {
	for {
		s.mu.Lock()
		batch := s.wanted
		s.wanted = nil
		s.going = len(batch) > 0
		s.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		// It serves many builds, so it does not end with any of them.
		s.batch(s.link.alive, batch)
	}
}

// batch provides paths.
func (s *supply) batch(ctx context.Context, paths []string) {
	lack, err := s.link.Lack(ctx, paths)
	if err == nil {
		missing := make(map[string]bool, len(lack))
		for _, p := range lack {
			missing[p] = true
		}
		for _, p := range paths {
			if !missing[p] {
				s.settle(p, nil)
			}
		}
		if len(lack) > 0 {
			err = s.send(ctx, lack)
		}
	}
	if err == nil {
		err = errors.New("the other side does not say whether it has taken an object")
	}
	for _, p := range paths {
		s.settle(p, err) // what is settled stays so
	}
}

// settle says whether an object is there. One that is not, for another reason than
// that it was rejected, may be asked for again.
func (s *supply) settle(p string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[p]
	if o == nil {
		return
	}
	select {
	case <-o.done:
		return
	default:
	}
	o.err = err
	close(o.done)
	var rejected *RejectedError
	if err != nil && !errors.As(err, &rejected) {
		delete(s.objects, p)
	}
}

// forget asks about everything anew. It is for when the other side turns out to
// lack what it was believed to have.
func (s *supply) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, o := range s.objects {
		select {
		case <-o.done:
			delete(s.objects, p)
		default:
		}
	}
}

// send sends objects in one stream and settles each as soon as the other side has
// said what became of it.
func (s *supply) send(ctx context.Context, paths []string) error {
	return s.link.send(ctx, paths, nil, func(p string, rejected error) { s.settle(p, rejected) })
}

// send sends objects in one stream. about is told of each that is about to go and
// may be nil; taken is told what became of it.
func (l *Link) send(ctx context.Context, paths []string, about func(*store.Info), taken func(p string, rejected error)) error {
	pr, pw := io.Pipe()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sent := make(chan error, 1)
	go func() {
		w := l.packer.NewWriter(pw, nil)
		err := transfer.Send(ctx, l.o.Store, w, paths, l.o.Sign, about)
		if err == nil {
			err = w.Flush()
		}
		pw.CloseWithError(err)
		sent <- err
	}()
	defer func() {
		pr.CloseWithError(errClosed)
		<-sent
	}()
	body, err := l.ask(ctx, http.MethodPost, "/import", pr)
	if err == nil {
		defer body.Close()
		err = l.readTaken(ctx, body, taken)
	}
	if err != nil {
		// An error of this side's store comes first: it is the reason.
		cancel()
		pr.CloseWithError(errClosed)
		serr := <-sent
		if serr != nil && !errors.Is(serr, errClosed) && !errors.Is(serr, io.ErrClosedPipe) && !errors.Is(serr, context.Canceled) {
			err = serr
		}
		sent <- nil
	}
	return err
}

// readTaken reads what became of objects that were sent.
func (l *Link) readTaken(ctx context.Context, body io.Reader, taken func(string, error)) error {
	return l.messages(ctx, body, func(kind protocol.Kind, content []byte, _ io.Reader) error {
		switch kind {
		case protocol.Have:
			taken(l.o.Store.Dir()+"/"+string(content), nil)
			return nil
		case protocol.Reject:
			r, err := protocol.Decode[protocol.Rejection](content)
			if err == nil {
				p := l.o.Store.Dir() + "/" + r.Name
				taken(p, &RejectedError{p, r.Reason})
			}
			return err
		}
		return &protocol.FormatError{Err: fmt.Errorf("a message of kind %q about objects", kind)}
	})
}
