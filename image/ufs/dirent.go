package ufs

import (
	"bytes"
	"encoding/binary"
	"io"

	"fruix/image/tree"
)

// dirChunk is DIRBLKSIZ: no entry of a directory crosses a multiple of it, so
// that a chunk is always written whole.
const dirChunk = 512

// File types in entries (DT_… of dir.h); shifted left by 12 they are the file
// types in modes.
const (
	typeFifo    = 1
	typeChar    = 2
	typeDir     = 4
	typeBlock   = 6
	typeRegular = 8
	typeLink    = 10
	typeSocket  = 12
)

func fileType(k tree.Kind) uint8 {
	switch k {
	case tree.Dir:
		return typeDir
	case tree.Symlink:
		return typeLink
	case tree.CharDevice:
		return typeChar
	case tree.BlockDevice:
		return typeBlock
	case tree.Fifo:
		return typeFifo
	case tree.Socket:
		return typeSocket
	}
	return typeRegular
}

// entryLen is the least length of an entry (DIRECTSIZ): number, length, type
// and length of the name, then the name with its NUL, padded to 4 bytes.
func entryLen(name string) int { return (8 + len(name) + 1 + 3) &^ 3 }

// dirContent is the body of a directory. The numbers in it are known only when
// all inodes have their places, the length before.
type dirContent struct {
	plan    *plan
	numbers []uint32 // inode numbers by index; set before Open
	dir     *inode
	index   int32
}

// Size implements tree.Content.
func (d *dirContent) Size() int64 {
	chunks, room := int64(1), dirChunk-2*12 // "." and ".."
	for _, e := range d.dir.entries {
		if n := entryLen(e.name); n <= room {
			room -= n
		} else {
			chunks++
			room = dirChunk - n
		}
	}
	return chunks * dirChunk
}

// Open implements tree.Content.
func (d *dirContent) Open() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(d.bytes())), nil
}

func (d *dirContent) bytes() []byte {
	w := dirWriter{buf: make([]byte, 0, d.dir.size)}
	w.add(".", d.numbers[d.index], typeDir)
	w.add("..", d.numbers[d.dir.parent], typeDir)
	for _, e := range d.dir.entries {
		w.add(e.name, d.numbers[e.inode], fileType(d.plan.inodes[e.inode].node.Kind))
	}
	w.endChunk()
	return w.buf
}

// dirWriter packs entries into chunks.
type dirWriter struct {
	buf  []byte
	last int // offset of the last entry
}

func (w *dirWriter) add(name string, ino uint32, kind uint8) {
	n := entryLen(name)
	if used := len(w.buf) % dirChunk; len(w.buf) > 0 && (used == 0 || used+n > dirChunk) {
		w.endChunk()
	}
	w.last = len(w.buf)
	w.buf = binary.LittleEndian.AppendUint32(w.buf, ino)
	w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(n))
	w.buf = append(w.buf, kind, uint8(len(name)))
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, make([]byte, n-8-len(name))...)
}

// endChunk gives what remains of the chunk to its last entry.
func (w *dirWriter) endChunk() {
	if rest := -len(w.buf) & (dirChunk - 1); rest > 0 {
		w.buf = append(w.buf, make([]byte, rest)...)
	}
	binary.LittleEndian.PutUint16(w.buf[w.last+4:], uint16(len(w.buf)-w.last))
}
