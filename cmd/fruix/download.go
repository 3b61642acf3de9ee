package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"fruix/builder/fetch"
	"fruix/builder/fetch/git"
	"fruix/store"
	"fruix/store/hash"
	storetree "fruix/store/tree"
)

const downloadText = `
Fetch what is at URL into the store, and print its path and its hash, as an
origin gives it. An origin with this hash then finds it there.
`

// runDownload is "fruix download".
func runDownload(ctx context.Context, e *environment, args []string) error {
	f := newFlags("download", "[OPTION]... URL", downloadText)
	format := f.StringP("format", "f", "nix-base32", "print the hash as `FORMAT`: nix-base32, base16, base64 or sri")
	algo := f.StringP("hash", "H", "sha256", "use `ALGORITHM`: sha256, sha512, sha1 or md5")
	output := f.StringP("output", "o", "", "put it at `FILE` instead of into the store")
	isGit := f.BoolP("git", "g", false, "URL is that of a git repository")
	commit := f.String("commit", "", "check out this `TAG` or commit (default: what HEAD names)")
	branch := f.String("branch", "", "check out this `BRANCH`")
	recursive := f.BoolP("recursive", "r", false, "check out submodules, too")
	if err := f.parse(args); err != nil {
		return err
	}
	switch {
	case f.NArg() != 1:
		return f.usage("name one address")
	case !*isGit && (*commit != "" || *branch != "" || *recursive):
		return f.usage("--commit, --branch and --recursive are for repositories: add --git")
	case *commit != "" && *branch != "":
		return f.usage("give a commit or a branch")
	}
	a, err := hash.ParseAlgo(*algo)
	if err != nil {
		return f.usage("%v", err)
	}
	if _, err := formatDigest(f, *format, hash.Digest{Algo: a, Sum: make([]byte, a.Size())}); err != nil {
		return err
	}
	d := fetching{env: e, flags: f, location: f.Arg(0), algo: a}
	if *isGit {
		d.git = &git.Source{URL: f.Arg(0), Rev: "HEAD", Recursive: *recursive}
		switch {
		case *commit != "":
			d.git.Rev = *commit
		case *branch != "":
			d.git.Rev = "refs/heads/" + *branch
		}
	}
	place, digest, err := d.run(ctx, args, *output)
	if err != nil {
		return err
	}
	text, err := formatDigest(f, *format, digest)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s\n%s\n", place, text)
	return err
}

// fetching is one thing to fetch.
type fetching struct {
	env      *environment
	flags    *flags
	location string
	git      *git.Source // nil for a file
	algo     hash.Algo
}

// run fetches to the file output, or into the store when that is "", and returns
// where it is and its hash.
func (d *fetching) run(ctx context.Context, args []string, output string) (place string, digest hash.Digest, err error) {
	name, err := d.name()
	if err != nil {
		return "", digest, err
	}
	file := output
	if file == "" {
		dir, err := os.MkdirTemp("", "fruix-download-")
		if err != nil {
			return "", digest, err
		}
		defer storetree.Remove(dir)
		file = filepath.Join(dir, name)
	}
	if err := d.fetch(ctx, name, file); err != nil {
		return "", digest, err
	}
	h := d.algo.New()
	if d.git != nil {
		_, err = storetree.Dump(ctx, h, file, storetree.Options{})
	} else {
		err = hashFile(h, file)
	}
	digest = hash.Digest{Algo: d.algo, Sum: h.Sum(nil)}
	if err != nil || output != "" {
		return output, digest, err
	}
	s, err := open(ctx, d.env, d.flags, args)
	if err != nil {
		return "", digest, err
	}
	defer s.Close()
	place, err = s.store.AddPath(ctx, name, file, store.AddOptions{Recursive: d.git != nil, Algo: d.algo})
	return place, digest, err
}

// name is that of the object in the store: the last part of the address.
func (d *fetching) name() (string, error) {
	u, err := url.Parse(d.location)
	if err != nil {
		return "", d.flags.usage("%q is no address", d.location)
	}
	name := path.Base(u.Path)
	if name == "/" || name == "." {
		return "", d.flags.usage("the address %q names no file", d.location)
	}
	if d.git == nil {
		return name, nil
	}
	rev := strings.NewReplacer("/", "-", "refs/heads/", "").Replace(d.git.Rev)
	return strings.TrimSuffix(name, ".git") + "-" + rev + "-checkout", nil
}

// fetch puts it at file, where nothing lies.
func (d *fetching) fetch(ctx context.Context, name, file string) error {
	if d.git != nil {
		return d.env.repositories().Fetch(ctx, *d.git, file, func(string, int64) {})
	}
	_, err := fetch.Standard(d.env.getenv).Get(ctx, fetch.Want{Name: name, Locations: []string{d.location}}, file)
	return err
}
