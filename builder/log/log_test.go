package log

import (
	"bytes"
	stdgzip "compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const drv = "/frx/store/abcdefgh-hello.drv"

func read(t *testing.T, dir string) string {
	t.Helper()
	r, err := Open(dir, drv)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWriter(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir, drv); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no log: %v", err)
	}
	var lines []string
	w, err := Create(dir, drv, Options{Tail: 3, Lines: func(l []byte) { lines = append(lines, string(l)) }})
	if err != nil {
		t.Fatal(err)
	}
	if w.Name() != filepath.Join(dir, "ab", "cdefgh-hello.drv.gz") {
		t.Errorf("name %s", w.Name())
	}
	io.WriteString(w, "on")
	io.WriteString(w, "e\ntwo\r\nthree\nfo")
	if got := fmt.Sprintf("%q", w.Tail()); got != `["two" "three" "fo"]` {
		t.Errorf("tail %s", got)
	}
	w.Flush()
	if got := read(t, dir); got != "one\ntwo\r\nthree\nfo" {
		t.Errorf("while it runs: %q", got)
	}
	io.WriteString(w, "ur")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%q", lines); got != `["one" "two" "three" "four"]` {
		t.Errorf("lines %s", got)
	}
	if got := fmt.Sprintf("%q", w.Tail()); got != `["two" "three" "four"]` {
		t.Errorf("tail %s", got)
	}
	if got := read(t, dir); got != "one\ntwo\r\nthree\nfour" {
		t.Errorf("content %q", got)
	}
}

// TestEmpty has the log of a build that says nothing read by another implementation.
func TestEmpty(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, drv, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.Flush()
	if got := read(t, dir); got != "" {
		t.Errorf("while it runs: %q", got)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(File(dir, drv))
	if err != nil {
		t.Fatal(err)
	}
	z, err := stdgzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
}

func TestLongLine(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, drv, Options{Tail: 2})
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 1<<20)
	io.WriteString(w, long+long+"\nshort")
	if tail := w.Tail(); len(tail) != 2 || len(tail[0]) != maxLine || tail[1] != "short" {
		t.Errorf("%d lines", len(tail))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir); got != long+long+"\nshort" {
		t.Errorf("%d bytes", len(got))
	}
}

// TestReturns has lines that are written over, in whatever pieces they come.
func TestReturns(t *testing.T) {
	long := strings.Repeat("y", maxLine)
	for text, want := range map[string]string{
		"10%\r20%\r30%\nend\r\n":   `["30%" "end"]`,
		"a\r\rb\r\n\rc\r":          `["b" "c"]`,
		long + "\r" + long + "\rz": `["z"]`,
		"\r\n\n":                   `["" ""]`,
	} {
		for size := 1; size < 9; size += 3 {
			w, err := Create(t.TempDir(), drv, Options{Tail: 5})
			if err != nil {
				t.Fatal(err)
			}
			for b := []byte(text); len(b) > 0; b = b[min(size, len(b)):] {
				w.Write(b[:min(size, len(b))])
			}
			if got := fmt.Sprintf("%q", w.Tail()); got != want {
				t.Errorf("%.20q in pieces of %d: %s, want %s", text, size, got, want)
			}
			w.Close()
		}
	}
}

// TestTogether begins logs of one derivation at the same time, as two checks do.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				w, err := Create(dir, drv, Options{})
				if err != nil {
					t.Error(err)
					return
				}
				w.Close()
			}
		})
	}
	all.Wait()
}

// TestTorn reads a log whose writer was killed at any moment.
func TestTorn(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, drv, Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("some line\n", 50)
	io.WriteString(w, text)
	w.Flush()
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(File(dir, drv))
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if err := os.WriteFile(File(dir, drv), data[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := Open(dir, drv)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if err != nil || !strings.HasPrefix(text+text, string(got)) {
			t.Fatalf("%d bytes: %q %v", n, got, err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	w, err := Create(b.TempDir(), drv, Options{Tail: 20, Lines: func([]byte) {}})
	if err != nil {
		b.Fatal(err)
	}
	line := []byte("gcc -O2 -g -c -o some/object/file.o some/source/file.c -Iinclude -Wall -DNDEBUG\n")
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		w.Write(line)
	}
	w.Close()
}
