package store_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fruix/store"
	"fruix/store/drv"
	"fruix/store/hash"
)

// nix runs real Nix on a store of its own, called /frx/store.
type nix struct {
	t    testing.TB
	root string
}

func newNix(t testing.TB) *nix {
	t.Helper()
	for _, tool := range []string{"nix-store", "nix-instantiate"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed (Debian: nix-bin); the comparison with real Nix is left out", tool)
		}
	}
	return &nix{t, scratch(t)}
}

// run runs a Nix command and returns what it prints, without the last newline.
func (n *nix) run(args ...string) string {
	n.t.Helper()
	cmd := n.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		n.t.Fatalf("%v: %v\n%s", args, err, errs.String())
	}
	return strings.TrimSuffix(string(out), "\n")
}

// command makes a Nix command.
func (n *nix) command(args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], append([]string{"--store", n.root}, args[1:]...)...)
	cmd.Env = append(os.Environ(), "NIX_STORE_DIR=/frx/store", "HOME="+n.root, "NIX_CONF_DIR="+n.root,
		"NIX_CONFIG=build-users-group =", "XDG_CACHE_HOME="+n.root, "XDG_CONFIG_HOME="+n.root)
	return cmd
}

// file returns the physical place of a path in Nix's store.
func (n *nix) file(p string) string {
	return filepath.Join(n.root, "nix", strings.TrimPrefix(p, "/frx"))
}

// oddTrees are trees whose archives are easy to get wrong.
func oddTrees(t testing.TB, dir string) []string {
	many := map[string]string{}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		b := make([]byte, r.IntN(600))
		for j := range b {
			b[j] = byte(r.Uint32())
		}
		many[fmt.Sprintf("d%d/e%d/f%d", i%3, i%7, i)] = string(b)
	}
	trees := map[string]map[string]string{
		"empty":   {"/": ""},
		"names":   {"a": "1", "a.b": "2", "a/b": "", "a-b": "3", "A": "4", "ä": "5", "\xff\xfe": "6", " sp ace": "7", "a+b?=": "8"},
		"modes":   {"x": "#!/bin/sh", "y": "plain", "l": "->x", "dangling": "->/no/where", "up": "->../../.."},
		"sizes":   {"0": "", "1": "x", "7": "1234567", "8": "12345678", "9": "123456789", "64k": strings.Repeat("ab", 32<<10), "big": strings.Repeat("abc", 1<<20)},
		"nested":  {"a/b/c/d/e/f/g/h": "deep", "a/b/c/d/e/z/": "", "a/": ""},
		"many":    many,
		"longest": {strings.Repeat("n", 255): strings.Repeat("t", 100), "l": "->" + strings.Repeat("x/", 2000)},
	}
	delete(trees["names"], "a/b")
	var out []string
	for name, nodes := range trees {
		grow(t, filepath.Join(dir, name)+"/", nodes)
		out = append(out, filepath.Join(dir, name))
	}
	grow(t, dir, map[string]string{"file": "one file", "run": "#!/bin/sh\n", "link": "->file"})
	return append(out, filepath.Join(dir, "file"), filepath.Join(dir, "run"))
}

func TestSourcesAsNix(t *testing.T) {
	n := newNix(t)
	dir := scratch(t)
	s := open(t, filepath.Join(dir, "root"))
	trees := oddTrees(t, filepath.Join(dir, "trees"))
	want := strings.Split(n.run(append([]string{"nix-store", "--add"}, trees...)...), "\n")
	hashes := strings.Split(n.run(append([]string{"nix-store", "--query", "--hash"}, want...)...), "\n")
	sizes := strings.Split(n.run(append([]string{"nix-store", "--query", "--size"}, want...)...), "\n")
	for i, tree := range trees {
		got := must(s.AddPath(t.Context(), filepath.Base(tree), tree, store.AddOptions{Recursive: true}))(t)
		if got != want[i] {
			t.Errorf("%s: %s, Nix says %s", tree, got, want[i])
			continue
		}
		info := must(s.Info(t.Context(), got))(t)
		if d := (hash.Digest{Algo: hash.SHA256, Sum: info.NarHash}); d.String() != hashes[i] {
			t.Errorf("%s: hash %s, Nix says %s", tree, d, hashes[i])
		}
		if fmt.Sprint(info.NarSize) != sizes[i] {
			t.Errorf("%s: size %d, Nix says %s", tree, info.NarSize, sizes[i])
		}
	}
}

func TestFixedAsNix(t *testing.T) {
	n := newNix(t)
	dir := scratch(t)
	s := open(t, filepath.Join(dir, "root"))
	grow(t, dir, map[string]string{"file": "content", "tree/a": "1"})
	for _, algo := range []hash.Algo{hash.SHA256, hash.SHA512, hash.SHA1, hash.MD5} {
		for _, c := range []struct {
			name      string
			recursive bool
		}{{"file", false}, {"file", true}, {"tree", true}} {
			p := filepath.Join(dir, c.name)
			args := []string{"nix-store", "--add-fixed"}
			if c.recursive {
				args = append(args, "--recursive")
			}
			want := n.run(append(args, algo.String(), p)...)
			if got := must(s.AddPath(t.Context(), c.name, p, store.AddOptions{Recursive: c.recursive, Algo: algo}))(t); got != want {
				t.Errorf("%v %+v: %s, Nix says %s", algo, c, got, want)
			}
		}
	}
}

