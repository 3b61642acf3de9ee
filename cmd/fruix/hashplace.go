package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"os"

	"fruix/interp/datum"
	"fruix/interp/source"
	"fruix/store/nixbase32"
)

// loadFile evaluates a file that the command line names.
func (s *session) loadFile(ctx context.Context, file string) (datum.Value, error) {
	s.loaded = append(s.loaded, file)
	return s.engine.Load(ctx, file)
}

// hashPlace is where the hash of a derivation's output is written: where the
// declaration says so or, else, where one of the files that the command line names has
// its text.
func (s *session) hashPlace(drvPath string) source.Pos {
	p, ok := s.lang.HashPlace(drvPath)
	if !ok {
		return s.findHash(s.lang.FixedHash(drvPath))
	}
	f := &source.File{Name: p.File}
	f.Text, _ = os.ReadFile(p.File) // for the excerpt; a module of the library is no file
	return source.Pos{File: f, Line: uint32(p.Line), Col: uint32(p.Column)}
}

// findHash looks for a hash, as people write hashes, in the files that were loaded.
func (s *session) findHash(sum []byte) source.Pos {
	if len(sum) == 0 {
		return source.Pos{}
	}
	spellings := []string{nixbase32.EncodeToString(sum), hex.EncodeToString(sum), base64.StdEncoding.EncodeToString(sum), nixbase32.EncodeRFC4648(sum)}
	for _, name := range s.loaded {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it was there a moment ago; the mismatch is what matters
		}
		for _, spelling := range spellings {
			at := bytes.Index(text, []byte(spelling))
			if at < 0 {
				continue
			}
			before := text[:at]
			line := bytes.Count(before, []byte{'\n'}) + 1
			column := at - bytes.LastIndexByte(before, '\n')
			return source.Pos{File: &source.File{Name: name, Text: text}, Line: uint32(line), Col: uint32(column)}
		}
	}
	return source.Pos{}
}
