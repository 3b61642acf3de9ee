package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/hash"
	"fruix/store/nixbase32"
	"fruix/store/path"
	"fruix/store/profile"
)

// Root is a link that keeps an object, and all that it refers to, from being
// collected.
type Root struct {
	Link   string // physical path of the link below gcroots or profiles
	Name   string // path of the link that a person made: Link, or what an indirect root leads to
	Target string // logical path of the object
}

// AddRoot makes linkPath a symbolic link to the object target, which must be
// valid, and records it as an indirect root, as Nix and Guix do: a link in
// gcroots/auto points to linkPath, and the object stays for as long as linkPath
// exists and points to it. A link that is there already is replaced at once;
// anything else that lies there is an error.
//
// The link holds the physical path, so that it leads to the object whatever
// the root of the store is.
func (s *Store) AddRoot(ctx context.Context, linkPath, target string) error {
	valid, err := s.IsValid(ctx, target)
	if err != nil {
		return err
	}
	if !valid {
		return &NotValidError{target}
	}
	abs, err := filepath.Abs(linkPath)
	if err != nil {
		return err
	}
	if err := mayLink(abs); err != nil {
		return err
	}
	// A collector removes indirect roots without a link. First the indirect root, which
	// keeps nothing while the link is missing.
	lock, err := s.lockCollector(ctx, unix.LOCK_SH)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := s.AddIndirectRoot(ctx, abs); err != nil {
		return err
	}
	return s.explain("make a root", errors.Join(MakeLink(s.Physical(target), abs), s.syncLink(abs)))
}

// AddIndirectRoot records the symbolic link at the absolute path link, which need
// not exist yet, as an indirect root: what it leads to is kept, for as long as it
// leads there.
func (s *Store) AddIndirectRoot(ctx context.Context, link string) error {
	if err := s.checkIndirect(link); err != nil {
		return err
	}
	return s.addIndirect(ctx, s.autoRoots(), link)
}

// AddIndirectRootOf is AddIndirectRoot for the user with the id uid, who is to have no
// more than most indirect roots: then the error is a *RootsError. Those whose links are
// gone do not count. The link must be there and be that user's: of others nothing is
// told, not even whether they are there.
func (s *Store) AddIndirectRootOf(ctx context.Context, uid, most int, link string) error {
	if err := s.checkIndirect(link); err != nil {
		return err
	}
	if !owns(uid, link) {
		return fmt.Errorf("%q cannot be a root: a link of your own is needed, which has to be there already", link)
	}
	dir := filepath.Join(s.autoRoots(), strconv.Itoa(uid))
	if err := s.mkdirAll(dir); err != nil {
		return s.explain("make a root", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, indirectName(link))); errors.Is(err, fs.ErrNotExist) {
		n, err := countNames(dir)
		if err == nil && n >= most {
			s.sweepRoots(dir)
			n, err = countNames(dir)
		}
		if err != nil {
			return s.explain("make a root", err)
		}
		if n >= most {
			return &RootsError{Most: most}
		}
	}
	return s.addIndirect(ctx, dir, link)
}

