package remote

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"fruix/builder/remote/protocol"
	"fruix/builder/remote/transfer"
	"fruix/store"
)

// Copying says how objects are copied.
type Copying struct {
	// Take takes the objects that come.
	Take transfer.Taker
	// Planned is told what is going to be copied, how many objects and how many bytes
	// their archives have; Copied of each that has been. Both may be nil.
	Planned func(objects int, bytes int64)
	Copied  func(*store.Info)
	// DryRun copies nothing.
	DryRun bool
}

func (c *Copying) planned(infos []*store.Info) {
	if c.Planned == nil {
		return
	}
	n := int64(0)
	for _, i := range infos {
		n += i.NarSize
	}
	c.Planned(len(infos), n)
}

func (c *Copying) copied(i *store.Info) {
	if c.Copied != nil {
		c.Copied(i)
	}
}

// Push makes roots and all they need valid on the other side. Only what is missing
// there goes, of which one question tells. It returns the paths that were copied.
func (l *Link) Push(ctx context.Context, roots []string, c Copying) ([]string, error) {
	paths, err := l.o.Store.Closure(ctx, roots...)
	if err != nil {
		return nil, err
	}
	lack, err := l.Lack(ctx, paths)
	if err != nil {
		return nil, err
	}
	infos, err := l.o.Store.InfosInOrder(ctx, lack)
	if err != nil {
		return nil, err
	}
	c.planned(infos)
	if c.DryRun || len(infos) == 0 {
		return pathsOf(infos), nil
	}
	about := make(map[string]*store.Info, len(infos))
	for _, i := range infos {
		about[i.Path] = i
	}
	var out []string
	var first error
	err = l.send(ctx, lack, nil, func(p string, rejected error) {
		switch {
		case rejected == nil && about[p] != nil:
			out = append(out, p)
			c.copied(about[p])
		case first == nil:
			first = rejected // others may be rejected because of this one
		}
	})
	if err == nil {
		err = first
	}
	return out, err
}

func pathsOf(infos []*store.Info) []string {
	out := make([]string, len(infos))
	for i, info := range infos {
		out[i] = info.Path
	}
	return out
}

// Pull makes roots and all they need valid here. Only what is missing comes. It
// returns the paths that were copied.
func (l *Link) Pull(ctx context.Context, roots []string, c Copying) ([]string, error) {
	infos, err := l.known(ctx, roots)
	if err != nil {
		return nil, err
	}
	valid, err := l.o.Store.ValidMany(ctx, pathsOf(infos))
	if err != nil {
		return nil, err
	}
	var missing []*store.Info
	for _, i := range infos {
		if !valid[i.Path] {
			missing = append(missing, i)
		}
	}
	c.planned(missing)
	if c.DryRun || len(missing) == 0 {
		return pathsOf(missing), nil
	}
	body, err := l.ask(ctx, http.MethodPost, "/export", l.question(pathsOf(missing)))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	wanted := map[string]bool{}
	for _, i := range missing {
		wanted[i.Path] = true
	}
	var out []string
	err = l.messages(ctx, body, func(kind protocol.Kind, content []byte, archive io.Reader) error {
		if kind != protocol.Object {
			return &protocol.FormatError{Err: fmt.Errorf("a message of kind %q among objects", kind)}
		}
		i, err := protocol.Decode[protocol.Info](content)
		if err != nil {
			return err
		}
		info, signatures, err := transfer.Understand(l.o.Store.Dir(), i)
		if err != nil {
			return err
		}
		if !wanted[info.Path] {
			return &protocol.FormatError{Err: fmt.Errorf("%s was not asked for", info.Path)}
		}
		if err := c.Take(ctx, info, signatures, archive); err != nil {
			return err
		}
		out = append(out, info.Path)
		c.copied(info)
		return nil
	})
	return out, err
}

// known asks what is known of roots and all they need.
func (l *Link) known(ctx context.Context, roots []string) ([]*store.Info, error) {
	body, err := l.ask(ctx, http.MethodPost, "/closure", l.question(roots))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var infos []*store.Info
	err = l.messages(ctx, body, func(kind protocol.Kind, content []byte, _ io.Reader) error {
		if kind != protocol.Known {
			return &protocol.FormatError{Err: fmt.Errorf("a message of kind %q about objects", kind)}
		}
		i, err := protocol.Decode[protocol.Info](content)
		if err != nil {
			return err
		}
		info, _, err := transfer.Understand(l.o.Store.Dir(), i)
		if err == nil {
			infos = append(infos, info)
		}
		return err
	})
	return infos, err
}

// messages reads messages up to the last, which it understands itself.
func (l *Link) messages(ctx context.Context, body io.Reader, each func(protocol.Kind, []byte, io.Reader) error) error {
	in := l.packer.NewReader(body)
	for {
		kind, content, err := in.Next()
		if err != nil {
			return l.errorOf(ctx, protocol.Ended(err))
		}
		switch kind {
		case protocol.Done:
			return nil
		case protocol.Failed:
			f, err := protocol.Decode[protocol.Failure](content)
			if err != nil {
				return err
			}
			return f
		}
		if err := each(kind, content, in.Body()); err != nil {
			return l.errorOf(ctx, err)
		}
	}
}
