package trace

import (
	"encoding/json"
	"errors"
	"slices"

	"fruix/builder"
	"fruix/builder/fetch"
	"fruix/jail"
	"fruix/store"
	"fruix/store/hash"
)

// cause is what an error is made of, when it is of a type that tells more than its
// text: places in the declaration and advice hang on the types. At most one is set.
type cause struct {
	Mismatch  *hashes                 `json:"mismatch,omitempty"`
	Fetch     json.RawMessage         `json:"fetch,omitempty"` // as fetch.Pack has it
	Differ    *builder.DifferError    `json:"differ,omitempty"`
	Reference *builder.ReferenceError `json:"reference,omitempty"`
	NoSpace   *noSpace                `json:"noSpace,omitempty"`
	Setup     *setup                  `json:"setup,omitempty"`
	Platform  *builder.PlatformError  `json:"platform,omitempty"`
	Feature   *builder.FeatureError   `json:"feature,omitempty"`
	NotHere   bool                    `json:"notHere,omitempty"`
}

type (
	hashes  struct{ Path, Want, Got string }
	noSpace struct{ Op, Root, Message string }
	setup   struct{ Step, Path, Hint, Message string }
)

// causeOf takes an error apart.
func causeOf(err error) cause {
	var (
		mismatch  *store.HashMismatchError
		file      *fetch.Error
		differ    *builder.DifferError
		reference *builder.ReferenceError
		space     *store.NoSpaceError
		jailed    *jail.SetupError
		platform  *builder.PlatformError
		feature   *builder.FeatureError
	)
	switch {
	case errors.As(err, &mismatch):
		return cause{Mismatch: &hashes{mismatch.Path, mismatch.Want.String(), mismatch.Got.String()}}
	case errors.As(err, &file):
		return cause{Fetch: fetch.Pack(file)}
	case errors.As(err, &differ):
		return cause{Differ: differ}
	case errors.As(err, &reference):
		return cause{Reference: reference}
	case errors.As(err, &space):
		return cause{NoSpace: &noSpace{space.Op, space.Root, errorText(space.Err)}}
	case errors.As(err, &jailed):
		return cause{Setup: &setup{jailed.Step, jailed.Path, jailed.Hint, errorText(jailed.Err)}}
	case errors.As(err, &platform):
		return cause{Platform: platform}
	case errors.As(err, &feature):
		return cause{Feature: feature}
	}
	return cause{NotHere: errors.Is(err, builder.ErrNotHere)}
}

// error puts it together again; nil when there is nothing, or what another process
// sent is not what causeOf makes.
func (c *cause) error() error {
	switch {
	case c.Mismatch != nil:
		want, err := hash.Parse(c.Mismatch.Want, 0)
		got, gerr := hash.Parse(c.Mismatch.Got, 0)
		if err != nil || gerr != nil {
			return nil
		}
		return &store.HashMismatchError{Path: c.Mismatch.Path, Want: want, Got: got}
	case c.Fetch != nil:
		return fetch.Unpack(c.Fetch)
	case c.Differ != nil:
		return c.Differ
	case c.Reference != nil:
		// A chain has both of its ends.
		if slices.ContainsFunc(c.Reference.Bad, func(b builder.BadReference) bool { return len(b.Chain) < 2 }) {
			return nil
		}
		return c.Reference
	case c.NoSpace != nil:
		return &store.NoSpaceError{Op: c.NoSpace.Op, Root: c.NoSpace.Root, Err: errors.New(c.NoSpace.Message)}
	case c.Setup != nil:
		return &jail.SetupError{Step: c.Setup.Step, Path: c.Setup.Path, Hint: c.Setup.Hint, Err: errors.New(c.Setup.Message)}
	case c.Platform != nil:
		return c.Platform
	case c.Feature != nil:
		return c.Feature
	case c.NotHere:
		return builder.ErrNotHere
	}
	return nil
}
