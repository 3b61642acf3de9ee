package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fruix/builder/access"
	"fruix/cmd/internal/report"
	"fruix/store"
	"fruix/store/hash"
	"fruix/store/nar"
	"fruix/store/tree"
)

func storeQueries() []storeVerb {
	list := func(ask func(access.Store, context.Context, string) ([]string, error)) func(context.Context, *session, []string) error {
		return func(ctx context.Context, s *session, args []string) error { return s.askEach(ctx, args, ask) }
	}
	return []storeVerb{
		{"path-info", "PATH...", "tell what is known of objects", 1, -1, storeInfo, nil},
		{"references", "PATH...", "list what objects refer to", 1, -1, list(access.Store.References), nil},
		{"referrers", "PATH...", "list the objects that refer to some", 1, -1, list(access.Store.Referrers), nil},
		{"requisites", "PATH...", "list objects with all that they need", 1, -1, storeRequisites, nil},
		{"derivers", "PATH...", "list the derivations that objects are outputs of", 1, -1, list(access.Store.Derivers), nil},
		{"outputs", "DERIVATION...", "list the outputs of derivations", 1, -1, list(outputsOf), nil},
		{"size", "PATH...", "print the size of objects, alone and with all that they need", 1, -1, storeSize, nil},
		{"roots", "[PATH...]", "list the roots, of all or of some objects", 0, -1, storeRoots, nil},
		{"why", "PATH OTHER", "print the chain of references from one object to another", 2, 2, storeWhy, nil},
		{"diff", "PATH OTHER", "compare two objects, files or folders", 2, 2, storeDiff, nil},
		{"ls", "PATH", "list what is in an object", 1, 1, storeList, nil},
		{"log", "PATH...", "print the logs of the last builds of derivations and their outputs", 1, -1, storeLog, (*flags).addSubstituteFlags},
		{"cat", "PATH...", "print files of objects", 1, -1, storeCat, nil},
	}
}

// askEach prints the answers for all objects, each once, in order.
func (s *session) askEach(ctx context.Context, names []string, ask func(access.Store, context.Context, string) ([]string, error)) error {
	objects, err := s.validObjects(ctx, names)
	if err != nil {
		return err
	}
	var all []string
	for _, p := range objects {
		answers, err := ask(s.store, ctx, p)
		if err != nil {
			return err
		}
		all = append(all, answers...)
	}
	slices.Sort(all)
	return s.printList(slices.Compact(all))
}

// validObjects finds objects and refuses those that are not there.
func (s *session) validObjects(ctx context.Context, names []string) ([]string, error) {
	objects, err := findObjects(s.store, names)
	if err != nil {
		return nil, err
	}
	valid, err := s.store.ValidMany(ctx, objects)
	if err != nil {
		return nil, err
	}
	for _, p := range objects {
		if !valid[p] {
			return nil, &store.NotValidError{Path: p}
		}
	}
	return objects, nil
}

func outputsOf(st access.Store, ctx context.Context, p string) ([]string, error) {
	if !strings.HasSuffix(p, ".drv") {
		return nil, &report.AdvisedError{
			Err:  fmt.Errorf("%s is no derivation", p),
			Hint: fmt.Sprintf("\"fruix store derivers %s\" lists those that it is an output of", p),
		}
	}
	d, err := st.ReadDerivation(ctx, p)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range d.OutputNames() {
		out = append(out, d.Outputs[name].Path)
	}
	return out, nil
}

func storeRequisites(ctx context.Context, s *session, args []string) error {
	objects, err := s.validObjects(ctx, args)
	if err != nil {
		return err
	}
	all, err := s.store.Closure(ctx, objects...)
	if err != nil {
		return err
	}
	return s.printList(all)
}

// pathInfo is what "path-info --json" prints of one object.
type pathInfo struct {
	Path           string   `json:"path"`
	NarHash        string   `json:"narHash"`
	NarSize        int64    `json:"narSize"`
	References     []string `json:"references"`
	Deriver        string   `json:"deriver,omitempty"`
	Registered     string   `json:"registered"`
	ContentAddress string   `json:"ca,omitempty"`
}

