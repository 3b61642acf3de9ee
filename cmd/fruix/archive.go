package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/builder/access"
	"fruix/builder/client"
	"fruix/cmd/internal/report"
	"fruix/store"
	"fruix/store/narinfo"
)

const archiveText = `
Exchange objects with other machines, and say whom to trust.

What is exported is signed, if this store has a key (--generate-key). What is imported
must be signed by a key that is trusted here (--authorize), or prove itself, as sources
and derivations do. Exports and signatures are as Guix's are.
`

// runArchive is "fruix archive".
func runArchive(ctx context.Context, e *environment, args []string) error {
	f := newFlags("archive", "ACTION [OPTION]... [PATH]...", archiveText)
	generate := f.String("generate-key", "", "make a pair of keys to sign with, called `NAME` (default: this host's name with -1)")
	f.Lookup("generate-key").NoOptDefVal = "-"
	public := f.String("public-key", "", "print the public key of this store, in the `FORM` guix or fruix (default)")
	f.Lookup("public-key").NoOptDefVal = "fruix"
	authorize := f.Bool("authorize", false, "trust what is signed with the public keys that standard input holds, in Fruix's, Nix's or Guix's form")
	export := f.Bool("export", false, "write the PATHs to standard output")
	recursive := f.BoolP("recursive", "r", false, "with --export, write all that they need, too")
	imp := f.Bool("import", false, "add the objects that standard input holds")
	unsigned := f.Bool("unsigned", false, "with --import, take what is not signed, too, and believe it")
	if err := f.parse(args); err != nil {
		return err
	}
	n := 0
	for _, x := range []bool{*generate != "", *public != "", *authorize, *export, *imp} {
		if x {
			n++
		}
	}
	switch {
	case n != 1:
		return f.usage("exactly one of --generate-key, --public-key, --authorize, --export and --import is needed")
	case *public != "" && *public != "fruix" && *public != "guix":
		return f.usage("--public-key can be fruix or guix, not %q", *public)
	case *export != (f.NArg() > 0):
		return f.usage("PATHs go with --export, and it needs some")
	case *unsigned && !*imp:
		return f.usage("--unsigned goes with --import")
	}
	s := &session{env: e, flags: f}
	switch {
	case *generate != "":
		return s.generateKey(*generate)
	case *public != "":
		return s.printPublicKey(*public)
	case *authorize:
		return s.authorize()
	}
	st, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if *imp {
		return s.importAll(ctx, *unsigned)
	}
	objects, err := findObjects(st, f.Args())
	if err != nil {
		return err
	}
	if direct, ok := st.(*access.Direct); ok {
		keys, err := direct.SigningKeys()
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			s.note("this store has no key to sign with (\"fruix archive --generate-key\" makes one), so that others take this only with --unsigned")
		}
	}
	return s.writeBinary(func(w *os.File) error { return st.Export(ctx, w, objects, *recursive, true) })
}

// adviseImport says what to do about what is not believed.
func (s *session) adviseImport(err error) error {
	if !errors.As(err, new(*store.UnsignedError)) {
		return err
	}
	hint := "trust the key of who made it with \"fruix archive --authorize\", or believe what it holds this once with --unsigned"
	if _, through := s.store.(*client.Client); through {
		hint = "let the owner of this store make the key of who made it trusted with \"fruix archive --authorize\"; who made it signs what it exports when it has a key (\"fruix archive --generate-key\")"
	}
	return &report.AdvisedError{Err: err, Hint: hint}
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
	// It appears when it is whole, and in the place of nothing.
	f, err := os.CreateTemp(dir, "."+secretKeyFile+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintln(f, key)
	if err = errors.Join(err, f.Chmod(0o400), f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), secret)
	if errors.Is(err, os.ErrExist) {
		if _, err := secretKeys(root, ""); err != nil {
			return err // it is of no use
		}
		return fmt.Errorf("%s is there already; what was signed with it would no longer be believed", secret)
	}
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, publicKeyFile), []byte(key.Public().String()+"\n"), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.env.stdout, key.Public())
	return err
}

// printPublicKey prints the public half of the store's key.
func (s *session) printPublicKey(form string) error {
	root, err := s.storeRoot()
	if err != nil {
		return err
	}
	keys, err := secretKeys(root, "")
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return &report.AdvisedError{Err: errors.New("this store has no key"), Hint: "\"fruix archive --generate-key\" makes one"}
	}
	public := keys[0].Public()
	if form == "guix" {
		_, err = fmt.Fprintln(s.env.stdout, public.Canonical())
	} else {
		_, err = fmt.Fprintln(s.env.stdout, public)
	}
	return err
}

// authorize makes keys trusted: those with names by a line for each, Guix's by entries
// of an access control list.
func (s *session) authorize() error {
	const most = 1 << 20
	text, err := io.ReadAll(io.LimitReader(s.env.stdin, most+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("standard input holds more than %s, which no list of keys needs", sizeText(most))
	}
	if err != nil {
		return err
	}
	root, err := s.storeRoot()
	if err != nil {
		return err
	}
	keys, err := narinfo.ParsePublicKeys(string(text))
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	if len(keys) == 0 {
		return errors.New("standard input holds no public key")
	}
	lock, err := lockConfig(root)
	if err != nil {
		return err
	}
	defer lock.Close()
	lines, err := configLines(root, trustedKeysFile)
	if err != nil {
		return err
	}
	known := len(lines)
	var bare []narinfo.PublicKey
	for _, k := range keys {
		if k.Name == "" {
			bare = append(bare, k)
		} else if !slices.Contains(lines, k.String()) {
			lines = append(lines, k.String())
		}
	}
	if len(lines) > known {
		if err := writeConfig(root, trustedKeysFile, strings.Join(append(lines, ""), "\n")); err != nil {
			return err
		}
	}
	if len(bare) == 0 {
		return nil
	}
	acl, err := readConfig(root, aclFile)
	if err != nil {
		return err
	}
	if acl, err = narinfo.AddToAccessList(acl, bare); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(root, configDir, aclFile), err)
	}
	return writeConfig(root, aclFile, acl)
}

// lockConfig keeps others from changing the configuration until what it returns is
// closed: who adds to a file replaces what others have added since it was read.
func lockConfig(root string) (*os.File, error) {
	dir := filepath.Join(root, configDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	// Whoever could read it, as everybody can the folder, could hold it for ever.
	name := filepath.Join(dir, ".lock")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		// The lock is held for the time of a write.
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if err == nil {
			return f, nil
		}
		if err != unix.EINTR {
			f.Close()
			return nil, &fs.PathError{Op: "lock", Path: name, Err: err}
		}
	}
}

// writeConfig replaces a file of the configuration in one step.
func writeConfig(root, name, text string) error {
	dir := filepath.Join(root, configDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+name+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing of that name
	_, err = io.WriteString(f, text)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
