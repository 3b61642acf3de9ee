package client

import (
	"context"
	"os"

	"fruix/store"
	"fruix/store/profile"
)

// Profile implements access.Profiles.
func (c *Client) Profile(ctx context.Context, path string) (*profile.Profile, error) {
	o := profile.Options{OnWait: func(_ context.Context, lock *os.File) {
		if c.o.OnWait != nil {
			c.o.OnWait(store.ProfileWait(lock))
		}
	}}
	return c.ProfileAt(path, o, func(object, link string) error { return c.AddRoot(ctx, link, object) })
}

// SetProfile implements access.Profiles.
func (c *Client) SetProfile(ctx context.Context, path, target string) (profile.Generation, error) {
	valid, err := c.IsValid(ctx, target) // and from now on it is not collected
	if err == nil && !valid {
		err = &store.NotValidError{Path: target}
	}
	if err != nil {
		return profile.Generation{}, err
	}
	p, err := c.Profile(ctx, path)
	if err != nil {
		return profile.Generation{}, err
	}
	return p.Add(ctx, c.Physical(target))
}

// Profiles implements access.Profiles.
func (c *Client) Profiles(ctx context.Context) ([]string, error) {
	roots, err := c.Roots(ctx)
	return store.ProfilesOf(roots), err
}