func storeInfo(ctx context.Context, s *session, args []string) error {
	objects, err := findObjects(s.store, args)
	if err != nil {
		return err
	}
	infos, err := s.store.InfosInOrder(ctx, objects)
	if err != nil {
		return err
	}
	known := make(map[string]*store.Info, len(infos))
	for _, i := range infos {
		known[i.Path] = i
	}
	var all []pathInfo
	for _, p := range objects {
		i := known[p]
		all = append(all, pathInfo{
			Path: i.Path, NarHash: hash.Digest{Algo: hash.SHA256, Sum: i.NarHash}.String(), NarSize: i.NarSize,
			References: append([]string{}, i.References...), Deriver: i.Deriver,
			Registered: i.RegisteredAt.UTC().Format(time.RFC3339), ContentAddress: i.ContentAddress,
		})
	}
	if s.flags.json {
		return json.NewEncoder(s.env.stdout).Encode(all)
	}
	var b strings.Builder
	for n, i := range all {
		if n > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "path: %s\nphysical: %s\nhash: %s\nsize: %d\nregistered: %s\n",
			i.Path, s.store.Physical(i.Path), i.NarHash, i.NarSize, i.Registered)
		if i.Deriver != "" {
			fmt.Fprintf(&b, "deriver: %s\n", i.Deriver)
		}
		if i.ContentAddress != "" {
			fmt.Fprintf(&b, "content-address: %s\n", i.ContentAddress)
		}
		fmt.Fprintf(&b, "references: %s\n", strings.Join(i.References, " "))
	}
	_, err = io.WriteString(s.env.stdout, b.String())
	return err
}

func storeSize(ctx context.Context, s *session, args []string) error {
	objects, err := s.validObjects(ctx, args)
	if err != nil {
		return err
	}
	type size struct {
		Path    string `json:"path"`
		Self    int64  `json:"self"`
		Closure int64  `json:"closure"`
	}
	var all []size
	known := map[string]int64{} // what is in several closures is asked about once
	for _, p := range objects {
		closure, err := s.store.Closure(ctx, p)
		if err != nil {
			return err
		}
		z := size{Path: p}
		for _, q := range closure {
			if _, ok := known[q]; !ok {
				i, err := s.store.Info(ctx, q)
				if err != nil {
					return err
				}
				known[q] = i.NarSize
			}
			z.Closure += known[q]
		}
		z.Self = known[p]
		all = append(all, z)
	}
	if s.flags.json {
		return json.NewEncoder(s.env.stdout).Encode(all)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%12s %12s  %s\n", "self", "total", "object")
	for _, z := range all {
		fmt.Fprintf(&b, "%12s %12s  %s\n", sizeText(z.Self), sizeText(z.Closure), z.Path)
	}
	_, err = io.WriteString(s.env.stdout, b.String())
	return err
}

func storeRoots(ctx context.Context, s *session, args []string) error {
	if len(args) == 0 {
		return s.listRoots(ctx, s.store)
	}
	objects, err := s.validObjects(ctx, args)
	if err != nil {
		return err
	}
	roots, err := allRoots(ctx, s.store)
	if err != nil {
		return err
	}
	var lines []string
	needing, err := s.needing(ctx, objects)
	if err != nil {
		return err
	}
	for _, r := range roots {
		if needing[r.Target] {
			lines = append(lines, r.Name)
		}
	}
	slices.Sort(lines)
	return s.printList(slices.Compact(lines)) // a process may have several objects open
}

// needing are objects and all that refers to them, directly or not.
func (s *session) needing(ctx context.Context, objects []string) (map[string]bool, error) {
	found := map[string]bool{}
	var queue []string
	add := func(paths []string) {
		for _, p := range paths {
			if !found[p] {
				found[p] = true
				queue = append(queue, p)
			}
		}
	}
	for add(objects); len(queue) > 0; {
		p := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		users, err := s.store.Referrers(ctx, p)
		if err != nil {
			return nil, err
		}
		add(users)
	}
	return found, nil
}

func storeWhy(ctx context.Context, s *session, args []string) error {
	objects, err := s.validObjects(ctx, args)
	if err != nil {
		return err
	}
	chain, err := s.store.Why(ctx, objects[0], objects[1])
	if err != nil {
		return err
	}
	if chain == nil {
		return fmt.Errorf("%s does not need %s", objects[0], objects[1])
	}
	return s.printList(chain)
}

// hostPath is where a name leads on this machine, be it of the store or not; a link at
// the end is what is meant.
func (s *session) hostPath(name string) string { return s.store.Resolve(name, false) }

// difference is what is printed as JSON of one.
type difference struct {
	Path   string `json:"path"` // in both trees; "" is the trees themselves
	What   string `json:"what"`
	First  string `json:"first,omitempty"`
	Second string `json:"second,omitempty"`
}

// storeDiff compares two trees; they being different is a failure, as for
// diff(1).
func storeDiff(_ context.Context, s *session, args []string) error {
	r, all := &results{s: s}, []difference{}
	err := tree.Diff(s.hostPath(args[0]), s.hostPath(args[1]), func(d tree.Difference) bool {
		all = append(all, difference(d))
		r.line(d)
		return r.err == nil
	})
	if err != nil {
		return err
	}
	if n := len(all); n > 0 {
		err = fmt.Errorf("%s between %s and %s", count(n, "difference"), args[0], args[1])
	}
	return errors.Join(err, r.end(all))
}

// listed is what is printed as JSON of a file in an object.
type listed struct {
	Path       string `json:"path"` // "." is the object itself
	Type       string `json:"type"` // as in archives: "directory", "regular" or "symlink"
	Size       int64  `json:"size"`
	Executable bool   `json:"executable,omitempty"`
	Target     string `json:"target,omitempty"` // of a symbolic link
}

func (l listed) String() string {
	kind, tail := "-", ""
	switch {
	case l.Type == "directory":
		kind = "d"
	case l.Type == "symlink":
		kind, tail = "l", " -> "+l.Target
	case l.Executable:
		kind = "x"
	}
	return fmt.Sprintf("%s %10d %s%s", kind, l.Size, l.Path, tail)
}

func storeList(_ context.Context, s *session, args []string) error {
	root := s.hostPath(args[0])
	r, all := &results{s: s}, []listed{}
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		l := listed{Path: rel, Type: "regular", Size: sizeOf(fi)}
		switch {
		case fi.IsDir():
			l.Type = "directory"
		case fi.Mode()&os.ModeSymlink != 0:
			l.Type = "symlink"
			if l.Target, err = os.Readlink(p); err != nil {
				return err
			}
		default:
			l.Executable = fi.Mode()&0o100 != 0
		}
		if r.line(l); s.flags.json {
			all = append(all, l)
		}
		return r.err
	})
	if err != nil {
		return err
	}
	return r.end(all)
}

