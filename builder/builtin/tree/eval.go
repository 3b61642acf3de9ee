package tree

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	imagetree "fruix/image/tree"
	"fruix/store/journal"
)

// Sources says where an evaluation finds what the entries refer to.
type Sources struct {
	// Resolve returns where the file at a logical path (a store item, or
	// below one) lies on this machine; nil means at that path.
	Resolve func(logical string) string
	// Graphs holds the store items of each reference graph, by its name in
	// the entries.
	Graphs map[string][]string
	// Registrations holds what is to be registered of the items of graphs, by
	// its name in the entries.
	Registrations map[string][]journal.Record
	// Expand gives the entries that stand for one of kind KernelModules;
	// they are applied in its place.
	Expand func(Entry) ([]Entry, error)
}

func (s Sources) resolve(logical string) string {
	if s.Resolve == nil {
		return logical
	}
	return s.Resolve(logical)
}

// Root makes the tree of a partition: sorted, valid, and the same wherever
// and whenever it is made from the same store items. The tree refers to the files
// of the items, which must not change until it has been written.
func (p *Plan) Root(partition string, s Sources) (*imagetree.Node, error) {
	for i := range p.Partitions {
		part := &p.Partitions[i]
		if part.Name != partition {
			continue
		}
		if !part.HasFiles() {
			return nil, fmt.Errorf("partition %q: holds no files", partition)
		}
		return Evaluate(part.where(), part.FileSystem.Tree, s)
	}
	names := make([]string, len(p.Partitions))
	for i, part := range p.Partitions {
		names[i] = part.Name
	}
	return nil, fmt.Errorf("the plan has no partition %q; there are: %s", partition, strings.Join(names, ", "))
}

func (p *Partition) where() string { return fmt.Sprintf("partition %q", p.Name) }

// Evaluate applies entries in order to an empty tree whose root directory has
// mode 0755. where says in messages what the entries belong to.
func Evaluate(where string, entries []Entry, s Sources) (*imagetree.Node, error) {
	t := newBuild(s)
	for _, e := range entries {
		if err := t.apply(e); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", where, e.Path, err)
		}
	}
	if err := t.finish(); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	imagetree.Sort(t.root)
	if err := imagetree.Validate(t.root); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return t.root, nil
}

// An origin says how a node came into the tree.
type origin uint8

const (
	copied   origin = iota // as part of a store item
	implicit               // as the parent of something
	declared               // by an entry of its own
)

type build struct {
	sources Sources
	root    *imagetree.Node
	origins map[*imagetree.Node]origin
	// index finds the entries of the directories that were looked into.
	index map[*imagetree.Node]map[string]int
	// registered holds what is registered in each store.
	registered map[*imagetree.Node]*registered
}

// registered is what one store is to know.
type registered struct {
	records       map[string]journal.Record
	names         string          // of the last registrations
	at            string          // path of the directory
	journal, mark *imagetree.Node // empty until the end
}

// finish writes what the stores know.
func (t *build) finish() error {
	stores := slices.SortedFunc(maps.Values(t.registered), func(a, b *registered) int { return strings.Compare(a.at, b.at) })
	for _, r := range stores {
		text, err := journal.Fresh(slices.Collect(maps.Values(r.records)))
		if err != nil {
			return fmt.Errorf("%q: the registrations %q: %w", r.at, r.names, err)
		}
		r.journal.Content, r.mark.Content = imagetree.Text(string(text)), imagetree.Text(journal.Mark(text))
	}
	return nil
}

func newBuild(s Sources) *build {
	t := &build{
		sources: s,
		root:    &imagetree.Node{Kind: imagetree.Dir, Mode: 0o755, MTime: SourceTime},
		origins: make(map[*imagetree.Node]origin),
		index:   make(map[*imagetree.Node]map[string]int),

		registered: make(map[*imagetree.Node]*registered),
	}
	t.origins[t.root] = implicit
	return t
}

// child finds an entry of a directory, nil if there is none.
func (t *build) child(dir *imagetree.Node, name string) *imagetree.Node {
	if i, ok := t.names(dir)[name]; ok {
		return dir.Entries[i].Node
	}
	return nil
}

func (t *build) names(dir *imagetree.Node) map[string]int {
	names, ok := t.index[dir]
	if !ok {
		names = make(map[string]int, len(dir.Entries))
		for i, e := range dir.Entries {
			names[e.Name] = i
		}
		t.index[dir] = names
	}
	return names
}

// set gives a directory an entry, in place of the one that it has.
func (t *build) set(dir *imagetree.Node, name string, n *imagetree.Node) {
	names := t.names(dir)
	if i, ok := names[name]; ok {
		dir.Entries[i].Node = n
		return
	}
	names[name] = len(dir.Entries)
	dir.Entries = append(dir.Entries, imagetree.Entry{Name: name, Node: n})
}

