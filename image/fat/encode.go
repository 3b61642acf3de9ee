package fat

import (
	"encoding/binary"
	"io"
	"time"
)

const (
	media     = 0xf8 // a fixed disk
	infoAt    = 1    // the sector of FSInfo
	backupAt  = 6    // the sector of the copy of the boot sector
	attrLabel = 0x08
	attrDir   = 0x10
	attrFile  = 0x20 // "archive", as on every file that was just written
	attrLong  = 0x0f
	lastLong  = 0x40
)

// bootSector is fatgen103, "Boot sector and BPB".
func (l *Layout) bootSector() []byte {
	g, le := l.g, binary.LittleEndian
	b := make([]byte, sectorSize)
	copy(b[3:], "FRUIX   ")
	le.PutUint16(b[11:], sectorSize)
	b[13] = byte(g.perCluster)
	le.PutUint16(b[14:], uint16(g.reserved))
	b[16] = fatCopies
	le.PutUint16(b[17:], uint16(g.rootSectors*sectorSize/entrySize))
	if g.kind == FAT16 && g.sectors < 0x10000 {
		le.PutUint16(b[19:], uint16(g.sectors))
	} else {
		le.PutUint32(b[32:], uint32(g.sectors))
	}
	b[21] = media
	le.PutUint16(b[24:], 63)  // sectors per track and
	le.PutUint16(b[26:], 255) // heads, for BIOS: those of large disks
	le.PutUint32(b[28:], l.o.HiddenSectors)
	ext, fsName, jump := b[36:], "FAT16   ", byte(0x3c)
	if g.kind == FAT16 {
		le.PutUint16(b[22:], uint16(g.fatSectors))
	} else {
		le.PutUint32(b[36:], uint32(g.fatSectors))
		le.PutUint32(b[44:], uint32(l.root.cluster))
		le.PutUint16(b[48:], infoAt)
		le.PutUint16(b[50:], backupAt)
		ext, fsName, jump = b[64:], "FAT32   ", 0x58
	}
	ext[0] = 0x80 // the first fixed disk
	ext[2] = 0x29 // the three fields that follow are there
	le.PutUint32(ext[3:], l.o.VolumeID)
	copy(ext[7:], l.label[:])
	copy(ext[18:], fsName)
	// Where the jump leads: tell the BIOS that this disk does not boot
	// (int 18h), and should that return, halt for good.
	copy(b, []byte{0xeb, jump, 0x90})
	copy(b[int(jump)+2:], []byte{0xcd, 0x18, 0xf4, 0xeb, 0xfd})
	b[510], b[511] = 0x55, 0xaa
	return b
}

// infoSector is fatgen103, "FAT32 FSInfo sector".
func (l *Layout) infoSector() []byte {
	le := binary.LittleEndian
	b := make([]byte, sectorSize)
	le.PutUint32(b, 0x41615252)
	le.PutUint32(b[484:], 0x61417272)
	le.PutUint32(b[488:], uint32(l.g.clusters-l.used))
	next := uint32(0xffffffff) // none that is known to be free
	if l.used < l.g.clusters {
		next = uint32(2 + l.used)
	}
	le.PutUint32(b[492:], next)
	le.PutUint32(b[508:], 0xaa550000)
	return b
}

func (l *Layout) writeReserved(w io.WriterAt) error {
	boot := l.bootSector()
	if l.g.kind == FAT16 {
		_, err := w.WriteAt(boot, 0)
		return err
	}
	trio := append(boot, l.infoSector()...)
	third := make([]byte, sectorSize)
	third[510], third[511] = 0x55, 0xaa
	trio = append(trio, third...)
	for _, at := range []int64{0, backupAt * sectorSize} {
		if _, err := w.WriteAt(trio, at); err != nil {
			return err
		}
	}
	return nil
}

// writeFAT writes one table: the used entries, all before the free ones.
func (l *Layout) writeFAT(w io.WriterAt, at int64) error {
	t := tableWriter{w: w, at: at, wide: l.g.kind == FAT32, buf: make([]byte, 0, 64<<10)}
	t.put(0x0fffff00 | media)
	t.put(endOfChain) // the high bits say: unmounted cleanly, no errors
	run := func(first, count int64) {
		for c := first; c < first+count-1; c++ {
			t.put(uint32(c + 1))
		}
		if count > 0 {
			t.put(endOfChain)
		}
	}
	for _, d := range l.dirs {
		run(d.cluster, d.count)
	}
	for _, f := range l.files {
		run(f.cluster, f.count)
	}
	t.flush()
	return t.err
}