func sizeOf(fi os.FileInfo) int64 {
	if fi.Mode().IsRegular() {
		return fi.Size()
	}
	return 0
}

func storeCat(_ context.Context, s *session, args []string) error {
	cat := func(name string) error {
		f, err := os.Open(s.store.Resolve(name, true))
		if err != nil {
			return err
		}
		defer f.Close()
		if fi, err := f.Stat(); err == nil && fi.IsDir() {
			return &report.AdvisedError{
				Err:  fmt.Errorf("%s is a folder", name),
				Hint: fmt.Sprintf("\"fruix store ls %s\" lists what is in it", name),
			}
		}
		_, err = io.Copy(s.env.stdout, f)
		return err
	}
	for _, name := range args {
		if err := cat(name); err != nil {
			return err
		}
	}
	return nil
}

// dumpArchive writes the archive of what lies at name.
func dumpArchive(ctx context.Context, w io.Writer, name string) error {
	_, err := tree.Dump(ctx, w, name, tree.Options{})
	return err
}

// restoreArchive unpacks the archive that r holds to dest, where nothing lies. It is
// unpacked beside it and moved there when it is whole, so that no half of it is left
// when ctx ends, be it while r makes it wait, and nothing of others is removed.
func restoreArchive(ctx context.Context, r io.Reader, dest string) error {
	free := func() error {
		_, err := os.Lstat(dest)
		switch {
		case err == nil:
			return fmt.Errorf("%s is there already; an archive is unpacked to a new place", dest)
		case errors.Is(err, fs.ErrNotExist):
			return nil
		}
		return err
	}
	dest = filepath.Clean(dest)
	if err := free(); err != nil {
		return err
	}
	beside := filepath.Join(filepath.Dir(dest), "."+rand.Text()[:12]+".fruix-new")
	_, err := tree.Restore(ctx, nar.NewReader(untilDone(ctx, r)), beside, nil)
	if err == nil {
		if err = free(); err == nil {
			err = os.Rename(beside, dest)
		}
	}
	if err != nil {
		_ = tree.Remove(beside)
	}
	return err
}

// untilDone reads from r until ctx ends, even when r never answers.
func untilDone(ctx context.Context, r io.Reader) io.Reader {
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { in.CloseWithError(context.Cause(ctx)) })
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	return out
}