// parent finds the directory that holds a path, and makes the directories on
// the way to it.
func (t *build) parent(p string) (*imagetree.Node, error) {
	dir := t.root
	above := strings.Trim(path.Dir(p), "/")
	if above == "" {
		return dir, nil
	}
	done := ""
	for name := range strings.SplitSeq(above, "/") {
		done += "/" + name
		next := t.child(dir, name)
		if next == nil {
			next = &imagetree.Node{Kind: imagetree.Dir, Mode: 0o755, MTime: SourceTime}
			t.origins[next] = implicit
			t.set(dir, name, next)
		}
		if next.Kind != imagetree.Dir {
			return nil, fmt.Errorf("cannot be made, because %q is a %v", done, next.Kind)
		}
		dir = next
	}
	return dir, nil
}

// lookup finds what lies at a path, nil if nothing does.
func (t *build) lookup(p string) *imagetree.Node {
	n := t.root
	if p == "/" {
		return n
	}
	for name := range strings.SplitSeq(p[1:], "/") {
		if n.Kind != imagetree.Dir {
			return nil
		}
		if n = t.child(n, name); n == nil {
			return nil
		}
	}
	return n
}

func (t *build) apply(e Entry) error {
	switch e.Kind {
	case Attributes:
		return t.attributes(e)
	case Copy:
		n, err := t.copySource(e)
		if err != nil {
			return err
		}
		return t.place(e, n)
	case Links:
		return t.links(e)
	case Closure:
		return t.closure(e)
	case KernelModules:
		return t.expand(e)
	}
	n, err := t.node(e)
	if err != nil {
		return err
	}
	return t.place(e, n)
}

func (t *build) expand(e Entry) error {
	if t.sources.Expand == nil {
		return fmt.Errorf("kernel modules are for initrds")
	}
	list, err := t.sources.Expand(e)
	if err != nil {
		return err
	}
	for _, sub := range list {
		if err := t.apply(sub); err != nil {
			return fmt.Errorf("%q: %w", sub.Path, err)
		}
	}
	return nil
}

// node makes what an entry describes by itself.
func (t *build) node(e Entry) (*imagetree.Node, error) {
	n := &imagetree.Node{Mode: e.Mode, UID: e.UID, GID: e.GID, MTime: e.Time}
	switch e.Kind {
	case Directory:
		n.Kind = imagetree.Dir
	case Symlink:
		n.Kind, n.Target = imagetree.Symlink, e.Target
	case CharDevice:
		n.Kind, n.Major, n.Minor = imagetree.CharDevice, e.Major, e.Minor
	case BlockDevice:
		n.Kind, n.Major, n.Minor = imagetree.BlockDevice, e.Major, e.Minor
	case Fifo:
		n.Kind = imagetree.Fifo
	case HardLink:
		target := t.lookup(e.Target)
		switch {
		case target == nil:
			return nil, fmt.Errorf("cannot be a link to %q, which is not there", e.Target)
		case target.Kind == imagetree.Dir:
			return nil, fmt.Errorf("cannot be a hard link to the directory %q", e.Target)
		}
		return target, nil
	case File:
		n.Kind = imagetree.File
		if e.HasText {
			if e.Text != "" {
				n.Content = imagetree.Text(e.Text)
			}
			return n, nil
		}
		c, err := t.fileSource(e.Source)
		if err != nil {
			return nil, err
		}
		n.Content = c
	default:
		return nil, fmt.Errorf("unknown kind %q", e.Kind)
	}
	return n, nil
}

// place puts a node where its entry says.
func (t *build) place(e Entry, n *imagetree.Node) error {
	if e.Path == "/" {
		if n.Kind != imagetree.Dir {
			return fmt.Errorf("the root cannot be a %v", n.Kind)
		}
		return t.join(e, t.root, n, "/")
	}
	dir, err := t.parent(e.Path)
	if err != nil {
		return err
	}
	name := path.Base(e.Path)
	old := t.child(dir, name)
	switch {
	case old == nil:
		t.set(dir, name, n)
	case old.Kind == imagetree.Dir && n.Kind == imagetree.Dir:
		return t.join(e, old, n, e.Path)
	default:
		if err := t.mayReplace(e, old, e.Path); err != nil {
			return err
		}
		t.set(dir, name, n)
	}
	if e.Kind != Copy {
		t.origins[n] = declared
	}
	return nil
}

// mayReplace tells whether an entry may put something else in the place of
// old, which lies at p.
func (t *build) mayReplace(e Entry, old *imagetree.Node, p string) error {
	at := ""
	if p != e.Path {
		at = fmt.Sprintf("%q ", p)
	}
	if !e.Replace {
		return fmt.Errorf("%sis there already, as a %v; say \"replace\": true to put another in its place", at, old.Kind)
	}
	if old.Kind == imagetree.Dir && len(old.Entries) > 0 {
		return fmt.Errorf("%sis a directory that is not empty and cannot be replaced", at)
	}
	return nil
}

// join puts the directory n into the place of the directory old, which keeps
// its entries. A directory that an entry declares may change the attributes of
// one that came with a store item or as a parent; one that is copied changes
// only those of parents.
func (t *build) join(e Entry, old, n *imagetree.Node, p string) error {
	if e.Kind == Copy {
		if t.origins[old] == implicit {
			adopt(old, n)
			delete(t.origins, old)
		}
		return t.merge(e, old, n, p)
	}
	if t.origins[old] == declared && !e.Replace {
		return t.mayReplace(e, old, p)
	}
	adopt(old, n)
	t.origins[old] = declared
	return nil
}

