// Package access is the seam between those who use a store (evaluations, commands)
// and the store: [Store]. There are two implementations. [Direct] works on a store
// that this process may write; builder/client asks a daemon. What is declared, asked
// and built through it comes out the same; builder/access/accesstest holds both to
// that.
package access

import (
	"context"
	"io"

	"fruix/builder"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/hash"
	"fruix/store/narinfo"
	"fruix/store/profile"
)

// Store is a store as its users see it. It is made of smaller interfaces, for those
// who need less.
type Store interface {
	Names
	Questions
	Additions
	Builds
	Upkeep
	Exchange
	Profiles
	Close() error
}

// Names tells where things lie; nothing is asked of anybody.
type Names interface {
	Dir() string                                         // logical store directory
	Root() string                                        // directory that logical paths are looked up under
	Physical(logical string) string                      // where a logical path lies
	Find(name string) (object, inside string, err error) // see store.Place
	Resolve(name string, last bool) string               // see store.Place
	Free() (int64, error)                                // bytes that may still be written
}

// Questions are about objects. What is told to be valid is not collected until the
// Store is closed.
type Questions interface {
	IsValid(ctx context.Context, p string) (bool, error)
	ValidMany(ctx context.Context, paths []string) (map[string]bool, error)
	All(ctx context.Context) ([]string, error)               // every valid object, in order, which may be collected
	Info(ctx context.Context, p string) (*store.Info, error) // a *store.NotValidError when p is not valid
	References(ctx context.Context, p string) ([]string, error)
	Referrers(ctx context.Context, p string) ([]string, error)
	Derivers(ctx context.Context, p string) ([]string, error)
	Closure(ctx context.Context, paths ...string) ([]string, error)
	Why(ctx context.Context, from, to string) ([]string, error)
	ReadDerivation(ctx context.Context, drvPath string) (*drv.Derivation, error)
}

// Additions make objects valid whose path follows from their content.
type Additions interface {
	store.TextStore // for texts and derivations; see store.NewBatch
	AddPath(ctx context.Context, name, hostPath string, o store.AddOptions) (string, error)
	AddNAR(ctx context.Context, name string, r io.Reader, algo hash.Algo, refs []string) (string, error)
}

// Builds make outputs valid. Progress may be nil.
type Builds interface {
	// Foresee finds out what Build would do, and does nothing.
	Foresee(ctx context.Context, targets ...builder.Target) (*builder.Foreseen, error)
	Build(ctx context.Context, p builder.Progress, targets ...builder.Target) (*builder.Result, error)
	// Check builds derivations again and compares.
	Check(ctx context.Context, p builder.Progress, drvs ...string) error
	// Repair builds the damaged object that drvPath is a derivation of again.
	Repair(ctx context.Context, p builder.Progress, drvPath, object string) error
	// ReadLog opens the log of a derivation's last build; fs.ErrNotExist when there
	// is none.
	ReadLog(drvPath string) (io.ReadCloser, error)
	LogFile(drvPath string) string // where that log is
}

// Upkeep is about the store as a whole.
type Upkeep interface {
	AddRoot(ctx context.Context, link, target string) error
	Roots(ctx context.Context) ([]store.Root, error)
	Used(ctx context.Context) ([]store.Root, error) // what keeps objects besides; see store.Store.Used
	Liveness(ctx context.Context, o store.CollectOptions) (*store.Liveness, error)
	Collect(ctx context.Context, o store.CollectOptions) (*store.Collected, error)
	Delete(ctx context.Context, paths []string, o store.CollectOptions) (*store.Collected, error)
	// Verify tells report of each object with which something is wrong.
	Verify(ctx context.Context, contents bool, report func(store.Problem), progress func(done, all int)) error
	VerifyPath(ctx context.Context, p string) (*store.Problem, error)
	// Optimise returns nil when nothing is known of what was saved.
	Optimise(ctx context.Context, progress func(done, all int)) (*store.Optimised, error)
	// Export is [store.Store.Export]; with signed, objects are signed if this store
	// has a key.
	Export(ctx context.Context, w io.Writer, paths []string, closure, signed bool) error
	// Import takes what a trusted key has signed and what proves itself
	// ([store.SignedBy]); with unsigned all that comes, where this user may decide that.
	Import(ctx context.Context, r io.Reader, unsigned bool) ([]string, error)
}

// Exchange gives objects to another store, one by one.
type Exchange interface {
	// InfosInOrder is what is known of valid objects, each once and behind those of
	// them that it refers to.
	InfosInOrder(ctx context.Context, paths []string) ([]*store.Info, error)
	DumpNAR(ctx context.Context, p string, w io.Writer) error // writes the archive of a valid object
}

// Profiles are made and changed by this process, as its user, wherever they lie.
type Profiles interface {
	// Profile returns the profile at path, whose generations are roots.
	Profile(ctx context.Context, path string) (*profile.Profile, error)
	SetProfile(ctx context.Context, path, target string) (profile.Generation, error)
	UserProfile(user, name string) string           // path of a user's profile
	Profiles(ctx context.Context) ([]string, error) // paths of all that keep something
}

// Direct is a store that this process works on itself.
type Direct struct {
	*store.Store
	// Builder makes a builder that tells p how it goes on; p may be nil.
	Builder func(p builder.Progress) *builder.Builder
	// Keys are those whose signatures make others' objects believed; SigningKeys are
	// this store's. Either may be nil.
	Keys        func() ([]narinfo.PublicKey, error)
	SigningKeys func() ([]narinfo.SecretKey, error)
}

var _ Store = (*Direct)(nil)

// Export implements Upkeep.
func (d *Direct) Export(ctx context.Context, w io.Writer, paths []string, closure, signed bool) error {
	var sign store.Sign
	if signed && d.SigningKeys != nil {
		keys, err := d.SigningKeys()
		if err != nil {
			return err
		}
		sign = store.SignWith(keys)
	}
	return d.Store.Export(ctx, w, paths, closure, sign)
}

// Import implements Upkeep.
func (d *Direct) Import(ctx context.Context, r io.Reader, unsigned bool) ([]string, error) {
	if unsigned {
		return d.Store.Import(ctx, r)
	}
	var keys []narinfo.PublicKey
	if d.Keys != nil {
		var err error
		if keys, err = d.Keys(); err != nil {
			return nil, err
		}
	}
	return d.Store.ImportChecked(ctx, r, store.SignedBy(keys))
}

// Build implements Builds.
func (d *Direct) Build(ctx context.Context, p builder.Progress, targets ...builder.Target) (*builder.Result, error) {
	return d.Builder(p).Build(ctx, targets...)
}

// Check implements Builds.
func (d *Direct) Check(ctx context.Context, p builder.Progress, drvs ...string) error {
	return d.Builder(p).Check(ctx, drvs...)
}

// Repair implements Builds.
func (d *Direct) Repair(ctx context.Context, p builder.Progress, drvPath, object string) error {
	return d.Builder(p).Repair(ctx, drvPath, object)
}

// ReadLog implements Builds.
func (d *Direct) ReadLog(drvPath string) (io.ReadCloser, error) {
	return d.Builder(nil).ReadLog(drvPath)
}

// Foresee implements Builds.
func (d *Direct) Foresee(ctx context.Context, targets ...builder.Target) (*builder.Foreseen, error) {
	return d.Builder(nil).Foresee(ctx, targets...)
}

// LogFile implements Builds.
func (d *Direct) LogFile(drvPath string) string { return d.Builder(nil).LogFile(drvPath) }
