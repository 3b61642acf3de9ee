package git

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zlib"
)

// maxDepth is the longest chain of deltas that git itself makes.
const maxDepth = 4095

// maxObjects is how many objects a pack without an index may have: where they lie is held
// in memory. Linux had 12 million of them in 20 years.
const maxObjects = 50_000_000

// pack reads objects of a pack file, gitformat-pack(5).
type pack struct {
	f io.ReaderAt // nil until something of it is wanted, when it is opened by open
	// open gives the file and its size.
	open func() (io.ReaderAt, int64, error)
	// size is that of the file, idSize that of objects' names, maxObject that
	// of the largest object that is taken.
	size, maxObject int64
	idSize          int
	// over, unless nil, says why nothing is wanted any more: what a server has sent may
	// take long to make sense of.
	over func() error
	// find returns where an object lies.
	find func(id) (offset int64, ok bool, err error)
	// cache holds objects that others may be deltas of.
	cache      map[int64]cached
	cacheBytes int
	z          io.ReadCloser
}

type cached struct {
	kind kind
	data []byte
}

const cacheLimit = 64 << 20

func (p *pack) object(i id) (kind, []byte, error) {
	offset, ok, err := p.find(i)
	if err != nil {
		return 0, nil, err
	}
	if !ok {
		return 0, nil, fmt.Errorf("%w %v", errAbsent, i)
	}
	if p.f == nil {
		if p.f, p.size, err = p.open(); err != nil {
			return 0, nil, err
		}
	}
	return p.load(offset)
}

func (p *pack) ended() error {
	if p.over == nil {
		return nil
	}
	return p.over()
}

// head is the start of an entry of a pack.
type head struct {
	kind kind
	size int64 // of what is compressed
	base int64 // where the base lies, for ofsDelta
	ref  id    // the base, for refDelta
	body int64 // where the compressed bytes begin
}

// byteReader counts what is taken from it.
type byteReader struct {
	*bufio.Reader
	at int64
}

func (r *byteReader) ReadByte() (byte, error) {
	b, err := r.Reader.ReadByte()
	if err == nil {
		r.at++
	}
	return b, err
}

func (r *byteReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.at += int64(n)
	return n, err
}

// readHead reads the start of the entry at offset, where r stands.
func (p *pack) readHead(r *byteReader, offset int64) (head, error) {
	var h head
	b, err := r.ReadByte()
	if err != nil {
		return h, early(err)
	}
	h.kind, h.size = kind(b>>4&7), int64(b&15)
	for shift := 4; b&0x80 != 0; shift += 7 {
		if shift > 56 {
			return h, errors.New("a pack's entry has no plausible size")
		}
		if b, err = r.ReadByte(); err != nil {
			return h, early(err)
		}
		h.size |= int64(b&0x7f) << shift
	}
	switch h.kind {
	case commitKind, treeKind, blobKind, tagKind:
	case ofsDelta:
		if b, err = r.ReadByte(); err != nil {
			return h, early(err)
		}
		back := int64(b & 0x7f)
		for b&0x80 != 0 {
			if b, err = r.ReadByte(); err != nil {
				return h, early(err)
			}
			if back > p.size {
				return h, errors.New("a pack's delta has its base outside of the pack")
			}
			back = (back+1)<<7 | int64(b&0x7f)
		}
		if back <= 0 || back > offset {
			return h, errors.New("a pack's delta has its base outside of the pack")
		}
		h.base = offset - back
	case refDelta:
		ref := make([]byte, p.idSize)
		if _, err := io.ReadFull(r, ref); err != nil {
			return h, early(err)
		}
		h.ref = id(ref)
	default:
		return h, fmt.Errorf("a pack's entry is of the unknown %v", h.kind)
	}
	if h.size > p.maxObject {
		return h, &LimitError{fmt.Sprintf("an object has %d bytes", h.size), fmt.Sprintf("%d", p.maxObject)}
	}
	h.body = r.at
	return h, nil
}

