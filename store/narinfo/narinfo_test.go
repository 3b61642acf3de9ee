package narinfo

import (
	"crypto/ed25519"
	"crypto/rand"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fruix/store/hash"
)

const example = `StorePath: /frx/store/0vrfckp768hl9j13gwj39l479299qram-a
NarHash: sha256:1l0xj7vcmw2pz2az490i4c09sy9dv1ngrwcsqadi4mqr4wn7gzg5
NarSize: 488
References: 0vrfckp768hl9j13gwj39l479299qram-a slx66mrc7nhzpkc2cqbl02dah87ai4ps-b
Deriver: slx66mrc7nhzpkc2cqbl02dah87ai4ps-b.drv
CA: fixed:r:sha256:1l0xj7vcmw2pz2az490i4c09sy9dv1ngrwcsqadi4mqr4wn7gzg5
URL: nar/1l0xj7vcmw2pz2az490i4c09sy9dv1ngrwcsqadi4mqr4wn7gzg5.nar.zst
Compression: zstd
FileHash: sha256:1l0xj7vcmw2pz2az490i4c09sy9dv1ngrwcsqadi4mqr4wn7gzg5
FileSize: 210
`

func TestParse(t *testing.T) {
	i, err := Parse("/frx/store", []byte(example+"Future: key\n"))
	if err != nil {
		t.Fatal(err)
	}
	if i.String() != example {
		t.Errorf("written again:\n%s", i)
	}
	want := "1;/frx/store/0vrfckp768hl9j13gwj39l479299qram-a;sha256:1l0xj7vcmw2pz2az490i4c09sy9dv1ngrwcsqadi4mqr4wn7gzg5;488;" +
		"/frx/store/0vrfckp768hl9j13gwj39l479299qram-a,/frx/store/slx66mrc7nhzpkc2cqbl02dah87ai4ps-b"
	if i.Fingerprint() != want {
		t.Errorf("fingerprint %s", i.Fingerprint())
	}
	for old, bad := range map[string]string{
		"StorePath: /frx":   "StorePath: /gnu",
		"NarSize: 488":      "NarSize: -1",
		"NarSize: 488\n":    "",
		"NarHash: sha256:1": "NarHash: sha256:",
		"URL: ":             "URL:\nX: ",
		"Deriver: slx":      "Deriver: ../slx",
		"References: 0":     "References: /0",
		"Compression: zstd": "Compression zstd",
		"FileSize: 210":     "NarSize: 488",
		"CA: ":              "Sig: name:short\nCA: ",
		"URL: nar":          "URL: \x1b[31mnar",
		"CA: fixed":         "CA: \u009bfixed",
	} {
		text := strings.Replace(example, old, bad, 1)
		if text == example {
			t.Fatalf("%q does not occur", old)
		}
		if _, err := Parse("/frx/store", []byte(text)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestSignatures(t *testing.T) {
	key, err := GenerateKey("cache.example.org-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := GenerateKey("cache.example.org-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseSecretKey(key.String() + "\n")
	if err != nil || !reflect.DeepEqual(again, key) {
		t.Errorf("%v, %v", again, err)
	}
	public, err := ParsePublicKey(key.Public().String())
	if err != nil {
		t.Fatal(err)
	}
	sign := func(change func(*Info)) *Info {
		i, err := Parse("/frx/store", []byte(example))
		if err != nil {
			t.Fatal(err)
		}
		key.Sign(i)
		i, err = Parse("/frx/store", []byte(i.String()))
		if err != nil {
			t.Fatal(err)
		}
		change(i)
		return i
	}
	if k, ok := sign(func(*Info) {}).SignedBy([]PublicKey{other.Public(), public}); !ok || k.Name != public.Name {
		t.Error("a right signature is not seen")
	}
	if _, ok := sign(func(*Info) {}).SignedBy([]PublicKey{other.Public()}); ok {
		t.Error("a signature by another key of the same name is taken")
	}
	for what, change := range map[string]func(*Info){
		"path":       func(i *Info) { i.Path = strings.Replace(i.Path, "-a", "-b", 1) },
		"hash":       func(i *Info) { i.NarHash = hash.Sum(hash.SHA256, nil) },
		"size":       func(i *Info) { i.NarSize++ },
		"references": func(i *Info) { i.References = i.References[:1] },
		"signature":  func(i *Info) { i.Signatures[0].Sig[3] ^= 1; i.guix = nil },
	} {
		if _, ok := sign(change).SignedBy([]PublicKey{public}); ok {
			t.Errorf("a changed %s is not seen", what)
		}
	}
	for _, bad := range []string{"", "a", "a:", ":AAAA", "a b:" + strings.SplitN(public.String(), ":", 2)[1], "a:%%%"} {
		if _, err := ParsePublicKey(bad); err == nil {
			t.Errorf("%q is taken for a key", bad)
		}
	}
	if _, err := GenerateKey("with space", rand.Reader); err == nil {
		t.Error("a bad name is taken")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(example)
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		i, err := Parse("/frx/store", []byte(text))
		if err != nil {
			return
		}
		again, err := Parse("/frx/store", []byte(i.String()))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, i)
		}
		if again.String() != i.String() || again.Fingerprint() != i.Fingerprint() {
			t.Errorf("%s became %s", i, again)
		}
	})
}

// TestManySignatures: of many signatures that are said to be of one key only some are
// looked at.
func TestManySignatures(t *testing.T) {
	key, err := GenerateKey("cache.example.org-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i, err := Parse("/frx/store", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	right, wrong := key.Signature(i), Signature{key.Name, make([]byte, ed25519.SignatureSize)}
	keys := []PublicKey{key.Public()}
	i.Signatures = append(slices.Repeat([]Signature{{"other", wrong.Sig}}, 1000), wrong, right)
	if _, ok := i.SignedBy(keys); !ok {
		t.Error("a right one among others is not seen")
	}
	i.Signatures = append(slices.Repeat([]Signature{wrong}, 1000), right)
	if _, ok := i.SignedBy(keys); ok {
		t.Error("a thousand were looked at")
	}
}
