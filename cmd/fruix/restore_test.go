package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"fruix/store/tree"
)

// TestRestoreInterrupted ends the unpacking of an archive in its midst, while it waits
// for more: nothing is left. What somebody else puts there meanwhile stays.
func TestRestoreInterrupted(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	if err := os.MkdirAll(filepath.Join(from, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(from, "b"), bytes.Repeat([]byte("b"), 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if _, err := tree.Dump(t.Context(), &archive, from, tree.Options{}); err != nil {
		t.Fatal(err)
	}
	half, rest := archive.Bytes()[:archive.Len()/2], archive.Bytes()[archive.Len()/2:]
	to := filepath.Join(dir, "to", "tree")
	if err := os.Mkdir(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	left := func() (names []string) {
		entries, err := os.ReadDir(filepath.Dir(to))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}

	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	defer out.Close()
	done := make(chan error, 1)
	go func() { done <- restoreArchive(ctx, in, to) }()
	if _, err := out.Write(half); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if names := left(); len(names) != 0 {
		t.Errorf("%q are left", names)
	}

	in, out = io.Pipe()
	go func() { done <- restoreArchive(t.Context(), in, to) }()
	if _, err := out.Write(half); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte("another's"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write(rest); err != nil {
		t.Fatal(err)
	}
	out.Close()
	if err := <-done; err == nil {
		t.Error("another's file was replaced")
	}
	if names := left(); len(names) != 1 {
		t.Errorf("%q are left", names)
	}
	if err := os.Remove(to); err != nil {
		t.Fatal(err)
	}
	if err := restoreArchive(t.Context(), bytes.NewReader(archive.Bytes()), to); err != nil {
		t.Fatal(err)
	}
	if err := tree.Diff(from, to, func(d tree.Difference) bool { t.Error(d); return true }); err != nil {
		t.Error(err)
	}
}