const endOfChain = 0x0fffffff

type tableWriter struct {
	w    io.WriterAt
	at   int64
	wide bool
	buf  []byte
	err  error
}

func (t *tableWriter) put(v uint32) {
	if t.wide {
		t.buf = binary.LittleEndian.AppendUint32(t.buf, v)
	} else {
		t.buf = binary.LittleEndian.AppendUint16(t.buf, uint16(v))
	}
	if len(t.buf) == cap(t.buf) {
		t.flush()
	}
}

func (t *tableWriter) flush() {
	if t.err == nil {
		_, t.err = t.w.WriteAt(t.buf, t.at)
	}
	t.at += int64(len(t.buf))
	t.buf = t.buf[:0]
}

// encodeDirectory gives the slots of a directory.
func (l *Layout) encodeDirectory(d *directory) []byte {
	b := make([]byte, 0, d.slots*entrySize)
	if d.parent == nil {
		if l.o.Label != "" {
			b = appendShort(b, l.label, attrLabel, l.o.Time, 0, 0)
		}
	} else {
		up := d.parent.cluster
		if d.parent.parent == nil {
			up = 0 // the root is always called so, also where it has a cluster
		}
		b = appendShort(b, padShort(".", ""), attrDir, d.mtime, d.cluster, 0)
		b = appendShort(b, padShort("..", ""), attrDir, d.parent.mtime, up, 0)
	}
	for _, e := range d.entries {
		b = appendLong(b, e.name)
		if e.dir != nil {
			b = appendShort(b, e.name.short, attrDir, e.mtime, e.dir.cluster, 0)
		} else {
			b = appendShort(b, e.name.short, attrFile, e.mtime, e.file.cluster, e.file.size)
		}
	}
	return b
}

// appendShort is fatgen103, "FAT 32 byte directory entry structure".
func appendShort(b []byte, name [11]byte, attr byte, mtime, cluster, size int64) []byte {
	le := binary.LittleEndian
	var e [entrySize]byte
	date, clock, tenths := dosTime(mtime)
	copy(e[:], name[:])
	e[11] = attr
	if attr != attrLabel {
		e[13] = tenths
		le.PutUint16(e[14:], clock)
		le.PutUint16(e[16:], date)
		le.PutUint16(e[18:], date)
	}
	le.PutUint16(e[20:], uint16(cluster>>16))
	le.PutUint16(e[22:], clock)
	le.PutUint16(e[24:], date)
	le.PutUint16(e[26:], uint16(cluster))
	le.PutUint32(e[28:], uint32(size))
	return append(b, e[:]...)
}

// appendLong is fatgen103, "FAT long directory entries": pieces of 13 code
// units, the last piece first.
func appendLong(b []byte, n names) []byte {
	count, sum := n.slots()-1, checksum(n.short)
	for order := count; order > 0; order-- {
		var e [entrySize]byte
		e[0] = byte(order)
		if order == count {
			e[0] |= lastLong
		}
		e[11], e[13] = attrLong, sum
		for i := range 13 {
			unit := uint16(0xffff) // behind the end
			switch at := (order-1)*13 + i; {
			case at < len(n.units):
				unit = n.units[at]
			case at == len(n.units):
				unit = 0
			}
			binary.LittleEndian.PutUint16(e[longPlaces[i]:], unit)
		}
		b = append(b, e[:]...)
	}
	return b
}

// longPlaces are the offsets of a piece's code units.
var longPlaces = [13]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30}

// The times that FAT can say: 1980-01-01 00:00:00 to 2107-12-31 23:59:58.
const (
	minTime = 315532800
	maxTime = 4354819198
)

// dosTime splits a time as FAT stores it. FAT's times have no zone; UTC is
// taken, so that the host's zone leaves no trace. The odd second goes to the
// hundredths that creation times have.
func dosTime(sec int64) (date, clock uint16, hundredths byte) {
	t := time.Unix(min(max(sec, minTime), maxTime), 0).UTC()
	date = uint16((t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day())
	clock = uint16(t.Hour()<<11 | t.Minute()<<5 | t.Second()/2)
	return date, clock, byte(t.Second() % 2 * 100)
}
