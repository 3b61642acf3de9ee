package sexp

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"()":                     "()",
		" a ":                    "a",
		"(a (b #0102# c) d)":     "(a (b #0102# c) d)",
		"(curve Ed25519)\x00":    "(curve Ed25519)",
		"3:abc":                  "abc",
		"(3:a b0:1:()":           "(#612062# ## #28#)",
		`"a\n\x41\101\\\"b"`:     "#610A41415C2262#",
		"\"a\\\nb\"":             "ab",
		"|AAEC|":                 "#000102#",
		"# 0A\n0b #":             "#0A0B#",
		"(hash \"sha256\" #00#)": "(hash sha256 #00#)",
		"(flags)":                "(flags)",
		"(a\n (b c)\n )\n":       "(a (b c))",
		strings.Repeat("(", 60) + strings.Repeat(")", 60): strings.Repeat("(", 60) + strings.Repeat(")", 60),
	} {
		v, err := Parse([]byte(text))
		if err != nil || v.String() != want {
			t.Errorf("%q: %v, %v; want %s", text, v, err, want)
		}
	}
	for _, text := range []string{
		"", "(", ")", "(a", "a b", "a)", "#0#", "#0g#", "#00", "|A|", "|AAEC", `"a`, `"\`, `"\q"`, `"\x4"`, `"\9"`, `"\777"`,
		"5:abc", "05:abcde", "12", "99999999999999999999:a", "[a]b", "{a}", "&", strings.Repeat("(", 70) + strings.Repeat(")", 70),
		"-", // a token
	} {
		if v, err := Parse([]byte(text)); err == nil && text != "-" {
			t.Errorf("%q is read as %s", text, v)
		}
	}
	if _, err := Parse(bytes.Repeat([]byte(" "), MaxSize+1)); err == nil {
		t.Error("too much is read")
	}
}

func TestFind(t *testing.T) {
	v, err := Parse([]byte("(signature (data (flags rfc6979) (hash sha256 #01#)) (q #02#) (q #03#) (many a b))"))
	if err != nil {
		t.Fatal(err)
	}
	if l, ok := v.Find("hash"); !ok || l.String() != "(hash sha256 #01#)" {
		t.Error(l)
	}
	if b := v.Field("q"); !bytes.Equal(b, []byte{2}) {
		t.Errorf("%x", b)
	}
	if v.Field("many") != nil || v.Field("none") != nil || v.Field("data") != nil {
		t.Error("what is no field is one")
	}
}

// TestLibgcrypt lets Libgcrypt read what is written here, and the reverse.
func TestLibgcrypt(t *testing.T) {
	guile, err := exec.LookPath("guile-3.0")
	if err != nil {
		t.Skip("guile-3.0 is not installed")
	}
	if exec.Command(guile, "-c", "(use-modules (gcrypt pk-crypto))").Run() != nil {
		t.Skip("guile-gcrypt is not installed")
	}
	for _, text := range []string{
		"(a)", "(a (b #0102# c) d)", `(a "q u\n\\\"\x41\101" |AAEC| 3:abc)`, "(a (b 1:( #00# ab-c/d_e:f*g+h=i.j))", "(a \"\x7f\x01\" (b) c)",
	} {
		v, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(guile, "-c", `(use-modules (gcrypt pk-crypto) (rnrs io ports))
(display (canonical-sexp->string (string->canonical-sexp (get-string-all (current-input-port)))))`)
		cmd.Env = append(cmd.Environ(), "LC_ALL=C", "GUILE_AUTO_COMPILE=0")
		cmd.Stdin = strings.NewReader(v.String())
		theirs, err := cmd.Output()
		if err != nil {
			t.Errorf("%s: %v", v, err)
			continue
		}
		back, err := Parse(theirs)
		if err != nil || back.String() != v.String() {
			t.Errorf("%s came back as %s, %v", v, theirs, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`(signature (data "x" #00#) |AAEC| 3:abc)`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse([]byte(v.String()))
		if err != nil || again.String() != v.String() {
			t.Errorf("%s became %s, %v", v, again, err)
		}
	})
}
