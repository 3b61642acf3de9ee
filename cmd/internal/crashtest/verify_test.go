package crashtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// wrong is a way to damage an object.
type wrong struct {
	what   string
	damage func(dir string) error
	said   string // of it
}

// wrongs damage a tree in which "file" is a regular file, "run" an executable one,
// "link" a link and "d" a directory with "e".
func wrongs() []wrong {
	at := func(name string) func(func(string) error) func(string) error {
		return func(f func(string) error) func(string) error {
			return func(dir string) error { return f(filepath.Join(dir, name)) }
		}
	}
	old := time.Unix(1, 0)
	rewrite := func(change func([]byte) []byte) func(string) error {
		return func(name string) error {
			st, err := os.Stat(name)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			f, err := os.OpenFile(name, os.O_WRONLY|os.O_TRUNC, 0)
			if err != nil {
				return err
			}
			_, err = f.Write(change(text))
			f.Close()
			if err == nil {
				err = os.Chtimes(name, st.ModTime(), st.ModTime())
			}
			return err
		}
	}
	const modified, irregular = "was modified", "is irregular"
	return []wrong{
		{"a byte", at("file")(rewrite(func(b []byte) []byte { b[len(b)/2] ^= 1; return b })), modified},
		{"a byte less", at("file")(rewrite(func(b []byte) []byte { return b[:len(b)-1] })), modified},
		{"a byte more", at("file")(rewrite(func(b []byte) []byte { return append(b, 0) })), modified},
		{"nothing in it", at("file")(rewrite(func(b []byte) []byte { return nil })), modified},
		{"zeros in it", at("file")(rewrite(func(b []byte) []byte { return make([]byte, len(b)) })), modified},
		{"executable", at("file")(func(n string) error { return os.Chmod(n, 0o555) }), modified},
		{"no longer executable", at("run")(func(n string) error { return os.Chmod(n, 0o444) }), modified},
		{"another target", at("link")(func(n string) error { return replace(n, func() error { return os.Symlink("elsewhere", n) }) }), modified},
		{"a file for a link", at("link")(func(n string) error {
			return replace(n, func() error { return os.WriteFile(n, []byte("file"), 0o444) })
		}), modified},
		{"a link for a file", at("file")(func(n string) error { return replace(n, func() error { return os.Symlink("run", n) }) }), modified},
		{"a folder for a file", at("file")(func(n string) error { return replace(n, func() error { return os.Mkdir(n, 0o555) }) }), modified},
		{"another name", at("file")(func(n string) error { return os.Rename(n, n+"2") }), modified},
		{"one more file", at("more")(func(n string) error { return os.WriteFile(n, nil, 0o444) }), modified},
		{"one more empty folder", at("d/more")(func(n string) error { return os.Mkdir(n, 0o555) }), modified},
		{"one file less", at("d/e")(os.Remove), modified},
		{"a named pipe", at("file")(func(n string) error { return replace(n, func() error { return unix.Mkfifo(n, 0o444) }) }), "cannot be read"},
		{"no folder", at("d")(os.RemoveAll), modified},
		{"nothing", os.RemoveAll, "has disappeared"},
		{"a file for all of it", func(n string) error { return replace(n, func() error { return os.WriteFile(n, nil, 0o444) }) }, modified},
		{"another time", at("file")(func(n string) error { return os.Chtimes(n, time.Now(), time.Now()) }), irregular},
		{"a time that is nearly right", at("run")(func(n string) error { return os.Chtimes(n, old, old.Add(1)) }), irregular},
		{"another time of a folder", at("d")(func(n string) error { return os.Chtimes(n, time.Now(), time.Now()) }), irregular},
		{"another time of a link", at("link")(func(n string) error {
			return unix.UtimesNanoAt(unix.AT_FDCWD, n, []unix.Timespec{{Sec: 5}, {Sec: 5}}, unix.AT_SYMLINK_NOFOLLOW)
		}), irregular},
		{"writable", at("file")(func(n string) error { return os.Chmod(n, 0o644) }), irregular},
		{"unreadable for others", at("run")(func(n string) error { return os.Chmod(n, 0o500) }), irregular},
		{"set-user-id", at("run")(func(n string) error { return os.Chmod(n, 0o555|os.ModeSetuid) }), irregular},
		{"a writable folder", at("d")(func(n string) error { return os.Chmod(n, 0o755) }), irregular},
		{"another owner", at("file")(func(n string) error {
			if os.Geteuid() != 0 {
				return os.Chmod(n, 0o644)
			}
			return os.Lchown(n, 4711, 4711)
		}), irregular},
	}
}

