package narinfo

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"fruix/store/sexp"
)

// Guix signs a narinfo's text, from its beginning to the line "Signature: 1;HOST;DATA";
// what stands below that line nobody has signed. DATA is, in base 64, an S-expression
// that holds the hash of the text, a signature of that hash, and the public key
// (modules (guix narinfo) and (guix pki) of Guix).

const signatureField = "Signature"

// parseGuix reads an S-expression as Guix writes one. Libgcrypt prints a number whose
// bytes look like text as a quoted string, bytes above 0x7F in it as they are. Guix
// takes what it prints for Latin-1 and writes it in UTF-8 (canonical-sexp->string in
// (gcrypt pk-crypto)), so that such a byte has become two.
func parseGuix(text []byte) (sexp.Value, error) {
	if printed, ok := latin1(text); ok {
		text = printed
	}
	return sexp.Parse(text)
}

// latin1 turns characters of UTF-8 into the bytes that they are in Latin-1, unless
// there is one that has none: then text is not what Guix makes.
func latin1(text []byte) ([]byte, bool) {
	if !utf8.Valid(text) {
		return nil, false
	}
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if r > 0xFF {
			return nil, false
		}
		out = append(out, byte(r))
	}
	return out, true
}

// guixSignature is such a line, with what it is about.
type guixSignature struct {
	host string
	data sexp.Value
	sum  [sha256.Size]byte // of the text above it
	// What the text above it says; nil when it does not say all that counts.
	signed *Info
}

// line is the value of the field.
func (g *guixSignature) line() string {
	return "1;" + g.host + ";" + base64.StdEncoding.EncodeToString([]byte(g.data.String()))
}

// maxGuixSignature bounds the base 64 of a signature, of which real ones have some 700
// bytes: read, it takes many times the place.
const maxGuixSignature = 16 << 10

// parseGuixSignature reads the value of the field. One of another kind, as may come to
// be, is nil: then nobody whom we know has signed.
func parseGuixSignature(value string) *guixSignature {
	parts := strings.SplitN(value, ";", 4)
	if len(parts) != 3 || parts[0] != "1" || len(parts[2]) > maxGuixSignature {
		return nil
	}
	text, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil
	}
	data, err := parseGuix(text)
	if err != nil || !data.Tagged("signature") {
		return nil
	}
	return &guixSignature{host: parts[1], data: data}
}

// by says whether the signature is right and with the key k.
func (g *guixSignature) by(k PublicKey) bool { return k.signed(g.data, g.sum[:]) }

// signed says whether signature is one of sum, a SHA-256, with the key k.
func (k PublicKey) signed(signature sexp.Value, sum []byte) bool {
	public, okKey := signature.Find("public-key")
	data, okData := signature.Find("data")
	hash, okHash := data.Find("hash")
	value, okValue := signature.Find("sig-val")
	if !okKey || !okData || !okHash || !okValue || string(data.Field("flags")) != "rfc6979" || len(hash.List) != 3 || !hash.List[1].Is("sha256") || !bytes.Equal(hash.List[2].Atom, sum) {
		return false
	}
	own, err := keyOf(public)
	if err != nil || !bytes.Equal(own, k.key) {
		return false
	}
	numbers, ok := value.Find("ecdsa")
	return ok && ecdsaVerify(own, sum, ecdsaSignature{numbers.Field("r"), numbers.Field("s")})
}

// covers says whether what was signed is what i says.
func (g *guixSignature) covers(i *Info) bool {
	s := g.signed
	return s != nil && s.Path == i.Path && s.NarHash.String() == i.NarHash.String() && slices.Equal(s.References, i.References) &&
		(s.NarSize == i.NarSize || s.NarSize == 0)
}

// signGuix makes the signature of the narinfo's text.
func (k SecretKey) signGuix(i *Info) *guixSignature {
	sum := sha256.Sum256([]byte(i.signedText()))
	signed := *i
	signed.References = slices.Clone(i.References)
	return &guixSignature{host: k.Name, sum: sum, signed: &signed, data: k.sign(sum[:])}
}

// sign makes the signature of sum, a SHA-256.
func (k SecretKey) sign(sum []byte) sexp.Value {
	sig := ecdsaSign(k.key.Seed(), sum)
	return sexp.List(sexp.Symbol("signature"),
		sexp.List(sexp.Symbol("data"),
			sexp.List(sexp.Symbol("flags"), sexp.Symbol("rfc6979")),
			sexp.List(sexp.Symbol("hash"), sexp.Symbol("sha256"), sexp.Bytes(sum))),
		sexp.List(sexp.Symbol("sig-val"),
			sexp.List(sexp.Symbol("ecdsa"),
				sexp.List(sexp.Symbol("r"), sexp.Bytes(sig.r)),
				sexp.List(sexp.Symbol("s"), sexp.Bytes(sig.s)))),
		k.Public().canonical())
}

// SignExport is the signature of an object of an export, of which digest is the SHA-256:
// an S-expression, as in what "guix archive --export" writes.
func (k SecretKey) SignExport(digest []byte) string { return k.sign(digest).String() }

