package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func failed(pkg string, tests ...string) string {
	var b strings.Builder
	for _, t := range tests {
		fmt.Fprintf(&b, `{"Action":"fail","Package":"%s","Test":"%s"}`+"\n", pkg, t)
	}
	return b.String() + `{"Action":"fail","Package":"` + pkg + `"}` + "\n"
}

func TestAgain(t *testing.T) {
	for name, c := range map[string]struct {
		events string
		want   string // the tests, or "" when none deserves it
	}{
		"all is well":  {`{"Action":"pass","Package":"p","Test":"TestA"}`, ""},
		"one":          {failed("p", "TestA"), "[{p [TestA]}]"},
		"with parts":   {failed("p", "TestA/x", "TestA/y", "TestA", "TestB"), "[{p [TestA TestB]}]"},
		"two packages": {failed("p", "TestA") + failed("q", "TestA"), "[{p [TestA]} {q [TestA]}]"},
		"many":         {failed("p", "TestA", "TestB", "TestC") + failed("q", "TestA", "TestB", "TestC"), ""},
		"no build":     {failed("p", "TestA") + failed("q"), ""},
		"a panic":      {`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: oh\n"}` + "\n" + failed("p", "TestA"), ""},
	} {
		s := summary{w: &strings.Builder{}, expected: expected(), output: map[key][]string{}}
		if err := s.read(strings.NewReader(c.events)); err != nil {
			t.Fatal(err)
		}
		got, ok := s.again()
		if text := fmt.Sprint(got); ok != (c.want != "") || ok && text != c.want {
			t.Errorf("%s: %v %s, want %s", name, ok, text, c.want)
		}
	}
}

// TestTryAgain has a program in the place of "go test".
func TestTryAgain(t *testing.T) {
	for name, c := range map[string]struct {
		events string
		good   bool
	}{
		"passes":        {`{"Action":"pass","Package":"p","Test":"TestA"}`, true},
		"fails":         {failed("p", "TestA"), false},
		"does not run":  {`{"Action":"pass","Package":"p"}`, false},
		"is skipped":    {`{"Action":"skip","Package":"p","Test":"TestA"}`, false},
		"does not work": {"", false},
	} {
		dir := t.TempDir()
		program := filepath.Join(dir, "go")
		text := "#!/bin/sh\necho \"$@\" >" + dir + "/said\ncat <<'end'\n" + c.events + "\nend\n"
		if err := os.WriteFile(program, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		good := tryAgain(&out, []string{program, "test", "-json"}, []failures{{"p", []string{"TestA"}}})
		if good != c.good || good != strings.Contains(out.String(), "UNSTEADY p.TestA") {
			t.Errorf("%s: %v\n%s", name, good, &out)
		}
		if said, _ := os.ReadFile(dir + "/said"); string(said) != "test -json -count=1 -run ^(TestA)$ p\n" {
			t.Errorf("%s: it ran %q", name, said)
		}
	}
}
