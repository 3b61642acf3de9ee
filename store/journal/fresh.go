package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Names of the files that lie beside the objects.
const (
	// File is the journal.
	File = ".fruix-journal"
	// MarkFile says that nobody has used the store yet since it was written, whole
	// and without a database, as a part of an image. It holds the [Mark] of the
	// journal, and is gone when the store has a database.
	MarkFile = ".fruix-fresh"
)

// Time is when the objects of a store that is written as a part of an image were
// registered, in seconds since 1970: the time that their files have.
const Time = 1

// Fresh returns the journal of a store that is written as a part of an image. Its
// bytes depend on records alone, not on their order. What a record refers to must be
// among them, and each is there once.
func Fresh(records []Record) ([]byte, error) {
	sorted := slices.SortedFunc(slices.Values(records), func(a, b Record) int { return strings.Compare(a.Path, b.Path) })
	known := make(map[string]bool, len(sorted))
	for _, r := range sorted {
		if known[r.Path] {
			return nil, fmt.Errorf("there are two records of %s", r.Path)
		}
		known[r.Path] = true
	}
	var text []byte
	for _, r := range sorted {
		r.References = slices.Compact(slices.Sorted(slices.Values(r.References)))
		for _, ref := range r.References {
			if !known[ref] {
				return nil, fmt.Errorf("%s refers to %s, of which there is no record", r.Path, ref)
			}
		}
		var err error
		if text, err = Append(text, r); err != nil {
			return nil, err
		}
	}
	return text, nil
}

// Mark returns what the [MarkFile] beside a journal holds.
func Mark(journal []byte) string {
	sum := sha256.Sum256(journal)
	return "sha256:" + hex.EncodeToString(sum[:]) + "\n"
}