// CheckExport says why signature is not that of an object of an export, of which digest
// is the SHA-256, with one of keys; nil when it is.
func CheckExport(signature string, digest []byte, keys []PublicKey) error {
	v, err := parseGuix([]byte(signature))
	if err != nil {
		return fmt.Errorf("its signature cannot be read: %w", err)
	}
	public, ok := v.Find("public-key")
	if !v.Tagged("signature") || !ok {
		return errors.New("its signature is none that Fruix or Guix makes")
	}
	own, err := keyOf(public)
	if err != nil {
		return fmt.Errorf("the key in its signature is of no use: %w", err)
	}
	k := PublicKey{key: own}
	switch {
	case !slices.ContainsFunc(keys, k.Same):
		return fmt.Errorf("it is signed with the key %s, which is not trusted here", k)
	case !k.signed(v, digest):
		return errors.New("its signature is wrong: it was changed after it was signed")
	}
	return nil
}

// canonical is the key as Guix has it, which knows no names.
func (k PublicKey) canonical() sexp.Value {
	return sexp.List(sexp.Symbol("public-key"),
		sexp.List(sexp.Symbol("ecc"),
			sexp.List(sexp.Symbol("curve"), sexp.Symbol("Ed25519")),
			sexp.List(sexp.Symbol("q"), sexp.Bytes(k.key))))
}

// Canonical is the key as an S-expression, as "guix archive --authorize" takes it:
// "(public-key (ecc (curve Ed25519) (q #…#)))".
func (k PublicKey) Canonical() string { return k.canonical().String() }

// keyOf is the key in "(public-key (ecc (curve Ed25519) (q …)))".
func keyOf(v sexp.Value) (ed25519.PublicKey, error) {
	if v.Tagged("key-data") || v.Tagged("private-key") {
		return nil, errors.New("it holds a secret key, which nobody else should have")
	}
	ecc, ok := v.Find("ecc")
	if !v.Tagged("public-key") || !ok {
		return nil, errors.New("it is no public key on an elliptic curve")
	}
	if curve := string(ecc.Field("curve")); curve != "Ed25519" {
		return nil, fmt.Errorf("its curve is %q; only Ed25519 is known", curve)
	}
	q := ecc.Field("q")
	if len(q) == ed25519.PublicKeySize+1 && q[0] == 0x40 { // Libgcrypt's mark of such points
		q = q[1:]
	}
	if len(q) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("its point has %d bytes, not %d", len(q), ed25519.PublicKeySize)
	}
	return q, nil
}

// ParsePublicKeys reads keys in any form: lines "NAME:BASE64" (empty ones and those that
// begin with "#" count for nothing), a key as Guix has it, or one of Guix's access
// control lists, "(acl (entry KEY (tag (guix import))) …)", of which entries that allow
// something else are passed over. Guix's keys have no name.
func ParsePublicKeys(text string) ([]PublicKey, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "(") {
		v, err := parseGuix([]byte(text))
		if err != nil {
			return nil, err
		}
		return keysIn(v)
	}
	var keys []PublicKey
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := ParsePublicKey(line)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func keysIn(v sexp.Value) ([]PublicKey, error) {
	if !v.Tagged("acl") {
		q, err := keyOf(v)
		if err != nil {
			return nil, err
		}
		return []PublicKey{{key: q}}, nil
	}
	var keys []PublicKey
	for n, e := range v.List[1:] {
		if !e.Tagged("entry") || len(e.List) != 3 {
			return nil, fmt.Errorf("entry %d of the access control list is not (entry KEY TAG)", n+1)
		}
		if e.List[2].String() != "(tag (guix import))" {
			continue
		}
		q, err := keyOf(e.List[1])
		if err != nil {
			return nil, fmt.Errorf("entry %d of the access control list: %w", n+1, err)
		}
		keys = append(keys, PublicKey{key: q})
	}
	return keys, nil
}

// AddToAccessList returns the access control list text, "" standing for an empty one,
// with entries by which keys are believed, as Guix reads it. Those that are in it are
// not added again.
func AddToAccessList(text string, keys []PublicKey) (string, error) {
	list := sexp.List(sexp.Symbol("acl"))
	if strings.TrimSpace(text) != "" {
		var err error
		if list, err = parseGuix([]byte(text)); err != nil {
			return "", err
		}
		if !list.Tagged("acl") {
			return "", errors.New("it is no access control list, (acl …)")
		}
	}
	known, err := keysIn(list)
	if err != nil {
		return "", err
	}
	for _, k := range keys {
		if slices.ContainsFunc(known, k.Same) {
			continue
		}
		known = append(known, k)
		list.List = append(list.List, sexp.List(sexp.Symbol("entry"), k.canonical(),
			sexp.List(sexp.Symbol("tag"), sexp.List(sexp.Symbol("guix"), sexp.Symbol("import")))))
	}
	var b strings.Builder
	b.WriteString("(acl")
	for _, e := range list.List[1:] {
		fmt.Fprintf(&b, "\n %s", e)
	}
	b.WriteString(")\n")
	return b.String(), nil
}

// Same says whether k and other are one key, whatever they are called.
func (k PublicKey) Same(other PublicKey) bool { return bytes.Equal(k.key, other.key) }
