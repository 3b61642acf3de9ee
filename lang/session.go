package lang

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"fruix/store"
	"fruix/store/drv"
)

// Store is what a session needs of a store.
type Store interface {
	Dir() string
	NewBatch() (*store.Batch, error)
	IsValid(ctx context.Context, p string) (bool, error)
	References(ctx context.Context, p string) ([]string, error)
	Info(ctx context.Context, p string) (*store.Info, error)
	ReadDerivation(ctx context.Context, drvPath string) (*drv.Derivation, error)
	AddPath(ctx context.Context, name, hostPath string, o store.AddOptions) (string, error)
	AddNAR(ctx context.Context, name string, r reader, algo hashAlgo, refs []string) (string, error)
}

// Runtime is the program that runs Scheme on a target system (Shepherd, herd
// and scripts), as a store item ready to be added.
type Runtime interface {
	// Archive returns the NAR of the item for a system such as
	// "x86_64-linux" and its name. NarHash is its SHA-256, known without
	// making it.
	Archive(system string) (name string, narHash []byte, nar func() ([]byte, error), err error)
}

// Config says what a session works with.
type Config struct {
	Store Store
	// Host is the system that derivations are made for unless they say
	// otherwise, such as "x86_64-linux".
	Host string
	// BuilderVersion names the language and natives that builtin:scheme
	// offers; it is part of every derivation that uses them.
	BuilderVersion string
	Runtime        Runtime
	// Modules are the sources of Scheme modules, searched in order, as the
	// engine searches them: directories of -L first, then what is embedded.
	Modules []fs.FS
	// Build builds derivations and returns when their outputs are valid;
	// nil when the session may not build.
	Build func(ctx context.Context, drvs []*Derivation) error
}

// Session is the state of one evaluation. It is for one goroutine.
type Session struct {
	Config
	pending *store.Batch
	byPath  map[string]*Derivation
	// hashPlaces says where the hashes of fixed outputs are written.
	hashPlaces map[string]HashPlace
}

// HashPlace is where the hash of a fixed output is written. Line and Column
// count from 1.
type HashPlace struct {
	File         string
	Line, Column int
}

// HashPlace returns where the hash that the derivation at drvPath promises is
// written, as far as the declaration said so.
func (s *Session) HashPlace(drvPath string) (HashPlace, bool) {
	p, ok := s.hashPlaces[drvPath]
	return p, ok
}

// FixedHash returns what the output of the derivation at drvPath promises; nil unless
// this session has made one that does.
func (s *Session) FixedHash(drvPath string) []byte {
	if d := s.byPath[drvPath]; d != nil {
		return d.Hash
	}
	return nil
}

// NewSession starts an evaluation.
func NewSession(c Config) *Session {
	return &Session{Config: c, byPath: map[string]*Derivation{}, hashPlaces: map[string]HashPlace{}}
}

// Flush makes all texts and derivations of the session so far valid in the
// store.
func (s *Session) Flush(ctx context.Context) error {
	if s.pending == nil {
		return nil
	}
	return s.pending.Flush(ctx)
}

// batch is made when it is first needed, so that a session that adds nothing
// never touches the store.
func (s *Session) batch() (*store.Batch, error) {
	if s.pending == nil {
		b, err := s.Store.NewBatch()
		if err != nil {
			return nil, err
		}
		s.pending = b
	}
	return s.pending, nil
}

// BuildAll flushes and builds.
func (s *Session) BuildAll(ctx context.Context, drvs []*Derivation) error {
	if err := s.Flush(ctx); err != nil {
		return err
	}
	if len(drvs) == 0 {
		return nil
	}
	if s.Build == nil {
		return errors.New("this evaluation may not build anything")
	}
	return s.Build(ctx, drvs)
}

// moduleSource returns the text of the module file name ("guix/gexp.scm").
func (s *Session) moduleSource(name string) (string, bool, error) {
	for _, f := range s.Modules {
		text, err := fs.ReadFile(f, name)
		if err == nil {
			return string(text), true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", false, fmt.Errorf("module %s: %w", name, err)
		}
	}
	return "", false, nil
}
