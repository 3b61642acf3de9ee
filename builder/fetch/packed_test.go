package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"fruix/store/hash"
)

// TestPack takes errors from one process to another.
func TestPack(t *testing.T) {
	digest := func(b byte) hash.Digest {
		return hash.Digest{Algo: hash.SHA256, Sum: bytes.Repeat([]byte{b}, 32)}
	}
	e := &Error{Name: "x", Attempts: []Attempt{
		{Place: "http://one", Err: errors.New("no")},
		{Place: "http://two", Err: fmt.Errorf("around: %w", &MismatchError{digest(1), digest(2)}), Archive: true},
	}}
	for _, err := range []error{e, errors.New("plain")} {
		got := Unpack(Pack(err))
		if want := err.Error(); err == e {
			want = (&Error{Name: "x", Attempts: []Attempt{e.Attempts[0], {Place: "http://two", Err: &MismatchError{digest(1), digest(2)}}}}).Error()
			if got.Error() != want {
				t.Errorf("got %v\nwant %v", got, want)
			}
		} else if got.Error() != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	var back *Error
	var m *MismatchError
	if got := Unpack(Pack(e)); !errors.As(got, &back) || !back.Attempts[1].Archive || !errors.As(got, &m) || !m.Got.Equal(digest(2)) {
		t.Errorf("what it was made of is lost: %v", got)
	}
	if got := Unpack(Pack(&Error{Name: "x"})); !errors.As(got, &back) || back.Name != "x" {
		t.Errorf("no place: %v", got)
	}
	for _, junk := range []string{"", "x", "{}", `{"fetch":true,"attempts":[{"want":"sha256:x"}]}`, `[]`} {
		if err := Unpack([]byte(junk)); err == nil || err.Error() == "" {
			t.Errorf("%q: %v", junk, err)
		}
	}
}

func TestSide(t *testing.T) {
	for location, near := range map[string]bool{
		"file:///x": true, "/x": true, "file://host/x": true, "http://x/y": false, "https://x": false, "mirror://x/y": false, "debian:x": false, "http://[": false,
	} {
		if Near.Has(location) != near || Far.Has(location) == near || !All.Has(location) {
			t.Errorf("%s: near %v, far %v", location, Near.Has(location), Far.Has(location))
		}
	}
}