func replace(name string, with func() error) error {
	if err := os.RemoveAll(name); err != nil {
		return err
	}
	return with()
}

// loosen lets the owner change a tree.
func loosen(dir string) error {
	return filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(name, 0o755)
		}
		return err
	})
}

// tighten takes loosen back, for directories that are still there.
func tighten(dir string, except string) error {
	return filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() || name == except {
			return nil
		}
		if err := os.Chmod(name, 0o555); err != nil {
			return err
		}
		return os.Chtimes(name, time.Unix(1, 0), time.Unix(1, 0))
	})
}

// TestVerify damages something that was built in every way. It must be found, and be
// repaired by building it again.
func TestVerify(t *testing.T) {
	w := newWorld(t, "verify", 1)
	built := strings.TrimSpace(w.must("build", "-q", "-f", w.file("expr/built.scm", `(use-modules (guix gexp))
(computed-file "verify-built"
  #~(begin
      (mkdir #$output)
      (chdir #$output)
      (call-with-output-file "file" (lambda (p) (display (make-string 9000 #\x) p)))
      (call-with-output-file "run" (lambda (p) (display "#!/bin/sh\n" p)))
      (chmod "run" #o755)
      (symlink "file" "link")
      (mkdir "d")
      (call-with-output-file "d/e" (lambda (p) (display 1 p)))))
`), "-r", w.path("kept")).stdout)
	for _, x := range wrongs() {
		if err := w.damageAndRepair(filepath.Join(w.root, built), x); err != nil {
			t.Errorf("%s: %v", x.what, err)
		}
	}
}

func (w *world) damageAndRepair(dir string, x wrong) error {
	if err := loosen(dir); err != nil {
		return err
	}
	if err := x.damage(dir); err != nil {
		return err
	}
	if x.what != "a writable folder" {
		except := ""
		if x.what == "another time of a folder" {
			except = filepath.Join(dir, "d")
			if err := os.Chmod(except, 0o555); err != nil {
				return err
			}
		}
		if err := tighten(dir, except); err != nil {
			return err
		}
	}
	found := w.run(w.command("store", "verify", "--check-contents"), nil, nil)
	line := storeDir + "/" + filepath.Base(dir) + " " + x.said
	if err := found.readable(false); err != nil || found.code != 1 || !strings.Contains(found.stdout, line) || strings.Count(found.stdout, "\n") != 1 {
		return fmt.Errorf("it was not found: %v\n%s%s", err, found.stdout, found.stderr)
	}
	if got := w.run(w.command("store", "repair", dir), nil, nil); got.fails() != nil {
		return got.fails()
	}
	if err := w.holds(settled); err != nil {
		return err
	}
	return w.run(w.command("store", "verify"), nil, nil).fails()
}

// TestEveryByte flips each byte of a small object in turn.
func TestEveryByte(t *testing.T) {
	w := newWorld(t, "byte", 1)
	p := filepath.Join(w.root, w.must("store", "add-fixed", "sha256", w.file("f", "what is here\n")).paths()[0])
	text := must(os.ReadFile(p))(t)
	check(t, os.Chmod(p, 0o644))
	for i := range text {
		b := bytes.Clone(text)
		b[i] ^= 1 << (i % 8)
		check(t, os.WriteFile(p, b, 0))
		check(t, os.Chtimes(p, time.Unix(1, 0), time.Unix(1, 0)))
		if o := w.run(w.command("store", "verify"), nil, nil); o.code != 1 || !strings.Contains(o.stdout, "was modified") {
			t.Errorf("byte %d: %s%s", i, o.stdout, o.stderr)
		}
	}
}
