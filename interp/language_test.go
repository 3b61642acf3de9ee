package interp_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/interp"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// A language test is a txtar archive. A file NAME holds a program that runs in
// a fresh module; NAME.out holds what it prints followed by "=> " and the value
// of its last form as write shows it, NAME.err the one-line error with its
// position in its stead. A file NAME.guile says why Guile's answer differs, so that the differential test
// leaves the case out. Other files of the archive whose names end in .scm can
// be loaded as modules.
type languageCase struct {
	name, source, out, err, guile string
	hasOut                        bool
}

func readCases(t testing.TB, path string) (*txtar.Archive, []*languageCase) {
	t.Helper()
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []*languageCase
	byName := map[string]*languageCase{}
	for _, f := range a.Files {
		switch ext := filepath.Ext(f.Name); ext {
		case ".scm", ".sld":
		case ".out", ".err", ".guile":
			c := byName[strings.TrimSuffix(f.Name, ext)]
			if c == nil {
				t.Fatalf("%s: %s belongs to no program", path, f.Name)
			}
			switch ext {
			case ".out":
				c.out, c.hasOut = string(f.Data), true
			case ".err":
				c.err = string(f.Data)
			default:
				c.guile = string(f.Data)
			}
		default:
			c := &languageCase{name: f.Name, source: string(f.Data)}
			cases = append(cases, c)
			byName[f.Name] = c
		}
	}
	return a, cases
}

