package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fruix/builder/fetch"
)

// Source is what to check out.
type Source struct {
	// URL is https://, http://, git://, ssh:// or file://; or [USER@]HOST:PATH, by ssh;
	// or the name of a folder.
	URL string
	// Rev is a tag, a branch or the whole name of a commit.
	Rev string
	// Recursive also checks out submodules.
	Recursive bool
	// Side says which submodules are fetched; others are a [SideError]. Near are those
	// that are reached by what only the user of the process may use, see [Own].
	Side fetch.Side
}

// SideError is a submodule that is not where its repository may lead to.
type SideError struct {
	URL string
	// Own says that it is reached by what only the user of the process may use, and the
	// repository above is not; otherwise it is the other way round.
	Own bool
}

func (e *SideError) Error() string {
	if e.Own {
		return fmt.Sprintf("%s is reached by files or keys of this machine's, which are used for repositories that you name, and not for those that a server names; fetch it by itself, or as a user without special rights", e.URL)
	}
	return fmt.Sprintf("%s is not fetched with the rights that the repository above needs; fetch it by itself, or as a user without special rights", e.URL)
}

// Fetcher checks out revisions.
type Fetcher struct {
	HTTP    *fetch.HTTP
	TempDir string // for what servers send; "" means the default
	// Open opens the files of repositories on this machine; nil opens all that this
	// process may read. See fetch.OpenPublic.
	Open func(name string) (*os.File, error)
	// SSH makes a connection to a command on another machine, without asking anybody
	// anything; user may be "", port 0. nil means that nothing is fetched by ssh, as
	// befits who works for others: it would show their repositories to them.
	SSH func(ctx context.Context, user, host string, port int, command []string) (io.ReadWriteCloser, error)
	// Limits are DefaultLimits when zero.
	Limits Limits
}

// UnknownError is a revision that a repository does not have.
type UnknownError struct {
	URL, Rev string
	Near     []string // what it has that is called alike
	Short    bool     // Rev may be the beginning of a commit's name
}

func (e *UnknownError) Error() string {
	what := "tag, branch or commit"
	if _, ok := parseID(e.Rev); ok {
		what = "commit"
	}
	s := fmt.Sprintf("%s has no %s %q", e.URL, what, e.Rev)
	if len(e.Near) > 0 {
		s += "; did you mean " + strings.Join(e.Near, " or ") + "?"
	}
	if e.Short {
		s += "; a commit must be given with all 40 digits of its name"
	}
	return s
}

// repository is a place where objects and their names are.
type repository interface {
	refs(ctx context.Context, prefixes []string) ([]ref, error)
	get(ctx context.Context, wants []id) (objects, error)
	close()
}

// maxNesting is how deep submodules may lie in submodules.
const maxNesting = 32

// Fetch makes the folder dir, which must not exist, of a revision. progress is
// told of bytes that came from an address. Nothing is left behind by an error.
func (f *Fetcher) Fetch(ctx context.Context, s Source, dir string, progress func(location string, done int64)) (err error) {
	u, err := parseURL(s.URL)
	if err != nil {
		return err
	}
	if s.Rev == "" || strings.ContainsFunc(s.Rev, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return fmt.Errorf("%q is no name of a tag, a branch or a commit", s.Rev)
	}
	if err := makeDir(dir); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	limits := f.limits()
	return f.into(ctx, u, s, dir, &limits, 0, progress)
}

func (f *Fetcher) limits() Limits {
	if f.Limits == (Limits{}) {
		return DefaultLimits()
	}
	return f.Limits
}

// into fills the empty folder dir.
func (f *Fetcher) into(ctx context.Context, u *url.URL, s Source, dir string, limits *Limits, nesting int, progress func(string, int64)) error {
	if nesting > maxNesting {
		return errors.New("submodules lie within submodules without end")
	}
	location := u.Redacted()
	r, err := f.open(ctx, u, func(done int64) { progress(location, done) })
	if err != nil {
		return err
	}
	defer r.close()
	o, commit, err := resolve(ctx, r, location, s.Rev)
	if err != nil {
		return err
	}
	top, err := peel(o, commit)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Rev, err)
	}
	c := &checkout{objects: o, limits: limits, ctxErr: func() error { return context.Cause(ctx) }}
	if err := c.tree(top, dir, ""); err != nil {
		return err
	}
	if !s.Recursive {
		return nil
	}
	modules := parseModules(string(c.modulesFile))
	for _, m := range c.submodules {
		known, ok := modules[m.path]
		switch {
		case !ok || known.url == "":
			return fmt.Errorf("no address of the submodule %q is in .gitmodules", m.path)
		case known.update == "none":
			continue
		}
		at, err := submoduleURL(u, known.url)
		if err != nil {
			return fmt.Errorf("submodule %q: %w", m.path, err)
		}
		if s.Side != fetch.All && own(at) != (s.Side == fetch.Near) {
			return fmt.Errorf("submodule %q: %w", m.path, &SideError{at.Redacted(), own(at)})
		}
		inner := Source{Rev: m.commit.String(), Recursive: true, Side: s.Side}
		if err := f.into(ctx, at, inner, filepath.Join(dir, filepath.FromSlash(m.path)), limits, nesting+1, progress); err != nil {
			return fmt.Errorf("submodule %q: %w", m.path, err)
		}
	}
	return nil
}

