package freebsd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fruix/osmodel/etc/freebsd"
)

// The shell reads the values that were written.
func TestRCConfInShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("needs sh")
	}
	for _, value := range []string{"", "plain", "two words", `"quotes"`, "$HOME ${HOME} $(id) `id`", `back\slash \\ \n`, "'single'", "#!*?[]~;&|<>", "ä"} {
		text, err := freebsd.RCConf([]freebsd.Setting{{Name: "x", Value: value}})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "rc.conf")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(sh, "-c", `. "$1"; printf %s "$x"`, "sh", file).CombinedOutput()
		if err != nil || string(out) != value {
			t.Errorf("%q became %q (%v)", value, out, err)
		}
	}
}

// Nothing that is taken can add a line, or end a value early.
func FuzzRCConf(f *testing.F) {
	f.Add("name", "value")
	f.Add("a\nb", "x\"\n")
	f.Fuzz(func(t *testing.T, name, value string) {
		for _, render := range []func([]freebsd.Setting) (string, error){freebsd.RCConf, freebsd.LoaderConf} {
			text, err := render([]freebsd.Setting{{Name: name, Value: value}})
			if err != nil {
				continue
			}
			rest, ok := strings.CutPrefix(text, name+`="`)
			if !ok || !strings.HasSuffix(rest, "\"\n") || strings.Count(text, "\n") != 1 {
				t.Fatalf("%q", text)
			}
			body := strings.NewReplacer(`\\`, "", `\"`, "").Replace(strings.TrimSuffix(rest, "\"\n"))
			if strings.Contains(body, `"`) {
				t.Fatalf("%q", text)
			}
		}
	})
}
