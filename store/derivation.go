package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/drv"
	"fruix/store/path"
)

// drvSuffix ends the names of derivations, and of nothing else.
const drvSuffix = ".drv"

// maxDerivation bounds the size of a derivation.
const maxDerivation = 32 << 20

// DerivationError reports something that is called as derivations are, but is
// none that may be in a store.
type DerivationError struct {
	Path string // full logical path that it would have
	Msg  string
	Err  error // the error beneath, if any
}

func (e *DerivationError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s cannot be added: %s: %v", e.Path, e.Msg, e.Err)
	}
	return fmt.Sprintf("%s cannot be added: %s", e.Path, e.Msg)
}

// Unwrap returns the error beneath.
func (e *DerivationError) Unwrap() error { return e.Err }

// readDerivation reads the text of what will be the derivation at drvPath, and
// refuses it when its output paths do not follow from it or when it uses more
// than it refers to. Everything that becomes valid under such a name passes here:
// otherwise somebody could have a builder of his own make an object that others
// believe to be made by theirs.
func readDerivation(dir, drvPath string, content []byte, refs []string, hasher *drv.Hasher) (*drv.Derivation, error) {
	d, err := drv.Parse(content)
	if err != nil {
		return nil, &DerivationError{drvPath, "its name is that of a derivation", err}
	}
	referred := make(map[string]bool, len(refs))
	for _, r := range refs {
		referred[r] = true
	}
	for _, in := range d.Inputs() {
		if !referred[in] {
			return nil, &DerivationError{Path: drvPath, Msg: "it uses " + in + " without referring to it"}
		}
	}
	q, err := path.Parse(dir, drvPath)
	if err != nil {
		return nil, err
	}
	if err := hasher.CheckOutputs(dir, strings.TrimSuffix(q.Name, drvSuffix), d); err != nil {
		return nil, &DerivationError{drvPath, "its outputs are not its own", err}
	}
	return d, nil
}

// derivationText makes the text of a derivation called name, without ".drv", whose
// output paths are computed first, in d, where they are empty.
func derivationText(dir, name string, d *drv.Derivation, hasher *drv.Hasher) (Text, error) {
	t := Text{Name: name + drvSuffix}
	empty := slices.ContainsFunc(d.OutputNames(), func(n string) bool { return d.Outputs[n].Path == "" })
	var err error
	if empty || len(d.Outputs) == 0 {
		err = hasher.FillOutputs(dir, name, d)
	} else {
		err = hasher.CheckOutputs(dir, name, d)
	}
	if err != nil {
		return t, err
	}
	t.Content, t.References = d.Marshal(), d.Inputs()
	parsed := make([]path.Path, len(t.References))
	for i, r := range t.References {
		if parsed[i], err = path.Parse(dir, r); err != nil {
			return t, fmt.Errorf("what it uses: %w", err)
		}
	}
	q, err := path.MakeText(dir, t.Name, t.Content, parsed)
	if err != nil {
		return t, err
	}
	t.Path = q.In(dir)
	if t.outputs, err = outputBases(dir, d); err != nil {
		return t, err
	}
	return t, hasher.Add(t.Path, d)
}

// outputBases are the base names of the outputs of d.
func outputBases(dir string, d *drv.Derivation) (map[string]string, error) {
	outputs := make(map[string]string, len(d.Outputs))
	for name, o := range d.Outputs {
		q, err := path.Parse(dir, o.Path)
		if err != nil {
			return nil, fmt.Errorf("output %q: %w", name, err)
		}
		outputs[name] = q.Base()
	}
	return outputs, nil
}

// checkItem holds an item that is called as derivations are against the rules of
// readDerivation, and notes its outputs.
func (s *Store) checkItem(it *item) error {
	if !strings.HasSuffix(it.object.Path, drvSuffix) || it.object.Outputs != nil {
		return nil // texts have been checked
	}
	full := s.c.StoreDir + "/" + it.object.Path
	text, err := derivationFile(it.temp)
	if err != nil {
		return &DerivationError{full, "its name is that of a derivation", err}
	}
	d, err := readDerivation(s.c.StoreDir, full, text, s.full(slices.Clone(it.object.References)), s.hasher)
	if err != nil {
		return err
	}
	// One whose path follows from its text is the same whether it becomes valid or not,
	// and what uses it may be checked before it is.
	if strings.HasPrefix(it.object.CA, "text:") {
		if err := s.hasher.Add(full, d); err != nil {
			return err
		}
	}
	it.object.Outputs, err = outputBases(s.c.StoreDir, d)
	return err
}

