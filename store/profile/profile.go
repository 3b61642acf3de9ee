// Package profile keeps generations: links NAME-1-link, NAME-2-link, … to store
// objects, and a link NAME to the one of them that is current, as Nix's and
// Guix's profiles do (Guix manual, "Invoking guix package"; Nix manual,
// "Profiles").
//
// What changes a profile holds the lock NAME.lock, and changes each link in one
// step, so that NAME leads to a whole generation at any instant, whatever crashes.
// The history is linear, as Guix's is: after going back, what is added next takes
// the place of the generations that were left.
//
// Nothing here knows the store: what is linked to, and how links are known to it as
// roots, comes from the caller.
package profile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Profile is the place of a profile: the absolute path of the link NAME.
type Profile struct {
	path string
	o    Options
}

// Options configure a Profile.
type Options struct {
	// Link makes link point to target in one step, whether it existed or not, and
	// sees to it that what it leads to is kept; nil only makes the link. It is used
	// for generations, not for the link to the current one.
	Link func(target, link string) error
	// Relaxed does not wait until changes have reached the disk.
	Relaxed bool
	// OnWait is told, once, when somebody else has held the profile's lock for longer
	// than people do not notice; may be nil.
	OnWait func(ctx context.Context, lock *os.File)
}

// At returns the profile at path, whether it exists or not.
func At(path string, o Options) (*Profile, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, _, ok := split(abs); ok {
		return nil, fmt.Errorf("%s is the name of a generation; name its profile", path)
	}
	if o.Link == nil {
		o.Link = relink
	}
	return &Profile{abs, o}, nil
}

// Path returns the absolute path of the profile.
func (p *Profile) Path() string { return p.path }

// Generation is one state of a profile.
type Generation struct {
	Number  int
	Link    string // NAME-N-link
	Target  string // what the link says
	Time    time.Time
	Current bool
}

// generation matches the names of generations.
var generation = regexp.MustCompile(`^(.*[^/])-([1-9][0-9]{0,8})-link$`)

// split takes the name of a generation apart.
func split(link string) (profile string, number int, ok bool) {
	m := generation.FindStringSubmatch(link)
	if m == nil {
		return "", 0, false
	}
	number, err := strconv.Atoi(m[2])
	return m[1], number, err == nil
}

// Of returns the path of the profile that a link would be a generation of, by its
// name.
func Of(link string) (profile string, ok bool) {
	profile, _, ok = split(link)
	return profile, ok
}

func (p *Profile) name(number int) string { return fmt.Sprintf("%s-%d-link", p.path, number) }

