package tree

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Manifest writes a tree down as text, in the format of mtree(5) as FreeBSD's
// "mtree -C" prints it: one line for each name, sorted by the bytes of names
// whatever the order of the tree's entries. It reads all contents, to give
// their SHA-256. The format has no word for which names belong to one file, so
// a comment before each further name gives the first.
//
// The same tree always gives the same text; two trees that differ in anything
// but the order of entries and the places of holes give different texts.
func Manifest(root *Node) ([]byte, error) {
	if err := Validate(root); err != nil {
		return nil, err
	}
	digests, err := digestAll(root)
	if err != nil {
		return nil, err
	}
	m := manifest{links: Links(root), first: make(map[*Node]string), digests: digests}
	m.out.WriteString("#mtree v2.0\n")
	m.node(".", root)
	return m.out.Bytes(), nil
}

type manifest struct {
	out     bytes.Buffer
	links   map[*Node]int
	first   map[*Node]string // names of files that have several
	digests map[*Node]string
}

// mtreeTypes are the values of the type keyword.
var mtreeTypes = [...]string{
	Dir: "dir", File: "file", Symlink: "link", CharDevice: "char", BlockDevice: "block", Fifo: "fifo", Socket: "socket",
}

func (m *manifest) node(path string, n *Node) {
	w := &m.out
	if first := m.first[n]; first != "" {
		fmt.Fprintf(w, "# hard link to %s\n", mtreeEscape(first))
	}
	fmt.Fprintf(w, "%s type=%s mode=0%03o uid=%d gid=%d", mtreeEscape(path), mtreeTypes[n.Kind], n.Mode, n.UID, n.GID)
	if count := m.links[n]; count > 1 {
		if m.first[n] == "" {
			m.first[n] = path
		}
		fmt.Fprintf(w, " nlink=%d", count)
	}
	switch n.Kind {
	case File:
		fmt.Fprintf(w, " size=%d sha256digest=%s", n.Size(), m.digests[n])
	case Symlink:
		fmt.Fprintf(w, " link=%s", mtreeEscape(n.Target))
	case CharDevice, BlockDevice:
		fmt.Fprintf(w, " device=native,%d,%d", n.Major, n.Minor)
	}
	fmt.Fprintf(w, " time=%d.000000000\n", n.MTime)
	entries := slices.Clone(n.Entries)
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	for _, e := range entries {
		m.node(path+"/"+e.Name, e.Node)
	}
}

// mtreeEscape writes what the format gives a meaning to (spaces, comments,
// patterns, the backslash) and what does not print as octal numbers, as vis(3)
// does.
func mtreeEscape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`\#*?[]`, c) >= 0 {
			fmt.Fprintf(&b, `\%03o`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// digestAll hashes the contents of all files, several at a time.
func digestAll(root *Node) (map[*Node]string, error) {
	type job struct {
		path   string
		node   *Node
		digest string
		err    error
	}
	var jobs []*job
	Walk(root, func(path string, n *Node, link bool) error {
		if n.Kind == File && !link {
			jobs = append(jobs, &job{path: path, node: n})
		}
		return nil
	})
	queue := make(chan *job)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(jobs)) {
		wg.Go(func() {
			for j := range queue {
				j.digest, j.err = digest(j.node.Content)
			}
		})
	}
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	wg.Wait()
	digests := make(map[*Node]string, len(jobs))
	for _, j := range jobs {
		if j.err != nil {
			return nil, fmt.Errorf("%q: %w", j.path, j.err)
		}
		digests[j.node] = j.digest
	}
	return digests, nil
}

func digest(c Content) (string, error) {
	h := sha256.New()
	if c != nil {
		r, err := c.Open()
		if err != nil {
			return "", err
		}
		defer r.Close()
		bufp := getBuffer()
		defer putBuffer(bufp)
		// Only Write and Read of these two, so that the buffer is used.
		n, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{r}, *bufp)
		if err != nil {
			return "", err
		}
		if n != c.Size() {
			return "", fmt.Errorf("content has %s bytes, %d were promised", strconv.FormatInt(n, 10), c.Size())
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
