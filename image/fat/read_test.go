package fat

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"fruix/image/tree"
)

// reader reads a file system back from the specification alone and checks it
// on the way: sizes and types, both tables, chains, long names, lost clusters.
type reader struct {
	b                        []byte
	kind                     int
	clusterSize, dataAt      int
	clusters                 int
	fat                      []uint32
	owner                    map[uint32]string
	rootAt, rootLen          int
	rootCluster              uint32
	label                    string
	freeSaid, nextSaid, used int
}

func readImage(b []byte) (*tree.Node, *reader, error) {
	le := binary.LittleEndian
	r := &reader{b: b, owner: make(map[uint32]string)}
	if len(b) < 512 || b[510] != 0x55 || b[511] != 0xaa || b[0] != 0xeb {
		return nil, nil, fmt.Errorf("no boot sector")
	}
	total := int(le.Uint16(b[19:]))
	if total == 0 {
		total = int(le.Uint32(b[32:]))
	}
	reserved, rootEntries, fatLen := int(le.Uint16(b[14:])), int(le.Uint16(b[17:])), int(le.Uint16(b[22:]))
	if fatLen == 0 {
		fatLen = int(le.Uint32(b[36:]))
	}
	if total*512 != len(b) || le.Uint16(b[11:]) != 512 || b[16] != 2 || rootEntries%16 != 0 {
		return nil, nil, fmt.Errorf("boot sector: %d sectors, %x", total, b[:64])
	}
	r.rootAt, r.rootLen = (reserved+2*fatLen)*512, rootEntries*32
	r.dataAt = r.rootAt + r.rootLen
	r.clusterSize = int(b[13]) * 512
	r.clusters = (len(b) - r.dataAt) / r.clusterSize
	r.kind = 32
	if r.clusters < 65525 {
		r.kind = 16
	}
	if r.clusters < 4085 || (r.kind == 32) != (rootEntries == 0) {
		return nil, nil, fmt.Errorf("%d clusters and %d root entries", r.clusters, rootEntries)
	}
	first := b[reserved*512:][:fatLen*512]
	if !bytes.Equal(first, b[(reserved+fatLen)*512:][:fatLen*512]) {
		return nil, nil, fmt.Errorf("the tables differ")
	}
	if fatLen*512*8/r.kind < r.clusters+2 {
		return nil, nil, fmt.Errorf("table of %d sectors for %d clusters", fatLen, r.clusters)
	}
	for i := range r.clusters + 2 {
		if r.kind == 16 {
			v := uint32(le.Uint16(first[2*i:]))
			if v >= 0xfff8 {
				v |= 0x0fff0000
			}
			r.fat = append(r.fat, v)
		} else {
			r.fat = append(r.fat, le.Uint32(first[4*i:]))
		}
	}
	if r.fat[0] != 0x0ffffff8 || r.fat[1] != 0x0fffffff {
		return nil, nil, fmt.Errorf("table begins %x %x", r.fat[0], r.fat[1])
	}
	root := &tree.Node{Kind: tree.Dir}
	raw := b[r.rootAt:][:r.rootLen]
	if r.kind == 32 {
		r.rootCluster = le.Uint32(b[44:])
		if !bytes.Equal(b[:1536], b[6*512:][:1536]) {
			return nil, nil, fmt.Errorf("the copy of the boot sector differs")
		}
		r.freeSaid, r.nextSaid = int(le.Uint32(b[512+488:])), int(le.Uint32(b[512+492:]))
		var err error
		if raw, err = r.chain(r.rootCluster, "."); err != nil {
			return nil, nil, err
		}
	}
	if err := r.directory(root, ".", raw, 0, 0); err != nil {
		return nil, nil, err
	}
	for c, v := range r.fat[2:] {
		if v != 0 {
			r.used++
			if r.owner[uint32(c+2)] == "" {
				return nil, nil, fmt.Errorf("cluster %d is lost", c+2)
			}
		}
	}
	if r.kind == 32 && r.freeSaid != r.clusters-r.used {
		return nil, nil, fmt.Errorf("%d clusters are said to be free, %d are", r.freeSaid, r.clusters-r.used)
	}
	return root, r, nil
}