// modulesOf writes the archive's modules to a folder.
func modulesOf(t testing.TB, a *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range a.Files {
		if ext := filepath.Ext(f.Name); ext == ".scm" || ext == ".sld" {
			path := filepath.Join(dir, filepath.FromSlash(f.Name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// runCase gives what a program prints and its value, or its error.
func runCase(c *languageCase, dir string) (out, failure string) {
	var buf bytes.Buffer
	e, err := interp.New(interp.Options{Stdlib: os.DirFS("../stdlib"), LoadPath: []string{dir}, Stdout: &buf, MaxSteps: 50_000_000})
	if err != nil {
		return "", err.Error() + "\n"
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	v, err := e.Eval(ctx, c.source, c.name)
	if err == nil {
		_, err = e.EvalIn(ctx, "(guile-user)", "(force-output)", "flush")
	}
	if err != nil {
		msg := err.Error()
		var ie *interp.Error
		if errors.As(err, &ie) {
			for _, n := range ie.Related {
				msg += "\n  " + strings.ReplaceAll(n.Pos.String(), dir+"/", "") + ": " + n.Text
			}
			if ie.Hint != "" {
				msg += "\n  hint: " + ie.Hint
			}
		}
		return "", strings.ReplaceAll(msg, dir, "DIR") + "\n"
	}
	if buf.Len() > 0 && !bytes.HasSuffix(buf.Bytes(), []byte("\n")) {
		buf.WriteByte('\n')
	}
	return buf.String() + "=> " + e.Write(v) + "\n", ""
}

func TestLanguage(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no tests in testdata: ", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, cases := readCases(t, path)
			dir := modulesOf(t, a)
			changed := false
			for _, c := range cases {
				out, failure := runCase(c, dir)
				if out == c.out && failure == c.err {
					continue
				}
				if *update {
					changed = true
					c.out, c.err = out, failure
					continue
				}
				t.Errorf("%s:\n%s--- got:\n%s%s--- want:\n%s%s", c.name, c.source, out, failure, c.out, c.err)
			}
			if changed {
				if err := os.WriteFile(path, txtar.Format(rebuild(a, cases)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// rebuild puts new expectations behind each program.
func rebuild(a *txtar.Archive, cases []*languageCase) *txtar.Archive {
	out := &txtar.Archive{Comment: a.Comment}
	for _, f := range a.Files {
		if ext := filepath.Ext(f.Name); ext == ".scm" || ext == ".sld" {
			out.Files = append(out.Files, f)
		}
	}
	for _, c := range cases {
		add := func(name, text string) {
			if text != "" {
				out.Files = append(out.Files, txtar.File{Name: name, Data: []byte(text)})
			}
		}
		add(c.name, c.source)
		add(c.name+".guile", c.guile)
		add(c.name+".out", c.out)
		add(c.name+".err", c.err)
	}
	return out
}

// guileDriver runs each program of a folder in a fresh module and prints, after
// a separator line, what it printed and the value, or "ERROR" and the key.
const guileDriver = `
(define library
  (map (lambda (spec) (if (pair? (car spec)) (apply resolve-interface spec) (resolve-interface spec)))
       '((srfi srfi-11) (srfi srfi-8) (srfi srfi-9) (ice-9 curried-definitions)
         (srfi srfi-111) (srfi srfi-34) (ice-9 control) (scheme lazy)
         ((ice-9 exceptions) #:select (raise-continuable))
         ((rnrs base) #:select (assert vector-map vector-for-each)))))
(define (run file)
  (let ((module (make-fresh-user-module)))
    (for-each (lambda (i) (module-use! module i)) library)
    (catch #t
      (lambda ()
        (let* ((value *unspecified*)
               (text (with-output-to-string
                      (lambda ()
                        (save-module-excursion
                         (lambda ()
                           (set-current-module module)
                           (call-with-input-file file
                             (lambda (port)
                               (let loop ((form (read-syntax port)))
                                 (unless (eof-object? form)
                                   (set! value (primitive-eval form))
                                   (loop (read-syntax port))))))))))))
          (display text)
          (unless (or (string-null? text) (string-suffix? "\n" text)) (newline))
          (display "=> ")
          (write value)
          (newline)))
      (lambda (key . args)
        (display "ERROR ") (write key) (newline)))))
(for-each
 (lambda (file)
   (format #t "\x01~a\n" (basename file))
   (run file))
 (cdr (command-line)))
`

// TestAgainstGuile runs the same programs in Guile and compares.
func TestAgainstGuile(t *testing.T) {
	guile, err := exec.LookPath("guile-3.0")
	if err != nil {
		if guile, err = exec.LookPath("guile"); err != nil {
			t.Skip("needs Guile 3.0 to compare with (guile-3.0)")
		}
	}
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, cases := readCases(t, path)
			dir := modulesOf(t, a)
			work := t.TempDir()
			driver := filepath.Join(work, "driver.scm")
			if err := os.WriteFile(driver, []byte(guileDriver), 0o644); err != nil {
				t.Fatal(err)
			}
			args := []string{"--no-auto-compile", "-q", "-L", dir, driver}
			byFile := map[string]*languageCase{}
			for i, c := range cases {
				if c.guile != "" {
					continue
				}
				name := fmt.Sprintf("case%03d", i)
				byFile[name] = c
				if err := os.WriteFile(filepath.Join(work, name), []byte(c.source), 0o644); err != nil {
					t.Fatal(err)
				}
				args = append(args, filepath.Join(work, name))
			}
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, guile, args...)
			cmd.Env = append(os.Environ(), "GUILE_AUTO_COMPILE=0", "LC_ALL=C.UTF-8")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			text, err := cmd.Output()
			if err != nil {
				t.Fatalf("guile: %v\n%s%s", err, text, stderr.Bytes())
			}
			for _, part := range strings.Split(string(text), "\x01")[1:] {
				name, got, _ := strings.Cut(part, "\n")
				c := byFile[name]
				switch failed := strings.HasPrefix(got, "ERROR"); {
				case failed && c.err == "":
					t.Errorf("%s: Guile fails with %swe say\n%s%s", c.name, got, c.out, c.source)
				case !failed && got != c.out:
					t.Errorf("%s: Guile says\n%swe say\n%s%s%s", c.name, got, c.out, c.err, c.source)
				}
			}
		})
	}
}
