package logs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func clock() time.Time { return time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC) }

func await(t *testing.T, file, text string) string {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		b, _ := os.ReadFile(file)
		if strings.Contains(string(b), text) {
			return string(b)
		}
		if time.Now().After(end) {
			t.Fatalf("%s holds\n%s", file, b)
		}
	}
}

func TestLog(t *testing.T) {
	dir := t.TempDir()
	var console bytes.Buffer
	main, own := filepath.Join(dir, "log/main"), filepath.Join(dir, "own")
	l := New(main, &console, clock)
	l.Say("", "hello")
	l.Say("a", "two\nlines\n")
	if got := console.String(); got != "shepherd: hello\nshepherd: service a: two\nshepherd: service a: lines\n" {
		t.Errorf("console: %q", got)
	}
	for _, file := range []string{own, ""} {
		w, err := l.Pipe("a", file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(w, "to %q\r\nno end", file)
		w.Close()
	}
	if got := await(t, own, "no end"); got != "2024-05-01 12:00:00 to \""+own+"\"\n2024-05-01 12:00:00 no end\n" {
		t.Errorf("own file: %q", got)
	}
	await(t, main, "[a] no end")
	if got := l.Recent("a"); len(got) != 6 || got[0] != "2024-05-01 12:00:00 -- two" {
		t.Errorf("recent: %q", got)
	}
	if _, err := l.Pipe("a", "/proc/none/x"); err == nil {
		t.Error("a file that cannot be written was accepted")
	}
	l.CloseFiles()
	l.Say("", "after the end")
	if b, _ := os.ReadFile(main); strings.Contains(string(b), "after") {
		t.Error("written after the files were closed")
	}
}

func TestRecentAndSize(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(file, bytes.Repeat([]byte("x"), MaxFile+1), 0o644); err != nil {
		t.Fatal(err)
	}
	l := New(file, nil, clock)
	for i := range Keep + 10 {
		l.Say("s", fmt.Sprint(i))
	}
	if got := l.Recent("s"); len(got) != Keep || !strings.HasSuffix(got[0], " 10") || !strings.HasSuffix(got[Keep-1], fmt.Sprint(Keep+9)) {
		t.Errorf("%d lines, %s … %s", len(got), got[0], got[len(got)-1])
	}
	if st, err := os.Stat(file + ".1"); err != nil || st.Size() < MaxFile {
		t.Errorf("no old file: %v", err)
	}
	if st, err := os.Stat(file); err != nil || st.Size() > 1<<20 {
		t.Errorf("the new file: %v", err)
	}
}
