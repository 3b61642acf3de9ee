package nar

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// node is a header with a file's bytes.
type node struct {
	Header
	content string
}

func file(path, content string) node {
	return node{Header{Path: path, Type: Regular, Size: int64(len(content))}, content}
}

func dirAt(path string) node { return node{Header: Header{Path: path, Type: Directory}} }

func sample() []node {
	exe := file("bin/run", "#!/bin/sh\n")
	exe.Executable = true
	return []node{
		dirAt(""), file("A", ""), file("a", "12345678"), file("a.b", "1"), file("big", strings.Repeat("x", 200<<10)), dirAt("bin"), exe,
		dirAt("bin/z"), dirAt("bin/z/empty"),
		{Header: Header{Path: "link", Type: Symlink, Target: "../a"}},
	}
}

func pack(nodes []node) ([]byte, error) {
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, n := range nodes {
		if err := w.WriteHeader(n.Header); err != nil {
			return nil, err
		}
		if n.content != "" {
			if _, err := io.WriteString(w, n.content); err != nil {
				return nil, err
			}
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

func unpack(r io.Reader) (nodes []node, err error) {
	in := NewReader(r)
	for {
		h, err := in.Next()
		if err == io.EOF {
			return nodes, nil
		}
		if err != nil {
			return nodes, err
		}
		content, err := io.ReadAll(in)
		if err != nil {
			return nodes, err
		}
		nodes = append(nodes, node{h, string(content)})
	}
}

func packed(t testing.TB, nodes []node) []byte {
	t.Helper()
	b, err := pack(nodes)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	for name, nodes := range map[string][]node{
		"tree": sample(),
		"file": {file("", "x")},
		"link": {{Header: Header{Type: Symlink, Target: "x"}}},
		"dir":  {dirAt("")},
	} {
		b := packed(t, nodes)
		for form, r := range map[string]io.Reader{
			"whole": bytes.NewReader(b), "byte by byte": iotest.OneByteReader(bytes.NewReader(b)), "data with EOF": iotest.DataErrReader(bytes.NewReader(b)),
		} {
			got, err := unpack(r)
			if err != nil || !slices.Equal(got, nodes) {
				t.Errorf("%s, %s: %v, %v", name, form, got, err)
			}
		}
	}
}

func TestTeeTakesTheArchiveOnly(t *testing.T) {
	b := packed(t, sample())
	var seen bytes.Buffer
	src := bufio.NewReader(io.MultiReader(bytes.NewReader(b), strings.NewReader("what follows")))
	r := NewTeeReader(src, &seen)
	for {
		_, err := r.Next() // contents are skipped, and seen all the same
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	rest, _ := io.ReadAll(src)
	if !bytes.Equal(seen.Bytes(), b) || string(rest) != "what follows" || r.Offset() != int64(len(b)) {
		t.Errorf("seen %d of %d bytes; %q is left; offset %d", seen.Len(), len(b), rest, r.Offset())
	}
}

func TestWriterRefuses(t *testing.T) {
	short := file("", "x")
	short.Size = 2
	long := file("", "xx")
	long.Size = 1
	for want, nodes := range map[string][]node{
		"not the root":            {file("x", "")},
		"needs a root":            {},
		"in no directory":         {file("", ""), file("x", "")},
		"in no directory that":    {dirAt(""), dirAt("")},
		"lacks 1 bytes":           {short},
		"more bytes than":         {long},
		"must be sorted":          {dirAt(""), file("b", ""), file("a", "")},
		"each once":               {dirAt(""), file("b", ""), file("b", "")},
		"holds a slash":           {dirAt(""), file("a/b", "")},
		`".." is not a file name`: {dirAt(""), file("..", "")},
		"an empty file name":      {dirAt(""), dirAt("a"), file("a/", "")},
		"longer than 255":         {dirAt(""), file(strings.Repeat("x", 256), "")},
		"empty target":            {{Header: Header{Type: Symlink}}},
		"unknown type":            {{}},
		"has the size -1":         {{Header: Header{Type: Regular, Size: -1}}},
	} {
		if _, err := pack(nodes); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	good := packed(t, sample())
	for i := range 2000 {
		_, err := unpack(bytes.NewReader(good[:i]))
		var bad *FormatError
		if !errors.As(err, &bad) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d bytes of an archive: %v", i, err)
		}
	}
	swap := func(old, new string) []byte {
		if len(old) != len(new) || !bytes.Contains(good, []byte(old)) {
			t.Fatalf("%q cannot become %q", old, new)
		}
		return bytes.Replace(good, []byte(old), []byte(new), 1)
	}
	for want, b := range map[string][]byte{
		`"nix-archive-1" is expected`: swap("nix-archive-1", "nix-archive-2"),
		"unknown type":                swap("directory", "directora"),
		"must be sorted":              swap("big\x00", "Big\x00"),
		"holds a slash":               swap("a.b\x00", "a/b\x00"),
		"zero byte":                   swap("../a", "..\x00a"),
		"padding is not zero":         swap("\x03\x00\x00\x00\x00\x00\x00\x00bin\x00\x00", "\x03\x00\x00\x00\x00\x00\x00\x00bin\x00x"),
		"a string of":                 swap("\x03\x00\x00\x00\x00\x00\x00\x00bin", "\x03\x00\x00\x00\x00\x00\x00\x7fbin"),
		"a file of":                   swap("\x08\x00\x00\x00\x00\x00\x00\x0012345678", "\x08\x00\x00\x00\x00\x00\x00\xff12345678"),
	} {
		if _, err := unpack(bytes.NewReader(b)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	failure := errors.New("the disk fails")
	if _, err := unpack(io.MultiReader(bytes.NewReader(good[:500]), iotest.ErrReader(failure))); !errors.Is(err, failure) {
		t.Errorf("a read error is reported as %v", err)
	}
}

// TestDepth makes an archive that nests endlessly.
func TestDepth(t *testing.T) {
	w := NewWriter(io.Discard)
	path := ""
	for i := range MaxDepth + 1 {
		err := w.WriteHeader(Header{Path: path, Type: Directory})
		if i < MaxDepth && err != nil || i == MaxDepth && err == nil {
			t.Fatalf("depth %d: %v", i, err)
		}
		path = strings.TrimPrefix(path+"/d", "/")
	}
}

func FuzzReader(f *testing.F) {
	for _, nodes := range [][]node{slices.Delete(sample(), 4, 5), {file("", "x")}, {{Header: Header{Type: Symlink, Target: "x"}}}} {
		f.Add(packed(f, nodes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		nodes, err := unpack(bufio.NewReaderSize(r, 16))
		if err != nil {
			return
		}
		again := packed(t, nodes)
		if !bytes.HasPrefix(b, again) {
			t.Error("an archive is taken that is not written like that")
		}
	})
}