// open makes a repository ready.
func (f *Fetcher) open(ctx context.Context, u *url.URL, progress func(int64)) (repository, error) {
	if u.Scheme == "file" {
		if u.Host != "" && u.Host != "localhost" {
			return nil, fmt.Errorf("a repository on another machine (%s) cannot be read as a file", u.Host)
		}
		open := f.Open
		if open == nil {
			open = fetch.OpenPlain
		}
		l, err := openLocal(u.Path, f.limits().Object, open)
		if err != nil {
			return nil, err
		}
		return here{l}, nil
	}
	server, err := f.server(u)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u.Redacted(), err)
	}
	s := &smart{server: server, limits: f.limits(), tempDir: f.TempDir, progress: progress}
	if err = s.open(ctx); err == nil {
		return s, nil
	}
	s.close()
	if errors.Is(err, errDumb) {
		var d *dumb
		if d, err = f.openDumb(ctx, u, progress); err == nil {
			return d, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", u.Redacted(), hidden(err))
}

// patience is how servers are dealt with.
func (f *Fetcher) patience() *fetch.HTTP {
	if f.HTTP == nil {
		return &fetch.HTTP{}
	}
	return f.HTTP
}

// Own says whether a repository is reached by what only the user of a process may use:
// files of this machine, or keys for another.
func Own(location string) bool {
	u, err := parseURL(location)
	if err != nil {
		return false // which is said by whoever tries it
	}
	return own(u)
}

func own(u *url.URL) bool {
	switch u.Scheme {
	case "file", "ssh", "git+ssh", "ssh+git":
		return true
	}
	return false
}

// server is what carries the protocol to a repository on another machine.
func (f *Fetcher) server(u *url.URL) (server, error) {
	h := f.patience()
	switch u.Scheme {
	case "http", "https":
		return &web{session: h.Session(), base: u}, nil
	case "git":
		return &stream{http: h, limits: f.limits(), dial: dialDaemon(u)}, checkRemote(u)
	case "ssh", "git+ssh", "ssh+git":
		if f.SSH == nil {
			return nil, errors.New("nothing is fetched by ssh for others, nor because another repository names it; who has an account there can fetch it by itself, without a daemon")
		}
		if err := checkRemote(u); err != nil {
			return nil, err
		}
		dial, err := f.dialSSH(u)
		return &stream{http: h, limits: f.limits(), dial: dial}, err
	}
	return nil, fmt.Errorf("no way to fetch from %q is known (known: https://, http://, git://, ssh://, file://)", u.Scheme+"://")
}

// hidden explains what servers say of repositories that they do not show.
func hidden(err error) error {
	var status *fetch.StatusError
	if errors.As(err, &status) && (status.Code == http.StatusUnauthorized || status.Code == http.StatusForbidden) {
		return fmt.Errorf("%w; there is no such repository, or not everybody may read it", err)
	}
	return err
}

// here is a local repository, which has all objects at hand.
type here struct{ *local }

func (h here) refs(context.Context, []string) ([]ref, error)      { return h.local.refs() }
func (h here) get(_ context.Context, wants []id) (objects, error) { return h.local, nil }

// resolve gets the objects of a revision, and its name.
func resolve(ctx context.Context, r repository, location, rev string) (objects, id, error) {
	if i, ok := parseID(rev); ok {
		o, err := commitObjects(ctx, r, location, rev, i)
		return o, i, err
	}
	// As gitrevisions(7) has it.
	names := []string{rev, "refs/" + rev, "refs/tags/" + rev, "refs/heads/" + rev}
	refs, err := r.refs(ctx, names)
	if err != nil {
		return nil, "", err
	}
	for _, name := range names {
		for _, x := range refs {
			if x.name == name {
				o, err := r.get(ctx, []id{x.id})
				return o, x.id, err
			}
		}
	}
	if refs, err = r.refs(ctx, []string{"refs/tags/", "refs/heads/"}); err != nil {
		return nil, "", err
	}
	return nil, "", &UnknownError{URL: location, Rev: rev, Near: near(refs, rev), Short: abbreviated(rev)}
}

// abbreviated reports whether rev may be the beginning of a commit's name.
func abbreviated(rev string) bool {
	return len(rev) >= 7 && len(rev) < 40 && strings.Trim(rev, "0123456789abcdef") == ""
}

// commitObjects gets a commit by its name. Old servers give only what
// something is called; then all history is fetched, and looked through.
func commitObjects(ctx context.Context, r repository, location, rev string, i id) (objects, error) {
	o, err := r.get(ctx, []id{i})
	var refused *serverError
	if errors.As(err, &refused) {
		refs, rerr := r.refs(ctx, []string{"refs/tags/", "refs/heads/"})
		if rerr != nil {
			return nil, rerr
		}
		s, ok := r.(*smart)
		if !ok || s.version2 || len(heads(refs)) == 0 {
			if strings.Contains(refused.message, "not our ref") {
				return nil, &UnknownError{URL: location, Rev: rev}
			}
			return nil, err
		}
		s.shallow = false
		o, err = r.get(ctx, heads(refs))
	}
	if err != nil {
		return nil, err
	}
	if _, _, err := o.object(i); errors.Is(err, errAbsent) {
		return nil, &UnknownError{URL: location, Rev: rev}
	}
	return o, nil
}

// near lists a few tags and branches that are called like rev.
func near(refs []ref, rev string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var list []candidate
	bare := strings.TrimLeft(rev, "v")
	for _, r := range refs {
		name := strings.TrimPrefix(strings.TrimPrefix(r.name, "refs/tags/"), "refs/heads/")
		d := distance(rev, name)
		if bare != "" && strings.HasSuffix(name, bare) { // "1.0" for "v1.0" or "release-1.0"
			d = min(d, 1)
		}
		if d <= len(rev)/3+1 {
			list = append(list, candidate{name, d})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.name, b.name)
	})
	const most = 3
	var names []string
	for _, c := range list[:min(most, len(list))] {
		names = append(names, c.name)
	}
	return names
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