func (r *reader) chain(c uint32, path string) ([]byte, error) {
	var out []byte
	for {
		if c < 2 || int(c) >= len(r.fat) {
			return nil, fmt.Errorf("%s: chain leads to %d", path, c)
		}
		if other := r.owner[c]; other != "" {
			return nil, fmt.Errorf("%s: cluster %d belongs to %s", path, c, other)
		}
		r.owner[c] = path
		out = append(out, r.b[r.dataAt+int(c-2)*r.clusterSize:][:r.clusterSize]...)
		if r.fat[c] >= 0x0ffffff8 {
			return out, nil
		}
		c = r.fat[c]
	}
}

func readTime(date, clock uint16) int64 {
	return time.Date(1980+int(date>>9), time.Month(date>>5&15), int(date&31), int(clock>>11), int(clock>>5&63), int(clock&31)*2, 0, time.UTC).Unix()
}

func (r *reader) directory(n *tree.Node, path string, raw []byte, self, up uint32) error {
	le := binary.LittleEndian
	var long []uint16
	var sum byte
	order := 0
	shorts, longs := make(map[string]bool), make(map[string]bool)
	for i := 0; i < len(raw); i += 32 {
		e := raw[i : i+32]
		if e[0] == 0 {
			if strings.Trim(string(raw[i:]), "\x00") != "" {
				return fmt.Errorf("%s: bytes after the end", path)
			}
			break
		}
		if e[11] == 0x0f {
			if e[0]&0x40 != 0 {
				order, sum, long = int(e[0]&0x3f)+1, e[13], nil
			}
			if order--; order < 1 || int(e[0]&0x3f) != order || e[13] != sum {
				return fmt.Errorf("%s: piece of a long name out of order", path)
			}
			var piece []uint16
			for _, at := range []int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
				piece = append(piece, le.Uint16(e[at:]))
			}
			long = append(piece, long...)
			continue
		}
		short := string(e[:11])
		name := strings.TrimRight(short[:8], " ")
		if ext := strings.TrimRight(short[8:], " "); ext != "" {
			name += "." + ext
		}
		if shorts[short] {
			return fmt.Errorf("%s: two short names %q", path, short)
		}
		shorts[short] = true
		if long != nil {
			var s byte
			for _, c := range e[:11] {
				s = (s&1)<<7 + s>>1 + c
			}
			if order != 1 || s != sum {
				return fmt.Errorf("%s: long name does not belong to %q", path, short)
			}
			if end := slices.Index(long, 0); end >= 0 {
				for _, u := range long[end+1:] {
					if u != 0xffff {
						return fmt.Errorf("%s: bytes after a long name", path)
					}
				}
				long = long[:end]
			}
			name, long, order = string(utf16.Decode(long)), nil, 0
		}
		if longs[strings.ToUpper(name)] {
			return fmt.Errorf("%s: two names %q", path, name)
		}
		longs[strings.ToUpper(name)] = true
		cluster := uint32(le.Uint16(e[20:]))<<16 | uint32(le.Uint16(e[26:]))
		size := int(le.Uint32(e[28:]))
		mtime := readTime(le.Uint16(e[24:]), le.Uint16(e[22:])) + int64(e[13]/100)
		child := &tree.Node{MTime: mtime}
		at := path + "/" + name
		switch {
		case e[11] == 0x08:
			r.label = short
			continue
		case i < 64 && path != ".":
			if want := []string{".", ".."}[i/32]; name != want || cluster != []uint32{self, up}[i/32] || e[11] != 0x10 {
				return fmt.Errorf("%s: entry %q leads to %d", path, name, cluster)
			}
			continue
		case e[11] == 0x10:
			child.Kind = tree.Dir
			data, err := r.chain(cluster, at)
			if err != nil {
				return err
			}
			parent := self
			if err := r.directory(child, at, data, cluster, parent); err != nil {
				return err
			}
		case e[11] == 0x20:
			child.Kind = tree.File
			if size > 0 {
				data, err := r.chain(cluster, at)
				if err != nil {
					return err
				}
				if (size+r.clusterSize-1)/r.clusterSize*r.clusterSize != len(data) {
					return fmt.Errorf("%s: %d bytes in a chain of %d", at, size, len(data))
				}
				if strings.Trim(string(data[size:]), "\x00") != "" {
					return fmt.Errorf("%s: bytes after the end", at)
				}
				child.Content = tree.Bytes(data[:size])
			} else if cluster != 0 {
				return fmt.Errorf("%s: empty, but has a cluster", at)
			}
		default:
			return fmt.Errorf("%s: attributes %#x", at, e[11])
		}
		n.Entries = append(n.Entries, tree.Entry{Name: name, Node: child})
	}
	if long != nil {
		return fmt.Errorf("%s: long name without an entry", path)
	}
	return nil
}
