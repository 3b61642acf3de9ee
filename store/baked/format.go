package baked

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"io"
	"math"
	"os"
	"time"
)

// A file is the bytes of the archive; the checksum of each block of them, four bytes,
// the least first; and a footer. The checksums are CRC-32C: they are against disks that
// fail, not against somebody who may write to the folder.
const (
	block      = 256 << 10
	magic      = "fruixba1"
	footerSize = len(magic) + 8 + 2*sha256.Size + 2*crc32.Size
)

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// footer is the end of a file.
func footer(i Info, table []byte) []byte {
	b := []byte(magic)
	b = binary.LittleEndian.AppendUint64(b, uint64(i.Size))
	b = append(b, i.Hash[:]...)
	b = append(b, i.Subject[:]...)
	b = binary.LittleEndian.AppendUint32(b, checksum(table))
	return binary.LittleEndian.AppendUint32(b, checksum(b))
}

// parseFooter reads a footer; ok is false when it is none.
func parseFooter(b []byte) (i Info, table uint32, ok bool) {
	body, sum := b[:footerSize-crc32.Size], b[footerSize-crc32.Size:]
	if !bytes.HasPrefix(body, []byte(magic)) || checksum(body) != binary.LittleEndian.Uint32(sum) {
		return Info{}, 0, false
	}
	body = body[len(magic):]
	i.Size = int64(binary.LittleEndian.Uint64(body))
	body = body[8:]
	copy(i.Hash[:], body)
	copy(i.Subject[:], body[sha256.Size:])
	return i, binary.LittleEndian.Uint32(body[2*sha256.Size:]), i.Size >= 0
}

// tableSize is the length of the checksums of an archive of so many bytes.
func tableSize(size int64) int64 {
	return (size/block + min(1, size%block)) * crc32.Size
}

// writer writes a file.
type writer struct {
	to    io.Writer
	limit int64
	sum   hash.Hash
	full  []byte // what has come of a block
	table []byte
	size  int64
}

func newWriter(to io.Writer, limit int64) *writer {
	if limit == 0 {
		limit = math.MaxInt64
	}
	return &writer{to: to, limit: limit, sum: sha256.New(), full: make([]byte, 0, block)}
}

func (w *writer) Write(b []byte) (int, error) {
	n := len(b)
	if w.size += int64(n); w.size > w.limit {
		return 0, ErrTooLarge
	}
	for len(b) > 0 {
		some := min(len(b), block-len(w.full))
		w.full, b = append(w.full, b[:some]...), b[some:]
		if len(w.full) == block {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// flush writes a block.
func (w *writer) flush() error {
	if len(w.full) == 0 {
		return nil
	}
	w.sum.Write(w.full)
	w.table = binary.LittleEndian.AppendUint32(w.table, checksum(w.full))
	_, err := w.to.Write(w.full)
	w.full = w.full[:0]
	return err
}

// finish writes what stands behind the archive.
func (w *writer) finish(subject [sha256.Size]byte) (Info, error) {
	if err := w.flush(); err != nil {
		return Info{}, err
	}
	i := Info{Size: w.size, Hash: [sha256.Size]byte(w.sum.Sum(nil)), Subject: subject}
	_, err := w.to.Write(append(w.table, footer(i, w.table)...))
	return i, err
}

// Archive is an archive to be read.
type Archive struct {
	Info
	file  *os.File
	table uint32 // checksum of the checksums
}

// read looks at the footer of a file.
func read(file *os.File) (a *Archive, modified time.Time, err error) {
	st, err := file.Stat()
	if err != nil {
		return nil, time.Time{}, err
	}
	end := make([]byte, footerSize)
	if _, err := file.ReadAt(end, max(0, st.Size()-int64(footerSize))); err != nil {
		return nil, time.Time{}, ErrDamaged
	}
	i, table, ok := parseFooter(end)
	if !ok || st.Size()-int64(footerSize)-tableSize(i.Size) != i.Size {
		return nil, time.Time{}, ErrDamaged
	}
	return &Archive{i, file, table}, st.ModTime(), nil
}

// Copy writes the bytes of the archive from the given one on. When it finds a block
// damaged it writes none of that, and the error is ErrDamaged.
func (a *Archive) Copy(w io.Writer, from int64) error {
	table := make([]byte, tableSize(a.Size))
	if _, err := a.file.ReadAt(table, a.Size); err != nil || checksum(table) != a.table {
		return ErrDamaged
	}
	buffer := make([]byte, block)
	for at := from / block * block; at < a.Size; at += block {
		b := buffer[:min(block, a.Size-at)]
		if _, err := a.file.ReadAt(b, at); err != nil {
			return ErrDamaged
		}
		if checksum(b) != binary.LittleEndian.Uint32(table[at/block*crc32.Size:]) {
			return ErrDamaged
		}
		if _, err := w.Write(b[max(0, from-at):]); err != nil {
			return err
		}
	}
	return nil
}

// Close gives the archive up.
func (a *Archive) Close() error { return a.file.Close() }
