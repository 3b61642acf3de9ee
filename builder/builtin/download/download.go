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
// keeps it honest.
package download

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fruix/builder/builtin"
	"fruix/builder/builtin/archive"
	"fruix/builder/fetch"
	"fruix/store/hash"
	"fruix/store/tree"
)

// Builtin returns the builder, which gets files through c.
func Builtin(c *fetch.Client) builtin.Builtin {
	return builtin.Builtin{InProcess: true, Run: func(ctx context.Context, call *builtin.Call) error {
		return run(ctx, c, call)
	}}
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
			if err := shape(file, out, executable, unpack); err != nil {
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
func shape(file, out string, executable, unpack bool) error {
	if unpack {
		if err := os.Mkdir(out, 0o755); err != nil {
			return err
		}
		err := archive.Unpack(file, out, archive.Options{})
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
