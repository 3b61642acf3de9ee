package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fruix/store/narinfo"
)

const archiveText = `
Exchange objects with other machines, and say whom to trust.
`

// runArchive is "fruix archive".
func runArchive(ctx context.Context, e *environment, args []string) error {
	f := newFlags("archive", "ACTION [OPTION]... [PATH]...", archiveText)
	generate := f.String("generate-key", "", "make a pair of keys to sign with, called `NAME` (default: this host's name with -1)")
	f.Lookup("generate-key").NoOptDefVal = "-"
	authorize := f.Bool("authorize", false, "trust what is signed with the public key that standard input holds")
	export := f.Bool("export", false, "write the PATHs to standard output")
	recursive := f.BoolP("recursive", "r", false, "with --export, write all that they need, too")
	imp := f.Bool("import", false, "add the objects that standard input holds")
	if err := f.parse(args); err != nil {
		return err
	}
	n := 0
	for _, x := range []bool{*generate != "", *authorize, *export, *imp} {
		if x {
			n++
		}
	}
	switch {
	case n != 1:
		return f.usage("exactly one of --generate-key, --authorize, --export and --import is needed")
	case *export != (f.NArg() > 0):
		return f.usage("PATHs go with --export, and it needs some")
	}
	s := &session{env: e, flags: f}
	switch {
	case *generate != "":
		return s.generateKey(*generate)
	case *authorize:
		return s.authorize()
	}
	st, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if *imp {
		return storeImport(ctx, s, nil)
	}
	objects, err := findObjects(st, f.Args())
	if err != nil {
		return err
	}
	return s.writeBinary(func(w *os.File) error { return st.Export(ctx, w, objects, *recursive) })
}

// generateKey makes the store's keys; those that are there are not replaced.
func (s *session) generateKey(name string) error {
	if name == "-" {
		host, err := os.Hostname()
		if err != nil {
			return err
		}
		name = host + "-1"
	}
	root, err := s.storeRoot()
	if err != nil {
		return err
	}
	key, err := narinfo.GenerateKey(name, rand.Reader)
	if err != nil {
		return s.flags.usage("%v", err)
	}
	dir := filepath.Join(root, configDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	secret := filepath.Join(dir, secretKeyFile)
	f, err := os.OpenFile(secret, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; what was signed with it would no longer be believed", secret)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(secret)
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, publicKeyFile), []byte(key.Public().String()+"\n"), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.env.stdout, key.Public())
	return err
}

// authorize makes keys trusted.
func (s *session) authorize() error {
	text, err := io.ReadAll(io.LimitReader(s.env.stdin, 64<<10))
	if err != nil {
		return err
	}
	root, err := s.storeRoot()
	if err != nil {
		return err
	}
	lines, err := configLines(root, trustedKeysFile)
	if err != nil {
		return err
	}
	added := false
	for _, line := range strings.Fields(string(text)) {
		k, err := narinfo.ParsePublicKey(line)
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		if !slices.Contains(lines, k.String()) {
			lines = append(lines, k.String())
		}
		added = true
	}
	if !added {
		return errors.New("standard input holds no public key")
	}
	return writeConfig(root, trustedKeysFile, lines)
}

// writeConfig replaces a file of the configuration in one step.
func writeConfig(root, name string, lines []string) error {
	dir := filepath.Join(root, configDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+name+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing of that name
	_, err = io.WriteString(f, strings.Join(append(lines, ""), "\n"))
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
