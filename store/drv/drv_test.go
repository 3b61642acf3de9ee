package drv

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name, or rewrites that.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	p := filepath.Join("testdata", name)
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(p, got, 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\ngot  %s\nwant %s", p, got, want)
	}
}

// world is a set of derivations by path.
type world map[string]*Derivation

func (w world) read(p string) (*Derivation, error) {
	if d, ok := w[p]; ok {
		return d, nil
	}
	return nil, fmt.Errorf("no derivation %s", p)
}

func sample() *Derivation {
	return &Derivation{
		Outputs:   map[string]Output{"out": {}, "dev": {}},
		InputDrvs: map[string][]string{"/frx/store/src.drv": {"out", "out"}},
		InputSrcs: []string{"/frx/store/b", "/frx/store/a", "/frx/store/b"},
		Platform:  "x86_64-linux", Builder: "builtin:scheme",
		Args: []string{"z", "a", "quote\" back\\slash\nline\ttab\rreturn \x01\xff ü"},
		Env:  map[string]string{"name": "sample", "A": "", "multi": "a\nb"},
	}
}

func source(url string) *Derivation {
	return &Derivation{
		Outputs:  map[string]Output{"out": {Path: "/frx/store/src", HashAlgo: "sha256", Hash: strings.Repeat("00", 32)}},
		Platform: "builtin", Builder: "builtin:download", Env: map[string]string{"url": url},
	}
}

func TestGolden(t *testing.T) {
	d := sample()
	golden(t, "sample.drv", d.Marshal())
	w := world{"/frx/store/src.drv": source("a")}
	if err := d.FillOutputs("/frx/store", "sample", w.read); err != nil {
		t.Fatal(err)
	}
	golden(t, "filled.drv", d.Marshal())
	text := d.Marshal()
	back, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.Marshal(), text) {
		t.Error("a derivation is not written as it was read")
	}
	// Where a fixed output comes from does not matter.
	e := sample()
	w["/frx/store/src.drv"] = source("b")
	if err := e.FillOutputs("/frx/store", "sample", w.read); err != nil {
		t.Fatal(err)
	}
	if e.Outputs["out"] != d.Outputs["out"] || e.Env["dev"] != e.Outputs["dev"].Path {
		t.Errorf("outputs %v, %v", e.Outputs, d.Outputs)
	}
	// What is there already does not matter either.
	if err := e.FillOutputs("/frx/store", "sample", w.read); err != nil || e.Outputs["out"] != d.Outputs["out"] {
		t.Errorf("filled again: %v, %v", e.Outputs, err)
	}
	e.Args = append(e.Args, "more")
	if err := e.FillOutputs("/frx/store", "sample", w.read); err != nil || e.Outputs["out"] == d.Outputs["out"] {
		t.Errorf("another derivation has the same output: %v", err)
	}
}

// ladder is a graph in which each step uses both derivations of the step
// before: 2^n ways through 2n derivations.
func ladder(n int) (world, string) {
	w := world{}
	top := ""
	for i := range n {
		for _, side := range []string{"l", "r"} {
			d := &Derivation{Outputs: map[string]Output{"out": {Path: fmt.Sprint("/o/", side, i)}}, InputDrvs: map[string][]string{}, Env: map[string]string{"s": side}}
			if i > 0 {
				d.InputDrvs[fmt.Sprint("/l", i-1)] = []string{"out"}
				d.InputDrvs[fmt.Sprint("/r", i-1)] = []string{"out"}
			}
			top = fmt.Sprint("/", side, i)
			w[top] = d
		}
	}
	return w, top
}

func TestLongAndWideGraphs(t *testing.T) {
	const n = 20000
	w, top := ladder(n)
	reads := 0
	h := NewHasher(func(p string) (*Derivation, error) { reads++; return w.read(p) })
	if _, err := h.Of(top); err != nil {
		t.Fatal(err)
	}
	if reads > 2*n {
		t.Errorf("%d reads of %d derivations", reads, 2*n)
	}
}

func TestCycles(t *testing.T) {
	w := world{}
	for i := range 3 {
		w[fmt.Sprint("/", i)] = &Derivation{Outputs: map[string]Output{"out": {}}, InputDrvs: map[string][]string{fmt.Sprint("/", (i+1)%3): {"out"}}}
	}
	if _, err := NewHasher(w.read).Of("/1"); err == nil || !strings.Contains(err.Error(), "depends on itself") {
		t.Errorf("a cycle: %v", err)
	}
}

func TestFillRefuses(t *testing.T) {
	for want, d := range map[string]*Derivation{
		"at least one output":    {},
		"only the single output": {Outputs: map[string]Output{"out": {HashAlgo: "sha256", Hash: "00"}, "dev": {}}},
		"not a sha256 hash":      {Outputs: map[string]Output{"out": {HashAlgo: "sha256", Hash: "00"}}},
		"unknown hash algorithm": {Outputs: map[string]Output{"out": {HashAlgo: "r:crc", Hash: "00"}}},
		"no derivation":          {Outputs: map[string]Output{"out": {}}, InputDrvs: map[string][]string{"/x": nil}},
	} {
		if err := d.FillOutputs("/frx/store", "x", world{}.read); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	good := string(sample().Marshal())
	for i := range good {
		if _, err := Parse([]byte(good[:i])); err == nil {
			t.Errorf("the first %d bytes are taken for a whole derivation", i)
		}
	}
	for in, want := range map[string]string{
		"":         `at byte 0: "Derive(" is expected`,
		good + "x": "1 bytes follow",
		`Derive([("out","","",""),("out","","","")`:     `output "out" is there twice`,
		`Derive([],[("a",[]),("a",[])`:                  `input derivation "a" is there twice`,
		`Derive([],[],[],"","",[],[("a",""),("a","")])`: `variable "a" is there twice`,
		`Derive([],[],[],"abc`:                          "does not end",
		`Derive([],[],[],"abc\`:                         "does not end",
		`Derive([],[],[],"x","y",[] ,[])`:               `"," is expected`,
		`Derive([],[],["a""b"],"x","y",[],[("k","v")])`: `"," is expected`,
	} {
		if _, err := Parse([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", in, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample().Marshal())
	f.Add(source("x").Marshal())
	f.Add([]byte(`Derive([("out","","","")],[],[],"","",[],[("a","\n\x\"")])`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		once := d.Marshal()
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("what we wrote cannot be read: %v\n%s", err, once)
		}
		if !bytes.Equal(again.Marshal(), once) {
			t.Error("writing is not stable")
		}
		_ = d.FillOutputs("/frx/store", "x", world{}.read) // must not panic
	})
}

func BenchmarkParse(b *testing.B) {
	text := sample().Marshal()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

// TestManyStrings: what is made of nothing but empty strings, to take many times its place.
func TestManyStrings(t *testing.T) {
	text := func(n int) []byte {
		return []byte(`Derive([],[],[],"s","b",[` + strings.TrimSuffix(strings.Repeat(`"",`, n), ",") + `],[])`)
	}
	if _, err := Parse(text(MaxStrings - 2)); err != nil {
		t.Error(err)
	}
	if _, err := Parse(text(MaxStrings - 1)); err == nil || !strings.Contains(err.Error(), "more than 524288 strings") {
		t.Errorf("%v", err)
	}
}
