package tree

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"fruix/store/nar"
)

// Options says what happens to a tree while it is read.
type Options struct {
	// Filter, when given, decides which entries are taken; a directory that is
	// not taken is not entered. It is asked from one goroutine, in the
	// archive's order, for everything but the root. rel has slashes.
	Filter func(rel string) bool

	// CopyTo, when given, is where a canonical copy of what is read is made.
	// Nothing may lie there.
	CopyTo string

	// Seal brings the tree itself into the canonical form and refuses set-id
	// bits. Files with several links are replaced by copies of their own.
	Seal bool

	// Share lets files of the copy, or of the sealed tree, be names of others that
	// are the same; nil lets none.
	Share *Sharing

	// Owner is whom the copy or the sealed tree is given to; nil leaves it.
	Owner *Owner
}

const (
	// smallFile is the greatest size of a file that is read ahead as a whole.
	smallFile = 128 << 10
	// readAhead is how many nodes may be on their way. With smallFile it
	// bounds the memory taken.
	readAhead = 128
	// chunk is the size of the pieces in which larger files are read.
	chunk = 1 << 20
)

// Dump writes the archive of the tree at root to w. Directories are listed and
// files are read ahead by several goroutines, so that w, which is written to
// from the calling goroutine, seldom waits.
//
// It returns how many nodes the tree has. An error may leave a part of the copy
// behind and a part of the tree sealed.
func Dump(ctx context.Context, w io.Writer, root string, o Options) (nodes int, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := &pipeline{
		ctx: ctx, stop: cancel, root: root, o: o,
		queue: make(chan *job, readAhead),
		work:  make(chan *job, readAhead),
		small: sync.Pool{New: func() any { return new([]byte) }},
	}
	err = p.run(nar.NewWriter(w))
	return p.nodes, err
}

// pipeline is one run of Dump: a walker finds nodes in order and puts each
// into queue and work; workers prepare those in work in any order; the caller
// takes them from queue and writes them.
type pipeline struct {
	ctx   context.Context
	stop  context.CancelCauseFunc
	root  string
	o     Options
	queue chan *job
	work  chan *job
	small sync.Pool // *[]byte, of the sizes that were needed
	nodes int       // written to the archive
}

// job is one node.
type job struct {
	dir  *dirRef // that it lies in
	name string  // in dir
	head nar.Header
	done chan struct{} // closed when a worker has prepared it

	data *[]byte  // content of a small file, from the pool
	file *os.File // a larger file, open
	copy *os.File // where a larger file is copied to
	err  error
}

// dirRef is an open directory that is kept until everything in it is done.
type dirRef struct {
	parent *dirRef
	name   string
	rel    string
	src    *os.File // nil for the place that the root lies in
	dst    *os.File // the directory of the copy, if there is one
	refs   atomic.Int32
}

func (d *dirRef) srcFD() int {
	if d.src == nil {
		return unix.AT_FDCWD
	}
	return int(d.src.Fd())
}

func (d *dirRef) dstFD() int {
	if d.dst == nil {
		return unix.AT_FDCWD
	}
	return int(d.dst.Fd())
}

// dstName is what a node of this name is called in the copy.
func (p *pipeline) dstName(j *job) string {
	if j.dir.src == nil {
		return p.o.CopyTo
	}
	return j.name
}

// full is the host's path of a node, for messages.
func (p *pipeline) full(rel string) string { return filepath.Join(p.root, filepath.FromSlash(rel)) }

// copyOf is the host's path of what a node is copied to, for messages.
func (p *pipeline) copyOf(j *job) string {
	return filepath.Join(p.o.CopyTo, filepath.FromSlash(j.head.Path))
}

func (p *pipeline) run(w *nar.Writer) error {
	var workers sync.WaitGroup
	for range min(max(runtime.GOMAXPROCS(0), 2), 8) {
		workers.Go(func() {
			for j := range p.work {
				if j.err = p.ctx.Err(); j.err == nil {
					j.err = p.prepare(j)
				}
				close(j.done)
			}
		})
	}
	workers.Go(func() {
		defer close(p.queue)
		defer close(p.work)
		p.walkRoot()
	})
	for j := range p.queue {
		<-j.done
		err := j.err
		if err == nil && p.ctx.Err() == nil {
			err = p.emit(w, j)
		}
		j.close()
		if j.data != nil {
			p.small.Put(j.data)
		}
		if err != nil {
			p.stop(err)
		}
		p.release(j.dir)
	}
	workers.Wait()
	if err := context.Cause(p.ctx); err != nil {
		return err
	}
	return w.Close()
}

func (j *job) close() {
	if j.file != nil {
		j.file.Close()
	}
	if j.copy != nil {
		j.copy.Close()
	}
}

// submit hands a node to the workers; a directory is prepared already.
func (p *pipeline) submit(j *job, prepared bool) bool {
	j.done = make(chan struct{})
	j.dir.refs.Add(1)
	select {
	case p.queue <- j:
	case <-p.ctx.Done():
		p.release(j.dir)
		return false
	}
	if prepared {
		close(j.done)
		return true
	}
	select {
	case p.work <- j:
	case <-p.ctx.Done():
		j.err = p.ctx.Err()
		close(j.done)
		return false
	}
	return true
}

// release gives up one reason to keep d. With the last one the directory gets
// its canonical form, since nothing in it changes any more.
func (p *pipeline) release(d *dirRef) {
	for ; d != nil && d.refs.Add(-1) == 0; d = d.parent {
		if d.src == nil {
			return
		}
		if p.ctx.Err() == nil {
			if err := p.finishDir(d); err != nil {
				p.stop(err)
			}
		}
		d.src.Close()
		if d.dst != nil {
			d.dst.Close()
		}
	}
}

