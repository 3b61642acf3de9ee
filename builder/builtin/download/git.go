package download

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fruix/builder/builtin"
	"fruix/builder/fetch"
	"fruix/builder/fetch/git"
	"fruix/store/hash"
	"fruix/store/tree"
)

// Git returns the builder "builtin:git-download", which makes a fixed output of
// a revision of a git repository. The derivation's environment is that of
// Guix's builder of this name:
//
//	url          addresses of repositories, as builtin:download has them
//	commit       a tag, or the whole name of a commit, as a Scheme string
//	recursive?   "#t": with submodules
//
// The hash is that of the archive of the folder. Folders of c are looked
// through first for a folder with the output's name or hash.
//
// own is that of Builtin.
func Git(c *fetch.Client, f *git.Fetcher, own bool) builtin.Builtin {
	return builtin.Builtin{InProcess: true, Pack: fetch.Pack, Run: func(ctx context.Context, call *builtin.Call) error {
		return parted(ctx, call, "git-download", c.Side, own, func(s fetch.Side) error { return runGit(ctx, c.On(s), f, call) })
	}}
}

func runGit(ctx context.Context, c *fetch.Client, f *git.Fetcher, call *builtin.Call) error {
	r := call.Request
	fixed := r.Fixed()
	if fixed == nil || !fixed.Recursive {
		return fmt.Errorf("%s: only an output with a known recursive hash can be fetched from git", r.Drv)
	}
	digest, err := fixed.Digest()
	if err != nil {
		return err
	}
	locations, err := Locations(r.Env["url"])
	if err != nil {
		return fmt.Errorf("%s: %w", r.Drv, err)
	}
	revs, err := Locations(r.Env["commit"])
	if err != nil || len(revs) != 1 {
		return fmt.Errorf("%s: the variable commit must hold one name, not %q", r.Drv, r.Env["commit"])
	}
	recursive := strings.Trim(r.Env["recursive?"], "()") // as object->string, or in a list
	out := call.Output("out")
	failed := &fetch.Error{Name: r.Name}
	try := func(place string, get func() error) (bool, error) {
		err := get()
		if err == nil {
			if err = verify(ctx, out, digest); err == nil {
				fmt.Fprintf(call.Log, "%s: from %s\n", r.Name, place)
				return true, nil
			}
			tree.Remove(out)
		}
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		failed.Attempts = append(failed.Attempts, fetch.Attempt{Place: place, Err: err})
		return false, nil
	}
	for _, dir := range foldersNamed(c.Near(), r.Name, digest) {
		if ok, err := try(dir, func() error { return copyTree(ctx, dir, out) }); ok || err != nil {
			return err
		}
	}
	for _, location := range locations {
		if c.Side != fetch.All && git.Own(location) != (c.Side == fetch.Near) {
			continue
		}
		s := git.Source{URL: location, Rev: revs[0], Side: c.Side, Recursive: recursive == "#t" || recursive == "1"}
		if ok, err := try(location, func() error {
			return f.Fetch(ctx, s, out, func(from string, done int64) { call.Fetched(from, done, -1) })
		}); ok || err != nil {
			return err
		}
	}
	return failed
}

// foldersNamed lists the folders in dirs that may be the wanted one: those
// called by its hash, and that called by its name.
func foldersNamed(dirs []string, name string, d hash.Digest) []string {
	var list []string
	for _, dir := range dirs {
		for _, n := range []string{d.Hex(), d.Base32(), d.Algo.String() + "-" + d.Hex(), d.Algo.String() + "-" + d.Base32(), name} {
			full := filepath.Join(dir, n)
			if info, err := os.Stat(full); err == nil && info.IsDir() {
				list = append(list, full)
			}
		}
	}
	return list
}

func copyTree(ctx context.Context, from, to string) error {
	_, err := tree.Dump(ctx, io.Discard, from, tree.Options{CopyTo: to})
	if err != nil {
		tree.Remove(to)
	}
	return err
}
