package script

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fruix/stdlib"
)

// The test binary runs scripts when it is called with "__scheme".
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "__scheme" {
		os.Exit(Main(os.Args[2:], Standard(stdlib.FS)))
	}
	os.Exit(m.Run())
}

func TestMainProgram(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return name
	}
	put("mods/my/mod.scm", "(define-module (my mod) #:export (x)) (define x 42)")
	hello := put("hello", "#!/frx/store/x/bin/fruix-scheme\n!#\n(write (cdr (command-line)))")
	path := put("path", "#!x\n!#\n(set! %load-path (append '(\""+dir+"/mods\") %load-path))\n(begin (use-modules (my mod)) (display x))")
	bad := put("bad", "#!x\n!#\n(display \"before\")\n(car 5)\n")
	native := put("native", "(use-modules (fruix native system)) (write (list? (%mount-points)))")
	for _, c := range []struct {
		args   []string
		status int
		out    string
	}{
		{[]string{"-c", "(display (+ 1 2))"}, 0, "3"},
		{[]string{hello, "a", "-c"}, 0, `("a" "-c")`},
		{[]string{path}, 0, "42"},
		{[]string{"-L", dir + "/mods", "-c", "(display (@ (my mod) x))"}, 0, "42"},
		{[]string{native}, 0, "#t"},
		{[]string{"-c", "(exit 7)"}, 7, ""},
		{[]string{bad}, 1, "bad:4:1: error: "},
		{[]string{"/no/file"}, 1, "cannot load: open /no/file: no such file or directory"},
		{[]string{"-x"}, 2, "unknown option -x"},
		{nil, 2, "usage: fruix-scheme"},
	} {
		var out bytes.Buffer
		got := Main(c.args, Options{Stdlib: stdlib.FS, Stdout: &out, Stderr: &out})
		if got != c.status || !strings.Contains(out.String(), c.out) {
			t.Errorf("%v: status %d, want %d:\n%s", c.args, got, c.status, out.String())
		}
	}
}

// TestExec becomes another program, as a system's boot program does.
func TestExec(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(exe, "__scheme", "-c", `(begin (display "a ") (execl "/bin/sh" "sh" "-c" "echo $0 $FRUIX $1; exit 5" "name" "arg"))`).CombinedOutput()
	if e, ok := err.(*exec.ExitError); !ok || e.ExitCode() != 5 || string(out) != "a name arg\n" {
		t.Errorf("%v: %q", err, out)
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		if Main([]string{"-c", "1"}, Options{Stdlib: stdlib.FS}) != 0 {
			b.Fatal("failed")
		}
	}
}
