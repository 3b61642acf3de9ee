// Package defences has no code: its test takes one defence after another out of
// Fruix, and looks whether a test notices.
package defences

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root is the module's folder.
const root = "../../.."

// A defence is a piece of the program without which an attack would succeed.
type defence struct {
	name  string
	edits []edit // removing it; several when others do the same work
	pkg   string // whose tests notice
	tests string // their names, a regular expression of "go test -run"
	root  bool   // they notice only when root runs them
}

// An edit puts without in the place of with, which occurs once in the file.
type edit struct{ file, with, without string }

// TestStated checks that each defence is where the table says.
func TestStated(t *testing.T) {
	for _, d := range defences {
		for _, e := range d.edits {
			text, err := os.ReadFile(filepath.Join(root, e.file))
			if err != nil {
				t.Errorf("%s: %v", d.name, err)
				continue
			}
			if n := strings.Count(string(text), e.with); n != 1 {
				t.Errorf("%s: %d times in %s, want once: %q", d.name, n, e.file, e.with)
			}
		}
		if _, err := os.Stat(filepath.Join(root, d.pkg)); err != nil {
			t.Errorf("%s: %v", d.name, err)
		}
	}
}

// TestNeeded builds Fruix without each defence in turn, and fails where no test
// does. It takes minutes.
func TestNeeded(t *testing.T) {
	only := os.Getenv("FRUIX_DEFENCES")
	if only == "" {
		t.Skip(`slow: FRUIX_DEFENCES=all runs it for all defences, FRUIX_DEFENCES=WORDS for those whose names have these words ("make defences")`)
	}
	for _, d := range defences {
		if only != "all" && !strings.Contains(d.name, only) {
			continue
		}
		t.Run(strings.ReplaceAll(d.name, " ", "-"), func(t *testing.T) { d.remove(t) })
	}
}

func (d *defence) remove(t *testing.T) {
	if d.root && os.Geteuid() != 0 {
		t.Skip("only root is attacked this way")
	}
	dir := t.TempDir()
	weaker := make(map[string]string)
	for i, e := range d.edits {
		file, err := filepath.Abs(filepath.Join(root, e.file))
		if err != nil {
			t.Fatal(err)
		}
		from := file
		if weaker[file] != "" {
			from = weaker[file]
		}
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		weaker[file] = filepath.Join(dir, fmt.Sprint(i, filepath.Base(file)))
		if err := os.WriteFile(weaker[file], bytes.Replace(text, []byte(e.with), []byte(e.without), 1), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": weaker})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "test", "-count=1", "-vet=off", "-overlay", name, "-run", d.tests, "./"+d.pkg)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		t.Errorf("no test fails without it\n%s", out)
	case !strings.Contains(string(out), "--- FAIL") && !strings.Contains(string(out), "panic:"):
		t.Errorf("the tests did not run: %v\n%s", err, out)
	default:
		t.Log(firstFailure(string(out)))
	}
}

// firstFailure returns the lines that tell of the first failure.
func firstFailure(out string) string {
	lines := strings.Split(out, "\n")
	for i, l := range lines {
		if strings.Contains(l, "_test.go:") || strings.Contains(l, "suite") || strings.Contains(l, "panic:") {
			return fmt.Sprint(strings.Join(lines[i:min(i+3, len(lines))], "\n"))
		}
	}
	return out
}
