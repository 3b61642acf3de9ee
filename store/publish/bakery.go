package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"runtime"
	"strings"
	"sync"
	"time"

	"fruix/store"
	"fruix/store/baked"
	"fruix/store/path"
)

// BakeryOptions say how archives are compressed ahead.
type BakeryOptions struct {
	// Folder is where they are kept.
	Folder *baked.Folder
	// Bypass is the size of the largest archives, before they are compressed, that are
	// compressed as they are sent while they are not in the folder. Objects with larger
	// ones are said not to be there until theirs is in the folder.
	Bypass int64
	// Workers is how many are compressed at a time; less than 1 means one for each
	// processor.
	Workers int
	// Limits bound what is kept.
	Limits baked.Limits
	// Now is the clock; nil means that of the machine.
	Now func() time.Time
	// Warn is told of archives that cannot be kept, and of sweeps that fail; nil means
	// nobody is told.
	Warn func(text string)
}

const (
	// sweepEvery is how often the folder is swept.
	sweepEvery = 10 * time.Minute
	// retryAfter is for how long an archive that could not be kept is not tried again.
	retryAfter = 10 * time.Minute
)

// Bakery compresses the archives of objects that were asked for, and keeps them.
type Bakery struct {
	s Source
	o BakeryOptions

	mu     sync.Mutex
	more   *sync.Cond // there is something in queue, or the end has come
	queue  []order
	known  map[baked.Key]bool // what is in queue, or being compressed
	failed map[baked.Key]time.Time
	bytes  int64         // in the folder, as far as this process knows
	warned time.Time     // when it was said last that the folder cannot be read
	full   chan struct{} // more bytes than there may be
}

// order is an archive to be compressed.
type order struct {
	path        string // of the object
	key         baked.Key
	compression string
	subject     [sha256.Size]byte // hash of the archive
	size        int64             // of the archive, not compressed
}

// orderOf is the order of an object's archive. encoders tells the versions of what
// compresses.
func orderOf(info *store.Info, compression, encoders string) order {
	o := order{path: info.Path, compression: compression, size: info.NarSize}
	copy(o.subject[:], info.NarHash)
	base := info.Path[strings.LastIndexByte(info.Path, '/')+1:]
	o.key = baked.Key{Form: form(compression, encoders), Name: base[:path.HashLen]}
	return o
}

func form(compression, encoders string) string { return compression + "-" + fileName(encoders) }

// fileName makes text part of a file name.
func fileName(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("+-._", r) {
			return r
		}
		return '_'
	}, text)
}

// NewBakery returns a bakery for the objects of s. Nothing is compressed before
// [Bakery.Run] runs.
func NewBakery(s Source, o BakeryOptions) *Bakery {
	if o.Workers < 1 {
		o.Workers = runtime.NumCPU()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	of := encoders()
	o.Limits.Current = func(name string) bool { return name == form("zstd", of) || name == form("gzip", of) }
	b := &Bakery{s: s, o: o, known: map[baked.Key]bool{}, failed: map[baked.Key]time.Time{}, full: make(chan struct{}, 1)}
	b.more = sync.NewCond(&b.mu)
	return b
}

// Run compresses what is asked for, and sweeps the folder, until ctx ends. Then it
// waits until nothing is under way any more.
func (b *Bakery) Run(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.more.Broadcast()
	})
	defer stop()
	var all sync.WaitGroup
	defer all.Wait() // they are woken before stop
	for range b.o.Workers {
		all.Go(func() { b.work(ctx) })
	}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := b.Sweep(ctx); err != nil && ctx.Err() == nil {
			b.o.Warn(fmt.Sprintf("the cache cannot be swept: %v", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-b.full:
		}
	}
}