var errNotPlain = errors.New("not a plain file")

// derivationFile reads a file that is to be a derivation.
func derivationFile(name string) ([]byte, error) {
	f, err := openPlain(name)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errNotPlain
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxDerivation+1))
	if err == nil && len(text) > maxDerivation {
		err = fmt.Errorf("it has more than %d bytes", maxDerivation)
	}
	return text, err
}

// openPlain opens the file at name when it is a regular one that is not
// executable; otherwise it returns nil. It may be anything: a link that leads
// out, or a pipe.
func openPlain(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EMLINK) || errors.Is(err, unix.ENXIO) { // EMLINK is FreeBSD's
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Mode()&0o111 != 0 {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Hasher implements [TextStore].
func (s *Store) Hasher() *drv.Hasher { return s.hasher }

// ReadDerivation returns the derivation at drvPath. What has been read is kept,
// and every caller gets the same one: it must not be changed.
func (s *Store) ReadDerivation(ctx context.Context, drvPath string) (*drv.Derivation, error) {
	s.mu.Lock()
	d := s.drvs[drvPath]
	s.mu.Unlock()
	if d != nil {
		return d, nil
	}
	valid, err := s.IsValid(ctx, drvPath)
	if err != nil {
		return nil, err
	}
	if !valid {
		return nil, &NotValidError{drvPath}
	}
	d, err = s.parseDerivation(drvPath)
	if err != nil {
		return nil, err
	}
	s.Remember(drvPath, d)
	return d, nil
}

// LoadDerivations reads derivations that ReadDerivation is going to be asked for, all
// with one question to the database. Those that are not valid, or cannot be read,
// are left for ReadDerivation to complain of.
func (s *Store) LoadDerivations(ctx context.Context, drvPaths []string) error {
	var unknown []string
	s.mu.Lock()
	for _, p := range drvPaths {
		if s.drvs[p] == nil {
			unknown = append(unknown, p)
		}
	}
	s.mu.Unlock()
	if len(unknown) < 2 {
		return nil
	}
	valid, err := s.ValidMany(ctx, unknown)
	if err != nil {
		return err
	}
	for p, ok := range valid {
		if !ok {
			continue
		}
		if d, err := s.parseDerivation(p); err == nil {
			s.Remember(p, d)
		}
	}
	return nil
}

// parseDerivation reads a derivation that is valid.
func (s *Store) parseDerivation(drvPath string) (*drv.Derivation, error) {
	f, err := os.Open(s.Physical(drvPath))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxDerivation))
	if err != nil {
		return nil, err
	}
	d, err := drv.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", drvPath, err)
	}
	return d, nil
}

// Remember lets ReadDerivation give d, which nobody changes any more, for
// drvPath. It implements [TextStore].
func (s *Store) Remember(drvPath string, d *drv.Derivation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c.MaxDerivations > 0 {
		n := sizeInMemory(d)
		if s.drvBytes += n; s.drvBytes > s.c.MaxDerivations {
			clear(s.drvs)
			s.drvBytes = n
		}
	}
	s.drvs[drvPath] = d
}

// sizeInMemory is about how many bytes a derivation takes.
func sizeInMemory(d *drv.Derivation) int64 {
	const each = 64
	n := 8 * each
	add := func(words ...string) {
		for _, w := range words {
			n += len(w) + each
		}
	}
	add(d.Args...)
	add(d.InputSrcs...)
	for p, outs := range d.InputDrvs {
		add(p)
		add(outs...)
	}
	for k, v := range d.Env {
		add(k, v)
	}
	for k, o := range d.Outputs {
		add(k, o.Path, o.Hash)
	}
	return int64(n)
}
