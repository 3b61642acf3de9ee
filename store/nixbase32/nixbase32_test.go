package nixbase32

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func TestKnownValues(t *testing.T) {
	// The second line is the value of SHA-256 of "" as `nix hash to-base32` prints it.
	for _, c := range []struct{ hex, nix string }{
		{"", ""},
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"},
		{"1f", "0z"},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		if got := EncodeToString(b); got != c.nix {
			t.Errorf("EncodeToString(%s) = %s, want %s", c.hex, got, c.nix)
		}
		back, err := DecodeString(c.nix)
		if err != nil || !bytes.Equal(back, b) {
			t.Errorf("DecodeString(%s) = %x, %v", c.nix, back, err)
		}
	}
}

func TestBadInput(t *testing.T) {
	for in, want := range map[string]string{
		"e0":  "not a digit",
		"0":   "not the length",
		"zz":  "too large",
		"000": "not the length",
	} {
		if b, err := DecodeString(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("DecodeString(%q) = %x, %v; want an error with %q", in, b, err, want)
		}
	}
	if _, err := DecodeRFC4648("A"); err == nil {
		t.Error("DecodeRFC4648 took a capital")
	}
	if got := EncodeRFC4648([]byte("fooba")); got != "mzxw6ytb" {
		t.Errorf("EncodeRFC4648 = %s", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73")
	f.Add("zz")
	f.Fuzz(func(t *testing.T, s string) {
		if b, err := DecodeString(s); err == nil && EncodeToString(b) != s {
			t.Errorf("%q decodes to %x, which encodes to %q", s, b, EncodeToString(b))
		}
		if b, err := DecodeRFC4648(s); err == nil && EncodeRFC4648(b) != s {
			t.Errorf("RFC: %q does not survive", s)
		}
		b, err := DecodeString(EncodeToString([]byte(s)))
		if err != nil || string(b) != s {
			t.Errorf("bytes %x come back as %x, %v", s, b, err)
		}
	})
}
