package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"

	"fruix/store/hash"
	storetree "fruix/store/tree"
)

const hashText = `
Print the hash of FILE, as origins give it.
`

// runHash is "fruix hash".
func runHash(ctx context.Context, e *environment, args []string) error {
	f := newFlags("hash", "[OPTION]... FILE", hashText)
	recursive := f.BoolP("recursive", "r", false, "hash the archive of the file or folder, with executable bits")
	excludeVCS := f.BoolP("exclude-vcs", "x", false, "with -r, leave out what version control keeps: .git and the like")
	algo := f.StringP("hash", "H", "sha256", "use `ALGORITHM`: sha256, sha512, sha1 or md5")
	format := f.StringP("format", "f", "nix-base32", "print as `FORMAT`: nix-base32, base16, base64 or sri")
	if err := f.parse(args); err != nil {
		return err
	}
	if f.NArg() != 1 {
		return f.usage("name one file")
	}
	a, err := hash.ParseAlgo(*algo)
	if err != nil {
		return f.usage("%v", err)
	}
	h := a.New()
	if *recursive {
		o := storetree.Options{}
		if *excludeVCS {
			o.Filter = notVersionControl
		}
		_, err = storetree.Dump(ctx, h, f.Arg(0), o)
	} else {
		err = hashFile(h, f.Arg(0))
	}
	if err != nil {
		return err
	}
	text, err := formatDigest(f, *format, hash.Digest{Algo: a, Sum: h.Sum(nil)})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, text)
	return err
}

// formatDigest writes a hash in the format that the option names.
func formatDigest(f *flags, format string, d hash.Digest) (string, error) {
	formats := map[string]func() string{"nix-base32": d.Base32, "base32": d.Base32, "base16": d.Hex, "hex": d.Hex, "base64": d.Base64, "sri": d.SRI}
	text, ok := formats[format]
	if !ok {
		return "", f.usage("unknown format %q: use nix-base32, base16, base64 or sri", format)
	}
	return text(), nil
}

// notVersionControl leaves out what version control systems keep of their own
// in a folder.
func notVersionControl(rel string) bool {
	switch path.Base(rel) {
	case ".git", ".hg", ".svn", ".bzr", ".jj", "CVS":
		return false
	}
	return true
}

func hashFile(w io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder: use --recursive", name)
	}
	_, err = io.Copy(w, f)
	return err
}