func TestTextsAsNix(t *testing.T) {
	n := newNix(t)
	s := open(t, scratch(t))
	a := must(s.AddText(t.Context(), "a", []byte("hello\n\t\"\\"), nil))(t)
	b := must(s.AddText(t.Context(), "b.txt", []byte("to "+a), []string{a}))(t)
	c := must(s.AddText(t.Context(), "c", []byte(b+a), []string{b, a, b}))(t)
	got := n.run("nix-instantiate", "--eval", "-E", `let
	  a = builtins.toFile "a" "hello\n\t\"\\";
	  b = builtins.toFile "b.txt" "to ${a}";
	  c = builtins.toFile "c" "${b}${a}";
	in "${a} ${b} ${c}"`)
	if want := fmt.Sprintf("%q", a+" "+b+" "+c); got != want {
		t.Errorf("we say %s, Nix says %s", want, got)
	}
}

// nixExpressions make derivations of every kind that Nix 2.8 knows and we have.
const nixExpressions = `let
  mk = args: derivation ({ system = "x86_64-linux"; builder = "/bin/sh"; } // args);
  text = builtins.toFile "script" "echo hi";
  fixed = url: mk { name = "src.tar.gz"; outputHashMode = "flat"; outputHashAlgo = "sha256"; inherit url;
    outputHash = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"; };
  tree = mk { name = "tree"; outputHashMode = "recursive"; outputHashAlgo = "sha1"; outputHash = "da39a3ee5e6b4b0d3255bfef95601890afd80709"; };
  simple = mk { name = "simple"; args = [ "-c" text "a\nb\t\"\\\r" "" ]; empty = ""; };
  multi = mk { name = "multi"; outputs = [ "out" "dev" "lib" ]; src = fixed "a"; inherit tree; };
  user = mk { name = "user"; a = multi.dev; b = multi.lib; c = simple; };
  # The same but for how the fixed output is fetched: the same paths.
  multi2 = mk { name = "multi"; outputs = [ "out" "dev" "lib" ]; src = fixed "b"; inherit tree; };
  user2 = mk { name = "user"; a = multi2.dev; b = multi2.lib; c = simple; };
  both = mk { name = "both"; a = multi.out; b = multi2.dev; };
  noout = mk { name = "noout"; outputs = [ "bin" "doc" ]; };
  # Each step uses the one before twice: exponentially many ways.
  diamond = builtins.foldl' (d: i: let l = mk { name = "l"; inherit d; }; r = mk { name = "r"; inherit d; e = toString i; };
    in mk { name = "d${toString i}"; inherit l r; }) simple (builtins.genList (i: i) 25);
in [ simple multi user user2 both noout diamond ]`

func TestDerivationsAsNix(t *testing.T) {
	n := newNix(t)
	ctx := t.Context()
	s := open(t, scratch(t))
	n.run("nix-instantiate", "-E", nixExpressions)
	files := must(filepath.Glob(n.file("/frx/store/*.drv")))(t)
	if len(files) < 80 {
		t.Fatalf("Nix made only %d derivations", len(files))
	}
	fromNix := map[string]*drv.Derivation{}
	for _, f := range files {
		text := must(os.ReadFile(f))(t)
		d := must(drv.Parse(text))(t)
		if !bytes.Equal(d.Marshal(), text) {
			t.Errorf("%s is not written as it was read", f)
		}
		fromNix["/frx/store/"+filepath.Base(f)] = d
	}
	script := must(s.AddText(ctx, "script", []byte("echo hi"), nil))(t)
	// Each is made again from its inputs, with the output paths forgotten.
	done := map[string]string{}
	var remake func(p string) string
	remake = func(p string) string {
		if q, ok := done[p]; ok {
			return q
		}
		d := fromNix[p].Clone()
		for input := range d.InputDrvs {
			remake(input)
		}
		for name, o := range d.Outputs {
			o.Path = ""
			d.Outputs[name] = o
			d.Env[name] = "forgotten"
		}
		name := strings.TrimSuffix(filepath.Base(p)[33:], ".drv")
		q := must(s.AddDerivation(ctx, name, d))(t)
		if q != p || !bytes.Equal(d.Marshal(), fromNix[p].Marshal()) {
			t.Errorf("we make %s\n%s\nNix makes %s\n%s", q, d.Marshal(), p, fromNix[p].Marshal())
		}
		done[p] = q
		return q
	}
	for p := range fromNix {
		remake(p)
	}
	if !must(s.IsValid(ctx, script))(t) {
		t.Error("the script is not valid")
	}
	users := 0
	outs := map[string]bool{}
	for p, d := range fromNix {
		if strings.HasSuffix(p, "-user.drv") {
			users++
			outs[d.Outputs["out"].Path] = true
		}
	}
	if users != 2 || len(outs) != 1 {
		t.Errorf("%d derivations called user have %d output paths; 2 with the same path were expected", users, len(outs))
	}
}

func TestArchivesAsNix(t *testing.T) {
	n := newNix(t)
	dir := scratch(t)
	s := open(t, filepath.Join(dir, "root"))
	for _, tree := range oddTrees(t, filepath.Join(dir, "trees")) {
		p := must(s.AddPath(t.Context(), filepath.Base(tree), tree, store.AddOptions{Recursive: true}))(t)
		var ours bytes.Buffer
		if err := s.DumpNAR(t.Context(), p, &ours); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("nix-store", "--dump", tree)
		cmd.Env = append(os.Environ(), "HOME="+n.root)
		theirs := must(cmd.Output())(t)
		if !bytes.Equal(ours.Bytes(), theirs) {
			t.Errorf("%s: the archives differ", tree)
		}
		if got := must(s.AddNAR(t.Context(), filepath.Base(tree), bytes.NewReader(theirs), 0, nil))(t); got != p {
			t.Errorf("%s: unpacked as %s, added as %s", tree, got, p)
		}
	}
}