// inflate reads the compressed bytes that r stands at; exactly size come.
func (p *pack) inflate(r io.Reader, size int64) ([]byte, error) {
	var err error
	if p.z == nil {
		p.z, err = zlib.NewReader(r)
	} else {
		err = p.z.(zlib.Resetter).Reset(r, nil)
	}
	if err != nil {
		return nil, early(err)
	}
	// The size is what the pack says; the memory grows with what comes.
	data := make([]byte, 0, min(size, 1<<20))
	for int64(len(data)) < size {
		if len(data) == cap(data) {
			grown := make([]byte, len(data), min(2*int64(cap(data)), size))
			copy(grown, data)
			data = grown
		}
		n, err := p.z.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err != nil && int64(len(data)) < size {
			return nil, early(err)
		}
	}
	// The end must follow; reading it also takes the checksum from r.
	var extra [1]byte
	switch n, err := p.z.Read(extra[:]); {
	case n > 0:
		return nil, errors.New("an object is longer than it says")
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	return data, nil
}

// load returns the object whose entry is at offset. Nothing of a delta is held in memory
// before its base is there: of those of a chain there is one at a time.
func (p *pack) load(offset int64) (kind, []byte, error) {
	type delta struct{ offset, body, size int64 }
	var chain []delta // each with its base behind it
	var k kind
	var data []byte
	for {
		if err := p.ended(); err != nil {
			return 0, nil, err
		}
		if c, ok := p.cache[offset]; ok {
			k, data = c.kind, c.data
			break
		}
		if len(chain) > maxDepth {
			return 0, nil, errors.New("a pack's deltas have no end")
		}
		if offset < 0 || offset >= p.size {
			return 0, nil, errors.New("an object lies outside of its pack")
		}
		r := p.from(offset)
		h, err := p.readHead(r, offset)
		if err != nil {
			return 0, nil, err
		}
		if h.kind != ofsDelta && h.kind != refDelta {
			if data, err = p.inflate(r, h.size); err != nil {
				return 0, nil, err
			}
			k = h.kind
			p.keep(offset, k, data)
			break
		}
		chain = append(chain, delta{offset, h.body, h.size})
		if h.kind == refDelta {
			at, ok, err := p.find(h.ref)
			if err != nil {
				return 0, nil, err
			}
			if !ok {
				return 0, nil, fmt.Errorf("%w %v, the base of a delta", errAbsent, h.ref)
			}
			h.base = at
		}
		offset = h.base
	}
	for _, d := range slices.Backward(chain) {
		if err := p.ended(); err != nil {
			return 0, nil, err
		}
		change, err := p.inflate(p.from(d.body), d.size)
		if err != nil {
			return 0, nil, err
		}
		if data, err = applyDelta(data, change, p.maxObject); err != nil {
			return 0, nil, err
		}
		p.keep(d.offset, k, data)
	}
	return k, data, nil
}

// from reads the pack from offset on.
func (p *pack) from(offset int64) *byteReader {
	return &byteReader{bufio.NewReaderSize(io.NewSectionReader(p.f, offset, p.size-offset), 4096), offset}
}

// keep remembers an object for the deltas to come.
func (p *pack) keep(offset int64, k kind, data []byte) {
	if len(data) > cacheLimit/4 {
		return
	}
	if p.cacheBytes+len(data) > cacheLimit || p.cache == nil {
		p.cache, p.cacheBytes = map[int64]cached{}, 0
	}
	p.cache[offset] = cached{k, data}
	p.cacheBytes += len(data)
}

// applyDelta makes an object of the one that it resembles.
func applyDelta(base, delta []byte, limit int64) ([]byte, error) {
	bad := errors.New("a pack's delta does not fit its base")
	from, n := binary.Uvarint(delta)
	if n <= 0 || from != uint64(len(base)) {
		return nil, bad
	}
	delta = delta[n:]
	size, n := binary.Uvarint(delta)
	if n <= 0 {
		return nil, bad
	}
	if size > uint64(limit) {
		return nil, &LimitError{fmt.Sprintf("an object has %d bytes", size), fmt.Sprintf("%d", limit)}
	}
	delta = delta[n:]
	out := make([]byte, 0, min(size, 1<<20))
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		var piece []byte
		if op&0x80 != 0 {
			var v [7]byte // offset and size, of which absent bytes are 0
			for i := range v {
				if op&(1<<i) == 0 {
					continue
				}
				if len(delta) == 0 {
					return nil, bad
				}
				v[i], delta = delta[0], delta[1:]
			}
			at := int64(v[0]) | int64(v[1])<<8 | int64(v[2])<<16 | int64(v[3])<<24
			count := int64(v[4]) | int64(v[5])<<8 | int64(v[6])<<16
			if count == 0 {
				count = 0x10000
			}
			if at+count > int64(len(base)) {
				return nil, bad
			}
			piece = base[at : at+count]
		} else {
			if op == 0 || int(op) > len(delta) {
				return nil, bad
			}
			piece, delta = delta[:op], delta[op:]
		}
		if uint64(len(out)+len(piece)) > size {
			return nil, bad
		}
		out = append(out, piece...)
	}
	if uint64(len(out)) != size {
		return nil, bad
	}
	return out, nil
}

// indexPack reads all of a pack that came without an index, unless over says that it
// is not wanted any more; it may be nil.
func indexPack(f io.ReaderAt, size int64, idSize int, maxObject int64, over func() error) (*pack, error) {
	p := &pack{f: f, size: size, idSize: idSize, maxObject: maxObject, over: over}
	where := map[id]int64{}
	p.find = func(i id) (int64, bool, error) { at, ok := where[i]; return at, ok, nil }
	r := &byteReader{Reader: bufio.NewReaderSize(io.NewSectionReader(f, 0, size), 1<<20)}
	var start [12]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return nil, early(err)
	}
	version := binary.BigEndian.Uint32(start[4:])
	if string(start[:4]) != "PACK" || version != 2 && version != 3 {
		return nil, errors.New("what came is no pack of git's")
	}
	count := binary.BigEndian.Uint32(start[8:])
	if count > maxObjects {
		return nil, &LimitError{fmt.Sprintf("the pack has %d objects", count), fmt.Sprint(maxObjects)}
	}
	type delta struct {
		at  int64
		ref id // "" when the base is known by its place
	}
	var deltas []delta
	for range count {
		if err := p.ended(); err != nil {
			return nil, err
		}
		at := r.at
		h, err := p.readHead(r, at)
		if err != nil {
			return nil, err
		}
		data, err := p.inflate(r, h.size)
		if err != nil {
			return nil, err
		}
		if h.kind == ofsDelta || h.kind == refDelta {
			deltas = append(deltas, delta{at, h.ref})
			continue
		}
		where[nameOf(h.kind, data, idSize)] = at
	}
	// A delta's base may be a delta that comes later, when it is known by its
	// name: what cannot be resolved yet is tried again while others can.
	for len(deltas) > 0 {
		var left []delta
		for _, d := range deltas {
			k, data, err := p.load(d.at)
			if errors.Is(err, errAbsent) {
				left = append(left, d)
				continue
			}
			if err != nil {
				return nil, err
			}
			where[nameOf(k, data, idSize)] = d.at
		}
		if len(left) == len(deltas) {
			return nil, fmt.Errorf("the pack lacks the bases of %d deltas", len(left))
		}
		deltas = left
	}
	return p, nil
}
