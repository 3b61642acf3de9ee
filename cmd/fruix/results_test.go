package main

import "testing"

// TestShown: what somebody has called a file does nothing to a person's terminal, and a
// program gets it as it is.
func TestShown(t *testing.T) {
	const name = "a\x1b]0;title\x07\x1b[2Jb\rc\nd"
	if got := shown(name, true); got != "ab^Mc\nd" {
		t.Errorf("%q", got)
	}
	if got := shown(name, false); got != name {
		t.Errorf("%q", got)
	}
}
