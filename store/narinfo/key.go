package narinfo

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Signature is an Ed25519 signature with the name of its key.
type Signature struct {
	Key string
	Sig []byte
}

// String is "NAME:BASE64".
func (s Signature) String() string { return s.Key + ":" + base64.StdEncoding.EncodeToString(s.Sig) }

// ParseSignature reads "NAME:BASE64".
func ParseSignature(text string) (Signature, error) {
	name, sig, err := named(text, ed25519.SignatureSize)
	return Signature{name, sig}, err
}

// PublicKey is the public half of a key.
type PublicKey struct {
	Name string // "" for one of Guix's, which stands for every name
	key  ed25519.PublicKey
}

// String is "NAME:BASE64", the form in which keys are given to others, and that of
// [PublicKey.Canonical] for one without a name.
func (k PublicKey) String() string {
	if k.Name == "" {
		return k.Canonical()
	}
	return k.Name + ":" + base64.StdEncoding.EncodeToString(k.key)
}

// ParsePublicKey reads "NAME:BASE64"; [ParsePublicKeys] knows other forms.
func ParsePublicKey(text string) (PublicKey, error) {
	name, b, err := named(text, ed25519.PublicKeySize)
	return PublicKey{name, b}, err
}

// SecretKey signs.
type SecretKey struct {
	Name string
	key  ed25519.PrivateKey
}

// GenerateKey makes a key; the name is by convention that of a host, with a
// number, such as "cache.example.org-1". random is where its bits come from.
func GenerateKey(name string, random io.Reader) (SecretKey, error) {
	if err := checkKeyName(name); err != nil {
		return SecretKey{}, err
	}
	_, key, err := ed25519.GenerateKey(random)
	return SecretKey{name, key}, err
}

// ParseSecretKey reads "NAME:BASE64" as String writes it.
func ParseSecretKey(text string) (SecretKey, error) {
	name, b, err := named(text, ed25519.PrivateKeySize)
	return SecretKey{name, b}, err
}

// String is "NAME:BASE64"; it is to be kept secret.
func (k SecretKey) String() string { return k.Name + ":" + base64.StdEncoding.EncodeToString(k.key) }

// Public is the public half.
func (k SecretKey) Public() PublicKey {
	return PublicKey{k.Name, k.key.Public().(ed25519.PublicKey)}
}

// Sign adds signatures to i: one of Nix's kind, and one of Guix's, of which a narinfo
// has one, that of the last key. Nothing of i may change afterwards.
func (k SecretKey) Sign(i *Info) {
	i.guix = k.signGuix(i)
	i.Signatures = append(i.Signatures, k.Signature(i))
}

// Signature is one of Nix's kind, of what i says.
func (k SecretKey) Signature(i *Info) Signature {
	return Signature{k.Name, ed25519.Sign(k.key, []byte(i.Fingerprint()))}
}

// mostOfKey is how many signatures are looked at that are said to be of one key: anybody
// can make up more, and each costs time.
const mostOfKey = 16

// SignedBy returns the first of keys of which i has a right signature. Of many signatures
// that are said to be of one key the first ones count.
func (i *Info) SignedBy(keys []PublicKey) (PublicKey, bool) {
	text := []byte(i.Fingerprint())
	for _, k := range keys {
		looked := 0
		for _, s := range i.Signatures {
			if !k.named(s.Key) {
				continue
			}
			if looked++; looked > mostOfKey {
				break
			}
			if ed25519.Verify(k.key, text, s.Sig) {
				return k, true
			}
		}
		if i.guix != nil && i.guix.covers(i) && i.guix.by(k) {
			return k, true
		}
	}
	return PublicKey{}, false
}

// DropSignatures forgets who has signed i.
func (i *Info) DropSignatures() { i.Signatures, i.guix = nil, nil }

// DeriverSignedBy says whether i has a right signature with one of keys that is about
// the deriver, too: one of Guix's kind may be, one of Nix's is not.
func (i *Info) DeriverSignedBy(keys []PublicKey) bool {
	if i.guix == nil || !i.guix.covers(i) || i.guix.signed.Deriver != i.Deriver {
		return false
	}
	return slices.ContainsFunc(keys, i.guix.by)
}

// named says whether a signature with the given name may be with k.
func (k PublicKey) named(name string) bool { return k.Name == "" || k.Name == name }

func checkKeyName(name string) error {
	if name == "" || strings.ContainsAny(name, ": \t\r\n") {
		return fmt.Errorf("%q cannot be the name of a key: it must not be empty nor hold colons or spaces", name)
	}
	return nil
}

func named(text string, size int) (string, []byte, error) {
	name, value, ok := strings.Cut(strings.TrimSpace(text), ":")
	if !ok {
		return "", nil, errors.New("a key or signature has the form NAME:BASE64")
	}
	if err := checkKeyName(name); err != nil {
		return "", nil, err
	}
	b, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(b) != size {
		return "", nil, fmt.Errorf("what stands behind %q is not the base 64 of %d bytes", name+":", size)
	}
	return name, b, nil
}
