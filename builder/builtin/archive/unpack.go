package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Options say what Unpack takes.
type Options struct {
	// Select, when not empty, lists members to take, each with all below it.
	Select []string
	// Lenient allows selected members to be absent.
	Lenient bool
	// Strip drops this many leading parts of the names.
	Strip int
	// Limits are DefaultLimits when zero.
	Limits Limits
	// Over, unless nil, says why nothing is wanted any more: what comes out of an archive,
	// or is passed over in it, may be much, and take long.
	Over func() error
}

// watched reads for as long as that is wanted.
type watched struct {
	io.Reader
	over func() error
}

func (w watched) Read(p []byte) (int, error) {
	if w.over != nil {
		if err := w.over(); err != nil {
			return 0, err
		}
	}
	return w.Reader.Read(p)
}

// Unpack unpacks the archive file into the directory dir, which exists.
func Unpack(file, dir string, o Options) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	u := &unpacker{root: root, Options: o, found: map[string]bool{}, size: info.Size(), left: o.Limits.budget(info.Size())}
	u.most = u.left.Bytes
	if err := u.file(f); err != nil {
		return fmt.Errorf("cannot unpack %s: %w", file, early(err))
	}
	for _, s := range o.Select {
		if !o.Lenient && !u.found[clean(s)] {
			return fmt.Errorf("cannot unpack %s: it has no member %q", file, s)
		}
	}
	return u.finish()
}

type unpacker struct {
	Options
	root  *os.Root
	found map[string]bool // selected members that were seen
	dirs  []dirTime       // set at the end: filling a directory changes it
	size  int64           // of the archive
	most  int64           // bytes of all files together
	left  Limits          // of what may still come
	buf   []byte
	depth int // of streams within streams
}

type dirTime struct {
	name string
	time time.Time
}

func (u *unpacker) file(f *os.File) error {
	b := bufio.NewReaderSize(watched{f, u.Over}, 1<<20)
	head, err := b.Peek(sniffLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch sniff(head) {
	case zipKind:
		return u.zip(f)
	case debKind:
		return u.deb(b)
	}
	return u.stream(b)
}

// stream unpacks a tar or a cpio, plain or compressed.
func (u *unpacker) stream(b *bufio.Reader) error {
	const most = 100 // archives that follow one another
	if u.depth++; u.depth > most {
		return errors.New("archives follow one another without end")
	}
	head, err := b.Peek(sniffLen)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	k := sniff(head)
	switch k {
	case tarKind:
		return u.tar(b)
	case cpioKind:
		return u.cpio(b)
	case unknown, zipKind, debKind:
		return errors.New("it is no archive of a known kind (tar, cpio, zip, deb; gzip, bzip2, xz, zstd, lzip, lzma)")
	}
	z, done, err := decompress(k, b)
	if err != nil {
		return err
	}
	defer done()
	inner := bufio.NewReaderSize(watched{z, u.Over}, 64<<10)
	head, err = inner.Peek(sniffLen)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if sniff(head) == cpioKind {
		err = u.cpio(inner)
	} else {
		err = u.tar(inner)
	}
	if err != nil {
		return err
	}
	return u.rest(inner)
}

// rest reads what follows the end of an archive within a compressed stream, to the end
// of that: there stand the sums that tell whether it is whole.
func (u *unpacker) rest(r io.Reader) error {
	const padding = 1 << 20 // blocks of zeros, as for a tape
	most := u.left.Bytes + padding
	n, err := io.Copy(io.Discard, io.LimitReader(r, most+1))
	if err == nil && n > most {
		return &LimitError{fmt.Sprintf("what follows the last member is larger than %d bytes", most)}
	}
	return err
}