func adopt(old, n *imagetree.Node) {
	old.Mode, old.UID, old.GID, old.MTime = n.Mode, n.UID, n.GID, n.MTime
}

// merge moves the entries of a copied directory into one that is there.
func (t *build) merge(e Entry, old, n *imagetree.Node, p string) error {
	for _, entry := range n.Entries {
		at := path.Join(p, entry.Name)
		there := t.child(old, entry.Name)
		switch {
		case there == nil:
			t.set(old, entry.Name, entry.Node)
		case there.Kind == imagetree.Dir && entry.Node.Kind == imagetree.Dir:
			if err := t.join(e, there, entry.Node, at); err != nil {
				return err
			}
		default:
			if err := t.mayReplace(e, there, at); err != nil {
				return err
			}
			t.set(old, entry.Name, entry.Node)
		}
	}
	return nil
}

// links fills a directory, made when missing, with symbolic links: one for each
// name in the source that the directory does not have yet.
func (t *build) links(e Entry) error {
	host, err := t.follow(e.Source)
	if err != nil {
		return err
	}
	names, err := os.ReadDir(host)
	if err != nil {
		return fmt.Errorf("the source %q: %w", e.Source, err)
	}
	dir := t.root
	if e.Path != "/" {
		// Asking for the parent of a name in it makes the directory.
		if dir, err = t.parent(path.Join(e.Path, "name")); err != nil {
			return err
		}
	}
	for _, name := range names {
		if t.child(dir, name.Name()) != nil {
			continue
		}
		t.set(dir, name.Name(), &imagetree.Node{
			Kind: imagetree.Symlink, Mode: 0o777, UID: e.UID, GID: e.GID, MTime: e.Time,
			Target: path.Join(e.Target, name.Name()),
		})
	}
	return nil
}

// attributes changes the mode and the owner of what is there.
func (t *build) attributes(e Entry) error {
	n := t.lookup(e.Path)
	if n == nil {
		return fmt.Errorf("is not there, so its attributes cannot be changed")
	}
	if e.HasMode {
		if n.Kind == imagetree.Symlink {
			return fmt.Errorf("is a symbolic link, which has no mode of its own")
		}
		n.Mode = e.Mode
	}
	if e.HasOwner {
		n.UID, n.GID = e.UID, e.GID
	}
	return nil
}

// closure makes the store with the items of a graph.
func (t *build) closure(e Entry) error {
	items, ok := t.sources.Graphs[e.Graph]
	if !ok {
		return fmt.Errorf("there is no reference graph %q", e.Graph)
	}
	dir := &imagetree.Node{Kind: imagetree.Dir, Mode: e.Mode, UID: e.UID, GID: e.GID, MTime: e.Time}
	if err := t.place(e, dir); err != nil {
		return err
	}
	dir = t.lookup(e.Path)
	names := make([]string, len(items))
	for i, item := range items {
		if path.Dir(item) != e.Path || path.Clean(item) != item {
			return fmt.Errorf("the reference graph %q holds %q, which does not lie in this directory", e.Graph, item)
		}
		names[i] = path.Base(item)
		if t.child(dir, names[i]) != nil {
			continue // one item can be in several graphs
		}
		n, err := t.item(item)
		if err != nil {
			return err
		}
		t.set(dir, names[i], n)
	}
	if e.Registrations == "" {
		return nil
	}
	return t.register(e, dir, names)
}

// register lets the store in dir know the items of a closure: its journal says what
// they are, and its mark that nobody has used it.
func (t *build) register(e Entry, dir *imagetree.Node, items []string) error {
	records, ok := t.sources.Registrations[e.Registrations]
	if !ok {
		return fmt.Errorf("there are no registrations %q", e.Registrations)
	}
	known := t.registered[dir]
	if known == nil {
		known = &registered{records: make(map[string]journal.Record)}
		t.registered[dir] = known
	}
	known.names, known.at = e.Registrations, e.Path
	graph := make(map[string]bool, len(items))
	for _, name := range items {
		graph[name] = true
	}
	for _, r := range records {
		if !graph[r.Path] {
			return fmt.Errorf("the registrations %q speak of %q, which is not in the reference graph %q", e.Registrations, r.Path, e.Graph)
		}
		known.records[r.Path] = r
	}
	for _, name := range items {
		if _, ok := known.records[name]; !ok {
			return fmt.Errorf("the registrations %q say nothing of %q", e.Registrations, name)
		}
	}
	file := func(mode uint32) *imagetree.Node {
		return &imagetree.Node{Kind: imagetree.File, Mode: mode, UID: e.UID, MTime: e.Time}
	}
	known.journal, known.mark = file(0o644), file(0o444)
	t.set(dir, journal.File, known.journal)
	t.set(dir, journal.MarkFile, known.mark)
	return nil
}
