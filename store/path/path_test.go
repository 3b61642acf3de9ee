package path

import (
	"strings"
	"testing"

	"fruix/store/hash"
)

func TestParse(t *testing.T) {
	const base = "0mdqa9w1p6cmli6976v4wi0sw9r4p5pr-hello-2.12"
	p, err := Parse("/frx/store", "/frx/store/"+base)
	if err != nil || p.Base() != base || p.In("/x") != "/x/"+base || p.Name != "hello-2.12" {
		t.Errorf("%+v, %v", p, err)
	}
	q, rest, err := Split("/frx/store", "/frx/store/"+base+"/bin/x")
	if err != nil || q != p || rest != "/bin/x" {
		t.Errorf("%+v, %q, %v", q, rest, err)
	}
	for in, want := range map[string]string{
		"/nix/store/" + base:                            "is not in the store /frx/store",
		"/frx/store":                                    "is not in the store",
		"/frx/store/":                                   "32 digits, a dash and a name",
		"/frx/store/" + base + "/bin":                   "lies inside a store object",
		"/frx/store/" + base[:33]:                       "32 digits, a dash and a name",
		"/frx/store/e" + base[1:]:                       "not a digit",
		"/frx/store/" + base + "é":                      "letters, digits",
		"/frx/store/" + base[:33] + ".hidden":           "begins with a dot",
		"/frx/store/" + base + strings.Repeat("x", 211): "at most 211",
	} {
		if p, err := Parse("/frx/store", in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v; want an error with %q", in, p, err, want)
		}
	}
}

func TestMakeRefuses(t *testing.T) {
	if _, err := MakeText("/s", "", nil, nil); err == nil {
		t.Error("a text without a name")
	}
	if _, err := MakeFixed("/s", "x", true, hash.SHA256, []byte("short"), nil); err == nil {
		t.Error("a digest of the wrong length")
	}
	if _, err := MakeFixed("/s", "x", true, 0, nil, nil); err == nil {
		t.Error("no algorithm")
	}
	if _, err := MakeFixed("/s", "x", false, hash.SHA256, make([]byte, 32), []Path{{Name: "y"}}); err == nil {
		t.Error("a flat file with references")
	}
}

func TestReferencesAreASet(t *testing.T) {
	a, b := Path{Name: "a"}, Path{Name: "b"}
	b.Hash[0] = 1
	p, _ := MakeText("/s", "t", nil, []Path{a, b, a})
	q, _ := MakeText("/s", "t", nil, []Path{b, a})
	r, _ := MakeText("/s", "t", nil, []Path{b})
	if p != q || q == r {
		t.Error("order or repetition of references matters, or they do not matter at all")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0mdqa9w1p6cmli6976v4wi0sw9r4p5pr-hello-2.12")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := ParseBase(s); err == nil && p.Base() != s {
			t.Errorf("%q is read as %q", s, p.Base())
		}
	})
}
