package cpio

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"fruix/image/tree"
)

// record is an archive entry as it was read.
type record struct {
	path                                          string
	data                                          []byte
	ino, mode, uid, gid, nlink, mtime, rmaj, rmin uint32
}

// read parses an archive from the format's description, sharing nothing with
// the writer.
func read(b []byte) ([]record, error) {
	var out []record
	pos := 0
	take := func(n int) ([]byte, error) {
		if n < 0 || n > len(b)-pos {
			return nil, fmt.Errorf("%d bytes wanted at %d of %d", n, pos, len(b))
		}
		pos += n
		return b[pos-n : pos], nil
	}
	for {
		h, err := take(110)
		if err != nil {
			return nil, err
		}
		if string(h[:6]) != "070701" {
			return nil, fmt.Errorf("magic number %q at %d", h[:6], pos-110)
		}
		var f [13]uint32
		for i := range f {
			v, err := strconv.ParseUint(string(h[6+8*i:14+8*i]), 16, 32)
			if err != nil {
				return nil, err
			}
			f[i] = uint32(v)
		}
		name, err := take(int(f[11]))
		if err != nil {
			return nil, err
		}
		if len(name) == 0 || bytes.IndexByte(name, 0) != len(name)-1 {
			return nil, fmt.Errorf("name %q does not end with its only NUL", name)
		}
		path := string(name[:len(name)-1])
		if _, err := take((4 - pos%4) % 4); err != nil {
			return nil, err
		}
		if path == "TRAILER!!!" {
			if strings.Trim(string(b[pos:]), "\x00") != "" {
				return nil, fmt.Errorf("bytes after the end")
			}
			return out, nil
		}
		data, err := take(int(f[6]))
		if err != nil {
			return nil, err
		}
		if _, err := take((4 - pos%4) % 4); err != nil {
			return nil, err
		}
		out = append(out, record{path, bytes.Clone(data), f[0], f[1], f[2], f[3], f[4], f[5], f[9], f[10]})
	}
}

// unpack makes a tree of records as the kernel would.
func unpack(records []record) (*tree.Node, error) {
	nodes := make(map[string]*tree.Node)
	linked := make(map[uint32]*tree.Node)
	for _, r := range records {
		n := &tree.Node{Mode: r.mode & 07777, UID: r.uid, GID: r.gid, MTime: int64(r.mtime)}
		switch r.mode & 0o170000 {
		case 0o040000:
			n.Kind = tree.Dir
		case 0o100000:
			n.Kind = tree.File
		case 0o120000:
			n.Kind = tree.Symlink
			n.Target = string(r.data)
		case 0o020000:
			n.Kind, n.Major, n.Minor = tree.CharDevice, r.rmaj, r.rmin
		case 0o060000:
			n.Kind, n.Major, n.Minor = tree.BlockDevice, r.rmaj, r.rmin
		case 0o010000:
			n.Kind = tree.Fifo
		case 0o140000:
			n.Kind = tree.Socket
		default:
			return nil, fmt.Errorf("%q has mode %#o", r.path, r.mode)
		}
		if n.Kind != tree.Dir && r.nlink > 1 {
			if old := linked[r.ino]; old != nil {
				n = old
			}
			linked[r.ino] = n
			if n.Kind == tree.Symlink && len(r.data) > 0 {
				n.Target = string(r.data)
			}
		}
		if n.Kind == tree.File && len(r.data) > 0 {
			if n.Content != nil {
				return nil, fmt.Errorf("%q is stored twice", r.path)
			}
			n.Content = tree.Bytes(r.data)
		}
		nodes[r.path] = n
		if r.path == "." {
			continue
		}
		dir, name := ".", r.path
		if i := strings.LastIndexByte(r.path, '/'); i >= 0 {
			dir, name = r.path[:i], r.path[i+1:]
		}
		parent := nodes[dir]
		if parent == nil || parent.Kind != tree.Dir {
			return nil, fmt.Errorf("%q comes before its directory", r.path)
		}
		parent.Entries = append(parent.Entries, tree.Entry{Name: name, Node: n})
	}
	if nodes["."] == nil {
		return nil, fmt.Errorf("no root")
	}
	return nodes["."], nil
}
