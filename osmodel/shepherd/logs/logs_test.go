package logs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
	if _, err := l.Pipe("a", filepath.Join(main, "x")); err == nil {
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

// TestPlantedLogs: a log in a folder that somebody else may change is written to no other
// file, and made in no other folder.
func TestPlantedLogs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root writes logs for others")
	}
	dir := t.TempDir()
	theirs, secret := filepath.Join(dir, "theirs"), filepath.Join(dir, "secret")
	if err := errors.Join(os.Mkdir(theirs, 0o755), os.Chown(theirs, 1000, 1000), os.Mkdir(secret, 0o755),
		os.WriteFile(filepath.Join(secret, "file"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	at, target := filepath.Join(theirs, "log"), filepath.Join(secret, "file")
	for what, plant := range map[string]func() error{
		"a link":                func() error { return os.Symlink(target, at) },
		"a link to what is not": func() error { return os.Symlink(filepath.Join(secret, "new"), at) },
		"another name":          func() error { return os.Link(target, at) },
		"a named pipe":          func() error { return syscall.Mkfifo(at, 0o666) },
		"a link as a folder":    func() error { return os.Symlink(secret, at) },
	} {
		if err := plant(); err != nil {
			t.Fatal(err)
		}
		name := at
		if what == "a link as a folder" {
			name += "/made/log"
		}
		opened := make(chan error, 1)
		go func() {
			w, err := New("", nil, clock).Pipe("s", name)
			if err == nil {
				w.Close()
			}
			opened <- err
		}()
		select {
		case err := <-opened:
			if err == nil {
				t.Errorf("%s is no error", what)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s makes everybody wait", what)
			f, err := os.OpenFile(at, os.O_RDONLY|syscall.O_NONBLOCK, 0)
			if err == nil {
				<-opened
				f.Close()
			}
		}
		os.Remove(at)
	}
	if entries, err := os.ReadDir(secret); err != nil || len(entries) != 1 {
		t.Errorf("made elsewhere: %v %v", entries, err)
	}

	// What begins anew stays in its folder, whatever the way there leads to by now.
	in := filepath.Join(theirs, "in")
	l := New("", nil, clock)
	w, err := l.Pipe("s", filepath.Join(in, "file"))
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := errors.Join(os.Rename(in, in+".moved"), os.Symlink(secret, in)); err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	l.files[filepath.Join(in, "file")].size = MaxFile + 1
	l.write(filepath.Join(in, "file"), "more")
	l.mu.Unlock()
	if fi, err := os.Stat(target); err != nil || fi.Size() != 0 {
		t.Errorf("a file elsewhere: %v %v", fi, err)
	}
	if _, err := os.Stat(filepath.Join(in+".moved", "file.1")); err != nil {
		t.Error(err)
	}
}
