package fetch

import (
	"io"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestPublic opens files for strangers.
func TestPublic(t *testing.T) {
	dir := t.TempDir()
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, mode os.FileMode) {
		if err := os.WriteFile(at(name), []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(at(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"open", "closed", "entered"} {
		if err := os.Mkdir(at(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("open/public", 0o604)
	write("open/secret", 0o640)
	write("closed/public", 0o644)
	write("entered/public", 0o644)
	os.Chmod(at("closed"), 0o700)
	os.Chmod(at("entered"), 0o711)
	for link, to := range map[string]string{
		"link": "open/public", "toSecret": at("open/secret"), "through": "open/../link", "toClosed": "closed/public", "loop": "loop", "folder": "open",
	} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(at("fifo"), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, good := range map[string]bool{
		"open/public": true, "link": true, "through": true, "folder/public": true, "entered/public": true,
		"open/secret": false, "toSecret": false, "closed/public": false, "toClosed": false, "loop": false,
		"fifo": false, "open": false, "none": false, "closed/none": false, "open/public/x": false,
	} {
		f, err := OpenPublic(at(name))
		if (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if b, err := io.ReadAll(f); err != nil || string(b) != "text" {
			t.Errorf("%s: %q %v", name, b, err)
		}
		f.Close()
	}
	for _, name := range []string{"/dev/null", "/", "relative", "/etc/shadow"} {
		if f, err := OpenPublic(name); err == nil {
			f.Close()
			t.Errorf("%s can be opened", name)
		}
	}
	// How it fails tells nothing of what is in a closed folder.
	_, there := OpenPublic(at("closed/public"))
	_, missing := OpenPublic(at("closed/none"))
	if unwrapped(there) != unwrapped(missing) {
		t.Errorf("%v\n%v", there, missing)
	}
}

func unwrapped(err error) string { return err.(*os.PathError).Err.Error() }

// TestPublicFile fetches for strangers, and does not wait for a named pipe.
func TestPublicFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, open := range []func(string) (*os.File, error){nil, OpenPublic} {
		done := make(chan error, 1)
		go func() {
			dst, err := os.CreateTemp(dir, "")
			if err != nil {
				done <- nil
				return
			}
			defer dst.Close()
			done <- File{Open: open}.Fetch(t.Context(), &url.URL{Scheme: "file", Path: pipe}, dst, nil)
		}()
		select {
		case err := <-done:
			if err == nil {
				t.Error("a named pipe is fetched")
			}
		case <-time.After(30 * time.Second):
			t.Fatal("it waits for the pipe")
		}
	}
}
