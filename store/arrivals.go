package store

import (
	"context"
	"slices"
)

// arrivals are objects of an export on their way: many become valid together, in one
// transaction and with few waits for the disk.
type arrivals struct {
	s     *Store
	items []item          // that have come and are not valid yet
	most  int             // how many of these there may be
	bytes int64           // of their archives
	valid map[string]bool // base names of what is valid, or will be before what comes next
	done  []string        // full paths that have become valid, or were, in order
}

// So much waits at most. Each object is locked by an open file.
const (
	arrivalsAtOnce = 256
	arrivalBytes   = 64 << 20
)

// add takes an object that has come, and its tree. What it refers to must be valid or
// have come.
func (a *arrivals) add(ctx context.Context, it item) error {
	err := a.check(ctx, &it)
	if err != nil && len(a.items) > 0 {
		// A derivation can be checked when those that it uses are known, which may wait.
		if err := a.flush(ctx); err != nil {
			return err
		}
		err = a.check(ctx, &it)
	}
	if err != nil {
		return err
	}
	a.items = append(a.items, it)
	a.bytes += it.object.NarSize
	a.valid[it.object.Path] = true
	if len(a.items) < a.most && a.bytes < arrivalBytes {
		return nil
	}
	return a.flush(ctx)
}

// check says what keeps an object from becoming valid, so that it is not those with it
// that suffer.
func (a *arrivals) check(ctx context.Context, it *item) error {
	var unknown []string
	for _, r := range it.object.References {
		if r != it.object.Path && !a.valid[r] {
			unknown = append(unknown, r)
		}
	}
	absent, err := a.s.absent(ctx, unknown)
	if err != nil {
		return err
	}
	for _, r := range unknown {
		if absent[r] {
			return &NotValidError{a.s.c.StoreDir + "/" + r}
		}
		a.valid[r] = true // and protected
	}
	return a.s.checkItem(it)
}

// flush makes valid what waits.
func (a *arrivals) flush(ctx context.Context) error {
	items := a.items
	a.items, a.bytes = nil, 0
	defer func() {
		for _, it := range items {
			a.s.Discard(it.temp)
		}
	}()
	full := make([]string, len(items))
	for i, it := range items {
		full[i] = a.s.c.StoreDir + "/" + it.object.Path
	}
	fresh, err := a.fresh(ctx, items)
	if err != nil {
		return err
	}
	if len(fresh) > 0 {
		if err := a.install(ctx, fresh); err != nil {
			return err
		}
	}
	a.done = append(a.done, full...)
	return nil
}

// install makes items valid. Nobody waits for those that are valid already.
func (a *arrivals) install(ctx context.Context, items []item) error {
	full := make([]string, len(items))
	for i, it := range items {
		full[i] = a.s.c.StoreDir + "/" + it.object.Path
	}
	lock, err := a.s.LockOutputs(ctx, full)
	if err != nil {
		return err
	}
	defer lock.Release()
	// Somebody else may have made some while we waited.
	if items, err = a.fresh(ctx, items); err != nil || len(items) == 0 {
		return err
	}
	return a.s.install(ctx, items)
}

// fresh returns those of items that are not valid, each once.
func (a *arrivals) fresh(ctx context.Context, items []item) ([]item, error) {
	bases := make([]string, len(items))
	for i, it := range items {
		bases[i] = it.object.Path
	}
	absent, err := a.s.absent(ctx, bases)
	return slices.DeleteFunc(slices.Clone(items), func(it item) bool {
		wanted := absent[it.object.Path]
		delete(absent, it.object.Path)
		return !wanted
	}), err
}
