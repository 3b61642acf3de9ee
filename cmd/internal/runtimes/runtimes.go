// Package runtimes carries the program that runs Scheme on target systems:
// Shepherd, herd, the first program of the initrd and the interpreter of
// scripts, one static binary per system, compiled by "make" before fruix is and
// embedded compressed. So any host can put it into any image.
package runtimes

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"sort"
	"strings"

	"github.com/klauspost/compress/zstd"

	"fruix/lang"
)

// Name is that of the store item.
const Name = "fruix-runtime"

// Program is the name of the binary in the item's bin; Links are further names
// of it, by which it knows what to be.
const Program = "shepherd"

// Links are the other names of the program.
func Links() []string { return []string{"herd", "fruix-scheme", "fruix-init"} }

//go:embed all:blobs
var blobs embed.FS

// Entry describes one embedded program.
type Entry struct {
	File    string `json:"file"`     // below blobs
	NarHash string `json:"nar_hash"` // SHA-256 of the item's archive, base 16
}

// Manifest lists the programs by system.
type Manifest map[string]Entry

// ManifestFile is the manifest's name below blobs.
const ManifestFile = "manifest.json"

// Embedded gives the embedded programs; it implements lang.Runtime.
type Embedded struct{}

// Archive implements lang.Runtime.
func (Embedded) Archive(system string) (string, []byte, func() ([]byte, error), error) {
	text, err := blobs.ReadFile("blobs/" + ManifestFile)
	if err != nil {
		return "", nil, nil, fmt.Errorf("this fruix was built without the programs that go into target systems; build it with \"make\"")
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return "", nil, nil, fmt.Errorf("list of runtimes: %w", err)
	}
	e, ok := m[system]
	if !ok {
		var known []string
		for s := range m {
			known = append(known, s)
		}
		sort.Strings(known)
		return "", nil, nil, fmt.Errorf("there is no runtime for %s; there are those for %s", system, strings.Join(known, ", "))
	}
	sum, err := hex.DecodeString(e.NarHash)
	if err != nil {
		return "", nil, nil, fmt.Errorf("list of runtimes: %w", err)
	}
	return Name, sum, func() ([]byte, error) {
		packed, err := fs.ReadFile(blobs, "blobs/"+e.File)
		if err != nil {
			return nil, err
		}
		d, err := zstd.NewReader(nil)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		program, err := d.DecodeAll(packed, nil)
		if err != nil {
			return nil, fmt.Errorf("runtime for %s: %w", system, err)
		}
		return Item(program)
	}, nil
}

// Item returns the archive of the store item that holds program.
func Item(program []byte) ([]byte, error) {
	files := []lang.File{{Path: "bin/" + Program, Content: program, Executable: true}}
	for _, l := range Links() {
		files = append(files, lang.File{Path: "bin/" + l, Target: Program})
	}
	return lang.Archive(files)
}

// Pack compresses a program and describes it.
func Pack(file string, program []byte) ([]byte, Entry, error) {
	nar, err := Item(program)
	if err != nil {
		return nil, Entry{}, err
	}
	sum := sha256.Sum256(nar)
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		return nil, Entry{}, err
	}
	return w.EncodeAll(program, nil), Entry{File: file, NarHash: hex.EncodeToString(sum[:])}, nil
}
