package store

import (
	"context"
	"fmt"

	"fruix/store/drv"
)

// TextStore is where a batch goes: a Store, or a way to somebody who may write
// one.
type TextStore interface {
	// Dir is the logical store directory.
	Dir() string
	// Hasher finds the derivations of the store.
	Hasher() *drv.Hasher
	// Remember is told of a derivation that will be at drvPath.
	Remember(drvPath string, d *drv.Derivation)
	// AddTexts makes texts valid together.
	AddTexts(ctx context.Context, texts []Text) error
}

// Batch collects texts and derivations whose paths are known at once, but which
// are added together, at the cost of one. It is for one goroutine.
type Batch struct {
	to    TextStore
	texts []Text
}

// NewBatch returns an empty batch for a store.
func NewBatch(to TextStore) *Batch { return &Batch{to: to} }

// NewBatch returns an empty batch.
func (s *Store) NewBatch() *Batch { return NewBatch(s) }

// AddText returns the path that [Store.AddText] would, and makes it valid with the
// next Flush. refs may be valid or in the batch.
func (b *Batch) AddText(name string, content []byte, refs []string) (string, error) {
	t, d, err := NewText(b.to.Dir(), name, content, refs, b.to.Hasher())
	if err != nil {
		return "", err
	}
	if d != nil {
		b.to.Remember(t.Path, d)
	}
	b.texts = append(b.texts, t)
	return t.Path, nil
}

// AddDerivation returns the path that [Store.AddDerivation] would, and makes it
// valid with the next Flush. What d uses may be valid or in the batch.
func (b *Batch) AddDerivation(ctx context.Context, name string, d *drv.Derivation) (string, error) {
	t, err := derivationText(b.to.Dir(), name, d, b.to.Hasher())
	if err != nil {
		return "", fmt.Errorf("derivation %q: %w", name, err)
	}
	b.to.Remember(t.Path, d)
	b.texts = append(b.texts, t)
	return t.Path, ctx.Err()
}

// Len returns how many texts wait for the next Flush.
func (b *Batch) Len() int { return len(b.texts) }

// Flush makes all that is in the batch valid, in one transaction unless it is very
// large, and empties it. When it fails, the batch stays as it is.
func (b *Batch) Flush(ctx context.Context) error {
	if len(b.texts) == 0 {
		return nil
	}
	err := b.to.AddTexts(ctx, b.texts)
	if err == nil {
		b.texts = nil
	}
	return err
}

// AddDerivation adds the derivation d called name (without ".drv") and returns
// its path. Output paths that are empty are computed first, in d. The
// derivations and sources that d uses must be valid. d must not be changed
// afterwards.
func (s *Store) AddDerivation(ctx context.Context, name string, d *drv.Derivation) (string, error) {
	b := s.NewBatch()
	p, err := b.AddDerivation(ctx, name, d)
	if err != nil {
		return "", err
	}
	return p, b.Flush(ctx)
}
