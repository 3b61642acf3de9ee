// Package download is the builder "builtin:download": it makes a fixed output
// from the first of several places that has it.
//
// The derivation's environment says what to get, as Guix's and Nix's
// downloaders have it:
//
//	url, urls    the locations: words, or a Scheme string, or a list of those
//	executable   "1": the file is made executable; the hash is recursive
//	unpack       "1": the file is an archive, and the output is the folder that
//	             it holds; the hash is recursive
//
// It runs in the process that schedules, as it needs the network; the hash
// keeps it honest. Where that process is root's, servers are talked to, and what
// they send is looked at, in a process apart.
package download

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fruix/builder/builtin"
	"fruix/builder/builtin/archive"
	"fruix/builder/fetch"
	"fruix/builder/fetch/git"
	"fruix/store/hash"
	"fruix/store/tree"
)

// Builtin returns the builder, which gets files through c. own says that c may read for
// whoever wants the file what only the calling process may read; nothing else is done
// with the rights of that.
func Builtin(c *fetch.Client, own bool) builtin.Builtin {
	return builtin.Builtin{InProcess: true, Pack: fetch.Pack, Run: func(ctx context.Context, call *builtin.Call) error {
		return parted(ctx, call, "download", c.Side, own, func(s fetch.Side) error { return run(ctx, c.On(s), call) })
	}}
}

// Table are the builders that run in processes apart: they look at all places, or at
// those that are far.
func Table(c *fetch.Client, f *git.Fetcher) builtin.Table {
	return builtin.Table{
		"download": Builtin(c, false), "download" + far: Builtin(c.On(fetch.Far), false),
		"git-download": Git(c, f, false), "git-download" + far: Git(c.On(fetch.Far), f, false),
	}
}

// far ends the names of builders that look at far places only.
const far = "-far"

// parted runs a builder with the rights of the calling process where that is needed, and
// apart otherwise, if the call can do that.
func parted(ctx context.Context, call *builtin.Call, name string, side fetch.Side, own bool, run func(fetch.Side) error) error {
	if call.Apart == nil {
		return run(side)
	}
	var here error
	if own {
		if here = run(fetch.Near); here == nil || ctx.Err() != nil {
			return here
		}
		if !overlaps(here) {
			name += far
		}
	}
	err := call.Apart(ctx, name)
	var told *builtin.PackedError
	if !errors.As(err, &told) {
		return err
	}
	err = fetch.Unpack(told.Packed)
	// All places that were tried are told of.
	var near, there *fetch.Error
	if errors.As(here, &near) && errors.As(err, &there) {
		// Why a place of this side failed is told once, by who may look at it.
		more := slices.DeleteFunc(slices.Clone(there.Attempts), func(a fetch.Attempt) bool {
			return slices.ContainsFunc(near.Attempts, func(b fetch.Attempt) bool { return a.Place == b.Place && !mayLead(b) })
		})
		there.Name, there.Attempts = near.Name, append(near.Attempts, more...)
	}
	return err
}

// overlaps says that a repository among the files of this machine has submodules that
// servers have. A process apart may be able to read it, too, and is to fetch all of it:
// what talks to those servers then has no rights.
func overlaps(err error) bool {
	var e *fetch.Error
	return errors.As(err, &e) && slices.ContainsFunc(e.Attempts, mayLead)
}

func mayLead(a fetch.Attempt) bool {
	var side *git.SideError
	return errors.As(a.Err, &side) && !side.Own && fetch.Near.Has(a.Place)
}

func run(ctx context.Context, c *fetch.Client, call *builtin.Call) error {
	r := call.Request
	fixed := r.Fixed()
	if fixed == nil {
		return fmt.Errorf("%s: only an output with a known hash can be downloaded", r.Drv)
	}
	digest, err := fixed.Digest()
	if err != nil {
		return err
	}
	env := r.Env
	locations, err := Locations(env["url"] + " " + env["urls"])
	if err != nil {
		return fmt.Errorf("%s: %w", r.Drv, err)
	}
	out := call.Output("out")
	w := fetch.Want{Name: r.Name, Locations: locations}
	executable, unpack := isSet(env["executable"]), isSet(env["unpack"])
	switch {
	case fixed.Recursive:
		w.Accept = func(ctx context.Context, file string) error {
			if err := shape(ctx, file, out, executable, unpack); err != nil {
				return err
			}
			if err := verify(ctx, out, digest); err != nil {
				tree.Remove(out)
				return err
			}
			return nil
		}
	case executable || unpack:
		return fmt.Errorf("%s: an executable file or an unpacked archive needs a recursive hash", r.Drv)
	default:
		w.Digest = digest
		w.Accept = func(_ context.Context, file string) error { return os.Rename(file, out) }
	}
	w.Progress = call.Fetched
	from, err := c.Get(ctx, w, filepath.Join(call.BuildDir, "download"))
	if err != nil {
		return err
	}
	fmt.Fprintf(call.Log, "%s: from %s\n", r.Name, from)
	return nil
}

func isSet(v string) bool { return v != "" && v != "0" }

// shape turns the downloaded file into the output.
func shape(ctx context.Context, file, out string, executable, unpack bool) error {
	if unpack {
		if err := os.Mkdir(out, 0o755); err != nil {
			return err
		}
		err := archive.Unpack(file, out, archive.Options{Over: func() error { return context.Cause(ctx) }})
		if err != nil {
			tree.Remove(out)
			return err
		}
		return os.Remove(file)
	}
	if executable {
		if err := os.Chmod(file, 0o755); err != nil {
			return err
		}
	}
	return os.Rename(file, out)
}

// verify checks the hash of an output's archive.
func verify(ctx context.Context, out string, want hash.Digest) error {
	h := want.Algo.New()
	if _, err := tree.Dump(ctx, h, out, tree.Options{}); err != nil {
		return err
	}
	if got := (hash.Digest{Algo: want.Algo, Sum: h.Sum(nil)}); !got.Equal(want) {
		return &fetch.MismatchError{Want: want, Got: got}
	}
	return nil
}

// Locations reads the variable of locations: words separated by white space,
// or Scheme strings, alone or in a list, as Guix's (object->string …) writes
// them.
func Locations(s string) ([]string, error) {
	var list []string
	rest := s
	// Only a list has parentheses that are not part of a location.
	skip, inList := " \t\r\n", strings.HasPrefix(strings.TrimSpace(s), "(")
	if inList {
		skip += "()"
	}
	for {
		rest = strings.TrimLeft(rest, skip)
		if rest == "" {
			break
		}
		if rest[0] != '"' {
			end := strings.IndexAny(rest, skip)
			if end < 0 {
				end = len(rest)
			}
			list = append(list, rest[:end])
			rest = rest[end:]
			continue
		}
		var b strings.Builder
		i := 1
		for ; i < len(rest) && rest[i] != '"'; i++ {
			if rest[i] == '\\' && i+1 < len(rest) {
				i++
			}
			b.WriteByte(rest[i])
		}
		if i >= len(rest) {
			return nil, fmt.Errorf("the locations %q end within a string", s)
		}
		list = append(list, b.String())
		rest = rest[i+1:]
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no location is given: set the variable url")
	}
	return list, nil
}
