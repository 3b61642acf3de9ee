package defences

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// page is what people read.
const page = "docs/isolation.md"

// TestPage checks that the page tells of every defence and of every step that is made
// with privileges, and that the tests that it names exist.
func TestPage(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	text := read(page)
	for _, d := range defences {
		if !strings.Contains(text, d.name) {
			t.Errorf("%s does not tell of %q", page, d.name)
		}
	}
	step := regexp.MustCompile(`(?m)^\d+  (.*?)(?: /.*)?$`)
	for _, golden := range []string{"jail/linux/testdata/steps-root.golden", "jail/linux/testdata/steps-user.golden"} {
		for _, m := range step.FindAllStringSubmatch(read(golden), -1) {
			if !strings.Contains(text, m[1]) {
				t.Errorf("%s does not tell of the step %q", page, m[1])
			}
		}
	}
	var tests strings.Builder
	for _, dir := range []string{"jail/linux", "jail/freebsd", "builder", "builder/local", "builder/daemon", "builder/socket", "builder/turns", "builder/fetch", "builder/builtin/download", "store", "store/tree", "store/nar", "osmodel", "osmodel/shepherd", "osmodel/shepherd/logs", "osmodel/shepherd/target", "cmd/fruix"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(b)
		}
	}
	for _, m := range regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(tests.String(), "func "+m[1]+"(t *testing.T)") {
			t.Errorf("%s names %s, which there is not", page, m[1])
		}
	}
}
