package pwdb

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// The parameters that pwd_mkdb(8) asks for, and what follows from them.
const (
	pageSize   = 4096
	pageShift  = 12
	fillFactor = 32  // pairs in a bucket, on the average
	elements   = 256 // expected at first
	bigEndian  = 4321
	segment    = 256
	segShift   = 8
	maxBuckets = 1 << 15
)

// The file's first bytes, and the word whose hash tells which hash function
// the file was made with.
const (
	magic    = 0x061561
	version  = 2
	charKey  = "%$sniglet^&\x00"
	cached   = 32 // entries of the tables in the header
	headSize = 17*4 + cached*4 + cached*2
)

type pair struct{ key, value []byte }

// encode makes a hash file of Berkeley DB 1.85 (hash(3)), version 2, in which
// numbers are stored with the most significant byte first.
//
// The file is as that library leaves it when it is told beforehand how many
// pairs will come, and so never has to split a bucket: a header page, the
// pages of the buckets, and one page with the map of overflow pages, of which
// there are none. The number of buckets is the least power of two, from what
// pwd_mkdb starts with, for which the pairs of each bucket fit in its page.
// Up to there the bytes are the ones that pwd_mkdb itself writes.
func encode(pairs []pair) ([]byte, error) {
	least := (elements-1)/fillFactor + 1
	for n := least; n <= maxBuckets; n *= 2 {
		if len(pairs) > (fillFactor+1)*n-1 {
			continue
		}
		if pages, ok := fill(pairs, n); ok {
			return file(pages, len(pairs)), nil
		}
	}
	return nil, fmt.Errorf("%d entries do not fit in a hash file of %d buckets", len(pairs), maxBuckets)
}

// fill puts each pair on the page of its bucket. Empty buckets have no page.
func fill(pairs []pair, buckets int) ([]*page, bool) {
	pages := make([]*page, buckets)
	for _, p := range pairs {
		b := hash(p.key) & uint32(buckets-1)
		if pages[b] == nil {
			pages[b] = &page{free: pageSize}
		}
		if !pages[b].put(p) {
			return nil, false
		}
	}
	return pages, true
}

// page is a bucket: at the front the number of offsets, the offset of each key
// and each value, the free space, and where that ends; at the back the keys
// and values themselves, downwards.
type page struct {
	data    [pageSize]byte
	offsets []uint16
	free    int // the end of the free space
}

// put adds a pair, if there is also room for the reference to an overflow page
// that the library wants to be able to add.
func (p *page) put(x pair) bool {
	space := p.free - 2*(len(p.offsets)+3)
	if 2*2+len(x.key)+len(x.value)+2*2 > space {
		return false
	}
	for _, part := range [][]byte{x.key, x.value} {
		p.free -= len(part)
		copy(p.data[p.free:], part)
		p.offsets = append(p.offsets, uint16(p.free))
	}
	return true
}

// bytes writes down the front of the page.
func (p *page) bytes() []byte {
	be, n := binary.BigEndian, len(p.offsets)
	be.PutUint16(p.data[0:], uint16(n))
	for i, o := range p.offsets {
		be.PutUint16(p.data[2*(i+1):], o)
	}
	be.PutUint16(p.data[2*(n+1):], uint16(p.free-2*(n+3)))
	be.PutUint16(p.data[2*(n+2):], uint16(p.free))
	return p.data[:]
}

// file puts header, buckets and map one behind the other.
func file(pages []*page, keys int) []byte {
	n := len(pages)
	log := bits.Len(uint(n - 1))
	out := make([]byte, (1+n+1)*pageSize)
	header(out, n, log, keys)
	for i, p := range pages {
		if p != nil {
			copy(out[(1+i)*pageSize:], p.bytes())
		}
	}
	// Of the map the first log+1 bits are those of overflow pages that there
	// could be by now; the first of them is the map itself. The others do
	// not exist, which is said like "in use".
	bitmap := out[(1+n)*pageSize:]
	for i := range bitmap {
		bitmap[i] = 0xff
	}
	binary.BigEndian.PutUint32(bitmap, ^uint32(0)<<(log+1)|1)
	return out
}

// header writes the fields of struct hashhdr (lib/libc/db/hash/hash.h).
func header(out []byte, buckets, log, keys int) {
	be := binary.BigEndian
	for i, v := range []uint32{
		magic, version, bigEndian, pageSize, pageShift,
		segment, segment, segShift, // directory size, segment size and its logarithm
		uint32(log),           // the doubling in which overflow pages are being added
		2,                     // where the search for a free one begins
		uint32(buckets - 1),   // the last bucket
		uint32(2*buckets - 1), // the mask for when the table has doubled
		uint32(buckets - 1),   // the mask for now
		fillFactor,            //
		uint32(keys),          //
		1,                     // pages of the header
		hash([]byte(charKey)), //
	} {
		be.PutUint32(out[4*i:], v)
	}
	spares := out[17*4:]
	be.PutUint32(spares[4*log:], uint32(log+1))
	be.PutUint32(spares[4*(log+1):], uint32(log+1))
	maps := spares[4*cached:]
	const splitShift = 11 // of the address of an overflow page
	be.PutUint16(maps, uint16(log<<splitShift|1))
}

// hash is the library's default, by Chris Torek: times 33, plus the byte.
func hash(key []byte) uint32 {
	var h uint32
	for _, b := range key {
		h = h<<5 + h + uint32(b)
	}
	return h
}
