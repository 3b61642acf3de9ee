package hash

import (
	"bytes"
	"strings"
	"testing"
)

func TestForms(t *testing.T) {
	// Values of the empty string, as `nix-hash` and `nix hash` print them.
	d := Sum(SHA256, nil)
	forms := []string{
		d.Hex(), d.Base32(), d.Base64(), d.SRI(), d.String(), "sha256:" + d.Hex(), "sha256:" + d.Base64(),
	}
	want := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
		"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
		"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
		"sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
	}
	for i, f := range forms {
		if i < len(want) && f != want[i] {
			t.Errorf("%s, want %s", f, want[i])
		}
		if back, err := Parse(f, SHA256); err != nil || !back.Equal(d) {
			t.Errorf("Parse(%q) = %v, %v", f, back, err)
		}
	}
	for _, a := range []Algo{SHA256, SHA512, SHA1, MD5} {
		d := Sum(a, []byte("x"))
		for _, f := range []string{d.SRI(), d.String(), a.String() + ":" + d.Hex()} {
			if back, err := Parse(f, 0); err != nil || !back.Equal(d) {
				t.Errorf("Parse(%q) = %v, %v", f, back, err)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	d := Sum(SHA256, nil)
	for _, c := range []struct {
		in   string
		def  Algo
		want string
	}{
		{d.Hex(), 0, "does not say which algorithm"},
		{d.SRI(), SHA1, "is a sha256 hash, but sha1 is asked for"},
		{"sha3:00", 0, `unknown hash algorithm "sha3"`},
		{"sha256:00", 0, "2 characters; the value has 64 in base 16, 52 in nix-base32 or 44 in base 64"},
		{"sha256-" + d.Hex(), 0, "an SRI value of this algorithm has 44 characters, not 64"},
		{strings.Repeat("e", 52), SHA256, "not a digit"},
		{strings.Repeat("x", 64), SHA256, "invalid byte"},
		{strings.Repeat("*", 44), SHA256, "illegal base64"},
	} {
		if _, err := Parse(c.in, c.def); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q, %v): %v, want an error with %q", c.in, c.def, err, c.want)
		}
	}
	if Algo(0).Valid() || Algo(99).Valid() || Algo(99).Size() != 0 || !strings.Contains(Algo(99).String(), "99") {
		t.Error("an unknown algorithm is taken for one")
	}
}

func TestCompress(t *testing.T) {
	if got := Compress([]byte{1, 2, 3, 4, 5}, 2); !bytes.Equal(got, []byte{1 ^ 3 ^ 5, 2 ^ 4}) {
		t.Errorf("%v", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Sum(SHA256, nil).SRI())
	f.Add(Sum(MD5, nil).String())
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s, 0)
		if err != nil {
			return
		}
		for _, form := range []string{d.SRI(), d.String()} {
			if back, err := Parse(form, 0); err != nil || !back.Equal(d) {
				t.Errorf("%q: %v, %v", form, back, err)
			}
		}
	})
}