// Generations returns the generations there are, by number.
func (p *Profile) Generations() ([]Generation, error) {
	entries, err := os.ReadDir(filepath.Dir(p.path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	current, err := p.Current()
	if err != nil {
		return nil, err
	}
	var out []Generation
	for _, e := range entries {
		link := filepath.Join(filepath.Dir(p.path), e.Name())
		of, number, ok := split(link)
		if !ok || of != p.path || e.Type()&fs.ModeSymlink == 0 {
			continue
		}
		target, err := os.Readlink(link)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has just been deleted
		}
		if err != nil {
			return nil, err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // just now
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Generation{number, link, target, info.ModTime(), number == current})
	}
	slices.SortFunc(out, func(a, b Generation) int { return a.Number - b.Number })
	return out, nil
}

// Current returns the number of the current generation; 0 when there is none.
func (p *Profile) Current() (int, error) {
	to, err := os.Readlink(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		if errors.Is(err, unix.EINVAL) {
			err = errors.New("it is no symbolic link")
		}
		return 0, fmt.Errorf("%s is no profile: %w", p.path, err)
	}
	if !filepath.IsAbs(to) {
		to = filepath.Join(filepath.Dir(p.path), to)
	}
	of, number, ok := split(to)
	if !ok || of != p.path {
		return 0, fmt.Errorf("%s is no profile: it leads to %s and not to a generation of its own", p.path, to)
	}
	return number, nil
}

// Add makes a generation that leads to target and makes it the current one. When
// the current one leads there already, it stays.
func (p *Profile) Add(ctx context.Context, target string) (Generation, error) {
	unlock, err := p.lock(ctx)
	if err != nil {
		return Generation{}, err
	}
	defer unlock()
	current, err := p.Current()
	if err != nil {
		return Generation{}, err
	}
	if current > 0 {
		if g, err := p.find(current); err == nil && g.Target == target {
			return g, nil
		}
	}
	// Generations that were left by going back give way; but all of them only when
	// the new one is current, so that a crash loses none.
	list, err := p.Generations()
	if err != nil {
		return Generation{}, err
	}
	number := current + 1
	err = p.o.Link(target, p.name(number))
	if err == nil {
		err = p.sync() // before anything leads to it
	}
	if err == nil {
		err = p.point(number)
	}
	if err != nil {
		return Generation{}, err
	}
	for _, g := range list {
		if g.Number > number {
			if err := os.Remove(g.Link); err != nil {
				return Generation{}, err
			}
		}
	}
	if err := p.sync(); err != nil {
		return Generation{}, err
	}
	return p.find(number)
}

// NoGenerationError is a generation that does not exist.
type NoGenerationError struct {
	Profile string
	Number  int // 0: there are not so many before or behind the current one
}

func (e *NoGenerationError) Error() string {
	if e.Number == 0 {
		return e.Profile + " has no such generation before or behind the current one"
	}
	return fmt.Sprintf("%s has no generation %d", e.Profile, e.Number)
}

// find returns a generation.
func (p *Profile) find(number int) (Generation, error) {
	list, err := p.Generations()
	if err != nil {
		return Generation{}, err
	}
	for _, g := range list {
		if g.Number == number {
			return g, nil
		}
	}
	return Generation{}, &NoGenerationError{p.path, number}
}

// Switch makes a generation the current one.
func (p *Profile) Switch(ctx context.Context, number int) (Generation, error) {
	return p.switchTo(ctx, func(list []Generation) int { return number })
}

// RollBack makes the generation before the current one the current one.
func (p *Profile) RollBack(ctx context.Context) (Generation, error) { return p.Step(ctx, -1) }

// Step makes the generation current that stands n places behind, or for n less than
// 0 before, the current one.
func (p *Profile) Step(ctx context.Context, n int) (Generation, error) {
	return p.switchTo(ctx, func(list []Generation) int {
		i := slices.IndexFunc(list, func(g Generation) bool { return g.Current })
		if i < 0 || i+n < 0 || i+n >= len(list) {
			return 0
		}
		return list[i+n].Number
	})
}

func (p *Profile) switchTo(ctx context.Context, choose func([]Generation) int) (Generation, error) {
	unlock, err := p.lock(ctx)
	if err != nil {
		return Generation{}, err
	}
	defer unlock()
	list, err := p.Generations()
	if err != nil {
		return Generation{}, err
	}
	number := choose(list)
	if !slices.ContainsFunc(list, func(g Generation) bool { return g.Number == number }) {
		return Generation{}, &NoGenerationError{p.path, number}
	}
	if err := errors.Join(p.point(number), p.sync()); err != nil {
		return Generation{}, err
	}
	return p.find(number)
}

// Delete removes those generations that match; the current one always stays. It
// returns what is gone.
func (p *Profile) Delete(ctx context.Context, match func([]Generation) []Generation) ([]Generation, error) {
	unlock, err := p.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	list, err := p.Generations()
	if err != nil {
		return nil, err
	}
	var gone []Generation
	for _, g := range match(list) {
		if g.Current {
			continue
		}
		if err := os.Remove(g.Link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return gone, err
		}
		gone = append(gone, g)
	}
	if len(gone) == 0 {
		return nil, nil
	}
	return gone, p.sync()
}

// point makes a generation the current one.
func (p *Profile) point(number int) error {
	return relink(filepath.Base(p.name(number)), p.path)
}

// relink makes link point to target in one step.
func relink(target, link string) error {
	temp := link + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, temp); err != nil {
		return err
	}
	return os.Rename(temp, link)
}

// sync makes the links durable.
func (p *Profile) sync() error { return p.syncDir(filepath.Dir(p.path)) }

func (p *Profile) syncDir(dir string) error {
	if p.o.Relaxed {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// mkdirAll makes a directory, and those above it, unless it exists.
func (p *Profile) mkdirAll(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		if err := p.mkdirAll(filepath.Dir(dir)); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o755)
	}
	if err == nil {
		return p.syncDir(filepath.Dir(dir))
	}
	if st, statErr := os.Stat(dir); statErr == nil && st.IsDir() {
		return nil
	}
	return err
}

// noticeable is for how long a wait goes on before a person could notice it.
const noticeable = 50 * time.Millisecond

// lock waits until nobody else changes the profile. The lock file stays: removing
// it would let two hold it.
func (p *Profile) lock(ctx context.Context) (unlock func(), err error) {
	if err := p.mkdirAll(filepath.Dir(p.path)); err != nil {
		return nil, err
	}
	// Whoever could read it could lock it. The folder may be a user's, and the caller
	// another one: a link there is not followed.
	f, err := os.OpenFile(p.path+".lock", os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	_ = f.Chmod(0o600) // one of an older Fruix; another user's cannot be changed
	begun, told := time.Now(), false
	for wait := time.Millisecond; ; wait = min(wait*3/2, 50*time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if err != unix.EWOULDBLOCK && err != unix.EINTR {
			f.Close()
			return nil, &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
		if p.o.OnWait != nil && !told && time.Since(begun) >= noticeable {
			told = true
			p.o.OnWait(ctx, f)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("while waiting for another process to change %s: %w", p.path, ctx.Err())
		case <-time.After(wait):
		}
	}
}
