package arrows

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are those that speak of the tree.
var documents = []string{"README.md", "ARCHITECTURE.md", "RATIONALE.md"}

// quoted is a path in backticks.
var quoted = regexp.MustCompile("`((?:interp|store|jail|image|builder|lang|stdlib|osmodel|cmd|examples|scripts)(?:/[A-Za-z0-9._/-]*)?)`")

// TestDocumentsNameWhatExists finds paths in documents that do not exist, and
// packages that the tables of ARCHITECTURE.md leave out.
func TestDocumentsNameWhatExists(t *testing.T) {
	named := make(map[string]bool)
	for _, document := range documents {
		text, err := os.ReadFile(filepath.Join(root, document))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
				t.Errorf("%s names %s, which does not exist", document, m[1])
			}
			if document == "ARCHITECTURE.md" {
				named[strings.TrimSuffix(m[1], "/")] = true
			}
		}
	}
	packages := []string{"cmd/internal/arrows"}
	for _, f := range files(t) {
		packages = append(packages, f.pkg)
	}
	slices.Sort(packages)
	for _, p := range slices.Compact(packages) {
		if !named[p] {
			t.Errorf("ARCHITECTURE.md does not say what %s is for", p)
		}
	}
}
