package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/tree"
)

// root is an object that must stay, and why.
type root struct {
	base, what string
	process    int // for one that runs
}

// Used returns what keeps objects of this store besides the links of [Store.Roots]:
// programs that run, by names such as "{process:123}", and what processes have
// protected, "{temp:123}" or, when it is not known which process that is, "{temp}". No
// link has such a name; they are Nix's. An ordinary user's process does not see those
// of others.
func (s *Store) Used(ctx context.Context) ([]Root, error) { return s.UsedBy(ctx, -1) }

// UsedBy is Used for the user with the id uid, who sees processes of this user only; less
// than 0 sees all.
func (s *Store) UsedBy(ctx context.Context, uid int) ([]Root, error) {
	var out []Root
	add := func(name, base string) {
		// A program may run from another store whose name is the same.
		if _, err := os.Lstat(s.final(base)); err == nil {
			out = append(out, Root{Name: name, Target: s.c.StoreDir + "/" + base})
		}
	}
	err := s.eachUser(func(f *os.File, bases []string) {
		if owner, ok := ownerID(f); uid >= 0 && (!ok || owner != uid) {
			return
		}
		name := "{temp}"
		if pids := sharers(f); len(pids) == 1 {
			name = fmt.Sprintf("{temp:%d}", pids[0])
		}
		for _, b := range bases {
			add(name, b)
		}
	})
	if err != nil {
		return nil, s.explain("find out what is in use", err)
	}
	running, err := runningRoots()
	if err != nil {
		return nil, fmt.Errorf("find out what running programs use: %w", err)
	}
	for _, r := range running {
		if uid < 0 || processOwner(r.process) == uid {
			add(fmt.Sprintf("{process:%d}", r.process), r.base)
		}
	}
	slices.SortFunc(out, func(a, b Root) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Target, b.Target))
	})
	return slices.Compact(out), ctx.Err()
}

// ownerID is the id of the user whose file f is.
func ownerID(f *os.File) (int, bool) {
	var st unix.Stat_t
	err := unix.Fstat(int(f.Fd()), &st)
	return int(st.Uid), err == nil
}

// allRoots lists what keeps objects: what is protected, links, and programs that run.
// They are looked up in the order in which one takes over from another: who protects
// an object makes a link to it and ends, and the link goes when a program of the
// object has been started. In another order an object could be missed that was kept
// all the time. Links come first in the result: of what keeps an object, a person
// wants to know what lasts.
func (s *Store) allRoots(ctx context.Context, without []string) ([]root, error) {
	used, err := s.inUse()
	if err != nil {
		return nil, s.explain("find out what is in use", err)
	}
	var out []root
	links, unsure, err := s.findRoots(ctx)
	if err == nil {
		err = unsure
	}
	if err != nil {
		return nil, err
	}
	leave := make(map[string]bool, len(without))
	for _, name := range without {
		leave[name] = true
	}
	for _, r := range links {
		if leave[r.Name] {
			continue
		}
		if p, err := s.parse(r.Target); err == nil {
			out = append(out, root{base: p.Base(), what: "the root " + r.Name})
		}
	}
	for _, b := range used {
		out = append(out, root{base: b, what: "an evaluation or a build that is going on"})
	}
	running, err := runningRoots()
	if err != nil {
		return nil, fmt.Errorf("cannot find out what running programs use, so nobody can tell what is garbage; nothing was deleted: %w", err)
	}
	return append(out, running...), nil
}

// sweepRoots removes indirect roots whose links are gone, and links that were to
// become roots when their processes were killed, from a folder of indirect roots and
// those in it.
func (s *Store) sweepRoots(dir string) { s.sweepRootsBy(s.ways(), dir) }

func (s *Store) sweepRootsBy(ways *ways, dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		link := filepath.Join(dir, e.Name())
		if e.IsDir() {
			s.sweepRootsBy(ways, link)
			continue
		}
		to, err := os.Readlink(link)
		if err != nil {
			continue
		}
		if !filepath.IsAbs(to) {
			to = dir + "/" + to
		}
		gone := true
		for _, inside := range ways.machines() {
			at, err := ways.follow(to, inside, false)
			if err == nil && at.object == "" {
				// Users name these places, and can change what the names lead to.
				_ = tree.RemoveLink(at.file+newSuffix, func(half string) bool { return s.makesRoot(ways, at.file, half) })
				_, err = os.Lstat(at.file)
			}
			gone = gone && errors.Is(err, fs.ErrNotExist)
		}
		if gone || strings.HasSuffix(link, newSuffix) {
			_ = os.Remove(link) // a courtesy: it keeps nothing
		}
	}
}

// makesRoot says whether a link at place to half was to become a root of this store. On
// this machine, but outside of the root directory, links to logical paths belong to
// another store.
func (s *Store) makesRoot(ways *ways, place, half string) bool {
	if _, _, ours := s.object(half); !ours {
		return false
	}
	inside := ways.below(place) != place
	_, physical := s.Logical(half)
	return s.c.Root == "/" || inside || physical
}