// finishDir gives a directory of the copy, or a sealed one, its canonical form.
func (p *pipeline) finishDir(d *dirRef) error {
	fd, parent, name := d.dstFD(), d.parent.dstFD(), d.name
	switch {
	case p.o.CopyTo != "" && d.parent.src == nil:
		name = p.o.CopyTo
	case p.o.CopyTo != "":
	case p.o.Seal:
		fd, parent = d.srcFD(), d.parent.srcFD()
	default:
		return nil
	}
	return pathError("seal", p.full(d.rel), seal(fd, parent, name, DirMode, p.o.Owner))
}

func (p *pipeline) walkRoot() {
	top := &dirRef{}
	top.refs.Add(1)
	defer p.release(top)
	st, err := lstatat(unix.AT_FDCWD, p.root)
	if err != nil {
		p.stop(pathError("lstat", p.root, err))
		return
	}
	p.walk(top, p.root, "", uint32(st.Mode))
}

// walk submits a node and, if it is a directory, what is in it. It returns
// false when the run has ended.
func (p *pipeline) walk(parent *dirRef, name, rel string, mode uint32) bool {
	j := &job{dir: parent, name: name, head: nar.Header{Path: rel}}
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		j.head.Type = nar.Regular
	case unix.S_IFLNK:
		j.head.Type = nar.Symlink
	case unix.S_IFDIR:
		j.head.Type = nar.Directory
		return p.walkDir(j)
	default:
		p.stop(&ForbiddenError{p.full(rel), typeName(mode)})
		return false
	}
	return p.submit(j, false)
}

func (p *pipeline) walkDir(j *job) bool {
	d, err := p.openDir(j)
	if err != nil {
		p.stop(err)
		return false
	}
	defer p.release(d)
	entries, err := d.src.ReadDir(-1)
	if err != nil {
		p.stop(err)
		return false
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	if !p.submit(j, true) {
		return false
	}
	for _, e := range entries {
		rel := e.Name()
		if d.rel != "" {
			rel = d.rel + "/" + rel
		}
		if p.o.Filter != nil && !p.o.Filter(rel) {
			continue
		}
		if !p.walk(d, e.Name(), rel, modeOf(e.Type())) {
			return false
		}
	}
	return true
}

// modeOf turns the file type of the fs package into that of stat.
func modeOf(t fs.FileMode) uint32 {
	switch {
	case t == 0:
		return unix.S_IFREG
	case t&fs.ModeDir != 0:
		return unix.S_IFDIR
	case t&fs.ModeSymlink != 0:
		return unix.S_IFLNK
	case t&fs.ModeNamedPipe != 0:
		return unix.S_IFIFO
	case t&fs.ModeSocket != 0:
		return unix.S_IFSOCK
	case t&fs.ModeDevice != 0:
		return unix.S_IFCHR
	}
	return 0
}

// openDir opens the directory of j and makes its copy.
func (p *pipeline) openDir(j *job) (*dirRef, error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY
	full := p.full(j.head.Path)
	fd, err := openat(j.dir.srcFD(), j.name, flags, 0)
	if err == unix.EACCES && p.o.Seal {
		if err := chmodat(j.dir.srcFD(), j.name, 0o700); err != nil {
			return nil, pathError("chmod", full, err)
		}
		fd, err = openat(j.dir.srcFD(), j.name, flags, 0)
	}
	if err != nil {
		return nil, pathError("open", full, err)
	}
	if p.o.Seal && p.o.Owner != nil {
		// Taken from its owner before it is listed: what is not in the list
		// cannot come in any more.
		if err := take(fd, DirMode, p.o.Owner); err != nil {
			unix.Close(fd)
			return nil, pathError("seal", full, err)
		}
	}
	d := &dirRef{parent: j.dir, name: j.name, rel: j.head.Path, src: os.NewFile(uintptr(fd), full)}
	if p.o.CopyTo != "" {
		dir, name := j.dir.dstFD(), p.dstName(j)
		if err := again(func() error { return unix.Mkdirat(dir, name, 0o700) }); err != nil {
			d.src.Close()
			return nil, pathError("mkdir", p.copyOf(j), err)
		}
		fd, err := openat(dir, name, flags, 0)
		if err != nil {
			d.src.Close()
			return nil, pathError("open", p.copyOf(j), err)
		}
		d.dst = os.NewFile(uintptr(fd), filepath.Join(p.o.CopyTo, j.head.Path))
	}
	j.dir.refs.Add(1) // until d itself is released
	d.refs.Add(1)     // until its entries have been submitted
	return d, nil
}

// shorten leaves the beginning of a path that nobody would read to its end: what is
// nested without end has one of many thousand bytes.
func shorten(rel string) string {
	const most = 200
	if len(rel) > most {
		return rel[:most] + "…"
	}
	return rel
}

// emit writes a prepared node into the archive.
func (p *pipeline) emit(w *nar.Writer, j *job) error {
	p.nodes++
	if err := w.WriteHeader(j.head); err != nil {
		return pathError("archive", p.full(shorten(j.head.Path)), err)
	}
	switch {
	case j.file != nil:
		return p.stream(w, j)
	case j.head.Type == nar.Regular && j.head.Size > 0:
		_, err := w.Write(*j.data)
		return err
	}
	return nil
}
