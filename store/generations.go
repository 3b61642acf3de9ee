package store

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fruix/store/profile"
)

// profilesDir is the folder of the state in which every link is a root.
const profilesDir = "profiles"

// perUser is the folder in it that holds a folder of each user's.
const perUser = "per-user"

// Profile returns the profile at path. A path below the logical state directory,
// such as "/frx/var/fruix/profiles/system", is looked up under the root of the
// store. The generations of a profile that lies elsewhere are made known as
// indirect roots.
func (s *Store) Profile(ctx context.Context, path string) (*profile.Profile, error) {
	o := profile.Options{Relaxed: s.c.Relaxed, OnWait: func(ctx context.Context, lock *os.File) { s.tell(ctx, ProfileWait(lock)) }}
	return s.ProfileAt(path, o, func(object, link string) error { return s.AddRoot(ctx, link, object) })
}

// ProfileWait is the wait for the lock of a profile, see [profile.Options].
func ProfileWait(lock *os.File) Wait {
	return Wait{Profile: strings.TrimSuffix(lock.Name(), lockSuffix), Holder: inWords(sharers(lock))}
}

// ProfileAt returns the profile at path; see [Store.Profile]. root makes link, which
// lies elsewhere than below the state directory, a root that keeps an object, and is
// what o.Link becomes for those.
func (p Place) ProfileAt(path string, o profile.Options, root func(object, link string) error) (*profile.Profile, error) {
	if strings.HasPrefix(path, p.state+"/"+profilesDir+"/") {
		path = p.Physical(path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(abs, p.StatePath(profilesDir)+"/") {
		o.Link = func(target, link string) error {
			object, _, _ := p.object(target)
			return root(object, link)
		}
	}
	return profile.At(abs, o)
}

// UserProfile returns the path of the profile of that name that belongs to a user.
func (p Place) UserProfile(user, name string) string {
	return p.StatePath(profilesDir, perUser, user, name)
}

// SetProfile makes the valid object target the current generation of the profile
// at path, as a new generation unless it is the current one already.
func (s *Store) SetProfile(ctx context.Context, path, target string) (profile.Generation, error) {
	valid, err := s.IsValid(ctx, target) // and from now on it is not collected
	if err != nil {
		return profile.Generation{}, err
	}
	if !valid {
		return profile.Generation{}, &NotValidError{target}
	}
	p, err := s.Profile(ctx, path)
	if err != nil {
		return profile.Generation{}, err
	}
	g, err := p.Add(ctx, s.Physical(target))
	return g, s.explain("add a generation to "+path, err)
}

// Profiles returns the paths of all profiles of which roots are generations, in
// order, wherever they lie.
func (s *Store) Profiles(ctx context.Context) ([]string, error) {
	roots, err := s.Roots(ctx)
	if err != nil {
		return nil, err
	}
	return ProfilesOf(roots), nil
}

// ProfilesOf returns the paths of all profiles of which roots are generations, in
// order.
func ProfilesOf(roots []Root) []string {
	var out []string
	for _, r := range roots {
		if p, ok := profile.Of(r.Name); ok {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
