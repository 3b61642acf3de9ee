// Package path computes, reads and prints the names of store objects.
//
// A name is made of a 160-bit hash and a readable part:
// "/frx/store/<32 nix-base32 digits>-hello-2.12". The hash is the SHA-256 of
// a "fingerprint", compressed to 160 bits, as Nix's manual specifies under
// "Store path specification"; Guix computes the same.
package path

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"fruix/store/hash"
	"fruix/store/nixbase32"
)

const (
	// HashSize is the length of the hash part in bytes.
	HashSize = 20
	// HashLen is the length of the hash part in digits.
	HashLen = 32
	// MaxNameLen is the greatest length of the readable part: with the hash,
	// the dash and a few bytes for suffixes it stays below NAME_MAX.
	MaxNameLen = 211
)

// Path is the name of a store object inside some store directory. It is
// comparable. The zero value names nothing.
type Path struct {
	Hash [HashSize]byte
	Name string
}

// CheckName reports why name cannot be the readable part of a store path.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("a store object needs a name")
	case len(name) > MaxNameLen:
		return fmt.Errorf("store object name %q… has %d characters; at most %d are possible", name[:40], len(name), MaxNameLen)
	case name[0] == '.':
		return fmt.Errorf("store object name %q begins with a dot", name)
	}
	for _, c := range name {
		if !nameChar(c) {
			return fmt.Errorf("store object name %q holds %q; letters, digits and + - . _ ? = are possible", name, c)
		}
	}
	return nil
}

func nameChar(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' ||
		c == '+' || c == '-' || c == '.' || c == '_' || c == '?' || c == '='
}

// ParseBase reads "<hash>-<name>".
func ParseBase(base string) (Path, error) {
	if len(base) < HashLen+2 || base[HashLen] != '-' {
		return Path{}, fmt.Errorf("%q is not a store object: 32 digits, a dash and a name are expected", base)
	}
	sum, err := nixbase32.DecodeString(base[:HashLen])
	if err != nil {
		return Path{}, fmt.Errorf("%q is not a store object: %w", base, err)
	}
	p := Path{Name: base[HashLen+1:]}
	copy(p.Hash[:], sum)
	if err := CheckName(p.Name); err != nil {
		return Path{}, err
	}
	return p, nil
}

// Parse reads a full logical path such as "/frx/store/<hash>-<name>". It
// reports a path outside storeDir and one that points inside an object.
func Parse(storeDir, s string) (Path, error) {
	base, ok := strings.CutPrefix(s, storeDir+"/")
	if !ok {
		return Path{}, fmt.Errorf("%q is not in the store %s", s, storeDir)
	}
	if strings.Contains(base, "/") {
		return Path{}, fmt.Errorf("%q lies inside a store object and is none itself", s)
	}
	return ParseBase(base)
}

// Split reads a full logical path that may point inside an object and returns
// the object and the rest, which is empty or begins with a slash.
func Split(storeDir, s string) (Path, string, error) {
	base, ok := strings.CutPrefix(s, storeDir+"/")
	if !ok {
		return Path{}, "", fmt.Errorf("%q is not in the store %s", s, storeDir)
	}
	rest := ""
	if at := strings.IndexByte(base, '/'); at >= 0 {
		base, rest = base[:at], base[at:]
	}
	p, err := ParseBase(base)
	return p, rest, err
}

// HashPart returns the 32 digits of the hash.
func (p Path) HashPart() string { return nixbase32.EncodeToString(p.Hash[:]) }

// Base returns "<hash>-<name>".
func (p Path) Base() string { return p.HashPart() + "-" + p.Name }

// In returns the full logical path inside storeDir.
func (p Path) In(storeDir string) string { return storeDir + "/" + p.Base() }

// Make computes a path from its type and the SHA-256 of what it stands for:
// the fingerprint is "type:sha256:hex:storeDir:name". The functions below
// build the types.
func Make(storeDir, typ, name string, inner []byte) (Path, error) {
	if err := CheckName(name); err != nil {
		return Path{}, err
	}
	sum := sha256.Sum256([]byte(typ + ":sha256:" + hex.EncodeToString(inner) + ":" + storeDir + ":" + name))
	p := Path{Name: name}
	copy(p.Hash[:], hash.Compress(sum[:], HashSize))
	return p, nil
}

// withRefs appends the references to a type, sorted by full path, each once.
func withRefs(typ, storeDir string, refs []Path) string {
	full := make([]string, len(refs))
	for i, r := range refs {
		full[i] = r.In(storeDir)
	}
	slices.Sort(full)
	var b strings.Builder
	b.WriteString(typ)
	for _, r := range slices.Compact(full) {
		b.WriteString(":" + r)
	}
	return b.String()
}

// MakeText computes the path of a text file with the given content that refers
// to refs: what builtins.toFile, plain-file and derivations use.
func MakeText(storeDir, name string, content []byte, refs []Path) (Path, error) {
	sum := sha256.Sum256(content)
	return MakeTextOf(storeDir, name, sum[:], refs)
}

// MakeTextOf is MakeText of a content of which the SHA-256 is known.
func MakeTextOf(storeDir, name string, digest []byte, refs []Path) (Path, error) {
	return Make(storeDir, withRefs("text", storeDir, refs), name, digest)
}

// MakeFixed computes the path of content that is known by its hash: of its
// bytes, or of its NAR when recursive. References are possible only for a
// recursive SHA-256, the form of sources.
func MakeFixed(storeDir, name string, recursive bool, algo hash.Algo, digest []byte, refs []Path) (Path, error) {
	if !algo.Valid() || len(digest) != algo.Size() {
		return Path{}, fmt.Errorf("fixed output %q: %d bytes are not a %s value", name, len(digest), algo)
	}
	if recursive && algo == hash.SHA256 {
		return Make(storeDir, withRefs("source", storeDir, refs), name, digest)
	}
	if len(refs) > 0 {
		return Path{}, fmt.Errorf("fixed output %q: only content known by its recursive sha256 may refer to other store objects", name)
	}
	mode := ""
	if recursive {
		mode = "r:"
	}
	inner := sha256.Sum256([]byte("fixed:out:" + mode + algo.String() + ":" + hex.EncodeToString(digest) + ":"))
	return Make(storeDir, "output:out", name, inner[:])
}

// OutputName returns the readable part of an output's path: the derivation's
// name, and a suffix for every output but "out".
func OutputName(drvName, outputName string) string {
	if outputName == "out" {
		return drvName
	}
	return drvName + "-" + outputName
}

// MakeOutput computes the path of a derivation's output from the SHA-256 of
// the derivation modulo its fixed outputs. drvName is without ".drv".
func MakeOutput(storeDir, drvName, outputName string, drvHash []byte) (Path, error) {
	return Make(storeDir, "output:"+outputName, OutputName(drvName, outputName), drvHash)
}
