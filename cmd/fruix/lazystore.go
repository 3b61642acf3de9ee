package main

import (
	"context"
	"io"

	"fruix/store"
	"fruix/store/drv"
	"fruix/store/hash"
)

// lazyStore is a session's store that is opened when it is first used: an
// evaluation that declares nothing leaves the disk alone.
type lazyStore struct{ s *session }

func (l lazyStore) Dir() string {
	if l.s.flags.storeDir != "" {
		return l.s.flags.storeDir
	}
	return store.DefaultStoreDir
}

func (l lazyStore) NewBatch() (*store.Batch, error) {
	st, err := l.s.openStore(context.Background())
	if err != nil {
		return nil, err
	}
	return store.NewBatch(st), nil
}

func (l lazyStore) IsValid(ctx context.Context, p string) (bool, error) {
	st, err := l.s.openStore(ctx)
	if err != nil {
		return false, err
	}
	return st.IsValid(ctx, p)
}

func (l lazyStore) References(ctx context.Context, p string) ([]string, error) {
	st, err := l.s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	return st.References(ctx, p)
}

func (l lazyStore) Info(ctx context.Context, p string) (*store.Info, error) {
	st, err := l.s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	return st.Info(ctx, p)
}

func (l lazyStore) ReadDerivation(ctx context.Context, p string) (*drv.Derivation, error) {
	st, err := l.s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	return st.ReadDerivation(ctx, p)
}

func (l lazyStore) AddPath(ctx context.Context, name, hostPath string, o store.AddOptions) (string, error) {
	st, err := l.s.openStore(ctx)
	if err != nil {
		return "", err
	}
	return st.AddPath(ctx, name, hostPath, o)
}

func (l lazyStore) AddNAR(ctx context.Context, name string, r io.Reader, algo hash.Algo, refs []string) (string, error) {
	st, err := l.s.openStore(ctx)
	if err != nil {
		return "", err
	}
	return st.AddNAR(ctx, name, r, algo, refs)
}
