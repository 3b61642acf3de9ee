package store

import (
	"fmt"
	"testing"
)

// TestJournalReadAgain: who verifies reads the journal again when it has changed, and
// not for each object that is not as it says.
func TestJournalReadAgain(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Config{Root: t.TempDir(), Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	v := &verifier{s: s}
	for i := range 3 {
		for range 2 {
			records, err := v.journal()
			if err != nil || len(records) != i {
				t.Errorf("%d records instead of %d, %v", len(records), i, err)
			}
			records["seen"] = nil // stays for as long as nothing is read
			if again, err := v.journal(); err != nil || len(again) != i+1 {
				t.Errorf("read again: %v", err)
			}
			delete(records, "seen")
		}
		if _, err := s.AddText(ctx, "a", fmt.Append(nil, i), nil); err != nil {
			t.Fatal(err)
		}
	}
}
