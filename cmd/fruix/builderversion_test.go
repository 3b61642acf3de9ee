package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var buildersUpdate = flag.Bool("update-builders", false, "write what built-in builders make to testdata/builders/samples.golden")

// TestBuilderVersion ties what built-in builders make to builderVersion, which is in
// the hash of their derivations. Inputs that never change must give results that never
// change under one version: whoever changes what a builder writes gives it a new one.
func TestBuilderVersion(t *testing.T) {
	r := run{env: []string{"FRUIX_ROOT=" + newDir(t), "HOME=" + scratch}}
	out, messages, code := r.fruix(t, "build", "--no-sync", "-f", "testdata/builders/samples.scm")
	if code != 0 {
		t.Fatalf("exit %d\n%s", code, messages)
	}
	made := []string{"version " + builderVersion}
	for _, path := range strings.Fields(out) {
		info, messages, code := r.fruix(t, "store", "path-info", path)
		if code != 0 {
			t.Fatalf("path-info: exit %d\n%s", code, messages)
		}
		_, name, _ := strings.Cut(filepath.Base(path), "-")
		made = append(made, name+" "+narHashOf(t, info))
	}
	got := strings.Join(made, "\n") + "\n"
	const golden = "testdata/builders/samples.golden"
	data, err := os.ReadFile(golden)
	if err != nil && !*buildersUpdate {
		t.Fatal(err)
	}
	want := string(data)
	if got == want {
		return
	}
	old := strings.Split(strings.TrimSuffix(want, "\n"), "\n")
	for _, line := range made[1:] {
		name, _, _ := strings.Cut(line, " ")
		known := slices.IndexFunc(old, func(o string) bool { return strings.HasPrefix(o, name+" ") })
		if known >= 0 && old[known] != line && old[0] == made[0] {
			t.Fatalf("what makes %s writes other bytes than before under the same version: raise builderVersion in session.go, then run this test with -update-builders", name)
		}
	}
	if !*buildersUpdate {
		t.Fatalf("the version or the samples are new: run this test with -update-builders\n%s", got)
	}
	if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
		t.Fatal(err)
	}
}

// narHashOf takes the hash from what path-info prints.
func narHashOf(t *testing.T, info string) string {
	t.Helper()
	for line := range strings.Lines(info) {
		if _, hash, ok := strings.Cut(line, "sha256:"); ok {
			return fmt.Sprint("sha256:", strings.Fields(hash)[0])
		}
	}
	t.Fatalf("no hash in %s", info)
	return ""
}
