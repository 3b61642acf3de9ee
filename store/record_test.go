package store

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"
)

// TestCompactionTakesItsTime: only the wait for the journal is bounded, so that that of a
// large store is written anew as well.
func TestCompactionTakesItsTime(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Config{Root: t.TempDir(), Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 3 {
		if _, err := s.AddText(ctx, fmt.Sprint(i), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(s.journalFile(), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.rewriteJournal(ctx, false, time.Nanosecond); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(s.journalFile())
	if n := bytes.Count(text, []byte("narHash")); n != 3 || err != nil {
		t.Errorf("the journal has %d lines, %v", n, err)
	}
	// Nor does it wait for ever.
	e, err := s.record(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	if err := s.rewriteJournal(ctx, false, time.Nanosecond); err == nil {
		t.Error("it did not wait for who registers")
	}
}