// owns says whether a link is there and is the user's with the id uid.
func owns(uid int, link string) bool {
	var st unix.Stat_t
	return unix.Lstat(link, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK && int(st.Uid) == uid
}

// MaySee says whether the user with the id uid may be told where the link of a root is:
// it is his own, or one of the state directory's that all users share. Others may lie in
// folders that are closed to him.
func (s *Store) MaySee(uid int, r Root) bool {
	shared := r.Name == r.Link && !strings.HasPrefix(r.Name, s.StatePath(profilesDir, perUser)+"/")
	return shared || owns(uid, r.Name)
}

// RootsError reports a user who has as many indirect roots as are allowed.
type RootsError struct{ Most int }

func (e *RootsError) Error() string {
	return fmt.Sprintf("you have %d roots already, and no user may have more; remove links that keep what you do not need, and try again", e.Most)
}

// autoRoots is the folder of indirect roots. Those of users who may not write the store
// are in folders named by the users' ids.
func (s *Store) autoRoots() string { return s.StatePath("gcroots", "auto") }

// indirectName is what the indirect root of a link is called.
func indirectName(link string) string {
	sum := sha256.Sum256([]byte(link))
	return nixbase32.EncodeToString(hash.Compress(sum[:], path.HashSize))
}

// checkIndirect says why link cannot be an indirect root.
func (s *Store) checkIndirect(link string) error {
	_, _, in := s.object(link)
	if !filepath.IsAbs(link) || filepath.Clean(link) != link || in || strings.ContainsAny(link, "\x00\n") || len(link) > maxLink {
		return fmt.Errorf("%q cannot be a root: the absolute path, in its simplest form, of a link outside of the store is needed", link)
	}
	return nil
}

// addIndirect records link in a folder of indirect roots.
func (s *Store) addIndirect(ctx context.Context, dir, link string) error {
	auto := filepath.Join(dir, indirectName(link))
	if err := errors.Join(relink(link, auto), s.syncLink(auto)); err != nil {
		return s.explain("make a root", err)
	}
	return ctx.Err()
}

// countNames says how many names a folder has.
func countNames(dir string) (int, error) {
	f, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	return len(names), err
}

// syncLink makes a link durable.
func (s *Store) syncLink(link string) error {
	if s.c.Relaxed {
		return nil
	}
	return syncDir(filepath.Dir(link))
}

// maxLink bounds the paths of roots: more no link can hold (PATH_MAX).
const maxLink = 4095

// MakeLink makes link, an absolute path, a symbolic link to target. A link that
// is there already is replaced at once; anything else that lies there is an
// error.
func MakeLink(target, link string) error {
	if err := mayLink(link); err != nil {
		return err
	}
	return relink(target, link)
}

// MakeDurableLink is MakeLink, and returns when the link is on the disk.
func MakeDurableLink(target, link string) error {
	if err := MakeLink(target, link); err != nil {
		return err
	}
	return syncDir(filepath.Dir(link))
}

// mayLink says why link cannot be made a root.
func mayLink(link string) error {
	if st, err := os.Lstat(link); err == nil && st.Mode()&fs.ModeSymlink == 0 {
		return fmt.Errorf("cannot make the root %s: something that is not a symbolic link lies there", link)
	}
	return nil
}

// newSuffix ends the name of a link that is about to take the place of another.
// A crash may leave one: the next replacement or collection removes it.
const newSuffix = ".fruix-new"

// relink makes link point to target in one step, whether it existed or not.
func relink(target, link string) error {
	temp := link + newSuffix
	for range 100 {
		if to, err := os.Readlink(link); err == nil && to == target {
			return nil
		}
		if err := os.Symlink(target, link); !errors.Is(err, fs.ErrExist) {
			return err
		}
		// What lies at temp is rubbish, or another process's that is at this
		// too: then one of the two has to begin again.
		if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		err := os.Symlink(target, temp)
		if err == nil {
			if err = os.Rename(temp, link); err == nil {
				return nil
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return errors.Join(err, os.Remove(temp))
			}
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fmt.Errorf("others replace %s all the time", link)
}

// Bounds of what a user's folder of profiles can hold. It is read while nobody may
// use what could be garbage, and its user must not be able to make that take long.
const (
	maxUserDepth   = 4 // folders within folders; deeper ones are not looked at
	maxUserEntries = 500_000
	maxUserLinks   = 50_000
)

// TooManyRootsError is a user's folder of profiles that holds too much.
type TooManyRootsError struct{ Folder string }

func (e *TooManyRootsError) Error() string {
	return fmt.Sprintf("%s holds more than %d links or %d files: while that is so, nobody can tell what is garbage; let its user remove some, or rename the folder", e.Folder, maxUserLinks, maxUserEntries)
}

// linkWalk finds symbolic links.
type linkWalk struct {
	ctx   context.Context
	top   string                 // the folder that it begins with
	inner string                 // one in it that the administrator may have put elsewhere as well
	users string                 // the folder whose folders are users'; "" when there are none
	found func(link string) bool // says whether it leads to an object
}

// userFolder is what was found in a user's folder.
type userFolder struct {
	path                  string
	depth, entries, links int
}

// folder looks through a folder; in is the user's that it is in, nil for the
// administrator's. What disappears meanwhile is no error.
func (w *linkWalk) folder(dir string, in *userFolder) error {
	flags := os.O_RDONLY | unix.O_DIRECTORY
	if !w.elsewhere(dir) {
		flags |= unix.O_NOFOLLOW
	}
	f, err := os.OpenFile(dir, flags, 0)
	if errors.Is(err, fs.ErrNotExist) || in != nil && errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		entries, err := f.ReadDir(1000)
		if err == io.EOF || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := w.entry(filepath.Join(dir, e.Name()), e, in); err != nil {
				return err
			}
		}
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
	}
}

// elsewhere says whether a link may stand for a folder: in place of those that the store
// has made, which nobody but its owner can exchange.
func (w *linkWalk) elsewhere(dir string) bool {
	return dir == w.top || dir == w.inner || w.users != "" && filepath.Dir(dir) == w.users
}

func (w *linkWalk) entry(p string, e fs.DirEntry, in *userFolder) error {
	if in != nil {
		in.entries++
		if e.Type()&fs.ModeSymlink != 0 {
			in.links++
		}
		if in.entries > maxUserEntries || in.links > maxUserLinks {
			return &TooManyRootsError{in.path}
		}
	}
	isDir := e.IsDir()
	if e.Type()&fs.ModeSymlink != 0 && !w.found(p) && w.elsewhere(p) {
		st, err := os.Stat(p)
		if err != nil && !nowhere(err) {
			return err
		}
		isDir = err == nil && st.IsDir()
	}
	switch {
	case !isDir:
	case in == nil && w.users != "" && filepath.Dir(p) == w.users:
		return w.folder(p, &userFolder{path: p})
	case in == nil:
		return w.folder(p, nil)
	case in.depth < maxUserDepth:
		in.depth++
		defer func() { in.depth-- }()
		return w.folder(p, in)
	}
	return nil
}

// UnreadableRootError is about roots of which nobody can tell now what they keep. The
// links of other users are not named.
type UnreadableRootError struct {
	Links []string // physical paths of the links below gcroots or profiles
	Err   error    // why one of them could not be followed
}

func (e *UnreadableRootError) Error() string {
	others := ""
	if n := len(e.Links) - 1; n > 0 {
		others = fmt.Sprintf(" (and %d more)", n)
	}
	return fmt.Sprintf("the root %s%s cannot be followed to what it keeps (%v): while that is so, nobody can tell what is garbage; nothing was deleted",
		e.Links[0], others, e.Err)
}

// Unwrap returns why it could not be followed.
func (e *UnreadableRootError) Unwrap() error { return e.Err }

// unreadable makes an UnreadableRootError of links, if there are any. Of err, one
// of them's, only the reason is told, not the path.
func unreadable(links []string, err error) error {
	if len(links) == 0 {
		return nil
	}
	var errno unix.Errno
	if errors.As(err, &errno) {
		err = errno
	}
	return &UnreadableRootError{links, err}
}

// Roots returns the roots that lead to objects, the links below gcroots and
// profiles, in order. Links that lead nowhere, or not into the store, are left out,
// and so are those from a profile to its current generation, which is a root itself.
// Of those that cannot be followed now, see [UnreadableRootError], nothing is said.
func (s *Store) Roots(ctx context.Context) ([]Root, error) {
	roots, _, err := s.findRoots(ctx)
	return roots, err
}

// findRoots is Roots; unsure is an *UnreadableRootError when there may be more.
func (s *Store) findRoots(ctx context.Context) (roots []Root, unsure, err error) {
	ways := s.ways()
	var broken []string
	var why error
	for _, dir := range []string{"gcroots", profilesDir} {
		w := linkWalk{ctx: ctx, top: s.StatePath(dir), inner: s.autoRoots(), found: func(p string) bool {
			if leadsToGeneration(p) {
				return true
			}
			targets, err := ways.objects(p)
			for _, target := range targets {
				roots = append(roots, Root{p, s.rootName(p), target})
			}
			if err != nil {
				broken, why = append(broken, p), err
			}
			return len(targets) > 0
		}}
		if dir == profilesDir {
			w.users = s.StatePath(profilesDir, perUser)
			w.inner = w.users
		}
		if err := w.folder(s.StatePath(dir), nil); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(roots, func(a, b Root) int { return strings.Compare(a.Link, b.Link) })
	slices.Sort(broken)
	return roots, unreadable(broken, why), nil
}

// leadsToGeneration says whether link is that of a profile to a generation beside
// it.
func leadsToGeneration(link string) bool {
	to, err := os.Readlink(link)
	if err != nil || filepath.IsAbs(to) {
		return false
	}
	of, ok := profile.Of(filepath.Join(filepath.Dir(link), to))
	return ok && of == link
}

// rootName is the link that an indirect root stands for, and any other itself.
func (s *Store) rootName(link string) string {
	if dir := filepath.Dir(link); dir == s.autoRoots() || filepath.Dir(dir) == s.autoRoots() {
		if to, err := os.Readlink(link); err == nil {
			return to
		}
	}
	return link
}