// Sweep removes archives of objects that are no longer in the store, those that nobody
// has asked for in long, and what there is too much.
func (b *Bakery) Sweep(ctx context.Context) error {
	b.mu.Lock()
	before := b.bytes
	b.mu.Unlock()
	left, err := b.o.Folder.Sweep(ctx, b.o.Limits, func(name string) (bool, error) {
		if len(name) != path.HashLen {
			return false, nil
		}
		p, err := b.s.ByHash(ctx, name)
		return p != "", err
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.bytes = left + b.bytes - before // what has come meanwhile may count twice, until the next sweep
	}
	maps.DeleteFunc(b.failed, func(_ baked.Key, at time.Time) bool { return b.o.Now().Sub(at) >= retryAfter })
	return err
}

// work carries out orders until ctx ends.
func (b *Bakery) work(ctx context.Context) {
	for {
		o, ok := b.next(ctx)
		if !ok {
			return
		}
		made, err := b.bake(ctx, o)
		b.done(ctx, o, made, err)
	}
}

// next waits for an order; ok is false when ctx has ended.
func (b *Bakery) next(ctx context.Context) (o order, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.queue) == 0 && ctx.Err() == nil {
		b.more.Wait()
	}
	if ctx.Err() != nil {
		return order{}, false
	}
	o, b.queue = b.queue[0], b.queue[1:]
	return o, true
}

// bake compresses one archive. One that another process has made meanwhile is taken.
func (b *Bakery) bake(ctx context.Context, o order) (baked.Info, error) {
	if a, err := b.o.Folder.Open(o.key, o.subject); err == nil {
		return baked.Info{}, a.Close()
	}
	return b.o.Folder.Make(o.key, o.subject, b.o.Limits.Bytes, func(w io.Writer) error {
		plain, sum := dump(b.s, o.path), sha256.New()
		checked := body(func(ctx context.Context, w io.Writer, from int64) error {
			return plain(ctx, io.MultiWriter(sum, w), from)
		})
		if err := checked.compressed(o.compression)(ctx, w, 0); err != nil {
			return err
		}
		if !bytes.Equal(sum.Sum(nil), o.subject[:]) {
			return errors.New("the object is not what it was when it was registered; \"fruix store verify\" tells more")
		}
		return nil
	})
}

// done takes down how an order went.
func (b *Bakery) done(ctx context.Context, o order, made baked.Info, err error) {
	if err != nil && ctx.Err() == nil {
		if _, gone := b.s.Peek(ctx, o.path); gone == nil {
			b.o.Warn(fmt.Sprintf("the archive of %s cannot be kept: %v", o.path, err))
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.known, o.key)
	delete(b.failed, o.key)
	if err != nil {
		b.failed[o.key] = b.o.Now()
		return
	}
	if b.bytes += made.Size; b.o.Limits.Bytes > 0 && b.bytes > b.o.Limits.Bytes {
		select {
		case b.full <- struct{}{}:
		default: // it is said already
		}
	}
}

// open opens an archive. When there is none it is ordered, and wait says whether who
// asks is to come again; otherwise it is to be compressed as it is sent.
func (b *Bakery) open(o order) (a *baked.Archive, wait bool) {
	a, err := b.o.Folder.Open(o.key, o.subject)
	if err == nil {
		return a, false
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, baked.ErrDamaged) {
		b.unreadable(err)
		return nil, false
	}
	return nil, b.order(o) && o.size > b.o.Bypass
}

// unreadable warns that the folder cannot be read, not with each request.
func (b *Bakery) unreadable(err error) {
	b.mu.Lock()
	now := b.o.Now()
	said := !b.warned.IsZero() && now.Sub(b.warned) < sweepEvery
	if !said {
		b.warned = now
	}
	b.mu.Unlock()
	if !said {
		b.o.Warn(fmt.Sprintf("the cache cannot be read: %v", err))
	}
}

// order puts o into the queue, if it is not there. The result is false when it has
// failed not long ago.
func (b *Bakery) order(o order) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if at, ok := b.failed[o.key]; ok && b.o.Now().Sub(at) < retryAfter {
		return false
	}
	if !b.known[o.key] {
		b.known[o.key] = true
		b.queue = append(b.queue, o)
		b.more.Signal()
	}
	return true
}

// archive is the body that a holds. Where a turns out to be damaged, other, which is the
// same bytes, goes on, and it is made anew.
func (b *Bakery) archive(o order, a *baked.Archive, other body) body {
	return func(ctx context.Context, w io.Writer, from int64) error {
		n := &counter{w: w}
		err := a.Copy(n, from)
		if !errors.Is(err, baked.ErrDamaged) {
			return err
		}
		if err := b.o.Folder.Drop(o.key); err == nil {
			b.order(o)
		}
		return other(ctx, w, from+n.n)
	}
}
