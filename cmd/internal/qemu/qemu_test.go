package qemu

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFilter(t *testing.T) {
	in := "\x1b[2J\x1b[01;01Ha\x00\r\nb\x1b[=3h\tc\x1b(Bd\x1bcé\x7f"
	const want = "a\nb\tcdé"
	for size := 1; size <= len(in); size++ {
		var f filter
		var got []byte
		for piece := range slices.Chunk([]byte(in), size) {
			got = append(got, f.plain(piece)...)
		}
		if string(got) != want {
			t.Errorf("in pieces of %d bytes: %q, want %q", size, got, want)
		}
	}
}

func TestExpect(t *testing.T) {
	r, w := io.Pipe()
	var copied bytes.Buffer
	c := newConsole(io.Discard, &copied)
	done := make(chan struct{})
	go func() { c.read(r); close(done) }()
	go func() {
		for _, s := range []string{"one tw", "o\r\nthr", "ee 42\n"} {
			_, _ = io.WriteString(w, s)
		}
	}()
	if _, err := c.Expect("two", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	got, err := c.Expect(`(\w+) (\d+)\n`, 5*time.Second)
	if err != nil || !slices.Equal(got, []string{"three 42\n", "three", "42"}) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := c.Expect("one", time.Millisecond); err == nil || !strings.Contains(err.Error(), "three 42") {
		t.Errorf("what was seen matches again: %v", err)
	}
	_ = w.Close()
	if _, err := c.Expect("more", 5*time.Second); err == nil || !strings.Contains(err.Error(), "is off") {
		t.Errorf("at the end: %v", err)
	}
	<-done
	if got := copied.String(); got != "one two\nthree 42\n" {
		t.Errorf("copied %q", got)
	}
}

func TestRun(t *testing.T) {
	fromShell, shellOut := io.Pipe()
	shellIn, toShell := io.Pipe()
	c := newConsole(toShell, nil)
	go c.read(fromShell)
	go func() {
		line := make([]byte, 1000)
		n, _ := shellIn.Read(line)
		_, _ = io.WriteString(shellOut, "$ "+string(line[:n])+"fruix-begin\r\nhello\r\nworld\r\nfruix-end 3\r\n$ ")
	}()
	out, status, err := c.Run("greet", 5*time.Second)
	if out != "hello\nworld" || status != 3 || err != nil {
		t.Errorf("got %q, %d, %v", out, status, err)
	}
}

func TestCopyImage(t *testing.T) {
	dir := t.TempDir()
	body := make([]byte, 300000)
	copy(body[100000:], "middle")
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := os.WriteFile(from, body, 0o400); err != nil {
		t.Fatal(err)
	}
	if err := CopyImage(to, from); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(to)
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("copy differs: %v", err)
	}
	if err := CopyImage(to, from); !errors.Is(err, os.ErrExist) {
		t.Errorf("over an existing file: %v", err)
	}
}

func TestArguments(t *testing.T) {
	tools := &Tools{QEMU: "q", Code: "c", Vars: "v"}
	all := strings.Join(tools.arguments(Config{Image: "a,b", KVM: true, Snapshot: true, Memory: 5}, "vars"), " ")
	for _, want := range []string{"-accel kvm -accel tcg", "snapshot=on,file=a,,b", "-m 5 "} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in %q", want, all)
		}
	}
}
